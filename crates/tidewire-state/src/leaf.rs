//! Primitives as fields and as elements.
//!
//! The mirror of a primitive is what it remembers of the value last sent.

use crate::{
    array::ArraySlots,
    schema::{Describe, Element, ElementType, EntryChange, Field, Gone},
    tracker::{Owner, Visit, Walk},
    types::{ElementKind, FieldIndex, FieldKind, TypesBuilder},
    value::{Number, Primitive, PrimitiveType, Value},
    visitor::{EntryAt, ValueEdit, ValueList, Visitor},
};

/// On the path of every change: a compare and, where it differs, the codec's write.
#[inline(always)]
pub(crate) fn walk_own<P: Primitive, V: Visitor + ?Sized>(
    value: &P,
    sent: &mut P::Sent,
    at: FieldIndex,
    owner: Owner,
    walk: &mut Walk<'_, V>,
) {
    if owner.fresh {
        walk.visitor.field(at, value.value(), None);
        value.remember(sent);
    } else if !value.is_sent(sent) {
        walk.visitor.field(at, value.value(), Some(P::sent_value(sent)));
        value.remember(sent);
    }
}

pub(crate) fn option_walk_own<P: Primitive, V: Visitor + ?Sized>(
    value: Option<&P>,
    sent: &mut Option<P::Sent>,
    at: FieldIndex,
    owner: Owner,
    walk: &mut Walk<'_, V>,
) {
    if owner.fresh {
        *sent = None;
    }
    match (value, sent) {
        (None, None) => {}
        (None, sent) => {
            walk.visitor.unset(at);
            *sent = None;
        }
        (Some(value), sent @ None) => {
            walk.visitor.field(at, value.value(), None);
            value.remember(sent.insert(P::Sent::default()));
        }
        (Some(value), Some(sent)) => walk_own(value, sent, at, owner, walk),
    }
}

/// Values of an array, now.
struct Now<'a, P: Element>(&'a ArraySlots<P>, usize);

impl<P: Element + Primitive> ValueList for Now<'_, P> {
    fn len(&self) -> usize {
        self.0.len() - self.1
    }
    fn value(&self, index: usize) -> Value<'_> {
        self.0[self.1 + index].value.value()
    }
}

/// Values of an array, as sent.
struct Sent<'a, P: Primitive>(&'a [P::Sent]);

impl<P: Primitive> ValueList for Sent<'_, P> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn value(&self, index: usize) -> Value<'_> {
        P::sent_value(&self.0[index])
    }
}

pub(crate) fn items_walk_own<P: Element + Primitive, V: Visitor + ?Sized>(
    slots: &ArraySlots<P>,
    sent: &mut Vec<P::Sent>,
    from: usize,
    walk: &mut Walk<'_, V>,
) {
    let same = slots.len() == sent.len()
        && std::iter::zip(&slots[from..], &sent[from..])
            .all(|(slot, sent)| slot.value.is_sent(sent));
    if same {
        return;
    }
    walk.visitor.items(ValueEdit {
        from,
        before: &Sent::<P>(&sent[from..]),
        after: &Now(slots, from),
    });
    sent.resize_with(slots.len(), P::Sent::default);
    for (slot, sent) in std::iter::zip(&slots[from..], &mut sent[from..]) {
        slot.value.remember(sent);
    }
}

pub(crate) fn items_visit<P: Element + Primitive, V: Visitor + ?Sized>(
    slots: &ArraySlots<P>,
    visit: &mut Visit<'_, V>,
) {
    if !slots.is_empty() {
        let before = Sent::<P>(&[]);
        visit.visitor.items(ValueEdit { from: 0, before: &before, after: &Now(slots, 0) });
    }
}

