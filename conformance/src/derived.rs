//! Scenarios on derived types: the same steps, the same bytes, but on plain Rust structs.
//!
//! A path is followed through the structs by hand; what it leads to is changed as a user of the
//! collections would.

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{
    ArraySchema, CollectionSchema, Element, Instance, MapSchema, Number, Primitive, Schema,
    SetSchema, Tracked, state_hash,
};

/// The root of the derived types: a bit of everything.
#[derive(Schema, Default, Deserialize)]
#[schema(crate = "tidewire_state")]
#[serde(default)]
pub struct Zoo {
    name: String,
    open: bool,
    #[schema(number)]
    visitors: f64,
    motto: Option<String>,
    a: i8,
    b: u8,
    c: i16,
    d: u16,
    e: i32,
    f: u32,
    g: i64,
    h: u64,
    i: f32,
    j: f64,
    rating: Option<u8>,
    keeper: Option<Instance<Keeper>>,
    animals: MapSchema<Animal>,
    queue: ArraySchema<Animal>,
    log: ArraySchema<String>,
    prices: ArraySchema<f32>,
    scores: MapSchema<Number>,
    labels: MapSchema<String>,
    tags: SetSchema<String>,
    lots: SetSchema<u8>,
    bets: CollectionSchema<Number>,
    annex: Option<Box<Instance<Zoo>>>,
}

#[derive(Schema, Default, Deserialize)]
#[schema(crate = "tidewire_state")]
#[serde(default)]
struct Keeper {
    name: String,
    favourite: Option<Instance<Animal>>,
}

#[derive(Schema, Default, Deserialize)]
#[schema(crate = "tidewire_state")]
#[serde(default)]
struct Animal {
    name: String,
    x: f32,
    y: f32,
    legs: i32,
    tricks: ArraySchema<String>,
    young: MapSchema<Keeper>,
    marks: CollectionSchema<String>,
}

/// The types above in the scenario language: a file without clients and steps.
pub fn types() -> Json {
    json!({ "root": "Zoo", "types": {
        "Zoo": { "fields": {
            "name": "string", "open": "boolean", "visitors": "number",
            "motto": { "type": "string", "optional": true },
            "a": "int8", "b": "uint8", "c": "int16", "d": "uint16", "e": "int32", "f": "uint32",
            "g": "int64", "h": "uint64", "i": "float32", "j": "float64",
            "rating": { "type": "uint8", "optional": true },
            "keeper": "Keeper",
            "animals": { "map": "Animal" }, "queue": { "array": "Animal" },
            "log": { "array": "string" }, "prices": { "array": "float32" },
            "scores": { "map": "number" }, "labels": { "map": "string" },
            "tags": { "set": "string" }, "lots": { "set": "uint8" },
            "bets": { "collection": "number" },
            "annex": "Zoo",
        } },
        "Keeper": { "fields": { "name": "string", "favourite": "Animal" } },
        "Animal": { "fields": {
            "name": "string", "x": "float32", "y": "float32", "legs": "int32",
            "tricks": { "array": "string" }, "young": { "map": "Keeper" },
            "marks": { "collection": "string" },
        } },
    } })
}

/// Runs a scenario over [`types`] and prints what the command line would, but for the states.
///
/// # Errors
///
/// If a step does not fit the types, or if our own decoder does not hold what the state is after a
/// patch or a snapshot.
pub fn lines(scenario: &Json, profile: Profile) -> Result<Vec<Json>> {
    let mut zoo = Tracked::new(Zoo::default());
    let mut encoder = Encoder::new(&zoo);
    let mut joined: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    // Who has had every patch, and who joined last.
    let mut own = [Decoder::<Zoo>::new(), Decoder::new()];
    for (index, step) in scenario["steps"].as_array().context("no steps")?.iter().enumerate() {
        let mut line = |client: &str, kind: &str, bytes: &[u8]| {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            lines.push(json!({"step": index, "client": client, "kind": kind, "hex": hex}));
        };
        let op = step["op"].as_str().context("no op")?;
        let client = step["client"].as_str().unwrap_or_default();
        match op {
            "leave" => joined.retain(|other| other != client),
            "sync" | "join" => {
                let patch = encoder.patch(&mut zoo);
                for decoder in &mut own[..if joined.is_empty() { 1 } else { 2 }] {
                    read_alike(decoder, patch, &zoo).with_context(|| format!("step {index}"))?;
                }
                for client in &joined {
                    if !patch.is_empty() {
                        line(client, "patch", patch);
                    }
                    line(client, "state", &[]);
                }
                if op == "join" {
                    line(client, "handshake", &encoder.handshake(profile));
                    let snapshot = encoder.snapshot(&zoo);
                    own[1] = Decoder::new();
                    read_alike(&mut own[1], snapshot, &zoo)
                        .with_context(|| format!("snapshot of step {index}"))?;
                    line(client, "snapshot", snapshot);
                    line(client, "state", &[]);
                    joined.push(client.to_owned());
                }
            }
            _ => zoo.step(step).with_context(|| format!("step {index}: {step}"))?,
        }
    }
    Ok(lines)
}

/// Our own decoder reads a message, and then holds what the state is.
fn read_alike(decoder: &mut Decoder<Zoo>, message: &[u8], zoo: &Zoo) -> Result<()> {
    decoder.apply(message).context("our own decoder")?;
    ensure!(
        state_hash(decoder.state()) == state_hash(zoo),
        "our own decoder holds something else than the state"
    );
    Ok(())
}

impl Zoo {
    /// Does a step that edits the state.
    ///
    /// # Errors
    ///
    /// If the step does not fit the types.
    pub fn step(&mut self, step: &Json) -> Result<()> {
        let path = step["path"].as_str().context("no path")?;
        let tokens: Vec<String> = path
            .split('/')
            .skip(1)
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .collect();
        self.edit(&tokens, step)
    }
}

