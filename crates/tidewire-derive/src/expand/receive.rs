//! How a struct is received into: `StructSink`.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, WherePredicate, parse_quote};

use super::{mentions, on_type};
use crate::ast::Struct;

/// The impl for a struct that keeps all rules.
///
/// An instance in which nothing was set is made from fresh fields, not from the struct's `Default`:
/// what that fills in is not what a sender has.
pub(super) fn sink(input: &Struct<'_>) -> TokenStream {
    let ident = input.ident;
    let generics = bounded(input);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();

    let mut places = Vec::new();
    let mut sets = Vec::new();
    let mut draws = Vec::new();
    let mut descents = Vec::new();
    let mut fresh = Vec::new();
    for (index, field) in input.tracked().enumerate() {
        let (name, ty) = (field.ident, field.ty);
        let span = on_type(ty);
        let index = Literal::usize_unsuffixed(index);
        places.push(quote_spanned! {span=>
            #index => ::core::option::Option::Some(
                <#ty as __tidewire::Receive>::place(&mut self.#name)
            ),
        });
        sets.push(quote_spanned! {span=>
            #index => <#ty as __tidewire::Receive>::put(&mut self.#name, __value),
        });
        let is_number = field.attrs.number.is_some();
        draws.push(quote_spanned! {span=>
            #index => <#ty as __tidewire::Receive>::draw(&mut self.#name, __source, #is_number)?,
        });
        descents.push(quote_spanned! {span=>
            #index => <#ty as __tidewire::Receive>::receive(&mut self.#name, __rest, __source)?,
        });
        fresh.push(quote_spanned! {span=>
            #name: <#ty as __tidewire::Receive>::create(__tidewire::New::Fresh(__of))?,
        });
    }
    for field in input.fields.iter().filter(|field| field.attrs.skip.is_some()) {
        let (name, ty) = (field.ident, field.ty);
        let span = on_type(ty);
        let wire_name = &field.wire_name;
        fresh.push(quote_spanned! {span=>
            #name: __tidewire::Skipped::<#ty>::NEW.skipped(#wire_name)?,
        });
    }

    let skips = input.fields.iter().any(|field| field.attrs.skip.is_some());
    let import = skips.then(|| {
        quote!(
            use __tidewire::SkippedWithoutDefault as _;
        )
    });

    quote! {
        #[automatically_derived]
        impl #impl_generics __tidewire::StructSink for #ident #type_generics #where_clause {
            fn field(
                &mut self,
                __at: __tidewire::FieldIndex,
            ) -> ::core::option::Option<&mut dyn __tidewire::ValueSink> {
                match __at.0 {
                    #(#places)*
                    _ => ::core::option::Option::None,
                }
            }

            #[inline]
            fn set(
                &mut self,
                __at: __tidewire::FieldIndex,
                __value: __tidewire::Value<'_>,
            ) -> ::core::result::Result<(), __tidewire::Misfit> {
                let _ = &__value;
                match __at.0 {
                    #(#sets)*
                    __none => __tidewire::no_place(__none),
                }
            }

            #[inline]
            fn receive<__TidewireSource: __tidewire::FieldSource>(
                &mut self,
                __path: &[u32],
                __source: &mut __TidewireSource,
            ) -> ::core::result::Result<(), __TidewireSource::Fault> {
                if let [__at, __rest @ ..] = __path {
                    let _ = __rest;
                    match *__at {
                        #(#descents)*
                        _ => {}
                    }
                } else {
                    while let ::core::option::Option::Some(__at) = __source.next_field() {
                        match __at.0 {
                            #(#draws)*
                            _ => break,
                        }
                    }
                }
                ::core::result::Result::Ok(())
            }

            fn fresh(
                __of: __tidewire::Fresh<'_>,
            ) -> ::core::result::Result<Self, __tidewire::Misfit> {
                #import
                let _ = &__of;
                ::core::result::Result::Ok(Self { #(#fresh)* })
            }
        }
    }
}

/// What stands in for it where a struct breaks a rule.
pub(super) fn stub(input: &Struct<'_>, generics: &Generics) -> TokenStream {
    let ident = input.ident;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics __tidewire::StructSink for #ident #type_generics #where_clause {
            fn field(
                &mut self,
                _: __tidewire::FieldIndex,
            ) -> ::core::option::Option<&mut dyn __tidewire::ValueSink> {
                ::core::option::Option::None
            }
            fn receive<__TidewireSource: __tidewire::FieldSource>(
                &mut self,
                _: &[u32],
                _: &mut __TidewireSource,
            ) -> ::core::result::Result<(), __TidewireSource::Fault> {
                ::core::unreachable!()
            }
            fn fresh(_: __tidewire::Fresh<'_>) -> ::core::result::Result<Self, __tidewire::Misfit> {
                ::core::unreachable!()
            }
        }
    }
}

/// The generics with a bound for each field whose type has a parameter in it, but for those that
/// lead back to the struct; and one for each type that is just a name, so that one without `Schema`
/// is reported where it is a field, and not here again. Such fields lie within the struct, so no
/// bound leads back to itself. The lifetime has the bound looked at only where it is needed.
fn bounded(input: &Struct<'_>) -> Generics {
    let mut generics = super::bounded(input);
    let parameters: Vec<Ident> =
        input.generics.type_params().map(|param| param.ident.clone()).collect();
    let itself = [input.ident.clone(), Ident::new("Self", Span::call_site())];
    let mut predicates: Vec<WherePredicate> = Vec::new();
    for ty in input.tracked().map(|field| field.ty) {
        let tokens = ty.to_token_stream();
        if mentions(tokens.clone(), &itself) {
            continue;
        }
        if mentions(tokens.clone(), &parameters) {
            predicates.push(parse_quote!(#ty: __tidewire::Receive));
        } else if !tokens.to_string().contains('<') {
            predicates.push(parse_quote!(for<'__tidewire> #ty: __tidewire::Receive));
        }
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}
