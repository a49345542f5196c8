//! Looking at values where they were read.

use std::borrow::Cow;

use super::{
    packed::{Cell, Packed},
    value::Value,
};

/// A value to look at. What was read is not made into objects by that, however much of it is looked at.
///
/// ```
/// use tidewire_patch::notepack::{self, Value};
/// let value = notepack::decode(b"\x81\xa7players\x82\xa3ada\x81\xa1x\x05\xa3bob\x81\xa1x\x07")?;
/// let players = value.look().member("players").unwrap();
/// assert_eq!(players.member("bob").and_then(|bob| bob.member("x")?.as_f64()), Some(7.0));
/// let names: Vec<_> = players.members().map(|(name, _)| name).collect();
/// assert_eq!(names, ["ada", "bob"]);
/// # Ok::<(), notepack::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Look<'a>(At<'a>);

#[derive(Clone, Copy, Debug)]
enum At<'a> {
    Value(&'a Value),
    /// A cell of a message.
    Cell(&'a Packed, usize),
}

impl Value {
    /// This value, to look at.
    pub fn look(&self) -> Look<'_> {
        match self {
            Self::Object(object) => match object.place() {
                Some((message, at)) => Look(At::Cell(message, at)),
                None => Look(At::Value(self)),
            },
            _ => Look(At::Value(self)),
        }
    }
}

impl<'a> Look<'a> {
    /// The number, if it is one, as JavaScript has it.
    pub fn as_f64(self) -> Option<f64> {
        match self.0 {
            At::Value(value) => value.as_f64(),
            At::Cell(message, at) => message.cells[at].as_f64(),
        }
    }

    /// The text, if it is one.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        match self.0 {
            At::Value(value) => value.as_str().map(Cow::Borrowed),
            At::Cell(message, at) => match message.cells[at] {
                cell @ Cell::Text(_) => Some(message.text(cell)),
                _ => None,
            },
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            At::Value(Value::Boolean(value)) => Some(*value),
            At::Cell(message, at) => match message.cells[at] {
                Cell::Boolean(value) => Some(value),
                _ => None,
            },
            At::Value(_) => None,
        }
    }

    /// How many items the array has, if it is one.
    pub fn item_count(self) -> Option<usize> {
        match self.0 {
            At::Value(Value::Array(items)) => Some(items.len()),
            At::Cell(message, at) => match message.cells[at] {
                Cell::Array(items) => Some(items.len as usize),
                _ => None,
            },
            At::Value(_) => None,
        }
    }

    /// The items of an array, in order. Nothing else has any.
    pub fn items(self) -> impl Iterator<Item = Look<'a>> {
        (0..self.item_count().unwrap_or_default()).filter_map(move |index| self.item(index))
    }

    /// An item of an array.
    pub fn item(self, index: usize) -> Option<Look<'a>> {
        match self.0 {
            At::Value(Value::Array(items)) => items.get(index).map(Value::look),
            At::Cell(message, at) => match message.cells[at] {
                Cell::Array(items) => {
                    let item = items.range().nth(index)?;
                    Some(Self(At::Cell(message, item)))
                }
                _ => None,
            },
            At::Value(_) => None,
        }
    }

    /// The members of an object, in order. Nothing else has any. What a message says twice of one name is there
    /// twice, and the last one counts.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Look<'a>)> {
        let (made, read) = match self.0 {
            At::Value(Value::Object(members)) => (Some(members), None),
            At::Value(_) => (None, None),
            At::Cell(message, at) => (None, Some((message, at))),
        };
        let made = made.into_iter().flat_map(|members| {
            members.iter().map(|(name, value)| (Cow::Borrowed(name), value.look()))
        });
        let read = read.into_iter().flat_map(|(message, at)| {
            let names = message.names_of(at);
            let is_there = message.is_there(at);
            let members = message.entries(at).filter(move |(_, value)| is_there(*value));
            members.map(move |(name, value)| (names.text(name), Self(At::Cell(message, value))))
        });
        made.chain(read)
    }

    /// The member of a name. Among many it is looked for one by one: who asks often asks
    /// [`Object::get`](super::Object::get).
    pub fn member(self, name: &str) -> Option<Look<'a>> {
        match self.0 {
            At::Value(Value::Object(members)) => members.get(name).map(Value::look),
            At::Value(_) => None,
            At::Cell(message, at) => {
                let found = message.entry(at, name).filter(|value| message.is_there(at)(*value));
                found.map(|value| Self(At::Cell(message, value)))
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;
    use crate::notepack;

    /// What is seen of a value, in words.
    fn seen(look: Look<'_>) -> String {
        let list = |parts: Vec<String>| parts.join(",");
        if look.item_count().is_some() {
            return format!("[{}]", list(look.items().map(seen).collect()));
        }
        let members: Vec<String> =
            look.members().map(|(name, value)| format!("{name}:{}", seen(value))).collect();
        match (look.as_f64(), look.as_str(), look.as_bool()) {
            (Some(number), None, None) => number.to_string(),
            (None, Some(text), None) => format!("{text:?}"),
            (None, None, Some(truth)) => truth.to_string(),
            _ => format!("{{{}}}", list(members)),
        }
    }

    #[test]
    fn what_was_read_looks_as_what_is_made_of_it() {
        let object = |at: u64| {
            let members = [("x", at.into()), ("name", "ada".into()), ("is", (at > 1).into())];
            Value::Object(members.into_iter().collect())
        };
        let all = [
            ("list", Value::Array(vec![object(1), object(2), (-3_i64).into(), 0.5.into()])),
            ("nothing", Value::Array(Vec::new())),
            ("object", object(3)),
        ];
        let made = Value::Object(all.into_iter().collect());
        let mut read = notepack::decode(&notepack::encode(&made)).unwrap();
        let words = r#"{list:[{x:1,name:"ada",is:false},{x:2,name:"ada",is:true},-3,0.5],nothing:[],object:{x:3,name:"ada",is:true}}"#;
        assert_eq!((seen(made.look()), seen(read.look())), (words.to_owned(), words.to_owned()));
        assert_eq!(read.look().member("list").unwrap().item(1).unwrap().item_count(), None);
        assert!(read.look().member("x").is_none() && read.look().item(0).is_none());
        // And once it was changed, as what it is then.
        let Value::Object(members) = &mut read else { panic!() };
        members.remove("list");
        members.insert("object", object(4));
        assert_eq!(seen(read.look()), r#"{nothing:[],object:{x:4,name:"ada",is:true}}"#);
    }
}
