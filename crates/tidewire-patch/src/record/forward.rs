//! How an encoder hands a walk to its recorder.

/// Makes an encoder with a `recorder` a visitor, which does its work in `finish` after a walk.
macro_rules! visitor {
    ($encoder:ty) => {
        crate::record::visitor! { @ $encoder:
            begin(tick: u64);
            enter(node: tidewire_state::Enter<'_>);
            leave();
            field(
                field: tidewire_state::FieldIndex,
                value: tidewire_state::Value<'_>,
                old: Option<tidewire_state::Value<'_>>
            );
            reference(
                field: tidewire_state::FieldIndex,
                node: tidewire_state::RefId,
                old: Option<tidewire_state::RefId>
            );
            unset(field: tidewire_state::FieldIndex);
            entries_reset(live: &mut dyn Iterator<Item = u32>);
            entry_removed(at: tidewire_state::EntryAt<'_>);
            entry(
                at: tidewire_state::EntryAt<'_>,
                value: tidewire_state::Value<'_>,
                old: Option<tidewire_state::Value<'_>>
            );
            entry_reference(
                at: tidewire_state::EntryAt<'_>,
                node: tidewire_state::RefId,
                old: Option<tidewire_state::RefId>
            );
            item(index: usize, value: tidewire_state::Value<'_>, old: tidewire_state::Value<'_>);
            items(edit: tidewire_state::ValueEdit<'_>);
            item_references(edit: tidewire_state::RefEdit<'_>);
            released(node: tidewire_state::RefId);
        }
    };
    (@ $encoder:ty: $($name:ident($($arg:ident: $type:ty),*);)*) => {
        /// Encodes a patch.
        impl tidewire_state::Visitor for $encoder {
            fn end(&mut self) {
                tidewire_state::Visitor::end(&mut self.recorder);
                self.finish();
            }

            $(
                fn $name(&mut self $(, $arg: $type)*) {
                    tidewire_state::Visitor::$name(&mut self.recorder $(, $arg)*);
                }
            )*
        }
    };
}
pub(crate) use visitor;
