//! `#[schema(…)]`: what can be said on a struct and on its fields.

use proc_macro2::Span;
use syn::{
    Attribute, Expr, ExprLit, ExprUnary, Lit, LitStr, Meta, MetaNameValue, Path, Token, UnOp,
    ext::IdentExt, punctuated::Punctuated,
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
    /// `base`: where it stands.
    pub(crate) base: Option<Span>,
    /// `pool`: where it stands.
    pub(crate) pool: Option<Span>,
    /// `view`, and its tag.
    pub(crate) view: Option<View>,
    /// `filter`, `filter_children`, `per_player`, `custom`.
    pub(crate) filter: Option<(Span, Filter)>,
    /// `masked(…)`: what is sent instead of the value.
    pub(crate) masked: Option<Expr>,
    /// `computed = …`: what is sent instead, of the whole struct.
    pub(crate) computed: Option<Expr>,
    /// `quantized(…)`.
    pub(crate) quantized: Option<Quantized>,
    /// `max_per_tick = …`: of a stream.
    pub(crate) max_per_tick: Option<Expr>,
    /// `priority = …`: of a stream.
    pub(crate) priority: Option<Expr>,
    /// When it is sent, if not always.
    pub(crate) sending: Option<(Span, Sending)>,
}

/// `view`, `view(tag)`.
pub(crate) struct View {
    pub(crate) span: Span,
    pub(crate) tag: Option<Expr>,
}

/// Which function says who sees what.
pub(crate) enum Filter {
    /// The field, if it says so.
    Field(Expr),
    /// Each entry for which it says so.
    Children(Expr),
    /// The entry under the client's own name.
    PerPlayer,
    /// What it gives, in the place of the value.
    Custom(Expr),
}

impl FieldAttrs {
    fn filter(&mut self, name: &str, meta: &Meta, errors: &mut Errors) {
        let filter = match name {
            "filter" => function(meta, FILTER, errors).map(Filter::Field),
            "filter_children" => function(meta, FILTER_CHILDREN, errors).map(Filter::Children),
            "custom" => function(meta, CUSTOM, errors).map(Filter::Custom),
            _ => word(meta, errors).map(|_| Filter::PerPlayer),
        };
        let Some(ident) = meta.path().get_ident() else { return };
        if let Some(filter) = filter
            && self.filter.replace((ident.span(), filter)).is_some()
        {
            errors.at(
                meta,
                "one rule says who sees a field: keep one of `filter`, `filter_children`, \
                 `per_player` and `custom`, whose function may ask for both",
            );
        }
    }
}

const FILTER: &str =
    "say who sees the field: `filter = function`, of `&Self` and `&Viewer<'_>` to `bool`";

const CUSTOM: &str = "say what each client is sent: `custom = function`, of `&Self` and `&Viewer<'_>` to \
     `Option<T>`, where `T` is the field's type or what its `Option` holds";

const FILTER_CHILDREN: &str = "say who sees which entry: `filter_children = function`, of `&Self`, \
     `&Viewer<'_>`, its key or index and `&T` to `bool`";

/// `name = function` or `name(function)`.
fn function(meta: &Meta, form: &str, errors: &mut Errors) -> Option<Expr> {
    match meta {
        Meta::NameValue(pair) => Some(pair.value.clone()),
        Meta::List(list) => match list.parse_args::<Expr>() {
            Ok(function) => Some(function),
            Err(_) => {
                errors.at(meta, form);
                None
            }
        },
        Meta::Path(_) => {
            errors.at(meta, form);
            None
        }
    }
}

/// `computed = function`.
fn computed(meta: &Meta, errors: &mut Errors) -> Option<Expr> {
    let Meta::NameValue(pair) = meta else {
        errors.at(meta, "say what the field is worth: `computed = function`, of `&Self` to `T`");
        return None;
    };
    Some(pair.value.clone())
}

/// `max_per_tick = number`, `priority = function`.
fn pace(meta: &Meta, form: &str, errors: &mut Errors) -> Option<Expr> {
    let Meta::NameValue(pair) = meta else {
        errors.at(meta, form);
        return None;
    };
    Some(pair.value.clone())
}

/// `quantized(min = …, max = …, bits = …, mode = "…")`.
pub(crate) struct Quantized {
    pub(crate) span: Span,
    pub(crate) min: Expr,
    pub(crate) max: Expr,
    pub(crate) bits: Option<Expr>,
    pub(crate) wrap: bool,
}

