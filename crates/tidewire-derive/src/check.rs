//! The rules, one function each.

use std::collections::HashMap;

use syn::GenericParam;

use crate::{
    ast::{Field, Struct},
    errors::Errors,
    types,
};

/// Applies every rule.
pub(crate) fn all(input: &Struct<'_>, errors: &mut Errors) {
    no_lifetimes(input, errors);
    at_most_63_fields(input, errors);
    wire_names_differ(input, errors);
    for field in &input.fields {
        if field.attrs.skip.is_some() {
            skipped_alone(field, errors);
        } else if field.attrs.number.is_some() {
            number_on_a_number(field, errors);
        } else {
            supported_type(field, errors);
            itself_in_a_box(input, field, errors);
        }
    }
}

/// A state owns what it holds.
fn no_lifetimes(input: &Struct<'_>, errors: &mut Errors) {
    for param in &input.generics.params {
        if let GenericParam::Lifetime(lifetime) = param {
            errors.at(lifetime, "a state borrows from nothing; hold owned values");
        }
    }
}

/// The index 63 cannot be written on the wire.
fn at_most_63_fields(input: &Struct<'_>, errors: &mut Errors) {
    const MAX: usize = 63;
    let count = input.tracked().count();
    if let Some(field) = input.tracked().nth(MAX) {
        errors.at(
            field.ident,
            format!(
                "a struct has at most {MAX} fields that clients see, and `{}` has {count}; move \
                 some to a struct of their own, or keep them from clients with `#[schema(skip)]`",
                input.ident
            ),
        );
    }
}

/// Clients tell fields by their names.
fn wire_names_differ(input: &Struct<'_>, errors: &mut Errors) {
    let mut seen = HashMap::new();
    for field in input.tracked() {
        if let Some(first) = seen.insert(&field.wire_name, field.ident) {
            errors.at(
                field.wire_name_tokens(),
                format!(
                    "clients know `{first}` as `{}` already; give one of the two another name \
                     with `#[schema(rename = \"…\")]`",
                    field.wire_name
                ),
            );
        }
    }
}

/// What clients do not see needs no word on how they see it.
fn skipped_alone(field: &Field<'_>, errors: &mut Errors) {
    let says_more = field.attrs.number.is_some() || field.attrs.rename.is_some();
    if let (Some(skip), true) = (field.attrs.skip, says_more) {
        errors.push(syn::Error::new(
            skip,
            "a skipped field is not sent, so it has no other attributes; remove them or `skip`",
        ));
    }
}

/// `number` stands on what a double holds exactly.
fn number_on_a_number(field: &Field<'_>, errors: &mut Errors) {
    if let (Some(number), Some(problem)) = (field.attrs.number, types::not_a_number(field.ty)) {
        errors.push(syn::Error::new(number, problem));
    }
}

/// Types that are known not to work are refused with the one to use.
fn supported_type(field: &Field<'_>, errors: &mut Errors) {
    if let Some((at, problem)) = types::unsupported(field.ty) {
        errors.at(at, problem);
    }
}

/// A value that held itself would have no end.
fn itself_in_a_box(input: &Struct<'_>, field: &Field<'_>, errors: &mut Errors) {
    if let Some(at) = types::unboxed(field.ty, input.ident) {
        errors.at(at, "a struct holds itself in a box; use `Option<Box<Self>>`");
    }
}
