//! What filters add to an expanded struct: a note in the walk, and the questions after it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{Code, base::Base};
use crate::{
    ast::{Field, Struct},
    attr::Filter,
    types,
};

/// What asks the filter of a field.
pub(super) fn ask_own(
    field: &Field<'_>,
    ident: &Ident,
    at: &TokenStream,
    span: Span,
) -> TokenStream {
    let place = quote_spanned!(span=> (&self.#ident, &__mirror.#ident));
    match &field.attrs.filter {
        None => quote!(),
        Some((_, Filter::Field(filter))) => quote_spanned! {span=>
            __ask.field(__id, #at, &mut |__viewer| {
                __tidewire::verdict::<Self>(self, __viewer, #filter)
            });
        },
        Some((_, Filter::Custom(value))) => {
            let sent = types::inside_option(field.ty);
            let custom = match field.attrs.number {
                Some(_) => quote!(custom_number),
                None => quote!(custom),
            };
            quote_spanned! {span=>
                __tidewire::#custom::<Self, #sent>(self, (__id, #at), __ask, #value);
            }
        }
        Some((_, Filter::Children(filter))) => quote_spanned! {span=>
            __tidewire::sift(self, #place, __whole, __ask, #filter);
        },
        Some((_, Filter::PerPlayer)) => quote_spanned! {span=>
            __tidewire::sift_by_name(#place, __whole, __ask);
        },
    }
}

/// What asks the filters of a struct and of what is below it.
pub(super) fn ask(fields: &[Code], base: &Base) -> TokenStream {
    let own = fields.iter().map(|field| &field.ask_own);
    let below = fields.iter().map(|field| &field.ask_below);
    let base = &base.ask;
    quote! {
        fn ask(
            &self,
            __mirror: &Self::Mirror,
            __id: __tidewire::RefId,
            __ask: &mut __tidewire::Ask<'_>,
        ) {
            let __whole = __ask.is_whole(__id);
            let _ = (&__mirror, __whole);
            #base
            #(#own)*
            #(#below)*
        }
    }
}

/// The walk of a struct's own fields. One with filters is noted; and where entries of a collection
/// are filtered, whether another field changed.
pub(super) fn walk_own_fields(input: &Struct<'_>, fields: TokenStream) -> TokenStream {
    let filters = || input.fields.iter().filter_map(|field| field.attrs.filter.as_ref());
    if filters().any(|(_, filter)| matches!(filter, Filter::Children(_))) {
        return quote! {
            let __changed = __walk.watch(__owner, |__owner, __walk| {
                let _ = (&__owner, &__walk);
                #fields
            });
            __walk.note_struct(__owner, __changed);
        };
    }
    match filters().next() {
        Some(_) => quote!(__walk.note_struct(__owner, __owner.fresh); #fields),
        None => fields,
    }
}
