//! The rules, one function each.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::GenericParam;

use crate::{
    ast::{Field, Struct},
    attr::{Filter, Sending},
    errors::Errors,
    types,
};

/// Applies every rule.
pub(crate) fn all(input: &Struct<'_>, errors: &mut Errors) {
    no_lifetimes(input, errors);
    at_most_63_fields(input, errors);
    wire_names_differ(input, errors);
    base_first(input, errors);
    for field in &input.fields {
        stands_with(field, errors);
        if !field.attrs.is_tracked() {
            skipped_alone(field, errors);
        } else if field.attrs.quantized.is_some() {
            quantized_float(field, errors);
        } else if field.attrs.number.is_some() {
            number_on_a_number(field, errors);
        } else {
            supported_type(field, errors);
            pace_of_a_stream(field, errors);
            itself_in_a_box(input, field, errors);
        }
        if field.attrs.is_tracked() {
            filtered(field, errors);
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

/// How many fields that clients see a struct may have, those of its base included.
pub(crate) const MAX_FIELDS: usize = 63;

/// The index 63 cannot be written on the wire.
fn at_most_63_fields(input: &Struct<'_>, errors: &mut Errors) {
    const MAX: usize = MAX_FIELDS;
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

/// What is not itself sent needs no word on how it is.
fn skipped_alone(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    let says_more = attrs.number.is_some()
        || attrs.rename.is_some()
        || attrs.view.is_some()
        || attrs.filter.is_some()
        || attrs.masked.is_some()
        || attrs.computed.is_some()
        || attrs.quantized.is_some()
        || attrs.max_per_tick.is_some()
        || attrs.priority.is_some()
        || attrs.sending.is_some();
    let words = [(attrs.skip, "skip"), (attrs.base, "base"), (attrs.pool, "pool")];
    let mut said = words.into_iter().filter_map(|(span, word)| Some((span?, word)));
    let Some((span, word)) = said.next() else { return };
    if says_more || said.next().is_some() {
        errors.push(syn::Error::new(
            span,
            match word {
                "skip" => "a skipped field is not sent, so it has no other attributes; remove them or `skip`".to_owned(),
                word => format!("`{word}` stands alone; remove the other attributes"),
            },
        ));
    }
}

/// Attributes that exclude each other.
fn stands_with(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    if let (Some(computed), true) = (&attrs.computed, attrs.masked.is_some()) {
        errors.at(
            computed,
            "a computed field has no value of its own to mask; remove one of the two",
        );
    }
    if let (Some(quantized), true) = (&attrs.quantized, attrs.number.is_some()) {
        errors.push(syn::Error::new(
            quantized.span,
            "a quantized field is sent as an integer, not as a `number`; remove one of the two",
        ));
    }
    if let (Some(view), Some((_, Sending::Unreliable))) = (&attrs.view, &attrs.sending) {
        errors.push(syn::Error::new(
            view.span,
            "what is unreliable is sent to everyone; remove `view` or `unreliable`",
        ));
    }
}

/// What a filter cannot stand with, or on.
fn filtered(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    let Some((span, filter)) = &attrs.filter else { return };
    let mut refuse = |problem: &str| errors.push(syn::Error::new(*span, problem));
    if attrs.view.is_some() {
        refuse(
            "one rule says who sees a field: remove `view`, or the filter; what is in a client's view \
             shows it what a filter does not let through",
        );
    }
    if let Some((_, Sending::Unreliable)) = attrs.sending {
        refuse("what is unreliable is sent to everyone; remove the filter or `unreliable`");
    }
    let word = match filter {
        Filter::Field(_) => return,
        Filter::Custom(_) => return custom(field, *span, errors),
        Filter::Children(_) => "filter_children",
        Filter::PerPlayer => "per_player",
    };
    if attrs.masked.is_some() || attrs.computed.is_some() {
        refuse(&format!(
            "`{word}` is about what is in the collection itself; remove the other attribute"
        ));
    }
    if let Some(problem) = types::not_filtered(field.ty, word) {
        errors.at(field.ty, problem);
    }
}

/// Where each client is sent a value of its own, nothing else says what is sent, or when.
fn custom(field: &Field<'_>, span: Span, errors: &mut Errors) {
    let attrs = &field.attrs;
    let mut refuse = |problem: &str| errors.push(syn::Error::new(span, problem));
    if attrs.masked.is_some() || attrs.computed.is_some() {
        refuse(
            "the function of `custom` says what is sent, and the field's own value is not; remove the \
             other attribute",
        );
    }
    if attrs.quantized.is_some() {
        refuse("what `custom` gives is sent as it is; remove `quantized`");
    }
    if let Some((_, Sending::PatchOnly | Sending::SnapshotOnly)) = attrs.sending {
        refuse(
            "what `custom` gives is sent to who comes and when it changes; remove the other attribute",
        );
    }
    if let Some(problem) = types::not_custom(field.ty) {
        errors.at(field.ty, problem);
    }
}

/// A base comes first, as its fields do.
fn base_first(input: &Struct<'_>, errors: &mut Errors) {
    for field in input.fields.iter().skip(1) {
        if let Some(base) = field.attrs.base {
            errors.push(syn::Error::new(
                base,
                "the fields of a base come before all others; make this the first field",
            ));
        }
    }
}

/// What is quantized is a float.
fn quantized_float(field: &Field<'_>, errors: &mut Errors) {
    let ty = field.ty;
    let name = quote::quote!(#ty).to_string();
    if !matches!(name.as_str(), "f32" | "f64") {
        errors.at(ty, "`quantized` stands on a field of type `f32` or `f64`");
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

/// Only a stream has a pace.
fn pace_of_a_stream(field: &Field<'_>, errors: &mut Errors) {
    let words = [(&field.attrs.max_per_tick, "max_per_tick"), (&field.attrs.priority, "priority")];
    for (at, word) in words.into_iter().filter_map(|(at, word)| Some((at.as_ref()?, word))) {
        if types::is_no_stream(field.ty) {
            errors.at(at, format!("`{word}` stands on a `StreamSchema<T>`; remove it"));
        }
    }
}

/// A value that held itself would have no end.
fn itself_in_a_box(input: &Struct<'_>, field: &Field<'_>, errors: &mut Errors) {
    if let Some(at) = types::unboxed(field.ty, input.ident) {
        errors.at(at, "a struct holds itself in a box; use `Option<Box<Self>>`");
    }
}