/// Something that a path leads into.
trait Target {
    fn edit(&mut self, path: &[String], step: &Json) -> Result<()>;
}

/// Assigns a leaf; `null` and `delete` give it its zero value.
macro_rules! leaves {
    ($($type:ty),*) => {$(
        impl Target for $type {
            fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
                ensure!(path.is_empty(), "a leaf has nothing below it");
                *self = read(&step["value"])?.unwrap_or_default();
                Ok(())
            }
        }
    )*};
}

leaves!(bool, Number, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, String);

/// Follows a path into a field.
macro_rules! structs {
    ($($type:ident { $($field:ident),* })*) => {$(
        impl Target for $type {
            fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
                let (field, rest) = path.split_first().context("a struct is not edited itself")?;
                match field.as_str() {
                    $(stringify!($field) => self.$field.edit(rest, step),)*
                    _ => bail!("no field {field:?}"),
                }
            }
        }
    )*};
}

structs! {
    Zoo {
        name, open, visitors, motto, a, b, c, d, e, f, g, h, i, j, rating, keeper, animals, queue,
        log, prices, scores, labels, tags, lots, bets, annex
    }
    Keeper { name, favourite }
    Animal { name, x, y, legs, tricks, young, marks }
}

impl<T: Target> Target for Instance<T> {
    fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
        (**self).edit(path, step)
    }
}

impl<T: Target> Target for Box<T> {
    fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
        (**self).edit(path, step)
    }
}

impl<T: Target + DeserializeOwned> Target for Option<T> {
    fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
        if path.is_empty() {
            *self = read(&step["value"])?;
            return Ok(());
        }
        self.as_mut().context("nothing is there")?.edit(path, step)
    }
}

impl<V: Element + Target + DeserializeOwned> Target for MapSchema<V> {
    fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
        match path {
            [] => match step["op"].as_str() {
                Some("clear") => self.clear(),
                _ => *self = read(&step["value"])?.context("a map is never absent")?,
            },
            [key] if is_set(step) => {
                match read(&step["value"])? {
                    Some(value) => self.insert(key, value),
                    None => self.remove(key),
                };
            }
            [key, rest @ ..] => self.get_mut(key).context("no such key")?.edit(rest, step)?,
        }
        Ok(())
    }
}

impl<V: Element + Target + DeserializeOwned> Target for ArraySchema<V> {
    fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
        if let [index, rest @ ..] = path {
            let index: usize = index.parse()?;
            ensure!(index < self.len(), "no such index");
            match step["op"].as_str() {
                Some("delete") if rest.is_empty() => drop(self.remove(index)),
                Some("set") if rest.is_empty() => {
                    self.replace(index, read(&step["value"])?.context("an item is never absent")?);
                }
                _ => self[index].edit(rest, step)?,
            }
            return Ok(());
        }
        let at = |name: &str| {
            let at = step[name].as_u64().and_then(|at| usize::try_from(at).ok());
            at.with_context(|| format!("`{name}` is no index"))
        };
        match step["op"].as_str() {
            Some("clear") => self.clear(),
            Some("reverse") => self.reverse(),
            Some("swap") => self.swap(at("a")?, at("b")?),
            Some("move") => self.move_item(at("from")?, at("to")?),
            Some("push") => self.extend(list(&step["values"])?),
            Some("splice") => {
                let from = position(&step["at"], self.len())?;
                let count = match &step["remove"] {
                    Json::Null => self.len() - from,
                    count => usize::try_from(count.as_i64().context("`remove`")?.max(0))?
                        .min(self.len() - from),
                };
                self.splice(from..from + count, list(&step["insert"])?);
            }
            _ => *self = read(&step["value"])?.context("an array is never absent")?,
        }
        Ok(())
    }
}

/// Sets and collections are changed alike.
macro_rules! members {
    ($($type:ident, $add:ident;)*) => {$(
        impl<P: Primitive + DeserializeOwned> Target for $type<P> {
            fn edit(&mut self, path: &[String], step: &Json) -> Result<()> {
                if let [index] = path {
                    let index: usize = index.parse()?;
                    ensure!(index < self.len(), "no such index");
                    self.remove_at(index);
                    return Ok(());
                }
                ensure!(path.is_empty(), "a value has nothing below it");
                let value = || read(&step["value"])?.context("a value is never absent");
                match step["op"].as_str() {
                    Some("clear") => self.clear(),
                    Some("add") => drop(self.$add(value()?)),
                    Some("remove") => drop(self.remove(&value()?)),
                    _ => *self = list(&step["value"])?.into_iter().collect(),
                }
                Ok(())
            }
        }
    )*};
}

members! {
    SetSchema, insert;
    CollectionSchema, add;
}

fn is_set(step: &Json) -> bool {
    matches!(step["op"].as_str(), Some("set" | "delete"))
}

/// As in `Array.prototype.splice`.
fn position(at: &Json, len: usize) -> Result<usize> {
    let at = at.as_i64().context("`at` is no integer")?;
    let len = i64::try_from(len)?;
    Ok(usize::try_from(if at < 0 { (len + at).max(0) } else { at.min(len) })?)
}

fn list<T: DeserializeOwned>(values: &Json) -> Result<Vec<T>> {
    let values = values.as_array().map_or(&[][..], Vec::as_slice);
    values.iter().map(|value| read(value)?.context("an item is never absent")).collect()
}

/// A value, in which members that are `null` are as if they were not there.
fn read<T: DeserializeOwned>(value: &Json) -> Result<Option<T>> {
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(T::deserialize(without_nulls(value))?))
}

fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(key, member)| (key.clone(), without_nulls(member)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
