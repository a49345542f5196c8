//! Expanded code neither warns nor minds what is in scope around it.
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
#![deny(clippy::pedantic, clippy::allow_attributes, clippy::missing_inline_in_public_items)]
#![deny(clippy::ref_option, clippy::ignored_unit_patterns, clippy::used_underscore_binding)]

/// Names that expanded code, or what it leans on, might stumble over.
pub mod names {
    use tidewire_state::Schema as Derive;

    /// A parameter that is called as any other, and fields as the arguments of a walk.
    #[derive(Derive)]
    #[schema(crate = "tidewire_state")]
    pub struct Names<V: tidewire_state::Element, A> {
        /// As an argument.
        pub walk: V,
        /// As another.
        pub mirror: Field,
        /// As a third.
        pub owner: __tw::Schema,
        /// As a method.
        pub visit_own: tidewire_state::MapSchema<V>,
        /// A parameter that could stand for a field.
        pub types: ::std::option::Option<A>,
        /// Private to this module.
        r#self_: Hidden,
    }

    #[derive(Derive)]
    #[schema(crate = "::tidewire_state")]
    struct Hidden {
        r#type: bool,
    }

    /// Stands where `Field` would.
    #[derive(Derive)]
    #[schema(crate = "tidewire_state")]
    pub struct Field {
        /// One.
        pub own: u8,
    }

    /// Stands where the library's module might.
    pub mod __tw {
        /// Stands where `Schema` would.
        #[derive(tidewire_state::Schema)]
        #[schema(crate = "tidewire_state")]
        pub struct Schema {
            /// One.
            pub own: u8,
        }
    }

    macro_rules! shadow {
        ($($name:ident)*) => {$(
            /// Shadows a name of the prelude or of an argument.
            #[expect(non_camel_case_types, reason = "a shadow")]
            #[expect(dead_code, reason = "a shadow")]
            struct $name;
        )*};
    }
    shadow!(walk mirror owner visitor types value f);

    /// Shadows.
    pub trait Default {}
    /// Shadows.
    pub trait Sized {}
    /// Shadows.
    pub type Vec = ();
    /// Shadows.
    pub type Option = ();
    /// Shadows.
    pub type Self_ = ();
    /// Shadows.
    pub mod core {}
    /// Shadows.
    pub mod std {}

    /// Makes one.
    #[inline]
    #[must_use]
    pub fn names() -> Names<u8, u8> {
        Names {
            walk: 1,
            mirror: Field { own: 2 },
            owner: __tw::Schema { own: 3 },
            visit_own: tidewire_state::MapSchema::new(),
            types: ::std::option::Option::None,
            self_: Hidden { r#type: true },
        }
    }
}

macro_rules! in_macro {
    ($name:ident { $($field:ident: $type:ty),* }) => {
        #[derive(tidewire_state::Schema)]
        #[schema(crate = "tidewire_state")]
        struct $name { $($field: $type),* }
    };
}
in_macro!(Expanded { one: u8, maybe: Option<Box<Expanded>>, many: tidewire_state::ArraySchema<u8> });

#[test]
fn names_around_a_derive_do_not_matter() {
    let types = tidewire_state::Tracked::new(names::names()).types();
    let all: Vec<&str> = types.types.iter().map(|info| info.name.as_str()).collect();
    assert_eq!(all, ["Names", "Field", "Schema", "Hidden"]);
    let fields: Vec<&str> =
        types[types.root].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(fields, ["walk", "mirror", "owner", "visit_own", "types", "self_"]);
}

#[test]
fn a_macro_may_write_the_struct() {
    let one = Expanded { one: 1, maybe: None, many: tidewire_state::ArraySchema::new() };
    let types = tidewire_state::Tracked::new(one).types();
    assert_eq!(types[types.root].fields.len(), 3);
}

#[test]
fn a_deprecated_field_does_not_warn_in_expanded_code() {
    #[derive(tidewire_state::Schema)]
    #[schema(crate = "tidewire_state")]
    struct Old {
        #[deprecated]
        field: u8,
    }
    #[expect(deprecated, reason = "it is made here")]
    let old = Old { field: 1 };
    assert_eq!(tidewire_state::Tracked::new(old).types().types[0].fields.len(), 1);
}
