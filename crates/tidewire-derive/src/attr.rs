//! `#[schema(…)]`: what can be said on a struct and on its fields.

use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token, ext::IdentExt, punctuated::Punctuated,
};

use crate::errors::Errors;

/// What was said on a struct.
#[derive(Default)]
pub(crate) struct StructAttrs {
    /// `crate = "…"`: where the library is.
    pub(crate) krate: Option<Path>,
    /// `rename = "…"`: what clients call the type.
    pub(crate) rename: Option<LitStr>,
}

/// What was said on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    /// `number`: where it stands.
    pub(crate) number: Option<Span>,
    /// `skip`: where it stands.
    pub(crate) skip: Option<Span>,
    /// `rename = "…"`: what clients call the field.
    pub(crate) rename: Option<LitStr>,
}

impl StructAttrs {
    /// Reads the attributes of a struct.
    pub(crate) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for (name, meta) in items(attrs, &ON_STRUCT, &ON_FIELD, errors) {
            match name {
                "crate" => this.krate = string(&meta, errors).and_then(|lit| path(&lit, errors)),
                _ => this.rename = string(&meta, errors),
            }
        }
        this
    }
}

impl FieldAttrs {
    /// Reads the attributes of a field.
    pub(crate) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for (name, meta) in items(attrs, &ON_FIELD, &ON_STRUCT, errors) {
            match name {
                "number" => this.number = word(&meta, errors),
                "skip" => this.skip = word(&meta, errors),
                _ => this.rename = string(&meta, errors),
            }
        }
        this
    }
}

/// A place that attributes can stand on.
struct Place {
    name: &'static str,
    known: &'static [&'static str],
    list: &'static str,
}

const ON_STRUCT: Place = Place {
    name: "a struct",
    known: &["crate", "rename"],
    list: "`crate = \"…\"` and `rename = \"…\"`",
};

const ON_FIELD: Place = Place {
    name: "a field",
    known: &["number", "rename", "skip"],
    list: "`number`, `rename = \"…\"` and `skip`",
};

/// Attributes of the model that are refused rather than ignored: most say who may see a field.
const LATER: &[&str] = &[
    "base",
    "deprecated",
    "filter",
    "filter_children",
    "full_state_only",
    "masked",
    "patch_only",
    "per_player",
    "quantized",
    "unreliable",
    "view",
];

/// The items of all `#[schema(…)]` that may stand `here`, each once.
fn items(
    attrs: &[Attribute],
    here: &Place,
    elsewhere: &Place,
    errors: &mut Errors,
) -> Vec<(&'static str, Meta)> {
    let mut items: Vec<(&'static str, Meta)> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("schema")) {
        let Meta::List(list) = &attr.meta else {
            errors.at(
                &attr.meta,
                format!("write `#[schema(…)]`; {} can have {}", here.name, here.list),
            );
            continue;
        };
        let metas = match list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
            Ok(metas) => metas,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for meta in metas {
            let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
            let one_of =
                |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
            if let Some(known) = one_of(here.known) {
                if items.iter().any(|(other, _)| *other == known) {
                    errors.at(meta.path(), format!("`{name}` stands here twice; remove one"));
                } else {
                    items.push((known, meta));
                }
            } else if one_of(elsewhere.known).is_some() {
                errors.at(
                    meta.path(),
                    format!(
                        "`{name}` belongs on {}; {} can have {}",
                        elsewhere.name, here.name, here.list
                    ),
                );
            } else if one_of(LATER).is_some() {
                errors.at(
                    meta.path(),
                    format!(
                        "this version does not carry `{name}` yet; remove it ({} can have {})",
                        here.name, here.list
                    ),
                );
            } else {
                errors.at(
                    meta.path(),
                    format!("unknown attribute; {} can have {}", here.name, here.list),
                );
            }
        }
    }
    items
}

/// The place of an attribute that takes no value.
fn word(meta: &Meta, errors: &mut Errors) -> Option<Span> {
    let ident = meta.path().get_ident()?;
    if !matches!(meta, Meta::Path(_)) {
        errors.at(meta, format!("`{ident}` takes no value: write `#[schema({ident})]`"));
    }
    Some(ident.span())
}

/// The value of an attribute that takes a string.
fn string(meta: &Meta, errors: &mut Errors) -> Option<LitStr> {
    if let Meta::NameValue(pair) = meta
        && let Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) = &pair.value
    {
        if value.value().is_empty() {
            errors.at(value, "an empty string names nothing");
            return None;
        }
        return Some(value.clone());
    }
    let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
    errors.at(meta, format!("`{name}` takes a string: write `{name} = \"…\"`"));
    None
}

/// The path in a string.
fn path(value: &LitStr, errors: &mut Errors) -> Option<Path> {
    value
        .parse_with(Path::parse_mod_style)
        .map_err(|_| errors.at(value, "not a path to a crate, such as `\"tidewire_state\"`"))
        .ok()
}

/// What clients call something that was not renamed.
pub(crate) fn wire_name(rename: Option<&LitStr>, ident: &syn::Ident) -> String {
    rename.map_or_else(|| ident.unraw().to_string(), LitStr::value)
}
