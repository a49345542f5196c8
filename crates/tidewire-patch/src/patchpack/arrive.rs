//! Reads what players do most beside moving: a struct of primitives comes into a map, and what is under a key
//! goes.
//!
//! `decode.rs` reads that too, and all else; here it is known what there is not.

use std::sync::Arc;

use super::{
    decode::{DEEPEST, PatchpackDecoder},
    nodes::{Key, Kind, Node},
};
use crate::{
    notepack::{Cell, Object, Packed, Packer, Value, read::Reader},
    patch::{Op, Patch},
};

impl PatchpackDecoder {
    /// Reads the addition of a struct of primitives under a key that is new to a map, to where another patch and its
    /// message were. Nothing, and nothing of the decoder is changed, if it is another patch, or is wrong.
    pub(super) fn add_struct(
        &mut self,
        bytes: &[u8],
        patch: &mut Patch,
        spare: &mut Option<Arc<Packed>>,
    ) -> Option<()> {
        let [0x94, 0x00, ..] = *bytes else { return None };
        let mut reader = Reader::behind(bytes, 2).ok()?;
        let around = self.nodes.of(reader.unsigned(1).ok()??)?;
        let Kind::Map(_) = self.nodes.node(around).kind else { return None };
        let depth = self.nodes.node(around).depth + 1;
        // Index -1, and a pair of the key and the struct.
        if depth > DEEPEST || !reader.eat_bytes([0xff, 0x92]) || !reader.is_text() {
            return None;
        }
        let name = reader.text(2).ok()??;
        let len = reader.array().ok()??.checked_sub(2)?;
        let of = u32::try_from(reader.signed(3).ok()??).ok()?;
        let id = reader.unsigned(3).ok()??;
        let state = self.nodes.state();
        let is_known = (of as usize) < state.type_count() && len <= state.names(of).len();
        if !is_known || self.nodes.of(id).is_some() {
            return None;
        }
        let sought = self.nodes.seek(around, &name);
        if let Some(position) = sought.position
            && self.nodes.child(around, &Key::At(position)).is_some()
        {
            return None;
        }
        reader.announce(len, 1).ok()?;
        let message = Arc::get_mut(spare.get_or_insert_default())?;
        message.cells.clear();
        message.cells.push(Cell::Struct { of, at: 1, len: len as u32 });
        Packer::claim(&mut message.cells, len);
        let mut at = 1;
        while at <= len {
            at += reader.leaves(&mut message.cells[at..]).ok()?;
            if at > len {
                break;
            }
            if reader.is_container() {
                return None;
            }
            message.cells[at] = match reader.leaf().ok()? {
                Cell::Extension(..) => return None,
                cell => cell,
            };
            at += 1;
        }
        reader.end().ok()?;
        match self.nodes.path(around) {
            Some(path) => patch.path.lead_to(path, name.clone()),
            None => {
                let path = self.new_path(around, true)?;
                patch.path.lead_to(&path, name.clone());
            }
        }

        message.bytes.clear();
        message.bytes.extend_from_slice(bytes);
        self.nodes.lend_types(message);
        let key = Key::At(sought.position.unwrap_or_else(|| self.nodes.key_count(around)));
        let slot = self.nodes.add(Node::new(id, Kind::Struct(of), around, key, depth));
        self.nodes.rename(id, slot);
        match sought.position {
            Some(_) => self.nodes.push_key(around, name),
            None => self.nodes.push_new_key(around, name, sought),
        }
        self.nodes.link(slot);
        patch.op = Op::Add;
        patch.value = spare.take().map(|message| Value::Object(Object::packed(message, 0)));
        patch.old = None;
        Some(())
    }

    /// Reads that what is under a key of a map goes, to where another patch was. Nothing, and nothing of the decoder is
    /// changed, if it is another patch, or is wrong.
    pub(super) fn remove_entry(&mut self, bytes: &[u8], patch: &mut Patch) -> Option<()> {
        let [0x93, 0x02, ..] = *bytes else { return None };
        let mut reader = Reader::behind(bytes, 2).ok()?;
        let around = self.nodes.of(reader.unsigned(1).ok()??)?;
        let Kind::Map(_) = self.nodes.node(around).kind else { return None };
        let at = u32::try_from(reader.unsigned(1).ok()??).ok()?;
        reader.end().ok()?;
        if at >= self.nodes.key_count(around) {
            return None;
        }
        let path = self.nodes.path(around)?;
        let name = self.nodes.key_name(around, at)?;
        patch.path.lead(path, &name);
        patch.op = Op::Remove;
        self.keep_room(patch);
        patch.value = None;
        patch.old = None;
        let at = self.nodes.first_position(around, at);
        if let Some(gone) = self.nodes.child(around, &Key::At(at)) {
            self.nodes.remove(gone);
        }
        Some(())
    }
}
