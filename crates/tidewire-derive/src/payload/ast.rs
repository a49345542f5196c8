//! A payload as the expansion sees it, and the rules that it keeps.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Fields, Ident, LitStr, Path, PathArguments, Type,
    meta::ParseNestedMeta,
};

use crate::{attr::wire_name, errors::Errors};

/// The struct that is derived for.
pub(super) struct Payload<'a> {
    pub(super) ident: &'a Ident,
    /// What clients call the type.
    pub(super) wire_name: String,
    /// The module that expanded code calls into.
    pub(super) private: TokenStream,
    /// Whether a stub of it would be right as far as it goes.
    pub(super) is_sound: bool,
    /// In the order in which they are written.
    pub(super) fields: Vec<Field<'a>>,
}

/// A field of it.
pub(super) struct Field<'a> {
    pub(super) ident: &'a Ident,
    pub(super) ty: &'a Type,
    /// What clients call the field.
    pub(super) wire_name: String,
}

impl<'a> Payload<'a> {
    /// Reads the input of the derive and notes what breaks a rule.
    pub(super) fn parse(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let attrs = Attrs::parse(&input.attrs, true, errors);
        let is_sound = input.generics.params.is_empty() && !attrs.is_lost;
        let private = match attrs.krate {
            Some(path) => quote!(#path::__private),
            None => quote!(::tidewire::opcode::__private),
        };
        for param in &input.generics.params {
            errors.at(param, "clients know one type by one name, so a payload has no parameters");
        }
        let wire_name = wire_name(attrs.rename.as_ref(), &input.ident);
        Self { ident: &input.ident, wire_name, private, is_sound, fields: fields(input, errors) }
    }

    /// The fields in the order in which an array has their values.
    pub(super) fn sorted(&self) -> Vec<&Field<'a>> {
        let mut fields: Vec<&Field<'a>> = self.fields.iter().collect();
        fields.sort_by(|a, b| a.wire_name.as_bytes().cmp(b.wire_name.as_bytes()));
        fields
    }
}

fn fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Vec<Field<'a>> {
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(_) | Data::Union(_) => {
            errors.at(
                &input.ident,
                "`Payload` is derived for structs: clients know each payload by its type; make a struct \
                 of each variant",
            );
            return Vec::new();
        }
    };
    let named = match &data.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => return Vec::new(),
        Fields::Unnamed(_) => {
            errors.at(
                &input.ident,
                "clients call values by name, and those of a tuple struct have none; write \
                 `struct Name { field: Type }`",
            );
            return Vec::new();
        }
    };
    let mut fields: Vec<Field<'a>> = Vec::new();
    for field in named {
        let Some(ident) = &field.ident else { continue };
        let attrs = Attrs::parse(&field.attrs, false, errors);
        let wire_name = wire_name(attrs.rename.as_ref(), ident);
        let at: &dyn quote::ToTokens = attrs.rename.as_ref().map_or(ident, |rename| rename);
        if let Some(first) = fields.iter().find(|other| other.wire_name == wire_name) {
            errors.at(
                at,
                format!(
                    "clients know `{}` as `{wire_name}` already; give one of the two another name with \
                     `#[payload(rename = \"…\")]`",
                    first.ident
                ),
            );
        }
        if wire_name == "__proto__" {
            errors.at(at, "JavaScript clients cannot hold a member of this name; use another");
        }
        if is_option(&field.ty) {
            errors.at(
                &field.ty,
                "a payload has all its fields, since clients tell them by their places; leave the \
                 `Option` out, or use a `Vec` that may be empty",
            );
        }
        fields.push(Field { ident, ty: &field.ty, wire_name });
    }
    fields
}

fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_option(&group.elem),
        Type::Paren(paren) => is_option(&paren.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            last.ident == "Option" && matches!(last.arguments, PathArguments::AngleBracketed(_))
        }),
        _ => false,
    }
}

/// What `#[payload(…)]` says.
#[derive(Default)]
struct Attrs {
    krate: Option<Path>,
    rename: Option<LitStr>,
    /// Whether the library is said to be where no path leads.
    is_lost: bool,
}

impl Attrs {
    fn parse(attrs: &[Attribute], on_struct: bool, errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("payload")) {
            if let Err(error) = attr.parse_nested_meta(|meta| this.item(&meta, on_struct)) {
                errors.push(error);
            }
        }
        this
    }

    fn item(&mut self, meta: &ParseNestedMeta<'_>, on_struct: bool) -> syn::Result<()> {
        if meta.path.is_ident("rename") {
            let value: LitStr = meta.value()?.parse()?;
            if value.value().is_empty() {
                return Err(syn::Error::new_spanned(value, "an empty string names nothing"));
            }
            return match self.rename.replace(value) {
                None => Ok(()),
                Some(_) => Err(meta.error("`rename` stands here twice; remove one")),
            };
        }
        if meta.path.is_ident("crate") && on_struct {
            let value: LitStr = meta.value()?.parse()?;
            self.is_lost = self.krate.is_none();
            let path = value.parse_with(Path::parse_mod_style).map_err(|_| {
                syn::Error::new_spanned(
                    &value,
                    "not a path to a crate, such as `\"tidewire_opcode\"`",
                )
            })?;
            self.is_lost = false;
            return match self.krate.replace(path) {
                None => Ok(()),
                Some(_) => Err(meta.error("`crate` stands here twice; remove one")),
            };
        }
        Err(meta.error(if on_struct {
            "unknown attribute; a payload can have `crate = \"…\"` and `rename = \"…\"`"
        } else {
            "unknown attribute; a field of a payload can have `rename = \"…\"`"
        }))
    }
}
