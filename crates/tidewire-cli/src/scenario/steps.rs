//! What the steps do.

use std::{io::Write, sync::Arc};

use serde_json::{Map, Value as Json};
use tidewire_state::{
    ArraySchema, DynField, DynPrimitive, DynStruct, Element, ElementKind, FieldIndex, FieldKind,
    PrimitiveKind, Tracked, TypeIndex,
};

use super::{
    ScenarioError,
    error::{StepError, listed, shown},
    file::Scenario,
    output::Output,
    path::{Found, Place, Pointer, kind_of},
    value::{Maker, wrong_kind},
};

/// The state of a scenario that runs, and who watches.
pub(super) struct Stage<'s> {
    scenario: &'s Scenario,
    maker: Maker,
    pub(super) state: Tracked<DynStruct>,
    /// Who has joined, in that order.
    joined: Vec<String>,
}

impl<'s> Stage<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> Self {
        let root = DynStruct::new(Arc::clone(&scenario.types), scenario.types.root);
        let maker = Maker::new(Arc::clone(&scenario.types));
        Self { scenario, maker, state: Tracked::new(root), joined: Vec::new() }
    }

    /// Does one step and writes what it sends.
    pub(super) fn run<W: Write>(
        &mut self,
        index: usize,
        step: &Json,
        output: &mut Output<'_, W>,
    ) -> Result<(), ScenarioError> {
        let at_step = |error| ScenarioError::Step { index, error };
        let step = Step::read(step).map_err(at_step)?;
        match step.op {
            "sync" => output.tick(index, &mut self.state, &self.joined),
            "join" => {
                let client = self.client(&step).map_err(at_step)?;
                if self.joined.contains(&client) {
                    return Err(at_step(StepError::AlreadyJoined { name: client }));
                }
                output.tick(index, &mut self.state, &self.joined)?;
                output.welcome(index, &self.state, &client)?;
                self.joined.push(client);
                Ok(())
            }
            "leave" => {
                let client = self.client(&step).map_err(at_step)?;
                let Some(at) = self.joined.iter().position(|joined| *joined == client) else {
                    return Err(at_step(StepError::NotJoined { name: client }));
                };
                self.joined.remove(at);
                Ok(())
            }
            _ => edit(&self.maker, &mut self.state, &step).map_err(at_step),
        }
    }

    fn client(&self, step: &Step<'_>) -> Result<String, StepError> {
        let name = step.text("client")?.to_owned();
        if self.scenario.clients.contains(&name) {
            Ok(name)
        } else {
            Err(StepError::UnknownClient { name })
        }
    }
}

/// A step whose op is known and whose members are all of that op.
struct Step<'a> {
    op: &'a str,
    members: &'a Map<String, Json>,
}

/// Each op with its members.
const OPS: [(&str, &[&str]); 13] = [
    ("set", &["path", "value"]),
    ("delete", &["path"]),
    ("push", &["path", "values"]),
    ("splice", &["path", "at", "remove", "insert"]),
    ("move", &["path", "from", "to"]),
    ("swap", &["path", "a", "b"]),
    ("reverse", &["path"]),
    ("clear", &["path"]),
    ("add", &["path", "value"]),
    ("remove", &["path", "value"]),
    ("join", &["client"]),
    ("leave", &["client"]),
    ("sync", &[]),
];

/// What the language has and this version has not.
const UNSUPPORTED: [&str; 2] = ["share", "view"];

impl<'a> Step<'a> {
    fn read(step: &'a Json) -> Result<Self, StepError> {
        let Json::Object(members) = step else {
            return Err(StepError::NotAnObject { found: shown(step) });
        };
        let op = match members.get("op") {
            Some(Json::String(op)) => op.as_str(),
            Some(other) => {
                let found = shown(other);
                return Err(StepError::MemberKind { member: "op", expected: "a string", found });
            }
            None => return Err(StepError::Missing { op: "a step".to_owned(), member: "op" }),
        };
        if UNSUPPORTED.contains(&op) {
            return Err(StepError::UnsupportedOp { op: op.to_owned() });
        }
        let Some((_, known)) = OPS.into_iter().find(|(name, _)| *name == op) else {
            let known = listed(&OPS.map(|(name, _)| name));
            return Err(StepError::UnknownOp { op: op.to_owned(), known });
        };
        let is_known = |member: &str| member == "op" || known.contains(&member);
        if let Some(member) = members.keys().find(|member| !is_known(member)) {
            let (op, member) = (op.to_owned(), member.clone());
            let known = listed(&[&["op"], known].concat());
            return Err(StepError::UnknownMember { op, member, known });
        }
        Ok(Self { op, members })
    }

