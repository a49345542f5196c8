//! How a struct is received into: `StructSink`.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, Type, WherePredicate, parse_quote};

use super::{mentions, on_type};
use crate::ast::{Struct, Variant};

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
        draws.push(match &field.attrs.quantized {
            Some(quantized) => {
                let by = super::quantized(quantized);
                quote_spanned! {span=>
                    #index => __tidewire::draw_quantized(&mut self.#name, __source, #by)?,
                }
            }
            None => quote_spanned! {span=>
                #index if <#ty as __tidewire::Receive>::IS_PRIMITIVE => {
                    <#ty as __tidewire::Receive>::draw(&mut self.#name, __source, #is_number)?;
                }
            },
        });
        descents.push(quote_spanned! {span=>
            #index => <#ty as __tidewire::Receive>::receive(&mut self.#name, __rest, __source)?,
        });
        fresh.push(quote_spanned! {span=>
            #name: <#ty as __tidewire::Receive>::create(__tidewire::New::Fresh(__of.below()))?,
        });
    }
    let base = input.base().map(|field| {
        let (name, ty) = (field.ident, field.ty);
        let sink = quote_spanned!(on_type(ty)=> <#ty as __tidewire::StructSink>);
        let count = quote_spanned!(on_type(ty)=> <#ty as __tidewire::SchemaType>::FIELDS);
        fresh.push(quote!(#name: #sink::fresh(__of)?,));
        (name, sink, count)
    });
    let own = match &base {
        Some((_, _, count)) => quote!(__at.0.wrapping_sub(#count)),
        None => quote!(__at.0),
    };
    let inherited = |method: &str, arguments: TokenStream| {
        base.as_ref().map(|(name, sink, count)| {
            let method = Ident::new(method, Span::call_site());
            quote!(if __at.0 < #count { return #sink::#method(&mut self.#name, #arguments); })
        })
    };
    let inherited_field = inherited("field", quote!(__at));
    let inherited_set = inherited("set", quote!(__at, __value));
    let inherited_draw = inherited("draw", quote!(__at, __source));
    let inherited_receive = base.as_ref().map(|(name, sink, count)| {
        quote! {
            if let [__at, ..] = __path && *__at < u32::from(#count) {
                return #sink::receive(&mut self.#name, __path, __source);
            }
        }
    });
    let own_step = match &base {
        Some((_, _, count)) => quote!((*__at).wrapping_sub(u32::from(#count))),
        None => quote!(*__at),
    };
    let mut pools = Vec::new();
    let mut pool_descents = Vec::new();
    for (at, field) in input.pools().enumerate() {
        let name = field.ident;
        fresh.push(quote!(#name: ::core::default::Default::default(),));
        let at = Literal::usize_unsuffixed(at);
        pools.push(quote!(#at => ::core::option::Option::Some(&mut self.#name),));
        pool_descents.push(quote! {
            if let [__at, __rest @ ..] = __path && *__at == __tidewire::POOLS + #at {
                return self.#name.receive(__rest, __source);
            }
        });
    }
    let pool = (!pools.is_empty()).then(|| {
        quote! {
            fn pool(
                &mut self,
                __at: usize,
            ) -> ::core::option::Option<&mut dyn __tidewire::PoolSink> {
                match __at {
                    #(#pools)*
                    _ => ::core::option::Option::None,
                }
            }
        }
    });
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
                #inherited_field
                match #own {
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
                #inherited_set
                match #own {
                    #(#sets)*
                    _ => __tidewire::no_place(__at.0),
                }
            }

            #[inline(always)]
            fn draw<__TidewireSource: __tidewire::FieldSource>(
                &mut self,
                __at: __tidewire::FieldIndex,
                __source: &mut __TidewireSource,
            ) -> ::core::result::Result<bool, __TidewireSource::Fault> {
                let _ = &__source;
                #inherited_draw
                match #own {
                    #(#draws)*
                    _ => return ::core::result::Result::Ok(false),
                }
                #[allow(unreachable_code)]
                ::core::result::Result::Ok(true)
            }

            #[inline]
            fn receive<__TidewireSource: __tidewire::FieldSource>(
                &mut self,
                __path: &[u32],
                __source: &mut __TidewireSource,
            ) -> ::core::result::Result<(), __TidewireSource::Fault> {
                #(#pool_descents)*
                #inherited_receive
                if let [__at, __rest @ ..] = __path {
                    let _ = __rest;
                    match #own_step {
                        #(#descents)*
                        _ => {}
                    }
                } else {
                    __tidewire::StructSink::receive_fields(self, __source)?;
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

            #pool
        }
    }
}

/// The impl for an enum: the struct in it is written to.
pub(super) fn variants(input: &Struct<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let ident = input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let names: Vec<&Ident> = variants.iter().map(|variant| variant.ident).collect();
    let types: Vec<&Type> = variants.iter().map(|variant| variant.ty).collect();
    let (first_name, first_type) = (names.iter().take(1), types.iter().take(1));
    quote! {
        #[automatically_derived]
        impl #impl_generics __tidewire::StructSink for #ident #type_generics #where_clause {
            fn field(
                &mut self,
                __at: __tidewire::FieldIndex,
            ) -> ::core::option::Option<&mut dyn __tidewire::ValueSink> {
                match self {
                    #(Self::#names(__value) => __tidewire::StructSink::field(__value, __at),)*
                }
            }

            fn set(
                &mut self,
                __at: __tidewire::FieldIndex,
                __new: __tidewire::Value<'_>,
            ) -> ::core::result::Result<(), __tidewire::Misfit> {
                match self {
                    #(Self::#names(__value) => __tidewire::StructSink::set(__value, __at, __new),)*
                }
            }

            fn receive<__TidewireSource: __tidewire::FieldSource>(
                &mut self,
                __path: &[u32],
                __source: &mut __TidewireSource,
            ) -> ::core::result::Result<(), __TidewireSource::Fault> {
                match self {
                    #(Self::#names(__value) => {
                        __tidewire::StructSink::receive(__value, __path, __source)
                    })*
                }
            }

            #[inline]
            fn receive_fields<__TidewireSource: __tidewire::FieldSource>(
                &mut self,
                __source: &mut __TidewireSource,
            ) -> ::core::result::Result<(), __TidewireSource::Fault> {
                match self {
                    #(Self::#names(__value) => {
                        __tidewire::StructSink::receive_fields(__value, __source)
                    })*
                }
            }

            fn fresh(
                __of: __tidewire::Fresh<'_>,
            ) -> ::core::result::Result<Self, __tidewire::Misfit> {
                #(if __tidewire::is_of::<#types>(__of) {
                    return ::core::result::Result::Ok(Self::#names(
                        <#types as __tidewire::StructSink>::fresh(__of)?
                    ));
                })*
                if __of.index == __tidewire::Fresh::ANY {
                    #(return ::core::result::Result::Ok(Self::#first_name(
                        <#first_type as __tidewire::StructSink>::fresh(__of)?
                    ));)*
                }
                ::core::result::Result::Err(__tidewire::no_variant::<Self>())
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
