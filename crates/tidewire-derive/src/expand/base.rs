//! What a base and the pools of a root add to an expanded struct.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use super::on_type;
use crate::{
    ast::{Field, Struct},
    check::MAX_FIELDS,
};

/// What the base of a struct adds to each part.
pub(super) struct Base {
    pub(super) walk_fields: TokenStream,
    pub(super) walk_children: TokenStream,
    pub(super) visit_fields: TokenStream,
    pub(super) visit_children: TokenStream,
    pub(super) select_base: TokenStream,
    pub(super) select_other: TokenStream,
    pub(super) ask: TokenStream,
    pub(super) count: TokenStream,
    pub(super) describe: TokenStream,
    pub(super) names: TokenStream,
}

impl Base {
    pub(super) fn of(input: &Struct<'_>) -> Self {
        let Some(Field { ident, ty, .. }) = input.base() else {
            return Self {
                walk_fields: quote!(),
                walk_children: quote!(),
                visit_fields: quote!(),
                visit_children: quote!(),
                select_base: quote!(),
                select_other: quote!(__select.nothing(__step);),
                ask: quote!(),
                count: quote!(0),
                describe: quote!(::core::option::Option::None),
                names: quote!(::core::option::Option::None),
            };
        };
        let span = on_type(ty);
        let call = quote_spanned!(span=> <#ty as __tidewire::Schema>);
        let kind = quote_spanned!(span=> <#ty as __tidewire::SchemaType>);
        let value = quote!(&mut self.#ident, &mut __mirror.#ident);
        let seen = quote!(&self.#ident, &__mirror.#ident);
        Self {
            walk_fields: quote!(#call::walk_fields(#value, __owner, __walk);),
            walk_children: quote!(#call::walk_children(#value, __walk);),
            visit_fields: quote!(#call::visit_fields(#seen, __visit);),
            visit_children: quote!(#call::visit_children(#seen, __visit);),
            select_base: quote!(#call::select(#value, __fresh, &[], __select);),
            select_other: quote!(#call::select(#value, __fresh, __path, __select);),
            ask: quote!(#call::ask(#seen, __id, __ask);),
            count: quote!(#kind::FIELDS),
            describe: quote!(::core::option::Option::Some(#kind::describe_type(__types))),
            names: quote!(::core::option::Option::Some(&#kind::FIELD_NAMES)),
        }
    }
}

/// What a struct and its base must not have in common or exceed together. Of generic types it is found
/// when a state of them is made.
pub(super) fn beside_base(input: &Struct<'_>) -> Option<TokenStream> {
    let Field { ty, .. } = input.base()?;
    if !input.generics.params.is_empty() {
        return None;
    }
    let Struct { ident, .. } = input;
    let kind = quote_spanned!(on_type(ty)=> <#ty as __tidewire::SchemaType>);
    let count = input.tracked().count();
    let too_many = format!(
        "`{ident}` has more than {MAX_FIELDS} fields together with those of its base: move some into a \
         struct of their own"
    );
    let names = input.tracked().map(|Field { ident: field, wire_name, .. }| {
        let twice = format!(
            "`{ident}` and its base both have a field `{wire_name}`: rename one, or have it called \
             otherwise with `#[schema(rename = \"…\")]`"
        );
        quote_spanned! {field.span()=>
            const _: () = ::core::assert!(!#kind::FIELD_NAMES.has(#wire_name), #twice);
        }
    });
    Some(quote_spanned! {on_type(ty)=>
        const _: () =
            ::core::assert!(#kind::FIELDS as usize + #count <= #MAX_FIELDS, #too_many);
        #(#names)*
    })
}

/// What the pools of a root add.
pub(super) fn shared(input: &Struct<'_>) -> Option<TokenStream> {
    let pools: Vec<&Ident> = input.pools().map(|field| field.ident).collect();
    if pools.is_empty() {
        return None;
    }
    Some(quote! {
        fn has_pools(&self) -> bool {
            true
        }

        fn register_shared(
            &mut self,
            __mirror: &mut Self::Mirror,
            __tracker: &mut __tidewire::Tracker,
        ) {
            #(self.#pools.register_shared(&mut __mirror.#pools, __tracker);)*
        }

        fn walk_shared<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
            &mut self,
            _: &mut Self::Mirror,
            __walk: &mut __tidewire::Walk<'_, __TidewireVisitor>,
        ) {
            #(self.#pools.walk_shared(__walk);)*
        }

        fn sweep_shared(&mut self, __tracker: &mut __tidewire::Tracker) {
            #(self.#pools.sweep(__tracker);)*
        }

        fn visit_shared<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
            &self,
            _: &Self::Mirror,
            __visit: &mut __tidewire::Visit<'_, __TidewireVisitor>,
        ) {
            #(self.#pools.visit_shared(__visit);)*
        }

        fn ask_shared(&self, __ask: &mut __tidewire::Ask<'_>) {
            #(self.#pools.ask_shared(__ask);)*
        }

        fn select_shared(
            &mut self,
            _: &mut Self::Mirror,
            __select: &mut __tidewire::Select<'_>,
        ) {
            #(self.#pools.select_shared(__select);)*
        }
    })
}
