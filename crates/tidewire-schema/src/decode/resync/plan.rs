//! The differences of two states as messages that lead from one to the other.

use std::collections::{HashMap, HashSet};

use tidewire_state::{Primitive, RefId, Value, receive::StructSink};

use super::{Sides, content::Content};
use crate::{
    decode::{
        Decoder,
        change::OwnedValue,
        nodes::{NONE, ROOT, Shape},
    },
    wire::{self, SWITCH_TO_STRUCTURE, TYPE_ID, op},
};

/// All nodes, each before those below it, these in their order.
pub(super) fn order<S>(decoder: &Decoder<S>) -> Vec<u32> {
    let (mut order, mut seen) = (Vec::new(), HashSet::new());
    let mut ahead = vec![ROOT];
    while let Some(id) = ahead.pop() {
        let Some(node) = decoder.tree.nodes.get(id).filter(|_| seen.insert(id)) else { continue };
        order.push(id);
        let from = ahead.len();
        match &node.shape {
            Shape::Map(map) => ahead.extend(map.in_order().iter().map(|(_, entry)| entry.id)),
            _ => node.each_child(|_, child| ahead.push(child)),
        }
        ahead[from..].reverse();
    }
    order
}

/// Takes out what is in our collections and fields and not in theirs. In `same` goes what is taken
/// out only to be put in again behind others.
pub(super) fn removals<S: StructSink>(
    ours: &mut Decoder<S>,
    theirs: &mut Decoder<S>,
    sides: &Sides,
    same: &mut HashSet<(u32, String)>,
) -> Vec<u8> {
    let mut message = Writer::default();
    let in_the_way = |value: &OwnedValue| match value {
        OwnedValue::Node(id) => sides.reused && !sides.stay.contains(&id.0),
        OwnedValue::Value(_) => false,
    };
    for id in order(ours).into_iter().filter(|id| sides.stay.contains(id)) {
        let (Some(our), Some(their)) = (Content::of(ours, id), Content::of(theirs, id)) else {
            continue;
        };
        message.at(id);
        match (our, their) {
            (Content::Struct(our), Content::Struct(their)) => {
                for (at, (our, their)) in (0..).zip(our.iter().zip(&their)) {
                    let Some(our @ OwnedValue::Node(_)) = our else { continue };
                    if their.is_none() || in_the_way(our) {
                        message.field(op::DELETE, at);
                    }
                }
            }
            (Content::Map(our), Content::Map(their)) => {
                let by_key: HashMap<&str, &OwnedValue> =
                    their.iter().map(|(_, key, value)| (key.as_str(), value)).collect();
                let mut kept = 0;
                for (number, key, value) in our {
                    let next = their.get(kept).filter(|(_, next, _)| *next == key);
                    if next.is_some() && !in_the_way(&value) {
                        kept += 1;
                        continue;
                    }
                    message.index(op::DELETE, number);
                    if by_key.get(key.as_str()) == Some(&&value) && !in_the_way(&value) {
                        same.insert((id, key));
                    }
                }
            }
            (Content::Array(our), Content::Array(their)) => {
                for at in gone_from_array(&our, &their, sides) {
                    message.index(op::DELETE, at as u32);
                }
            }
            (Content::Members(our), Content::Members(their)) => {
                let mut kept = 0;
                for (number, value) in our {
                    let same = their.get(kept).is_some_and(|(_, theirs)| *theirs == value);
                    if same && !in_the_way(&value) {
                        kept += 1;
                    } else {
                        message.index(op::DELETE, number);
                    }
                }
            }
            _ => {}
        }
    }
    message.out
}

/// Which items of an array are not there any more.
fn gone_from_array(our: &[OwnedValue], their: &[OwnedValue], sides: &Sides) -> Vec<usize> {
    if our.iter().any(|value| node(value).is_some()) {
        let mut wanted = counts(their);
        let mut is_gone = |value: &OwnedValue| {
            let Some(id) = node(value) else { return false };
            !sides.stay.contains(&id) || !takes_one(&mut wanted, id)
        };
        return (0..our.len()).filter(|at| is_gone(&our[*at])).collect();
    }
    let Some(extra) = our.len().checked_sub(their.len()) else { return Vec::new() };
    // Those that are the same at the end stay.
    let alike = our.iter().rev().zip(their.iter().rev()).take_while(|(our, their)| our == their);
    let before = their.len() - alike.count();
    (before..before + extra).collect()
}

