//! What a struct expands to: its mirror, `Schema`, `SchemaType` and `StructSink`.
//!
//! Every name is a full path or starts with two underscores, so that nothing in scope at the derive
//! can be in the way. The library is imported once, so that a wrong path to it is one error.
//!
//! Tokens that lead to a trait bound on a field's type are placed on that type, so that an
//! unsatisfied one is reported there.

mod receive;

use proc_macro2::{Group, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{GenericParam, Generics, Ident, Type, WherePredicate, parse_quote, spanned::Spanned};

use crate::ast::{Field, Struct};

/// The code for a struct that keeps all rules.
pub(crate) fn schema(input: &Struct<'_>) -> TokenStream {
    let Struct { ident, private, wire_name, .. } = input;
    let generics = bounded(input);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let fields: Vec<Code> =
        input.tracked().enumerate().map(|(index, field)| Code::new(field, index)).collect();

    let mirror = mirror(input, &generics, &fields);
    let walk_own = fields.iter().map(|field| &field.walk_own);
    let walk_below = fields.iter().map(|field| &field.walk_below);
    let visit_own = fields.iter().map(|field| &field.visit_own);
    let visit_below = fields.iter().map(|field| &field.visit_below);
    let describe = fields.iter().map(|field| &field.describe);

    let receive = receive::sink(input);

    quote! {
        const _: () = {
            use #private as __tidewire;

            #mirror

            #receive

            #[automatically_derived]
            impl #impl_generics __tidewire::Schema for #ident #type_generics #where_clause {
                type Mirror = __TidewireMirror #type_generics;

                fn describe(&self) -> __tidewire::TypeSet {
                    __tidewire::describe::<Self>()
                }

                #[inline]
                fn walk<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __owner: __tidewire::Owner,
                    __walk: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                    let _ = (&__mirror, &__owner, &__walk);
                    #(#walk_own)*
                    #(#walk_below)*
                }

                fn visit<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    __mirror: &Self::Mirror,
                    __visitor: &mut __TidewireVisitor,
                ) {
                    let _ = (&__mirror, &__visitor);
                    #(#visit_own)*
                    #(#visit_below)*
                }
            }

            #[automatically_derived]
            impl #impl_generics __tidewire::SchemaType for #ident #type_generics #where_clause {
                fn describe_type(__types: &mut __tidewire::TypesBuilder) -> __tidewire::TypeIndex {
                    __types.add::<Self>(#wire_name, |__types| {
                        let _ = &__types;
                        ::std::vec::Vec::from([#(#describe),*])
                    })
                }
            }
        };
    }
}

/// What stands in for the code of a struct that breaks a rule, so that the one mistake is the one
/// message and uses of the type are not reported beside it.
pub(crate) fn stub(input: &Struct<'_>) -> TokenStream {
    let Struct { ident, private, .. } = input;
    let mut generics = input.generics.clone();
    generics.make_where_clause().predicates.push(parse_quote!(Self: 'static));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let receive = receive::stub(input, &generics);
    quote! {
        const _: () = {
            use #private as __tidewire;

            #receive

            #[automatically_derived]
            impl #impl_generics __tidewire::Schema for #ident #type_generics #where_clause {
                type Mirror = ();
                fn describe(&self) -> __tidewire::TypeSet {
                    ::core::unreachable!()
                }
                fn walk<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    _: &mut (),
                    _: __tidewire::Owner,
                    _: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                }
                fn visit<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    _: &(),
                    _: &mut __TidewireVisitor,
                ) {
                }
            }

            #[automatically_derived]
            impl #impl_generics __tidewire::SchemaType for #ident #type_generics #where_clause {
                fn describe_type(_: &mut __tidewire::TypesBuilder) -> __tidewire::TypeIndex {
                    ::core::unreachable!()
                }
            }
        };
    }
}

/// What one field adds to each part.
struct Code {
    ident: Ident,
    mirror: TokenStream,
    mirror_default: TokenStream,
    mirror_debug: TokenStream,
    walk_own: TokenStream,
    walk_below: TokenStream,
    visit_own: TokenStream,
    visit_below: TokenStream,
    describe: TokenStream,
}

