//! Tests: what the encoder's last part writes of a document and its changes is what the originals wrote.
//!
//! Documents and changes are made of the recorded messages, those of private structs too, which no encoder could be
//! driven to. That encoders write the same of states that change is tested in `tests/mosx/driven.rs`.
//!
//! Differences that clients do not see: an absent value at the end of a struct is not written, and
//! the index of a key that is added is always -1. Mosx gives numbers to what patchpack does not
//! know, so that the number that a message begins with is taken from it.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value as Json;
use tidewire_state::{FieldIndex, RefId, TypeIndex};

use super::encode::Clients;
use crate::{
    document::{Document, Node, Slot},
    notepack::{self, Value},
    patch::Op,
    record::Segment,
};

#[test]
fn the_encoder_writes_what_the_originals_wrote() {
    let vectors = include_str!("../../tests/data/mosx.json");
    let vectors: Vec<Json> = serde_json::from_str(vectors).unwrap();
    let (mut written, mut bytes_written) = (0, 0);
    for vector in vectors.iter().filter(|vector| vector["verdict"] == "roundtrip") {
        let streams: Vec<Vec<&Json>> = match vector["system"].as_str().unwrap() {
            // The second of two encodings of one change says what clients know already.
            "patchpack" if vector["name"] != "pp-update-schema-false-second-encode" => {
                let steps = vector["steps"].as_array().unwrap().iter();
                vec![
                    steps
                        .filter(|step| step["kind"] != "rawEncode")
                        .map(|step| &step["hex"])
                        .collect(),
                ]
            }
            "mosx-schema" => {
                let views = vector["views"].as_array().unwrap().iter();
                views.map(stream).collect()
            }
            _ => continue,
        };
        for stream in streams {
            let mut server = Server::default();
            for hex in stream {
                // What is too long was not recorded, and what follows it needs it.
                let Some(expected) = hex.as_str().map(bytes) else { break };
                let name = &vector["name"];
                let count =
                    server.check(&expected).unwrap_or_else(|why| panic!("{name}, {hex}: {why}"));
                written += usize::from(count > 0);
                bytes_written += count;
            }
        }
    }
    assert_eq!((written, bytes_written), (548, 11_227));
}

/// The messages that a listener got.
fn stream(view: &Json) -> Vec<&Json> {
    std::iter::once(&view["snapshot"]).chain(view["patches"].as_array().unwrap()).collect()
}

#[derive(Default)]
struct Server {
    document: Document,
    clients: Clients,
    next_node: u32,
}

impl Server {
    /// Does what a message says, writes that, and compares. Returns how many bytes that were.
    fn check(&mut self, message: &[u8]) -> Result<usize, String> {
        let Value::Array(items) = notepack::decode(message).unwrap() else { return Ok(0) };
        let (written, expected) = match &items[..] {
            [form, Value::Array(types)] if types.iter().all(|of| matches!(of, Value::Array(_))) => {
                // A second state begins anew, with the numbers of the first.
                *self = Self::default();
                let slot = self.slot(form);
                let mut brought = Vec::new();
                self.clients.bring(&self.document, &slot, &mut brought);
                // What a newcomer is shown has the numbers that it got before, in any order.
                let mut numbers = Vec::new();
                collect(form, &mut numbers);
                let is_new = numbers.iter().copied().eq(0..numbers.len() as u64);
                for (node, number) in std::iter::zip(&mut self.clients.nodes, numbers) {
                    node.id = number;
                }
                let mut written = Vec::new();
                self.clients.show(&self.document, &slot, &mut written);
                assert!(!is_new || brought == written);
                (written, trimmed(form))
            }
            [op, parent, index, values @ ..] => self.patch(op, parent, index, values)?,
            _ => return Ok(0),
        };
        let expected = notepack::encode(&expected);
        if written == expected {
            Ok(written.len())
        } else {
            Err(format!("{written:02x?}, expected {expected:02x?}"))
        }
    }

