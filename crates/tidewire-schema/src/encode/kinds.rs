//! What operations depend on beside the events: types of children that may be of several, and fields
//! that are not sent at all times.

use std::sync::Arc;

use tidewire_state::{
    ElementKind, FieldIndex, FieldKind, Introduced, RefId, Sending, TypeIndex, TypeSet,
};

/// Of the structures of one message stream.
#[derive(Debug)]
pub(super) struct Kinds {
    types: Arc<TypeSet>,
    /// The types of structs, by refId.
    actual: Vec<TypeIndex>,
    /// The types that the elements of collections are declared to be of, by refId.
    declared: Vec<TypeIndex>,
    /// The type of the struct that events are about.
    pub(super) current: TypeIndex,
}

impl Kinds {
    /// Nothing where all follows from the events.
    pub(super) fn of(types: &Arc<TypeSet>) -> Option<Self> {
        let fields = || types.types.iter().flat_map(|info| &info.fields);
        let needed = types.types.iter().any(|info| info.extends.is_some())
            || fields().any(|field| field.sending != Sending::Always);
        needed.then(|| Self {
            types: types.clone(),
            actual: Vec::new(),
            declared: Vec::new(),
            current: types.root,
        })
    }

    pub(super) fn introduce(&mut self, node: Introduced) {
        if let Some(index) = node.index {
            *place(&mut self.actual, node.id) = index;
        }
    }

    /// A field of the current struct leads to a node: the type that it is to be introduced with.
    pub(super) fn of_reference(&mut self, field: FieldIndex, node: RefId) -> Option<TypeIndex> {
        match self.types[self.current].get(field)?.kind {
            FieldKind::Ref(declared) => self.differing(node, declared),
            FieldKind::Map(ElementKind::Ref(declared))
            | FieldKind::Array(ElementKind::Ref(declared))
            | FieldKind::Set(ElementKind::Ref(declared))
            | FieldKind::Collection(ElementKind::Ref(declared)) => {
                *place(&mut self.declared, node) = declared;
                None
            }
            _ => None,
        }
    }

    /// The type that an element of a collection is to be introduced with.
    pub(super) fn of_element(&self, collection: RefId, node: RefId) -> Option<TypeIndex> {
        self.differing(node, *self.declared.get(collection.0 as usize)?)
    }

    fn differing(&self, node: RefId, declared: TypeIndex) -> Option<TypeIndex> {
        let actual = *self.actual.get(node.0 as usize)?;
        (actual != declared).then_some(actual)
    }

    /// When a field of the current struct is sent.
    pub(super) fn sending(&self, field: FieldIndex) -> Sending {
        self.types[self.current].get(field).map_or(Sending::Always, |info| info.sending)
    }
}

fn place(list: &mut Vec<TypeIndex>, node: RefId) -> &mut TypeIndex {
    let at = node.0 as usize;
    if at >= list.len() {
        list.resize(at + 1, TypeIndex(0));
    }
    &mut list[at]
}
