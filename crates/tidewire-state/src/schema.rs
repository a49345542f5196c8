//! The traits of the model: what is a node, what is a field, what can be in a collection.
//!
//! [`Schema`] is derived. [`Field`] and [`Element`] are implemented here for all that the model
//! knows; nobody else needs to.

use std::any::Any;

use crate::{
    array::ArraySlots,
    filter::Ask,
    select::Select,
    tracker::{Owner, SharedKey, Tracker, Visit, Walk},
    types::{ElementKind, FieldIndex, FieldKind, TypeIds, TypeIndex, TypeSet, TypesBuilder},
    visitor::{EntryAt, RefId, Visitor},
};

/// A struct of the state: a node with fields.
///
/// `#[derive(Schema)]` implements it. By hand it is implemented only for types that are known when
/// the program runs.
pub trait Schema {
    /// What was last sent of the fields.
    type Mirror: Default + std::fmt::Debug + Send + Sync;

    /// Whether instances have an identity, so that one can be told from another with equal fields.
    const HAS_IDENTITY: bool = false;

    /// All types that can be reached from here; this instance's own is the root.
    fn describe(&self) -> TypeSet;

    /// The Rust types of [`describe`](Self::describe), by their numbers. None where types are known
    /// only when the program runs.
    fn type_ids(&self) -> TypeIds {
        TypeIds::default()
    }

    /// The number of this instance's type.
    fn type_index(&self, types: &TypeIds) -> TypeIndex;

    /// Whether this is the very instance that `mirror` was last filled from.
    ///
    /// Plain structs have no identity: assigning one changes its fields in place.
    #[inline]
    fn is_instance(&self, mirror: &Self::Mirror) -> bool {
        let _ = mirror;
        true
    }

    /// Makes this the instance that `mirror` belongs to, before a walk has seen it.
    #[inline]
    fn remember_instance(&mut self, mirror: &mut Self::Mirror) {
        let _ = mirror;
    }

    /// Reports what differs from `mirror`, and brings that up to date.
    #[inline(always)]
    fn walk<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        self.walk_fields(mirror, owner, walk);
        self.walk_children(mirror, walk);
    }

    /// Reports changes of the fields themselves.
    fn walk_fields<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    );

    /// Reports changes below the fields.
    fn walk_children<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        walk: &mut Walk<'_, V>,
    );

    /// Shows all there is.
    fn visit<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        self.visit_fields(mirror, visit);
        self.visit_children(mirror, visit);
    }

    /// Shows the fields themselves.
    fn visit_fields<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>);

    /// Shows what is below the fields.
    fn visit_children<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>);

    /// Finds nodes: the one at the end of `path` from here, or what is below this one. `fresh` says
    /// that no walk has seen this instance, whatever the mirror holds.
    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    );

    /// Asks the functions that say who sees what of a node's fields, and of what is below it, as far as
    /// `ask` goes there.
    fn ask(&self, mirror: &Self::Mirror, id: RefId, ask: &mut Ask<'_>) {
        let _ = (mirror, id, ask);
    }

    /// Of a root: itself, for functions that know its type.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Of a root: asks the functions of the instances of its pools.
    fn ask_shared(&self, ask: &mut Ask<'_>) {
        let _ = ask;
    }

    /// Of a root: whether it has pools, so that an instance may be in several places.
    #[inline]
    fn has_pools(&self) -> bool {
        false
    }

    /// Of a root: makes new instances of its pools known.
    #[inline]
    fn register_shared(&mut self, mirror: &mut Self::Mirror, tracker: &mut Tracker) {
        let _ = (mirror, tracker);
    }

    /// Of a root: reports changes of the instances of its pools.
    #[inline]
    fn walk_shared<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        walk: &mut Walk<'_, V>,
    ) {
        let _ = (mirror, walk);
    }

    /// Of a root: drops instances that were removed from its pools and are referred to no more.
    #[inline]
    fn sweep_shared(&mut self, tracker: &mut Tracker) {
        let _ = tracker;
    }

    /// Of a root: shows the instances of its pools that are referred to.
    fn visit_shared<V: Visitor + ?Sized>(&self, mirror: &Self::Mirror, visit: &mut Visit<'_, V>) {
        let _ = (mirror, visit);
    }

    /// Of a root: goes on with a search in the instances of its pools.
    fn select_shared(&mut self, mirror: &mut Self::Mirror, select: &mut Select<'_>) {
        let _ = (mirror, select);
    }
}

/// A [`Schema`] whose fields are known from its Rust type alone. Derived.
pub trait SchemaType: Schema + 'static {
    /// How many fields it has, those of its base included.
    const FIELDS: u8;
    /// What clients call it.
    const NAME: &'static str;
    /// What its fields are called. What is not derived has none of its own.
    #[doc(hidden)]
    const FIELD_NAMES: FieldNames = FieldNames::NONE;

    /// Describes the type and all that it reaches.
    fn describe_type(types: &mut TypesBuilder) -> TypeIndex;
}

