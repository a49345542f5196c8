//! What a client is told of structures that it gains, and of those of which it sees more or less.

use tidewire_state::{FieldIndex, Primitive, RefEdit, RefId, Shown};

use super::{
    super::{
        Turned,
        shadow::{Content, Key},
        sight::Sight,
        write,
    },
    ClientView, Scratch,
};
use crate::{
    encode::writer::Writer,
    wire::{self, op},
};

impl ClientView {
    /// Tells all that the client may see of structures that it did not hold, and below.
    pub(super) fn show_all(&mut self, sight: Sight<'_>, scratch: &mut Scratch, out: &mut Writer) {
        let Scratch { open, children, .. } = scratch;
        // From the last one on, so the first that came is told first.
        open.reverse();
        while let Some(id) = open.pop() {
            let Some(content) = sight.shadow.get(id) else { continue };
            let shown = sight.shows(id);
            out.go_to(id);
            self.tell_for(id, shown);
            if let Content::Struct(node) = content {
                if shown == Some(Shown::UNTAGGED) && sight.rows.shows_all(node.index) {
                    write::all_fields(out, node);
                } else {
                    let shows = |field| sight.shows_field(node, field, shown);
                    write::fields(out, node, sight.types, sight.is_new(id), shows);
                }
            } else if shown.is_some() && !sight.shadow.is_sifted(id) {
                write::values(out, content);
            }
            if sight.rows.has_customs() {
                self.change_customs(id, sight, out);
            }
            if let Content::MapOfValues(entries) = content
                && sight.shadow.is_sifted(id)
            {
                for (number, entry) in entries.iter() {
                    if sight.shows_entry(id, number) {
                        self.nodes.entry(id).or_default().below().values.insert(number);
                        write::value(out, number, false, Some(entry));
                    }
                }
            }
            children.clear();
            sight.each_child(id, content, |key, child| children.push((key, child)));
            if children.is_empty() {
                continue;
            }
            if let Content::Nodes(_) = content {
                let items = &mut self.nodes.entry(id).or_default().below().items;
                items.extend(children.iter().map(|(_, child)| *child));
                write::items(out, RefEdit { from: 0, before: &[], after: items });
            } else {
                for (key, child) in children.iter() {
                    let mut number = 0;
                    if sight.shadow.has_pools() || matches!(key, Key::Member(_)) {
                        let below = self.nodes.entry(id).or_default().below();
                        below.lead(*key, Some(*child));
                        if let Key::Member(member) = key {
                            number = below.number(*member);
                        }
                    }
                    write::place(out, content, *key, number, false, Some(*child));
                }
            }
            let first = open.len();
            for (_, child) in children.iter() {
                self.acquire(*child, sight, open);
            }
            open[first..].reverse();
        }
    }

    /// Tells which fields of a struct show or no longer do.
    pub(super) fn change_fields(
        &mut self,
        id: RefId,
        turned: &Turned,
        sight: Sight<'_>,
        out: &mut Writer,
    ) {
        let (before, now) = (self.told_for(id), sight.shows(id));
        if before == now {
            return;
        }
        self.tell_for(id, now);
        let Some(Content::Struct(node)) = sight.shadow.get(id) else { return };
        if before.is_none() {
            // All that it sees now is told here.
            self.written.insert(id.0);
        }
        out.stay_at(id);
        for (at, value) in (0..).map(FieldIndex).zip(&node.values) {
            let (did, does) =
                (sight.shows_field(node, at, before), sight.shows_field(node, at, now));
            // What came and went in this tick is in no segment that it was sent.
            if did && !does && turned.had(id, at, value.is_some()) {
                out.field_op(op::DELETE, at);
            }
        }
        let comes =
            |field| sight.shows_field(node, field, now) && !sight.shows_field(node, field, before);
        write::fields(out, node, sight.types, sight.is_new(id), comes);
    }

    /// Tells what is this client's own in fields of a struct, where that is not what it was told. The
    /// shadow knows nothing of these, for the walk does not.
    pub(super) fn change_customs(&mut self, id: RefId, sight: Sight<'_>, out: &mut Writer) {
        let now = || sight.view.customs(id, sight.shadow.is_hidden(id));
        let told = self.nodes.get(&id).and_then(|known| known.below.as_ref());
        if told.is_none_or(|below| below.customs.is_empty()) && now().next().is_none() {
            return;
        }
        let told = &mut self.nodes.entry(id).or_default().below().customs;
        out.stay_at(id);
        told.retain(|(field, _)| {
            let stays = now().any(|(other, _)| other == *field);
            if !stays {
                out.field_op(op::DELETE, *field);
            }
            stays
        });
        for (field, value) in now() {
            match told.iter_mut().find(|(other, _)| *other == field) {
                Some((_, before)) if before.value() == value => continue,
                Some((_, before)) => before.put(value),
                None => told.push((field, value.into())),
            }
            out.field_op(op::ADD, field);
            wire::write_value(&mut out.out, value);
        }
    }
}
