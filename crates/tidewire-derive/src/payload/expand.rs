//! What a payload expands to: `PayloadField`, `PayloadItem` and `Payload`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::ast::Payload;

/// The code for a payload that keeps all rules.
pub(super) fn payload(input: &Payload<'_>) -> TokenStream {
    let Payload { ident, private, wire_name, fields, .. } = input;
    // What leads to a trait bound is placed on the field's type, so that an unsatisfied one is reported there.
    let describe = fields.iter().map(|field| {
        let (name, ty) = (&field.wire_name, field.ty);
        let span = Span::call_site().located_at(ty.span());
        quote_spanned! {span=> __tidewire::field::<#ty>(#name, __types) }
    });
    let sorted = input.sorted();
    let count = sorted.len();
    let names: Vec<&String> = sorted.iter().map(|field| &field.wire_name).collect();
    let values: Vec<TokenStream> = sorted
        .iter()
        .map(|field| {
            let ident = field.ident;
            let span = Span::call_site().located_at(field.ty.span());
            quote_spanned! {span=> __tidewire::PayloadField::to_tree(&self.#ident) }
        })
        .collect();
    let read = sorted.iter().enumerate().map(|(place, field)| {
        let (ident, name) = (field.ident, &field.wire_name);
        let span = Span::call_site().located_at(field.ty.span());
        quote_spanned! {span=> #ident: __fields.read(#place, #name)? }
    });
    quote! {
        const _: () = {
            use #private as __tidewire;

            #[automatically_derived]
            impl __tidewire::PayloadField for #ident {
                fn describe(__types: &mut __tidewire::TypesBuilder) -> __tidewire::FieldKind {
                    __tidewire::field_of(<Self as __tidewire::PayloadItem>::describe_item(__types))
                }

                fn to_tree(&self) -> __tidewire::Tree {
                    __tidewire::Tree::Object(::core::iter::FromIterator::from_iter([
                        #((
                            <::std::sync::Arc<str> as ::core::convert::From<&str>>::from(#names),
                            #values,
                        )),*
                    ] as [(::std::sync::Arc<str>, __tidewire::Tree); #count]))
                }

                fn read(
                    __tree: &__tidewire::Tree,
                ) -> ::core::result::Result<Self, __tidewire::PayloadError> {
                    let __fields = __tidewire::Values::new(__tree, #wire_name, #count)?;
                    let _ = &__fields;
                    ::core::result::Result::Ok(Self {
                        #(#read),*
                    })
                }
            }

            #[automatically_derived]
            impl __tidewire::PayloadItem for #ident {
                fn describe_item(__types: &mut __tidewire::TypesBuilder) -> __tidewire::ElementKind {
                    __tidewire::ElementKind::Ref(__types.add::<Self>(#wire_name, |__types| {
                        let _ = &__types;
                        ::std::vec::Vec::from([#(#describe),*])
                    }))
                }
            }

            #[automatically_derived]
            impl __tidewire::Payload for #ident {
                const NAME: &'static str = #wire_name;

                fn to_tuple(&self) -> __tidewire::Tree {
                    __tidewire::Tree::Array(::std::vec::Vec::from([
                        #(#values),*
                    ]))
                }
            }
        };
    }
}

/// Enough of a payload for the rest of the program not to complain too.
pub(super) fn stub(input: &Payload<'_>) -> TokenStream {
    let Payload { ident, private, wire_name, .. } = input;
    quote! {
        const _: () = {
            use #private as __tidewire;

            #[automatically_derived]
            impl __tidewire::PayloadField for #ident {
                fn describe(_: &mut __tidewire::TypesBuilder) -> __tidewire::FieldKind {
                    ::core::unimplemented!()
                }

                fn to_tree(&self) -> __tidewire::Tree {
                    ::core::unimplemented!()
                }

                fn read(
                    _: &__tidewire::Tree,
                ) -> ::core::result::Result<Self, __tidewire::PayloadError> {
                    ::core::unimplemented!()
                }
            }

            #[automatically_derived]
            impl __tidewire::PayloadItem for #ident {
                fn describe_item(_: &mut __tidewire::TypesBuilder) -> __tidewire::ElementKind {
                    ::core::unimplemented!()
                }
            }

            #[automatically_derived]
            impl __tidewire::Payload for #ident {
                const NAME: &'static str = #wire_name;

                fn to_tuple(&self) -> __tidewire::Tree {
                    ::core::unimplemented!()
                }
            }
        };
    }
}