    fn member(&self, member: &'static str) -> Result<&'a Json, StepError> {
        let missing = || StepError::Missing { op: self.op.to_owned(), member };
        self.members.get(member).ok_or_else(missing)
    }

    fn text(&self, member: &'static str) -> Result<&'a str, StepError> {
        let value = self.member(member)?;
        value.as_str().ok_or_else(|| mismatch(member, "a string", value))
    }

    fn list(&self, member: &'static str) -> Result<&'a [Json], StepError> {
        match self.member(member)? {
            Json::Array(list) => Ok(list),
            other => Err(mismatch(member, "a list", other)),
        }
    }

    /// A whole number; what is beyond all arrays is clamped.
    fn integer(&self, member: &'static str) -> Result<i64, StepError> {
        let value = self.member(member)?;
        let whole = || value.as_f64().filter(|double| double.fract() == 0.0);
        let integer = value.as_i64().or_else(|| whole().map(|double| double as i64));
        integer.ok_or_else(|| mismatch(member, "a whole number", value))
    }
}

fn mismatch(member: &'static str, expected: &'static str, found: &Json) -> StepError {
    StepError::MemberKind { member, expected, found: shown(found) }
}

/// Does a step that changes the state.
fn edit(maker: &Maker, state: &mut DynStruct, step: &Step<'_>) -> Result<(), StepError> {
    let pointer = Pointer::parse(step.text("path")?)?;
    let found = pointer.resolve(state)?;
    match step.op {
        "set" => set(maker, &pointer, found, step.member("value")?),
        "delete" => delete(&pointer, found.place),
        "clear" => clear(&pointer, found.place),
        "add" | "remove" => edit_members(maker, &pointer, found.place, step),
        _ => edit_array(maker, &pointer, found, step),
    }
}

fn set(
    maker: &Maker,
    pointer: &Pointer<'_>,
    Found { place, depth }: Found<'_>,
    value: &Json,
) -> Result<(), StepError> {
    let path = &pointer.text();
    match place {
        Place::Field { owner, field } => maker.set_field(owner, field, value, path, depth)?,
        place @ (Place::Entry { .. } | Place::PrimitiveEntry { .. }) if value.is_null() => {
            delete(pointer, place)?;
        }
        Place::Entry { map, of, key } => {
            map.insert(key, maker.instance(of, value, path, depth + 1)?);
        }
        Place::PrimitiveEntry { map, of, key } => {
            map.insert(key, maker.primitive(of, value, path)?);
        }
        Place::Item { array, of, index } => {
            array.replace(index, maker.instance(of, value, path, depth + 1)?);
        }
        Place::PrimitiveItem { array, of, index } => {
            array[index] = maker.primitive(of, value, path)?;
        }
        place => return Err(wrong_place(pointer, SETTABLE, &place)),
    }
    Ok(())
}

fn delete(pointer: &Pointer<'_>, place: Place<'_>) -> Result<(), StepError> {
    match place {
        Place::Field { owner, field } => match (kind_of(owner, field), owner.field_mut(field)) {
            (FieldKind::Primitive(kind), Some(DynField::Primitive(value))) => {
                *value = kind.zero().into();
            }
            (_, Some(DynField::Optional(value))) => *value = None,
            (_, Some(DynField::Ref(reference))) => *reference = None,
            _ => return Err(wrong_place(pointer, DELETABLE, &Place::Field { owner, field })),
        },
        Place::Entry { map, key, .. } => drop(map.remove(key).ok_or_else(|| pointer.no_key(key))?),
        Place::PrimitiveEntry { map, key, .. } => {
            map.remove(key).ok_or_else(|| pointer.no_key(key))?;
        }
        Place::Item { array, index, .. } => drop(array.remove(index)),
        Place::PrimitiveItem { array, index, .. } => drop(array.remove(index)),
        Place::SetMember { set, index } => drop(set.remove_at(index)),
        Place::CollectionMember { collection, index } => drop(collection.remove_at(index)),
        Place::Root => return Err(wrong_place(pointer, DELETABLE, &Place::Root)),
    }
    Ok(())
}

fn clear(pointer: &Pointer<'_>, place: Place<'_>) -> Result<(), StepError> {
    if let Place::Field { owner, field } = place {
        match owner.field_mut(field) {
            Some(DynField::PrimitiveMap(map)) => map.clear(),
            Some(DynField::Map(map)) => map.clear(),
            Some(DynField::PrimitiveArray(array)) => array.clear(),
            Some(DynField::Array(array)) => array.clear(),
            Some(DynField::PrimitiveSet(set)) => set.clear(),
            Some(DynField::PrimitiveCollection(collection)) => collection.clear(),
            _ => return Err(wrong_place(pointer, "a collection", &Place::Field { owner, field })),
        }
        return Ok(());
    }
    Err(wrong_place(pointer, "a collection", &place))
}

/// Puts a value in a set or a collection, or takes one out.
fn edit_members(
    maker: &Maker,
    pointer: &Pointer<'_>,
    place: Place<'_>,
    step: &Step<'_>,
) -> Result<(), StepError> {
    let expected = "a set or a collection";
    let Place::Field { owner, field } = place else {
        return Err(wrong_place(pointer, expected, &place));
    };
    let (FieldKind::Set(ElementKind::Primitive(of))
    | FieldKind::Collection(ElementKind::Primitive(of))) = kind_of(owner, field)
    else {
        return Err(wrong_place(pointer, expected, &Place::Field { owner, field }));
    };
    let value = maker.primitive(of, step.member("value")?, &pointer.text())?;
    let adds = step.op == "add";
    match owner.field_mut(field) {
        Some(DynField::PrimitiveSet(set)) if adds => drop(set.insert(value)),
        Some(DynField::PrimitiveSet(set)) => drop(set.remove(&value)),
        Some(DynField::PrimitiveCollection(collection)) if adds => collection.add(value),
        Some(DynField::PrimitiveCollection(collection)) => drop(collection.remove(&value)),
        field => unreachable!("{field:?} is no set or collection"),
    }
    Ok(())
}

/// Does a step on an array, of whatever elements.
fn edit_array(
    maker: &Maker,
    pointer: &Pointer<'_>,
    Found { place, depth }: Found<'_>,
    step: &Step<'_>,
) -> Result<(), StepError> {
    let path = &pointer.text();
    let Place::Field { owner, field } = place else {
        return Err(wrong_place(pointer, "an array", &place));
    };
    match array_at(owner, field) {
        Some(Array::Structs(array, of)) => {
            change(array, pointer, step, |value| maker.instance(of, value, path, depth + 1))
        }
        Some(Array::Primitives(array, of)) => {
            change(array, pointer, step, |value| maker.primitive(of, value, path))
        }
        None => Err(wrong_place(pointer, "an array", &Place::Field { owner, field })),
    }
}

enum Array<'a> {
    Structs(&'a mut ArraySchema<DynStruct>, TypeIndex),
    Primitives(&'a mut ArraySchema<DynPrimitive>, PrimitiveKind),
}

fn array_at(owner: &mut DynStruct, field: FieldIndex) -> Option<Array<'_>> {
    let FieldKind::Array(element) = kind_of(owner, field) else { return None };
    match (element, owner.field_mut(field)?) {
        (ElementKind::Ref(of), DynField::Array(array)) => Some(Array::Structs(array, of)),
        (ElementKind::Primitive(of), DynField::PrimitiveArray(array)) => {
            Some(Array::Primitives(array, of))
        }
        _ => None,
    }
}

fn change<V: Element>(
    array: &mut ArraySchema<V>,
    pointer: &Pointer<'_>,
    step: &Step<'_>,
    read: impl Fn(&Json) -> Result<V, StepError>,
) -> Result<(), StepError> {
    let read_all = |values: &[Json]| -> Result<Vec<V>, StepError> {
        let null = values.iter().find(|value| value.is_null());
        match null {
            None => values.iter().map(&read).collect(),
            Some(null) => Err(wrong_kind(&pointer.text(), "elements".to_owned(), null)),
        }
    };
    let len = array.len();
    let index = |member| {
        let index = step.integer(member)?;
        let found = usize::try_from(index).ok().filter(|index| *index < len);
        found.ok_or_else(|| pointer.no_index(&index.to_string(), len))
    };
    match step.op {
        "push" => array.extend(read_all(step.list("values")?)?),
        "splice" => {
            let at = step.integer("at")?;
            let start = if at < 0 { len.saturating_sub(clamped(at)) } else { clamped(at).min(len) };
            let count = match step.members.get("remove") {
                None => len - start,
                Some(_) => clamped(step.integer("remove")?.max(0)).min(len - start),
            };
            let new = match step.members.get("insert") {
                None => Vec::new(),
                Some(_) => read_all(step.list("insert")?)?,
            };
            array.splice(start..start + count, new);
        }
        "move" => array.move_item(index("from")?, index("to")?),
        "swap" => array.swap(index("a")?, index("b")?),
        "reverse" => array.reverse(),
        op => unreachable!("`{op}` is not done on arrays"),
    }
    Ok(())
}

/// The distance of an index from 0.
fn clamped(index: i64) -> usize {
    usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)
}

fn wrong_place(pointer: &Pointer<'_>, expected: &'static str, place: &Place<'_>) -> StepError {
    let found = match place {
        Place::Root => "the root",
        Place::Field { owner, field } => match kind_of(owner, *field) {
            FieldKind::Primitive(_) => "a primitive",
            FieldKind::Ref(_) => "a reference",
            FieldKind::Map(_) => "a map",
            FieldKind::Array(_) => "an array",
            FieldKind::Set(_) => "a set",
            FieldKind::Collection(_) => "a collection",
            _ => "another field",
        },
        Place::Entry { .. } | Place::PrimitiveEntry { .. } => "a map's entry",
        Place::Item { .. } | Place::PrimitiveItem { .. } => "an array's element",
        Place::SetMember { .. } | Place::CollectionMember { .. } => {
            "a value in a set or collection"
        }
    };
    StepError::WrongPlace { path: pointer.text(), expected, found }
}

const SETTABLE: &str = "a field, a map's entry or an array's element";
const DELETABLE: &str = "a map's entry, an array's element or a field that is no collection";