/// What the fields of a type are called, as far as the derive knows while the program is compiled.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct FieldNames {
    /// Its own.
    pub own: &'static [&'static str],
    /// Those of its base.
    pub base: Option<&'static FieldNames>,
}

impl FieldNames {
    /// Of a type without fields.
    pub const NONE: Self = Self { own: &[], base: None };

    /// Whether one of them has this name.
    pub const fn has(&self, name: &str) -> bool {
        let mut at = 0;
        while at < self.own.len() {
            if is_same(self.own[at].as_bytes(), name.as_bytes()) {
                return true;
            }
            at += 1;
        }
        match self.base {
            Some(base) => base.has(name),
            None => false,
        }
    }
}

/// `==`, while the program is compiled.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// What a field of a struct may hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a state",
    label = "clients have no such type",
    note = "if it is a struct of yours, derive `Schema` for it; if clients need not see the field, \
            write `#[schema(skip)]` on it"
)]
pub trait Field {
    /// What was last sent of it.
    type Mirror: Default + std::fmt::Debug + Send + Sync;

    /// Reports a change of the field itself.
    fn walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    );

    /// Reports changes below it.
    #[inline]
    fn walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        let _ = (mirror, at, walk);
    }

    /// Shows the field itself.
    fn visit_own<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    );

    /// Shows what is below it.
    #[inline]
    fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        let _ = (mirror, at, visit);
    }

    /// Finds nodes: the one at the end of `path` from here, or this and what is below it.
    #[inline]
    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let _ = (mirror, fresh, path, select);
    }

    /// [`Schema::ask`] of what it leads to.
    #[inline]
    fn ask_below(&self, mirror: &Self::Mirror, ask: &mut Ask<'_>) {
        let _ = (mirror, ask);
    }
}

/// A [`Field`] that describes itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a state",
    label = "clients have no such type",
    note = "if it is a struct of yours, derive `Schema` for it; if clients need not see the field, \
            write `#[schema(skip)]` on it"
)]
pub trait Describe {
    /// Whether the field may be absent.
    const OPTIONAL: bool = false;
    /// What it holds.
    fn describe_field(types: &mut TypesBuilder) -> FieldKind;
}

/// What can be in a collection, or be optional: a primitive or a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in a collection of a state, nor be optional",
    label = "clients have no such type",
    note = "if it is a struct of yours, derive `Schema` for it; if clients need not see the field, \
            write `#[schema(skip)]` on it"
)]
pub trait Element: Field + Sized {
    /// Whether it is a struct.
    const IS_NODE: bool;
    /// Whether it is a struct, or leads to one.
    const IS_STRUCT: bool = Self::IS_NODE;
    /// [`Schema::HAS_IDENTITY`], for structs.
    const HAS_IDENTITY: bool = false;
    /// What was last sent of an optional field.
    type OptionMirror: Default + std::fmt::Debug + Send + Sync;
    /// What an array remembers in a slot.
    type ItemMirror: Default + std::fmt::Debug + Send + Sync;
    /// What an array remembers of what it sent, by index.
    type ItemSent: std::fmt::Debug + Send + Sync;

    /// [`Field::walk_own`] of an optional field.
    fn option_walk_own<V: Visitor + ?Sized>(
        this: &mut Option<Self>,
        mirror: &mut Self::OptionMirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    );

    /// [`Field::walk_below`] of an optional field.
    #[inline]
    fn option_walk_below<V: Visitor + ?Sized>(
        this: &mut Option<Self>,
        mirror: &mut Self::OptionMirror,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        let _ = (this, mirror, at, walk);
    }

    /// [`Field::visit_own`] of an optional field.
    fn option_visit_own<V: Visitor + ?Sized>(
        this: &Option<Self>,
        mirror: &Self::OptionMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    );

    /// [`Field::visit_below`] of an optional field.
    #[inline]
    fn option_visit_below<V: Visitor + ?Sized>(
        this: &Option<Self>,
        mirror: &Self::OptionMirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        let _ = (this, mirror, at, visit);
    }