/// When a field is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    PatchOnly,
    SnapshotOnly,
    Unreliable,
    Never,
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
                "base" => this.base = word(&meta, errors),
                "pool" => this.pool = word(&meta, errors),
                "view" => this.view = view(&meta, errors),
                "filter" | "filter_children" | "per_player" | "custom" => {
                    this.filter(name, &meta, errors);
                }
                "masked" => this.masked = masked(&meta, errors),
                "computed" => this.computed = computed(&meta, errors),
                "quantized" => this.quantized = quantized(&meta, errors),
                "max_per_tick" => {
                    let form = "say how many new entries are sent in one sync: `max_per_tick = 32`";
                    this.max_per_tick = pace(&meta, form, errors);
                }
                "priority" => {
                    let form = "say who comes first: `priority = function`, of `&T` and `Option<&str>`, the \
                                name of a view, to `f32`";
                    this.priority = pace(&meta, form, errors);
                }
                "patch_only" => this.send(Sending::PatchOnly, &meta, errors),
                "full_state_only" => this.send(Sending::SnapshotOnly, &meta, errors),
                "unreliable" => this.send(Sending::Unreliable, &meta, errors),
                "deprecated" => this.send(Sending::Never, &meta, errors),
                _ => this.rename = string(&meta, errors),
            }
        }
        this
    }

    fn send(&mut self, sending: Sending, meta: &Meta, errors: &mut Errors) {
        let Some(span) = word(meta, errors) else { return };
        if self.sending.replace((span, sending)).is_some() {
            errors.at(meta, "a field is sent in one way; keep one of these attributes");
        }
    }

    /// Whether it is a field of the type as clients know it.
    pub(crate) fn is_tracked(&self) -> bool {
        self.skip.is_none() && self.base.is_none() && self.pool.is_none()
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
    known: &[
        "base",
        "computed",
        "custom",
        "deprecated",
        "filter",
        "filter_children",
        "full_state_only",
        "masked",
        "max_per_tick",
        "number",
        "patch_only",
        "per_player",
        "pool",
        "priority",
        "quantized",
        "rename",
        "skip",
        "unreliable",
        "view",
    ],
    list: "`base`, `computed = …`, `custom = …`, `deprecated`, `filter = …`, `filter_children = …`, \
           `full_state_only`, `masked(…)`, `max_per_tick = …`, `number`, `patch_only`, `per_player`, `pool`, `priority = …`, \
           `quantized(…)`, `rename = \"…\"`, `skip`, `unreliable` and `view`",
};

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

/// `view` or `view(tag)`.
fn view(meta: &Meta, errors: &mut Errors) -> Option<View> {
    let span = meta.path().get_ident()?.span();
    let tag = match meta {
        Meta::Path(_) => None,
        Meta::List(list) => match list.parse_args::<Expr>() {
            Ok(tag) => {
                tag_of_bits(&tag, errors);
                Some(tag)
            }
            Err(error) => {
                errors.push(error);
                return None;
            }
        },
        Meta::NameValue(pair) => {
            errors.at(&pair.value, "write the tag in brackets: `view(1)`");
            return None;
        }
    };
    Some(View { span, tag })
}

/// What is written out is seen here; the rest when it is compiled.
fn tag_of_bits(tag: &Expr, errors: &mut Errors) {
    let is_zero = |tag: &Expr| match tag {
        Expr::Lit(ExprLit { lit: Lit::Int(bits), .. }) => {
            bits.base10_parse::<u64>().is_ok_and(|bits| bits == 0)
        }
        _ => false,
    };
    let is_negative = matches!(tag, Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }));
    if is_zero(tag) || is_negative {
        errors.at(
            tag,
            "a tag is a bit or several, 1 or more: with this one the field would show to nobody, or to \
             others than were meant; leave it out if any tag shows the field",
        );
    }
}

/// `masked(function)`.
fn masked(meta: &Meta, errors: &mut Errors) -> Option<Expr> {
    let Meta::List(list) = meta else {
        errors.at(meta, "say what is sent instead: `masked(function)`, of `&T` to `T`");
        return None;
    };
    list.parse_args::<Expr>().map_err(|error| errors.push(error)).ok()
}

/// `quantized(min = …, max = …, bits = …, mode = "…")`.
fn quantized(meta: &Meta, errors: &mut Errors) -> Option<Quantized> {
    const FORM: &str = "write `quantized(min = 0.0, max = 1.0, bits = 16, mode = \"clamp\")`; bits and mode may \
         be left out";
    let span = meta.path().get_ident()?.span();
    let Meta::List(list) = meta else {
        errors.at(meta, FORM);
        return None;
    };
    let pairs = Punctuated::<MetaNameValue, Token![,]>::parse_terminated;
    let Ok(pairs) = list.parse_args_with(pairs) else {
        errors.at(meta, FORM);
        return None;
    };
    let (mut min, mut max, mut bits, mut wrap) = (None, None, None, false);
    for pair in pairs {
        let name = pair.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match (name.as_str(), &pair.value) {
            ("min", value) => min = Some(value.clone()),
            ("max", value) => max = Some(value.clone()),
            ("bits", value) => bits = Some(value.clone()),
            ("mode", Expr::Lit(ExprLit { lit: Lit::Str(mode), .. })) => match &*mode.value() {
                "clamp" => {}
                "wrap" => wrap = true,
                _ => errors.at(mode, "the mode is \"clamp\" or \"wrap\""),
            },
            _ => errors.at(&pair, FORM),
        }
    }
    let (Some(min), Some(max)) = (min, max) else {
        errors.at(meta, FORM);
        return None;
    };
    Some(Quantized { span, min, max, bits, wrap })
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
