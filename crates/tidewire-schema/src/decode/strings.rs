//! What the text of a state takes.
//!
//! Strings change too often to note for each what it took. So what is read is added up, and only
//! where that comes to the limit is the state looked through.

use tidewire_state::{
    ElementKind, FieldIndex, FieldKind, PrimitiveKind, Value,
    receive::{Sink, StructSink, ValueSink},
};

use super::{
    error::DecodeErrorKind,
    nodes::Shape,
    places::{Tree, resolve},
    reader::size_of_text,
};

/// What part of the limit has to be free after the state was looked through, or that would happen
/// with every message.
const SPARE: usize = 16;

impl Tree {
    /// Counts the strings of a message, which is applied.
    pub(super) fn count_text(
        &mut self,
        root: &mut dyn StructSink,
        read: usize,
    ) -> Result<(), DecodeErrorKind> {
        self.text = self.text.saturating_add(read);
        let limit = self.limits.memory;
        let held = self.held.saturating_add(self.shares.copied);
        if held.saturating_add(self.text) <= limit {
            return Ok(());
        }
        self.text = self.look_for_text(root);
        if held.saturating_add(self.text) > limit - limit / SPARE {
            return Err(DecodeErrorKind::TooLarge { limit });
        }
        Ok(())
    }

    fn look_for_text(&mut self, root: &mut dyn StructSink) -> usize {
        let copies = self.copies();
        let Self { types, nodes, detached, .. } = self;
        let mut all = 0_usize;
        for (id, node) in nodes.iter() {
            let mut text = 0;
            let Some(sink) = resolve(nodes, detached, root, id) else { continue };
            match (&node.shape, sink) {
                (Shape::Struct(node), Sink::Struct(sink)) => {
                    let fields = types.get(node.index).map_or(&[][..], |info| &info.fields);
                    for (at, field) in (0..).zip(fields) {
                        if field.kind == FieldKind::Primitive(PrimitiveKind::String) {
                            text += size(sink.field(FieldIndex(at)));
                        }
                    }
                }
                (Shape::Map(map), Sink::Map(sink)) => {
                    for (_, entry) in map.entries.iter() {
                        text += sink.key(entry.slot).map_or(0, size_of_text);
                        if map.element == STRING {
                            text += size(sink.entry(entry.slot));
                        }
                    }
                }
                (Shape::Array(array), Sink::Array(sink)) if array.element == STRING => {
                    text += (0..sink.len()).map(|at| size(sink.item(at))).sum::<usize>();
                }
                (Shape::Members(members), Sink::Array(sink)) if members.element == STRING => {
                    text += (0..sink.len()).map(|at| size(sink.item(at))).sum::<usize>();
                }
                _ => {}
            }
            let times = copies.get(&nodes.top(id)).copied().unwrap_or(1);
            all = all.saturating_add(text.saturating_mul(times));
        }
        all
    }
}

const STRING: ElementKind = ElementKind::Primitive(PrimitiveKind::String);

fn size(place: Option<&mut (dyn ValueSink + '_)>) -> usize {
    let Some(place) = place else { return 0 };
    match place.value() {
        Some(Value::String(text)) => size_of_text(text),
        _ => 0,
    }
}
