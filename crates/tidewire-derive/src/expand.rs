//! What a struct expands to: its mirror, `Schema`, `SchemaType` and `StructSink`.
//!
//! Every name is a full path or starts with two underscores, so that nothing in scope at the derive
//! can be in the way. The library is imported once, so that a wrong path to it is one error.
//!
//! Tokens that lead to a trait bound on a field's type are placed on that type, so that an
//! unsatisfied one is reported there.

mod base;
mod filters;
mod receive;
mod variants;

use proc_macro2::{Group, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{GenericParam, Generics, Ident, Type, WherePredicate, parse_quote, spanned::Spanned};

use self::{
    base::{Base, beside_base, shared},
    filters::{ask, ask_own, walk_own_fields},
};
use crate::{
    ast::{Field, Struct},
    attr::{FieldAttrs, Filter, Quantized, Sending, View},
};

/// The code for a struct that keeps all rules.
pub(crate) fn schema(input: &Struct<'_>) -> TokenStream {
    if let Some(all) = &input.variants {
        return variants::schema(input, all);
    }
    let Struct { ident, private, wire_name, .. } = input;
    let generics = bounded(input);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let base = Base::of(input);
    let base_count = &base.count;
    let fields: Vec<Code> = input
        .tracked()
        .enumerate()
        .map(|(index, field)| Code::new(field, index, base_count))
        .collect();

    let mirror = mirror(input, &generics, &fields);
    let walk_own = fields.iter().map(|field| &field.walk_own);
    let walk_below = fields.iter().map(|field| &field.walk_below);
    let visit_own = fields.iter().map(|field| &field.visit_own);
    let visit_below = fields.iter().map(|field| &field.visit_below);
    let ask = ask(&fields, &base);
    let base_fields = &base.walk_fields;
    let walk_fields_own = walk_own_fields(input, quote!(#base_fields #(#walk_own)*));
    let describe = fields.iter().map(|field| &field.describe);
    let select_all = fields.iter().map(|field| &field.select_all);
    let select_one = fields.iter().map(|field| &field.select_one);
    let names = input.tracked().map(|field| &field.wire_name);
    let beside_base = beside_base(input);
    let count = Literal::u8_suffixed(fields.len() as u8);
    let Base {
        walk_children,
        visit_fields,
        visit_children,
        select_base,
        select_other,
        describe: base_type,
        names: base_names,
        ..
    } = &base;
    let shared = shared(input);

    let receive = receive::sink(input);

    quote! {
        const _: () = {
            use #private as __tidewire;

            #mirror

            #receive

            #beside_base

            #[automatically_derived]
            impl #impl_generics __tidewire::Schema for #ident #type_generics #where_clause {
                type Mirror = __TidewireMirror #type_generics;

                fn describe(&self) -> __tidewire::TypeSet {
                    __tidewire::describe::<Self>()
                }

                fn type_ids(&self) -> __tidewire::TypeIds {
                    __tidewire::type_ids::<Self>()
                }

                fn type_index(&self, __types: &__tidewire::TypeIds) -> __tidewire::TypeIndex {
                    __types.index_of::<Self>()
                }

                #[inline(always)]
                fn walk_fields<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __owner: __tidewire::Owner,
                    __walk: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                    let _ = (&__mirror, &__owner, &__walk);
                    #walk_fields_own
                }

                #[inline]
                fn walk_children<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __walk: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                    let _ = (&__mirror, &__walk);
                    #walk_children
                    #(#walk_below)*
                }

                fn visit_fields<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    __mirror: &Self::Mirror,
                    __visit: &mut __tidewire::Visit<'_, __TidewireVisitor>,
                ) {
                    let _ = (&__mirror, &__visit);
                    #visit_fields
                    #(#visit_own)*
                }

                fn visit_children<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    __mirror: &Self::Mirror,
                    __visit: &mut __tidewire::Visit<'_, __TidewireVisitor>,
                ) {
                    let _ = (&__mirror, &__visit);
                    #visit_children
                    #(#visit_below)*
                }

                #ask

                fn as_any(&self) -> ::core::option::Option<&dyn ::core::any::Any> {
                    ::core::option::Option::Some(self)
                }

                fn select(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __fresh: bool,
                    __path: &[&str],
                    __select: &mut __tidewire::Select<'_>,
                ) {
                    let _ = (&__mirror, __fresh);
                    match __path {
                        [] => {
                            #select_base
                            #(#select_all)*
                        }
                        [__step, __rest @ ..] => {
                            let _ = __rest;
                            match *__step {
                                #(#select_one)*
                                _ => { #select_other }
                            }
                        }
                    }
                }

                #shared
            }

            #[automatically_derived]
            impl #impl_generics __tidewire::SchemaType for #ident #type_generics #where_clause {
                const FIELDS: u8 = #base_count + #count;
                const NAME: &'static str = #wire_name;
                const FIELD_NAMES: __tidewire::FieldNames =
                    __tidewire::FieldNames { own: &[#(#names),*], base: #base_names };

                fn describe_type(__types: &mut __tidewire::TypesBuilder) -> __tidewire::TypeIndex {
                    let __base = #base_type;
                    __types.add_extending::<Self>(#wire_name, __base, |__types| {
                        let _ = &__types;
                        ::std::vec::Vec::from([#(#describe),*])
                    })
                }
            }
        };
    }
}

/// The descriptor of a quantized field, made when the program is compiled.
fn quantized(quantized: &Quantized) -> TokenStream {
    let Quantized { span, min, max, bits, wrap } = quantized;
    let bits = bits.as_ref().map_or(quote!(16), |bits| quote!(#bits));
    let mode = if *wrap { quote!(Wrap) } else { quote!(Clamp) };
    quote_spanned! {*span=>
        {
            static __QUANTIZED: __tidewire::Quantized =
                __tidewire::quantized_or_panic(#min, #max, #bits, __tidewire::QuantizedMode::#mode);
            &__QUANTIZED
        }
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
                fn type_index(&self, _: &__tidewire::TypeIds) -> __tidewire::TypeIndex {
                    ::core::unreachable!()
                }
                fn walk_fields<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    _: &mut (),
                    _: __tidewire::Owner,
                    _: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                }
                fn walk_children<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    _: &mut (),
                    _: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                }
                fn visit_fields<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    _: &(),
                    _: &mut __tidewire::Visit<'_, __TidewireVisitor>,
                ) {
                }
                fn visit_children<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    _: &(),
                    _: &mut __tidewire::Visit<'_, __TidewireVisitor>,
                ) {
                }
                fn select(
                    &mut self,
                    _: &mut (),
                    _: bool,
                    _: &[&str],
                    _: &mut __tidewire::Select<'_>,
                ) {
                }
            }

            #[automatically_derived]
            impl #impl_generics __tidewire::SchemaType for #ident #type_generics #where_clause {
                const FIELDS: u8 = 0;
                const NAME: &'static str = "";
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
    select_all: TokenStream,
    select_one: TokenStream,
    describe: TokenStream,
    ask_own: TokenStream,
    ask_below: TokenStream,
}

