//! What an enum expands to: the struct that it holds, of whatever type that is.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Type};

use super::receive;
use crate::ast::{Struct, Variant};

/// The code for an enum each of whose variants holds a struct.
pub(super) fn schema(input: &Struct<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let Struct { ident, private, wire_name, .. } = input;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let names: Vec<&Ident> = variants.iter().map(|variant| variant.ident).collect();
    let types: Vec<&Type> = variants.iter().map(|variant| variant.ty).collect();
    let unseen = format_ident!("__Unseen");
    let receive = receive::variants(input, variants);
    let no_base = format!(
        "the variants of `{ident}` have no base in common: give their structs a first field of one \
         type that is marked `#[schema(base)]`"
    );

    // What calls a method of the struct in `self` with the mirror of that struct.
    let each = |body: &dyn Fn(TokenStream) -> TokenStream| {
        let arms = names.iter().map(|name| {
            let body = body(quote!(__value));
            quote! {
                (Self::#name(__value), __TidewireMirror::#name(__mirror)) => { #body }
            }
        });
        quote!(#(#arms)*)
    };
    let walk_fields =
        each(&|value| quote!(__tidewire::Schema::walk_fields(#value, __mirror, __owner, __walk)));
    let walk_children =
        each(&|value| quote!(__tidewire::Schema::walk_children(#value, __mirror, __walk)));
    let visit_fields =
        each(&|value| quote!(__tidewire::Schema::visit_fields(#value, __mirror, __visit)));
    let visit_children =
        each(&|value| quote!(__tidewire::Schema::visit_children(#value, __mirror, __visit)));
    let select = each(
        &|value| quote!(__tidewire::Schema::select(#value, __mirror, __fresh, __path, __select)),
    );
    let ask = each(&|value| quote!(__tidewire::Schema::ask(#value, __mirror, __id, __ask)));
    let is_instance = each(&|value| quote!(__tidewire::Schema::is_instance(#value, __mirror)));
    let remember = each(&|value| quote!(__tidewire::Schema::remember_instance(#value, __mirror)));

    quote! {
        const _: () = {
            use #private as __tidewire;

            #[doc(hidden)]
            #[derive(Default)]
            pub enum __TidewireMirror #impl_generics #where_clause {
                #[default]
                #unseen,
                #(#names(<#types as __tidewire::Schema>::Mirror),)*
            }

            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for __TidewireMirror #type_generics #where_clause {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        Self::#unseen => ::core::fmt::Formatter::write_str(__f, "unseen"),
                        #(Self::#names(__mirror) => ::core::fmt::Debug::fmt(__mirror, __f),)*
                    }
                }
            }

            impl #impl_generics #ident #type_generics #where_clause {
                /// Makes the mirror one of the struct that is held now.
                fn __tidewire_aim(&self, __mirror: &mut __TidewireMirror #type_generics) {
                    match (self, &*__mirror) {
                        #((Self::#names(_), __TidewireMirror::#names(_)) => {})*
                        #((Self::#names(_), _) => {
                            *__mirror =
                                __TidewireMirror::#names(::core::default::Default::default());
                        })*
                    }
                }
            }

            #receive

            #[automatically_derived]
            impl #impl_generics __tidewire::Schema for #ident #type_generics #where_clause {
                type Mirror = __TidewireMirror #type_generics;
                const HAS_IDENTITY: bool = true;

                fn describe(&self) -> __tidewire::TypeSet {
                    __tidewire::describe::<Self>()
                }

                fn type_ids(&self) -> __tidewire::TypeIds {
                    __tidewire::type_ids::<Self>()
                }

                fn type_index(&self, __types: &__tidewire::TypeIds) -> __tidewire::TypeIndex {
                    match self {
                        #(Self::#names(__value) => {
                            __tidewire::Schema::type_index(__value, __types)
                        })*
                    }
                }

                fn is_instance(&self, __mirror: &Self::Mirror) -> bool {
                    match (self, __mirror) {
                        (_, __TidewireMirror::#unseen) => true,
                        #is_instance
                        #[allow(unreachable_patterns)]
                        _ => false,
                    }
                }

                fn remember_instance(&mut self, __mirror: &mut Self::Mirror) {
                    self.__tidewire_aim(__mirror);
                    match (self, __mirror) {
                        #remember
                        _ => {}
                    }
                }

                fn walk_fields<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __owner: __tidewire::Owner,
                    __walk: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                    self.__tidewire_aim(__mirror);
                    match (self, __mirror) {
                        #walk_fields
                        _ => {}
                    }
                }

                fn walk_children<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __walk: &mut __tidewire::Walk<'_, __TidewireVisitor>,
                ) {
                    match (self, __mirror) {
                        #walk_children
                        _ => {}
                    }
                }

                fn visit_fields<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    __mirror: &Self::Mirror,
                    __visit: &mut __tidewire::Visit<'_, __TidewireVisitor>,
                ) {
                    match (self, __mirror) {
                        #visit_fields
                        _ => {
                            let mut __mirror = ::core::default::Default::default();
                            self.__tidewire_aim(&mut __mirror);
                            self.visit_fields(&__mirror, __visit);
                        }
                    }
                }

                fn visit_children<__TidewireVisitor: __tidewire::Visitor + ?::core::marker::Sized>(
                    &self,
                    __mirror: &Self::Mirror,
                    __visit: &mut __tidewire::Visit<'_, __TidewireVisitor>,
                ) {
                    match (self, __mirror) {
                        #visit_children
                        _ => {
                            let mut __mirror = ::core::default::Default::default();
                            self.__tidewire_aim(&mut __mirror);
                            self.visit_children(&__mirror, __visit);
                        }
                    }
                }

                fn ask(
                    &self,
                    __mirror: &Self::Mirror,
                    __id: __tidewire::RefId,
                    __ask: &mut __tidewire::Ask<'_>,
                ) {
                    match (self, __mirror) {
                        #ask
                        _ => {}
                    }
                }

                fn select(
                    &mut self,
                    __mirror: &mut Self::Mirror,
                    __fresh: bool,
                    __path: &[&str],
                    __select: &mut __tidewire::Select<'_>,
                ) {
                    self.__tidewire_aim(__mirror);
                    match (self, __mirror) {
                        #select
                        _ => {}
                    }
                }
            }

            #[automatically_derived]
            impl #impl_generics __tidewire::SchemaType for #ident #type_generics #where_clause {
                const FIELDS: u8 = 0;
                const NAME: &'static str = #wire_name;

                fn describe_type(__types: &mut __tidewire::TypesBuilder) -> __tidewire::TypeIndex {
                    let __variants =
                        [#(<#types as __tidewire::SchemaType>::describe_type(__types)),*];
                    ::core::option::Option::expect(__types.common_base(&__variants), #no_base)
                }
            }
        };
    }
}
