//! A struct as the rules and the expansion see it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Fields, Generics, Ident, LitStr, Type};

use crate::{
    attr::{FieldAttrs, StructAttrs, wire_name},
    errors::Errors,
};

/// The struct that is derived for.
pub(crate) struct Struct<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// What clients call the type.
    pub(crate) wire_name: String,
    /// The module that expanded code calls into.
    pub(crate) private: TokenStream,
    pub(crate) fields: Vec<Field<'a>>,
    /// The variants, if it is an enum.
    pub(crate) variants: Option<Vec<Variant<'a>>>,
}

/// A variant of an enum, which holds a struct.
pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
}

/// A field of it.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    /// What clients call the field.
    pub(crate) wire_name: String,
    pub(crate) attrs: FieldAttrs,
}

impl<'a> Struct<'a> {
    /// Reads the input of the derive. What is not a struct with named fields has none.
    pub(crate) fn parse(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let attrs = StructAttrs::parse(&input.attrs, errors);
        let private = match &attrs.krate {
            Some(path) => quote!(#path::__private),
            None => quote!(::tidewire::__private),
        };
        Self {
            ident: &input.ident,
            generics: &input.generics,
            wire_name: wire_name(attrs.rename.as_ref(), &input.ident),
            private,
            fields: fields(input, errors),
            variants: variants(input, errors),
        }
    }

    /// The field whose fields come first.
    pub(crate) fn base(&self) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.attrs.base.is_some())
    }

    /// The fields that hold shared instances.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.attrs.pool.is_some())
    }

    /// The fields that clients see, in the order of their indexes.
    pub(crate) fn tracked(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.attrs.is_tracked())
    }
}

impl Field<'_> {
    /// What to underline where the wire name is at fault.
    pub(crate) fn wire_name_tokens(&self) -> &dyn ToTokens {
        match &self.attrs.rename {
            Some(rename) => rename as &LitStr as &dyn ToTokens,
            None => self.ident,
        }
    }
}

/// The variants of an enum.
fn variants<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<Vec<Variant<'a>>> {
    let Data::Enum(data) = &input.data else { return None };
    if data.variants.is_empty() {
        errors.at(&input.ident, "an enum that is a child of several types has a variant for each");
    }
    let variants = data.variants.iter().filter_map(|variant| {
        let ident = &variant.ident;
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                Some(Variant { ident, ty: &fields.unnamed.first()?.ty })
            }
            _ => {
                errors.at(
                    variant,
                    "a variant holds one struct that derives `Schema`, all of one base; write \
                     `Name(Type)`",
                );
                None
            }
        }
    });
    Some(variants.collect())
}

/// The named fields of a struct.
fn fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Vec<Field<'a>> {
    let name = &input.ident;
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(_) => return Vec::new(),
        Data::Union(_) => {
            errors.at(name, "`Schema` is derived for structs, and a union is none");
            return Vec::new();
        }
    };
    match &data.fields {
        Fields::Named(fields) => fields
            .named
            .iter()
            .filter_map(|field| {
                let ident = field.ident.as_ref()?;
                let attrs = FieldAttrs::parse(&field.attrs, errors);
                let wire_name = wire_name(attrs.rename.as_ref(), ident);
                Some(Field { ident, ty: &field.ty, wire_name, attrs })
            })
            .collect(),
        Fields::Unnamed(_) => {
            errors.at(
                name,
                "clients call fields by name, and those of a tuple struct have none; \
                 write `struct Name { field: Type }`",
            );
            Vec::new()
        }
        Fields::Unit => {
            errors.at(name, "a unit struct has no fields to send; write `struct Name {}`");
            Vec::new()
        }
    }
}