impl Code {
    fn new(field: &Field<'_>, index: usize, base: &TokenStream) -> Self {
        let Field { ty, wire_name, attrs, .. } = field;
        let span = on_type(ty);
        let mut ident = field.ident.clone();
        ident.set_span(ident.span().located_at(span));
        let index = Literal::usize_unsuffixed(index);
        let at = quote_spanned!(span=> __tidewire::FieldIndex(#base + #index));
        let step = quote_spanned!(span=> __tidewire::Step);
        let number = quote_spanned!(span=> __tidewire::AsNumber);
        let raw = match (&attrs.masked, &attrs.computed) {
            (_, Some(path)) => {
                quote_spanned!(span=> __tidewire::compute::<Self, #ty>(&*self, #path))
            }
            (Some(mask), None) => {
                quote_spanned!(span=> __tidewire::mask::<#ty>(&self.#ident, #mask))
            }
            (None, None) => quote_spanned!(span=> self.#ident),
        };
        let (sent, value, value_mut) = if let Some(by) = &attrs.quantized {
            let by = quantized(by);
            let value = quote_spanned!(span=> #step::new(::core::convert::From::from(#raw), #by));
            (step, quote!(&#value), quote!(&mut #value))
        } else if attrs.number.is_some() {
            (
                quote_spanned!(span=> <#ty as #number>::Number),
                quote_spanned!(span=> &#number::as_number(&#raw)),
                quote_spanned!(span=> &mut #number::as_number(&#raw)),
            )
        } else {
            (ty.to_token_stream(), quote_spanned!(span=> &#raw), quote_spanned!(span=> &mut #raw))
        };
        let visibility = visibility(attrs, &at, span);
        let owner = owner(attrs, &at, span);
        let sending = match attrs.sending {
            None => quote!(Always),
            Some((_, Sending::PatchOnly)) => quote!(PatchOnly),
            Some((_, Sending::SnapshotOnly)) => quote!(SnapshotOnly),
            Some((_, Sending::Unreliable)) => quote!(Unreliable),
            Some((_, Sending::Never)) => quote!(Never),
        };
        let pace = [
            attrs.max_per_tick.as_ref().map(|max| {
                quote_spanned!(span=> __tidewire::field_max(&mut __mirror.#ident, #max);)
            }),
            attrs.priority.as_ref().map(|priority| {
                quote_spanned!(span=> __tidewire::field_priority(&mut __mirror.#ident, #priority);)
            }),
        ];
        let pace = pace.iter().flatten();
        let is_sent = !matches!(attrs.sending, Some((_, Sending::Never)));
        // No walk sees the value: what is sent is asked for after it.
        let is_custom = matches!(attrs.filter, Some((_, Filter::Custom(_))));
        let is_told = is_sent && !is_custom;
        let is_hidden = attrs.view.is_some() || matches!(attrs.filter, Some((_, Filter::Field(_))));
        let is_sifted = attrs.filter.is_some() && !is_hidden && !is_custom;
        let if_shown = |code: TokenStream| match is_hidden {
            false => code,
            true => quote_spanned!(span=> if __visit.shows(#visibility) { #code }),
        };
        let if_children = |code: TokenStream| match is_sifted {
            false => code,
            true => quote_spanned!(span=> if __visit.shows_children(#visibility) { #code }),
        };
        let if_sent = |code: TokenStream| if is_sent { code } else { quote!() };
        let if_told = |code: TokenStream| if is_told { code } else { quote!() };
        let mirror = quote_spanned!(span=> __mirror.#ident);
        let call = quote_spanned!(span=> <#sent as __tidewire::Field>);
        Self {
            mirror: quote_spanned!(span=> #call::Mirror),
            mirror_default: quote_spanned!(span=> #ident: ::core::default::Default::default()),
            mirror_debug: quote_spanned!(span=> &self.#ident),
            walk_own: if_told(quote_spanned! {span=>
                #(#pace)*
                #call::walk_own(#value_mut, &mut #mirror, #at, #owner, __walk);
            }),
            walk_below: if_told(quote_spanned! {span=>
                #call::walk_below(#value_mut, &mut #mirror, #at, __walk);
            }),
            visit_own: if_told(if_shown(quote_spanned! {span=>
                #call::visit_own(#value, &#mirror, #at, __visit);
            })),
            visit_below: if_told(if_shown(if_children(quote_spanned! {span=>
                #call::visit_below(#value, &#mirror, #at, __visit);
            }))),
            select_all: if_sent(quote_spanned! {span=>
                __select.below(#visibility, |__select| {
                    #call::select(#value_mut, &mut #mirror, __fresh, &[], __select);
                });
            }),
            select_one: if_sent(quote_spanned! {span=>
                #wire_name => #call::select(#value_mut, &mut #mirror, __fresh, __rest, __select),
            }),
            describe: match &attrs.quantized {
                Some(by) => {
                    let by = quantized(by);
                    quote_spanned! {span=>
                        __tidewire::quantized_field(#wire_name, #by, #visibility, __tidewire::Sending::#sending)
                    }
                }
                None => quote_spanned! {span=>
                    __tidewire::field::<#sent>(
                        #wire_name, #visibility, __tidewire::Sending::#sending, __types
                    )
                },
            },
            ask_own: if_sent(ask_own(field, &ident, &at, span)),
            // What stands for another value leads nowhere, and is made anew each time.
            ask_below: match attrs.masked.is_some() || attrs.computed.is_some() || !may_lead(attrs)
            {
                true => quote!(),
                false => if_sent(quote_spanned!(span=> #call::ask_below(#value, &#mirror, __ask);)),
            },
            ident,
        }
    }
}

/// Whether there may be structs below a field.
fn may_lead(attrs: &FieldAttrs) -> bool {
    attrs.quantized.is_none() && attrs.number.is_none()
}

/// Who is told of a field.
fn visibility(attrs: &FieldAttrs, at: &TokenStream, span: Span) -> TokenStream {
    match (&attrs.view, &attrs.filter) {
        (Some(View { tag: None, .. }), _) => {
            quote_spanned!(span=> __tidewire::Visibility::View(__tidewire::Tag::DEFAULT))
        }
        (Some(View { tag: Some(tag), .. }), _) => {
            quote_spanned!(span=> __tidewire::Visibility::View(const { __tidewire::tag_or_panic(#tag) }))
        }
        (None, Some((_, Filter::Field(_)))) => {
            quote_spanned!(span=> __tidewire::Visibility::Filter(#at))
        }
        (None, Some((_, Filter::Custom(_)))) => {
            quote_spanned!(span=> __tidewire::Visibility::Custom(#at))
        }
        (None, Some(_)) => quote_spanned!(span=> __tidewire::Visibility::FilterChildren),
        (None, None) => quote_spanned!(span=> __tidewire::Visibility::Everyone),
    }
}

/// What the walk of a field is given for its owner.
fn owner(attrs: &FieldAttrs, at: &TokenStream, span: Span) -> TokenStream {
    match (&attrs.view, &attrs.filter) {
        (Some(View { tag: None, .. }), _) => {
            quote_spanned!(span=> __owner.hide(__tidewire::Tag::DEFAULT))
        }
        (Some(View { tag: Some(tag), .. }), _) => {
            quote_spanned!(span=> __owner.hide(const { __tidewire::tag_or_panic(#tag) }))
        }
        (None, Some((_, Filter::Field(_) | Filter::Custom(_)))) => {
            quote_spanned!(span=> __owner.filter(#at))
        }
        (None, Some(_)) => quote_spanned!(span=> __owner.filter_children()),
        (None, None) => quote_spanned!(span=> __owner),
    }
}

/// The struct of what was last sent.
fn mirror(input: &Struct<'_>, generics: &Generics, fields: &[Code]) -> TokenStream {
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = format_ident!("{}Mirror", input.ident).to_string();
    let others = input.base().into_iter().chain(input.pools());
    let others: Vec<(&Ident, TokenStream)> = others
        .map(|Field { ident, ty, attrs, .. }| {
            let mirror = match attrs.base {
                Some(_) => quote_spanned!(on_type(ty)=> <#ty as __tidewire::Schema>::Mirror),
                None => quote!(__tidewire::PoolMirror),
            };
            (*ident, mirror)
        })
        .collect();
    let idents = fields.iter().map(|field| &field.ident);
    let idents: Vec<&Ident> = idents.chain(others.iter().map(|(ident, _)| *ident)).collect();
    let types = fields.iter().map(|field| &field.mirror).chain(others.iter().map(|(_, ty)| ty));

    let defaults = fields
        .iter()
        .map(|field| field.mirror_default.clone())
        .chain(others.iter().map(|(ident, _)| quote!(#ident: ::core::default::Default::default())));
    let values = fields
        .iter()
        .map(|field| field.mirror_debug.clone())
        .chain(others.iter().map(|(ident, _)| quote!(&self.#ident)));

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