impl Code {
    fn new(field: &Field<'_>, index: usize) -> Self {
        let Field { ty, wire_name, attrs, .. } = field;
        let span = on_type(ty);
        let mut ident = field.ident.clone();
        ident.set_span(ident.span().located_at(span));
        let index = Literal::usize_unsuffixed(index);
        let at = quote_spanned!(span=> __tidewire::FieldIndex(#index));
        let number = quote_spanned!(span=> __tidewire::AsNumber);
        let (sent, value, value_mut) = if attrs.number.is_some() {
            (
                quote_spanned!(span=> <#ty as #number>::Number),
                quote_spanned!(span=> &#number::as_number(&self.#ident)),
                quote_spanned!(span=> &mut #number::as_number(&self.#ident)),
            )
        } else {
            (
                ty.to_token_stream(),
                quote_spanned!(span=> &self.#ident),
                quote_spanned!(span=> &mut self.#ident),
            )
        };
        let mirror = quote_spanned!(span=> __mirror.#ident);
        let call = quote_spanned!(span=> <#sent as __tidewire::Field>);
        Self {
            mirror: quote_spanned!(span=> #call::Mirror),
            mirror_default: quote_spanned!(span=> #ident: ::core::default::Default::default()),
            mirror_debug: quote_spanned!(span=> &self.#ident),
            walk_own: quote_spanned! {span=>
                #call::walk_own(#value_mut, &mut #mirror, #at, __owner, __walk);
            },
            walk_below: quote_spanned! {span=>
                #call::walk_below(#value_mut, &mut #mirror, #at, __walk);
            },
            visit_own: quote_spanned!(span=> #call::visit_own(#value, &#mirror, #at, __visitor);),
            visit_below: quote_spanned! {span=>
                #call::visit_below(#value, &#mirror, #at, __visitor);
            },
            describe: quote_spanned!(span=> __tidewire::field::<#sent>(#wire_name, __types)),
            ident,
        }
    }
}

/// The struct of what was last sent.
fn mirror(input: &Struct<'_>, generics: &Generics, fields: &[Code]) -> TokenStream {
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = format_ident!("{}Mirror", input.ident).to_string();
    let idents: Vec<&Ident> = fields.iter().map(|field| &field.ident).collect();
    let types = fields.iter().map(|field| &field.mirror);

    let defaults = fields.iter().map(|field| &field.mirror_default);
    let values = fields.iter().map(|field| &field.mirror_debug);

    // The marker uses parameters that stand in skipped fields only. It is there without parameters
    // too: the last field decides whether a struct has a size, and of this one that is known, so
    // a type that is no field is not also reported for lack of it.
    let parameters = generics.type_params().map(|param| &param.ident);
    let marker = quote!(::core::marker::PhantomData);

    // `Self` in a field's type is the user's struct.
    let types = types.map(|ty| without_self(ty.clone(), input));
    let where_clause = without_self(where_clause.to_token_stream(), input);

    quote! {
        #[doc(hidden)]
        pub struct __TidewireMirror #impl_generics #where_clause {
            #(#idents: #types,)*
            __tidewire: #marker<fn() -> (#(#marker<#parameters>,)*)>,
        }

        #[automatically_derived]
        impl #impl_generics ::core::default::Default for __TidewireMirror #type_generics
        #where_clause
        {
            #[inline]
            fn default() -> Self {
                Self { #(#defaults,)* __tidewire: #marker }
            }
        }

        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for __TidewireMirror #type_generics #where_clause {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.debug_struct(#name)
                    #(.field(::core::stringify!(#idents), #values))*
                    .finish()
            }
        }
    }
}

/// The tokens of a type with the struct's name for `Self`.
fn without_self(tokens: TokenStream, input: &Struct<'_>) -> TokenStream {
    let name = input.ident;
    let (_, generics, _) = input.generics.split_for_impl();
    let mut tokens = tokens.into_iter().peekable();
    let mut replaced = TokenStream::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                let path = quote_spanned!(ident.span()=> #name #generics);
                let in_path = match tokens.peek() {
                    Some(TokenTree::Punct(next)) => {
                        next.as_char() == ':' && next.spacing() == Spacing::Joint
                    }
                    _ => false,
                };
                replaced.extend(if in_path { quote!(<#path>) } else { path });
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), without_self(group.stream(), input));
                inner.set_span(group.span());
                replaced.extend([TokenTree::Group(inner)]);
            }
            token => replaced.extend([token]),
        }
    }
    replaced
}

/// The generics with a bound for each field whose type has a parameter in it.
///
/// A field that leads back to the struct gets none: to prove that bound, it would be needed itself.
fn bounded(input: &Struct<'_>) -> Generics {
    let mut generics = input.generics.clone();
    let parameters: Vec<Ident> =
        input.generics.type_params().map(|param| param.ident.clone()).collect();
    let mut predicates: Vec<WherePredicate> = Vec::new();
    for parameter in &parameters {
        predicates.push(parse_quote!(#parameter: 'static));
    }
    let itself = [input.ident.clone(), Ident::new("Self", Span::call_site())];
    for field in input.tracked() {
        let ty = field.ty;
        if !mentions(ty.to_token_stream(), &parameters) || mentions(ty.to_token_stream(), &itself) {
            continue;
        }
        predicates.push(if field.attrs.number.is_some() {
            parse_quote!(#ty: __tidewire::AsNumber)
        } else {
            parse_quote!(#ty: __tidewire::Field + __tidewire::Describe)
        });
    }
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.default = None;
        }
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// Resolved as all other tokens, but seen on the type.
fn on_type(ty: &Type) -> Span {
    Span::call_site().located_at(ty.span())
}

/// Whether one of `names` stands anywhere in `tokens`.
fn mentions(tokens: TokenStream, names: &[Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident),
        TokenTree::Group(group) => mentions(group.stream(), names),
        _ => false,
    })
}