    /// Reports a map's entry that is new, has another instance, or was touched.
    fn entry_walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: EntryAt<'_>,
        how: EntryChange,
        map: Owner,
        walk: &mut Walk<'_, V>,
    );

    /// Reports changes below a map's entry.
    #[inline]
    fn entry_walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: EntryAt<'_>,
        walk: &mut Walk<'_, V>,
    ) {
        let _ = (mirror, at, walk);
    }

    /// Shows a map's entry.
    fn entry_visit_own<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: EntryAt<'_>,
        visit: &mut Visit<'_, V>,
    );

    /// Shows what is below a map's entry.
    #[inline]
    fn entry_visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: EntryAt<'_>,
        visit: &mut Visit<'_, V>,
    ) {
        let _ = (mirror, at, visit);
    }

    /// What a removed entry of a map leaves behind.
    fn entry_gone(mirror: &Self::Mirror) -> Gone;

    /// Another value was put in under a map's key.
    fn entry_replaced(mirror: &mut Self::Mirror) {
        let _ = mirror;
    }

    /// Finds nodes from a map's entry on.
    fn entry_select(
        &mut self,
        mirror: &mut Self::Mirror,
        how: EntryChange,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let _ = (mirror, how, path, select);
    }

    /// Finds nodes from an optional field on.
    fn option_select(
        this: &mut Option<Self>,
        mirror: &mut Self::OptionMirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let _ = (this, mirror, fresh, path, select);
    }

    /// [`Field::ask_below`] of an optional field.
    fn option_ask(this: &Option<Self>, mirror: &Self::OptionMirror, ask: &mut Ask<'_>) {
        let _ = (this, mirror, ask);
    }

    /// [`Field::ask_below`] of an item of an array.
    fn item_ask(&self, mirror: &Self::ItemMirror, ask: &mut Ask<'_>) {
        let _ = (mirror, ask);
    }

    /// What an item of an array leads to.
    fn item_leads(&self, mirror: &Self::ItemMirror) -> Gone {
        let _ = mirror;
        Gone::Value
    }

    /// Finds nodes from an item of an array on.
    fn item_select(
        &mut self,
        mirror: &mut Self::ItemMirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        let _ = (mirror, fresh, path, select);
    }

    /// Reports an array's change of length or order, from `from` on.
    fn items_walk_own<V: Visitor + ?Sized>(
        slots: &mut ArraySlots<Self>,
        sent: &mut Vec<Self::ItemSent>,
        from: usize,
        array: Owner,
        walk: &mut Walk<'_, V>,
    );

    /// Reports that the first `gone` items of an array went, and that others may have come behind the
    /// last, in time that does not grow with those between. Tells whether it did: otherwise the change
    /// is to be reported as any.
    #[inline]
    fn items_walk_shifted<V: Visitor + ?Sized>(
        slots: &mut ArraySlots<Self>,
        sent: &mut Vec<Self::ItemSent>,
        gone: usize,
        array: Owner,
        walk: &mut Walk<'_, V>,
    ) -> bool {
        let _ = (slots, sent, gone, array, walk);
        false
    }

    /// Reports a touched item that did not move.
    fn item_walk<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::ItemMirror,
        sent: &mut [Self::ItemSent],
        index: usize,
        walk: &mut Walk<'_, V>,
    );

    /// Whether an item is a node that no client knows.
    fn item_is_fresh(mirror: &Self::ItemMirror) -> bool;

    /// The node that an item is, if it is one.
    fn item_node(mirror: &Self::ItemMirror) -> RefId {
        let _ = mirror;
        RefId::NONE
    }

    /// Shows an array's items.
    fn items_visit<V: Visitor + ?Sized>(slots: &ArraySlots<Self>, visit: &mut Visit<'_, V>);
}

/// An [`Element`] that describes itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in a collection of a state, nor be optional",
    label = "clients have no such type",
    note = "if it is a struct of yours, derive `Schema` for it; if clients need not see the field, \
            write `#[schema(skip)]` on it"
)]
pub trait ElementType: Element {
    /// What it is.
    fn describe_element(types: &mut TypesBuilder) -> ElementKind;
}

/// What an entry of a map leads to that a walk is to let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Nothing.
    Value,
    /// A node, if a walk has seen it or one that stood there before it.
    Node(RefId),
    /// An instance of a pool.
    Shared(SharedKey),
}

/// What happened to an entry of a map that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryChange {
    /// Clients do not know the key.
    New,
    /// The key stayed, the value was put in anew.
    Replaced,
    /// It was handed out mutably.
    Touched,
}

#[diagnostic::do_not_recommend]
impl<E: Element> Field for Option<E> {
    type Mirror = E::OptionMirror;

    #[inline]
    fn walk_own<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        owner: Owner,
        walk: &mut Walk<'_, V>,
    ) {
        E::option_walk_own(self, mirror, at, owner, walk);
    }

    #[inline]
    fn walk_below<V: Visitor + ?Sized>(
        &mut self,
        mirror: &mut Self::Mirror,
        at: FieldIndex,
        walk: &mut Walk<'_, V>,
    ) {
        E::option_walk_below(self, mirror, at, walk);
    }

    fn visit_own<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        E::option_visit_own(self, mirror, at, visit);
    }

    fn visit_below<V: Visitor + ?Sized>(
        &self,
        mirror: &Self::Mirror,
        at: FieldIndex,
        visit: &mut Visit<'_, V>,
    ) {
        E::option_visit_below(self, mirror, at, visit);
    }

    fn select(
        &mut self,
        mirror: &mut Self::Mirror,
        fresh: bool,
        path: &[&str],
        select: &mut Select<'_>,
    ) {
        E::option_select(self, mirror, fresh, path, select);
    }

    fn ask_below(&self, mirror: &Self::Mirror, ask: &mut Ask<'_>) {
        E::option_ask(self, mirror, ask);
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element + Describe> Describe for Option<E> {
    const OPTIONAL: bool = true;
    fn describe_field(types: &mut TypesBuilder) -> FieldKind {
        E::describe_field(types)
    }
}
