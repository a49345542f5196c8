//! How an encoder hands a walk to its recorder.

use tidewire_state::{Unfold, ViewId, Visitor};

use crate::refusal::Refusal;

/// Makes an encoder with a `recorder` a visitor, which does its work in `finish` after a walk. Where it has
/// an `unfold`, that hears the walk, and the recorder hears what of it is for everyone.
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
            introduce(node: tidewire_state::Introduced);
            node_members(edit: tidewire_state::NodeMembersEdit<'_>);
            renumbered(from: tidewire_state::RefId, to: tidewire_state::RefId);
            veiled(node: tidewire_state::RefId);
        }
    };
    (@ $encoder:ty: $($name:ident($($arg:ident: $type:ty),*);)*) => {
        /// Encodes a patch.
        impl tidewire_state::Visitor for $encoder {
            fn end(&mut self) {
                if let Some(mut unfold) = self.unfold.take() {
                    unfold.follow().end();
                    unfold.tell_everyone(self);
                    self.unfold = Some(unfold);
                } else {
                    tidewire_state::Visitor::end(&mut self.recorder);
                    self.finish();
                }
            }

            $(
                fn $name(&mut self $(, $arg: $type)*) {
                    match &mut self.unfold {
                        None => tidewire_state::Visitor::$name(&mut self.recorder $(, $arg)*),
                        Some(unfold) => unfold.follow().$name($($arg),*),
                    }
                }
            )*
        }
    };
}
pub(crate) use visitor;

/// Why an audience is not told of something. `refused` is what the codec of everyone left out, and `refused_by` tells it of
/// another.
pub(crate) fn refusal<C: Visitor>(
    refused: Option<&Refusal>,
    unfold: Option<&Unfold<C>>,
    view: Option<ViewId>,
    refused_by: impl FnOnce(&C) -> Option<&Refusal>,
) -> Option<Refusal> {
    let Some(unfold) = unfold else { return refused.cloned() };
    let refused = match view {
        None => refused,
        Some(view) => unfold.codec_of(view).and_then(refused_by),
    };
    refused.cloned().or_else(|| unfold.refusal(view).map(Refusal::from))
}

/// What an encoder with an `unfold` does for views: `another` makes one like it that was told nothing. `$teller` is its
/// part that knows what it left out.
macro_rules! views {
    ($encoder:ty, $teller:ident) => {
        impl $encoder {
            /// The encoder of a view, which was told all up to the last sync: this one, where everyone sees
            /// the same.
            fn seen_by<S: tidewire_state::Schema>(
                &mut self,
                state: &tidewire_state::Tracked<S>,
                view: tidewire_state::ViewId,
            ) -> &mut Self {
                let Some(mut unfold) = self.unfold.take() else { return self };
                unfold.view(state, view, || self.another());
                let unfold = self.unfold.insert(unfold);
                unfold.codec(view).expect("it was made if it was not there")
            }

            /// Forgets what those with a view hold. Call it when the last of them is gone; a view that takes
            /// its number may have other clients.
            pub fn forget_view(&mut self, view: tidewire_state::ViewId) {
                if let Some(unfold) = &mut self.unfold {
                    unfold.forget(view);
                }
            }

            /// Why clients are not told of something that the state has: everyone, or those with a view.
            pub fn refusal(&self, view: Option<tidewire_state::ViewId>) -> Option<crate::Refusal> {
                crate::record::refusal(
                    self.$teller.refused(),
                    self.unfold.as_deref(),
                    view,
                    |codec| codec.$teller.refused(),
                )
            }
        }
    };
}
pub(crate) use views;