macro_rules! leaf {
    ($($type:ty),*) => {$(
        impl Field for $type {
            type Mirror = <Self as Primitive>::Sent;

            #[inline(always)]
            fn walk_own<V: Visitor + ?Sized>(
                &mut self,
                mirror: &mut Self::Mirror,
                at: FieldIndex,
                owner: Owner,
                walk: &mut Walk<'_, V>,
            ) {
                walk_own(self, mirror, at, owner, walk);
            }

            #[inline]
            fn visit_own<V: Visitor + ?Sized>(
                &self,
                _: &Self::Mirror,
                at: FieldIndex,
                visit: &mut Visit<'_, V>,
            ) {
                visit.visitor.field(at, self.value(), None);
            }
        }

        impl Element for $type {
            const IS_NODE: bool = false;
            type OptionMirror = Option<<Self as Primitive>::Sent>;
            type ItemMirror = ();
            type ItemSent = <Self as Primitive>::Sent;

            fn option_walk_own<V: Visitor + ?Sized>(
                this: &mut Option<Self>,
                mirror: &mut Self::OptionMirror,
                at: FieldIndex,
                owner: Owner,
                walk: &mut Walk<'_, V>,
            ) {
                option_walk_own(this.as_ref(), mirror, at, owner, walk);
            }

            fn option_visit_own<V: Visitor + ?Sized>(
                this: &Option<Self>,
                _: &Self::OptionMirror,
                at: FieldIndex,
                visit: &mut Visit<'_, V>,
            ) {
                if let Some(value) = this {
                    visit.visitor.field(at, value.value(), None);
                }
            }

            fn entry_walk_own<V: Visitor + ?Sized>(
                &mut self,
                mirror: &mut Self::Mirror,
                at: EntryAt<'_>,
                how: EntryChange,
                _: Owner,
                walk: &mut Walk<'_, V>,
            ) {
                if how == EntryChange::New {
                    walk.visitor.entry(at, self.value(), None);
                } else if !self.is_sent(mirror) {
                    walk.visitor.entry(at, self.value(), Some(Self::sent_value(mirror)));
                } else {
                    return;
                }
                self.remember(mirror);
            }

            fn entry_visit_own<V: Visitor + ?Sized>(
                &self,
                _: &Self::Mirror,
                at: EntryAt<'_>,
                visit: &mut Visit<'_, V>,
            ) {
                visit.visitor.entry(at, self.value(), None);
            }

            fn entry_gone(_: &Self::Mirror) -> Gone {
                Gone::Value
            }

            fn items_walk_own<V: Visitor + ?Sized>(
                slots: &mut ArraySlots<Self>,
                sent: &mut Vec<Self::ItemSent>,
                from: usize,
                _: Owner,
                walk: &mut Walk<'_, V>,
            ) {
                items_walk_own(slots, sent, from, walk);
            }

            fn item_walk<V: Visitor + ?Sized>(
                &mut self,
                _: &mut (),
                sent: &mut [Self::ItemSent],
                index: usize,
                walk: &mut Walk<'_, V>,
            ) {
                let sent = &mut sent[index];
                if !self.is_sent(sent) {
                    walk.visitor.item(index, self.value(), Self::sent_value(sent));
                    self.remember(sent);
                }
            }

            fn item_is_fresh(_: &()) -> bool {
                false
            }

            fn items_visit<V: Visitor + ?Sized>(slots: &ArraySlots<Self>, visit: &mut Visit<'_, V>) {
                items_visit(slots, visit);
            }
        }
    )*};
}
pub(crate) use leaf;

macro_rules! described_leaf {
    ($($type:ty),*) => {$(
        leaf!($type);

        impl Describe for $type {
            fn describe_field(_: &mut TypesBuilder) -> FieldKind {
                FieldKind::Primitive(Self::KIND)
            }
        }

        impl ElementType for $type {
            fn describe_element(_: &mut TypesBuilder) -> ElementKind {
                ElementKind::Primitive(Self::KIND)
            }
        }
    )*};
}

described_leaf!(String, bool, Number, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64);