/// How often each node is in an array.
fn counts(values: &[OwnedValue]) -> HashMap<u32, usize> {
    let mut counts = HashMap::new();
    for id in values.iter().filter_map(node) {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

/// Takes a node out of those that are counted. Tells whether it was there.
fn takes_one(counts: &mut HashMap<u32, usize>, id: u32) -> bool {
    let Some(count) = counts.get_mut(&id).filter(|count| **count > 0) else { return false };
    *count -= 1;
    true
}

/// Brings what is theirs and not ours.
pub(super) fn arrivals<S: StructSink>(
    ours: &mut Decoder<S>,
    theirs: &mut Decoder<S>,
    sides: &Sides,
) -> Vec<u8> {
    let mut message = Writer { types: types(theirs, sides), ..Writer::default() };
    for &id in &sides.order {
        let Some(their) = Content::of(theirs, id) else { continue };
        let our = if sides.stay.contains(&id) { Content::of(ours, id) } else { None };
        let our = our.unwrap_or_else(|| their.empty());
        message.at(id);
        match (our, their) {
            (Content::Struct(our), Content::Struct(their)) => {
                for (at, (our, their)) in (0..).zip(our.iter().zip(&their)) {
                    match (our, their) {
                        (our, their) if our == their => {}
                        (None, Some(their)) => message.field_value(op::ADD, at, their),
                        (Some(_), Some(their @ OwnedValue::Node(_))) => {
                            message.field_value(op::DELETE_AND_ADD, at, their);
                        }
                        (Some(_), Some(their)) => message.field_value(op::REPLACE, at, their),
                        (_, None) => message.field(op::DELETE, at),
                    }
                }
            }
            (Content::Map(our), Content::Map(their)) => {
                for (at, (number, key, value)) in their.iter().enumerate() {
                    let operation = match our.get(at) {
                        Some((_, _, our)) if our == value => continue,
                        Some(_) if node(value).is_some() => op::DELETE_AND_ADD,
                        Some(_) => op::REPLACE,
                        None => op::ADD,
                    };
                    message.index(operation, *number);
                    if operation != op::REPLACE {
                        wire::write_string(&mut message.out, key);
                    }
                    message.new_value(value);
                }
            }
            (Content::Array(our), Content::Array(their)) => message.array(id, &our, &their),
            (Content::Members(our), Content::Members(their)) => {
                for (number, value) in &their[our.len().min(their.len())..] {
                    message.index(op::ADD, *number);
                    message.new_value(value);
                }
            }
            _ => {}
        }
    }
    message.out
}

/// The sender's numbers for the types of structs that may stand where another is declared.
fn types<S>(theirs: &Decoder<S>, sides: &Sides) -> HashMap<u32, u32> {
    let tree = &theirs.tree;
    let number = |id: &u32| {
        let Shape::Struct(node) = &tree.nodes.get(*id)?.shape else { return None };
        tree.types.get(node.index)?.extends?;
        let foreign = tree.foreign.as_ref();
        let number = foreign.and_then(|foreign| foreign.ours.get(&node.index));
        Some((*id, number.unwrap_or(&node.index).0))
    };
    sides.order.iter().filter_map(number).collect()
}

fn node(value: &OwnedValue) -> Option<u32> {
    match value {
        OwnedValue::Node(id) => Some(id.0),
        OwnedValue::Value(_) => None,
    }
}

/// A message, which switches to a structure when there is something to say of it.
struct Writer {
    out: Vec<u8>,
    at: u32,
    switched: u32,
    /// The numbers that the sender has for the types of structs, where that is not just the declared
    /// one.
    types: HashMap<u32, u32>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { out: Vec::new(), at: ROOT, switched: NONE, types: HashMap::new() }
    }
}

impl Writer {
    fn at(&mut self, id: u32) {
        self.at = id;
    }

    fn switch(&mut self) {
        if self.switched != self.at {
            self.switched = self.at;
            self.out.push(SWITCH_TO_STRUCTURE);
            wire::write_ref(&mut self.out, RefId(self.at));
        }
    }

    fn field(&mut self, operation: u8, at: u8) {
        self.switch();
        self.out.push(operation | at);
    }

    fn field_value(&mut self, operation: u8, at: u8, value: &OwnedValue) {
        self.field(operation, at);
        self.new_value(value);
    }

    fn index(&mut self, operation: u8, index: u32) {
        self.switch();
        self.out.push(operation);
        wire::write_unsigned(&mut self.out, index);
    }

    /// A value after an operation that adds, which says the type of a struct.
    fn new_value(&mut self, value: &OwnedValue) {
        self.value(value);
        if let Some(number) = node(value).and_then(|id| self.types.get(&id)) {
            self.out.push(TYPE_ID);
            wire::write_unsigned(&mut self.out, *number);
        }
    }

    fn value(&mut self, value: &OwnedValue) {
        match value {
            OwnedValue::Node(id) => wire::write_ref(&mut self.out, *id),
            OwnedValue::Value(value) => match value.value() {
                // As it is, where the shorter forms are near enough for others.
                Value::Number(number) => {
                    self.out.push(0xcb);
                    self.out.extend_from_slice(&number.to_le_bytes());
                }
                value => wire::write_value(&mut self.out, value),
            },
        }
    }

    /// What is left of an array comes into the order of theirs, then the new items in between.
    fn array(&mut self, id: u32, our: &[OwnedValue], their: &[OwnedValue]) {
        if !our.iter().chain(their).any(|value| node(value).is_some()) {
            for (at, value) in their.iter().enumerate() {
                match our.get(at) {
                    Some(our) if our == value => continue,
                    Some(_) => self.index(op::REPLACE, at as u32),
                    None => self.index(op::ADD, at as u32),
                }
                self.value(value);
            }
            return;
        }
        let mut there = counts(our);
        let mut stays =
            |value: &OwnedValue| node(value).is_some_and(|id| takes_one(&mut there, id));
        let stays: Vec<bool> = their.iter().map(&mut stays).collect();
        let stay = std::iter::zip(their, &stays).filter(|(_, stays)| **stays);
        for (at, (our, (their, _))) in our.iter().zip(stay).enumerate() {
            if our != their {
                self.index(op::MOVE, at as u32);
                self.value(their);
            }
        }
        self.switched = NONE;
        self.at(id);
        for (at, value) in their.iter().enumerate().filter(|(at, _)| !stays[*at]) {
            self.index(op::ADD, at as u32);
            self.new_value(value);
        }
    }
}