    fn patch(
        &mut self,
        op: &Value,
        parent: &Value,
        index: &Value,
        values: &[Value],
    ) -> Result<(Vec<u8>, Value), String> {
        let op = Op::from_number(op.as_u64().unwrap()).unwrap();
        let known = self.clients.nodes.iter().position(|node| Some(node.id) == parent.as_u64());
        let parent_id = RefId(known.ok_or("no such parent")? as u32);
        let mut expected = vec![op.number().into(), parent.clone(), index.clone()];
        let (form, old) = match op {
            Op::Add => (Some(&values[0]), None),
            Op::Replace => (Some(&values[0]), values.get(1)),
            Op::Remove => (None, values.first()),
        };
        let mut form = form.cloned();
        let at = index.as_u64().unwrap_or_default() as usize;
        let keys = &self.clients.nodes[parent_id.0 as usize].keys;
        let segment = match self.document.node(parent_id) {
            Node::Struct(of, _) => Segment::Field(*of, FieldIndex(at as u8)),
            Node::Array(..) => Segment::Index(at),
            Node::Map(..) if op == Op::Add => {
                let Some(Value::Array(pair)) = form.take() else { return Err("no pair".into()) };
                form = Some(pair[1].clone());
                expected[2] = (-1_i64).into();
                Segment::Key(pair[0].as_str().unwrap().into())
            }
            Node::Map(..) => Segment::Key(
                keys.as_ref().and_then(|keys| keys.get(at)).ok_or("no such key")?.into(),
            ),
        };
        let slot = form.as_ref().map(|form| self.slot(form));
        let before = self.put(parent_id, &segment, op, slot.clone());
        let before = before.unwrap_or(Slot::Leaf(Value::Undefined));
        let kept = old.map(|_| self.document.keep(&before));
        if let Some(form) = &form {
            self.clients.next_id = number(form).unwrap_or(self.clients.next_id);
        }
        expected.extend(form.as_ref().map(|form| match &segment {
            Segment::Key(key) if op == Op::Add => {
                Value::Array(vec![key.as_str().into(), trimmed(form)])
            }
            _ => trimmed(form),
        }));
        expected.extend(old.map(trimmed));
        let (slot, kept) = (slot.as_ref(), kept.as_ref());
        let mut written = Vec::new();
        self.clients.message(&self.document, op, parent_id, &segment, slot, kept, &mut written);
        Ok((written, Value::Array(expected)))
    }

    /// Puts something in a place and returns what was there.
    fn put(
        &mut self,
        parent: RefId,
        segment: &Segment,
        op: Op,
        slot: Option<Slot>,
    ) -> Option<Slot> {
        if let (Node::Struct(_, run), Segment::Field(_, field)) =
            (self.document.node(parent), segment)
        {
            let (run, field) = (*run, *field);
            return std::mem::replace(self.document.field_mut(run, field), slot);
        }
        match (self.document.node_mut(parent), segment) {
            (Node::Map(entries), Segment::Key(key)) => match slot {
                Some(slot) => entries.insert(key.clone(), slot),
                None => entries.shift_remove(key),
            },
            (Node::Array(items), Segment::Index(at)) => match (op, slot) {
                (Op::Add, Some(slot)) => {
                    items.insert(*at, slot);
                    None
                }
                (_, Some(slot)) => Some(std::mem::replace(&mut items[*at], slot)),
                (_, None) => Some(items.remove(*at)),
            },
            (node, segment) => panic!("{segment:?} of {node:?}"),
        }
    }

    /// Makes nodes of a form.
    fn slot(&mut self, form: &Value) -> Slot {
        let Value::Array(items) = form else { return Slot::Leaf(form.clone()) };
        let id = RefId(self.next_node);
        self.next_node += 1;
        let items_below = &items[2..];
        let node = match &items[0] {
            Value::Signed(-1) => {
                Node::Array(items_below.iter().map(|form| self.slot(form)).collect())
            }
            Value::Signed(_) => {
                let entry =
                    |pair: &[Value]| (pair[0].as_str().unwrap().into(), self.slot(&pair[1]));
                Node::Map(Box::new(items_below.chunks(2).map(entry).collect()))
            }
            of => {
                let of = TypeIndex(of.as_u64().unwrap() as u32);
                let node = self.document.empty_struct(of, 300);
                let Node::Struct(_, run) = node else { unreachable!("it is a struct") };
                for (at, form) in
                    items_below.iter().enumerate().filter(|(_, form)| !form.is_undefined())
                {
                    let slot = self.slot(form);
                    *self.document.field_mut(run, FieldIndex(at as u8)) = Some(slot);
                }
                node
            }
        };
        self.document.insert(id, node);
        Slot::Node(id)
    }
}

/// The number of a form's node.
fn number(form: &Value) -> Option<u64> {
    match form {
        Value::Array(items) => items[1].as_u64(),
        _ => None,
    }
}

/// The numbers of all nodes in a form, as they are read.
fn collect(form: &Value, numbers: &mut Vec<u64>) {
    let Value::Array(items) = form else { return };
    numbers.extend(number(form));
    items[2..].iter().for_each(|form| collect(form, numbers));
}

/// A form without what is absent at the end of structs.
fn trimmed(form: &Value) -> Value {
    let Value::Array(items) = form else { return form.clone() };
    let mut items: Vec<Value> = items.iter().map(trimmed).collect();
    if !matches!(items[0], Value::Signed(_)) {
        while items.len() > 2 && items.last().is_some_and(Value::is_undefined) {
            items.pop();
        }
    }
    Value::Array(items)
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}
