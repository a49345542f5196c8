//! The originals' own scripts, done to a state of ours: what our encoders write, beside what was recorded.
//!
//! Four things are written otherwise, and no client sees the difference. They are made alike here:
//!
//! - a member that has no value is absent, not `undefined`, so that its first value is an `add`;
//! - the index of a key that is added is -1 in patchpack, as its own encoder has it, and not the one that it will have;
//! - a struct of patchpack ends with its last value;
//! - the table of `light` has no `parent`, and in `schema` what a field is.
//!
//! What a state cannot do is left out, and counted by why. Each message is in one of [`Outcome`]s, the best of several
//! runs.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tidewire_patch::{
    Config, LightDecoder, LightEncoder, MpackEncoder, Patch, PatchpackDecoder, PatchpackEncoder,
    mpack,
    notepack::{self, Value},
};
use tidewire_state::{DynStruct, Tracked};

use crate::{
    recorded::{Script, repair, scripts},
    script::{Class, Js, Step, text},
    state::{MIXED, Maker, NULL, ROOT, Shapes, WIDE, Why},
};

const LONG: Why = "the recording is too long to be kept";

/// How a recorded message compares with ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The same bytes.
    Bytes,
    /// The same patch; nodes have other numbers, since something before it was left out.
    Patch,
    /// Other patches, after which clients hold the same: an array is edited in other steps, or a tick has several changes.
    State,
    /// Not driven.
    Not(Why),
}

/// An encoder, and what its clients hold: those that were sent the recorded messages, and those that were sent ours.
enum Stream {
    Mpack(MpackEncoder),
    Light(Box<LightEncoder>, Option<[LightDecoder; 2]>),
    Patchpack(Box<PatchpackEncoder>, Option<[PatchpackDecoder; 2]>),
}

impl Stream {
    fn new(system: &str, state: &Tracked<DynStruct>, config: Config) -> Self {
        match system {
            "mosx-mpack" => Self::Mpack(MpackEncoder::new(state, config)),
            "mosx-light" => Self::Light(Box::new(LightEncoder::new(state, config).unwrap()), None),
            _ => Self::Patchpack(Box::new(PatchpackEncoder::new(state, config)), None),
        }
    }

    fn patch(&mut self, state: &mut Tracked<DynStruct>) -> Vec<Vec<u8>> {
        match self {
            Self::Mpack(encoder) => encoder.patch(state),
            Self::Light(encoder, _) => encoder.patch(state),
            Self::Patchpack(encoder, _) => encoder.patch(state),
        }
        .to_vec()
    }

    /// Our snapshot, and the recorded one made like it.
    fn snapshots(&self, recorded: &[u8]) -> [Vec<u8>; 2] {
        let recorded = notepack::decode(recorded).unwrap();
        match self {
            Self::Mpack(encoder) => {
                [encoder.snapshot(), notepack::encode(&without_undefined(&recorded))]
            }
            Self::Light(encoder, _) => {
                let ours = notepack::decode(&encoder.snapshot()).unwrap();
                [plain_table(&ours), plain_table(&without_undefined(&recorded))]
            }
            Self::Patchpack(encoder, _) => {
                let recorded = notepack::encode(&trimmed(&recorded));
                let ours = match recorded[0] {
                    0x91 => encoder.snapshot_without_types(),
                    _ => encoder.snapshot(),
                };
                [ours, recorded]
            }
        }
    }

    /// What clients hold that begin with either.
    fn begin(&mut self, recorded: &[u8]) -> [Value; 2] {
        match self {
            Self::Mpack(encoder) => {
                [recorded, &encoder.snapshot()].map(|bytes| mpack::decode_snapshot(bytes).unwrap())
            }
            Self::Light(encoder, decoders) => {
                let [(a, x), (b, y)] = [recorded, &encoder.snapshot()]
                    .map(|bytes| LightDecoder::from_snapshot(bytes).unwrap());
                *decoders = Some([a, b]);
                [x, y]
            }
            Self::Patchpack(encoder, decoders) => {
                let [(a, x), (b, y)] = [recorded, &encoder.snapshot()]
                    .map(|bytes| PatchpackDecoder::from_state(bytes).unwrap());
                *decoders = Some([a, b]);
                [x, y]
            }
        }
    }

    /// Reads a message of either.
    fn read(&mut self, which: usize, bytes: &[u8]) -> Patch {
        match self {
            Self::Mpack(_) => mpack::decode_patch(bytes).unwrap(),
            Self::Light(_, decoders) => decoders.as_ref().unwrap()[which].patch(bytes).unwrap(),
            Self::Patchpack(_, decoders) => decoders.as_mut().unwrap()[which].patch(bytes).unwrap(),
        }
    }

    /// A recorded message, made like ours. `adds` says that it puts something to where nothing is.
    fn alike(&self, recorded: &[u8], adds: bool) -> Vec<u8> {
        let without_old = |values: &mut Vec<Value>, from: usize, adds: bool| {
            for value in &mut values[from..] {
                *value = without_undefined(value);
            }
            if adds {
                values.truncate(from + 1);
            }
        };
        if let Self::Light(..) = self {
            let (header, body) = recorded.split_at(2 + usize::from(recorded[1]));
            let mut header = header.to_vec();
            let Value::Array(mut body) = notepack::decode(body).unwrap() else { panic!() };
            let keys = header[2..].iter().filter(|byte| **byte == 0xff).count();
            let adds = adds && header[0] == 1;
            header[0] = if adds { 0 } else { header[0] };
            without_old(&mut body, keys, adds);
            return [header, notepack::encode(&Value::Array(body))].concat();
        }
        let is_mpack = matches!(self, Self::Mpack(_));
        let Value::Array(mut parts) = notepack::decode(recorded).unwrap() else { panic!() };
        let adds = adds && parts[0] == Value::from(1_u8);
        if adds {
            parts[0] = 0_u8.into();
        }
        if is_mpack {
            without_old(&mut parts, 2, adds);
            return notepack::encode(&Value::Array(parts));
        }
        if adds {
            parts.truncate(4);
        }
        for part in &mut parts[3..] {
            *part = trimmed(part);
        }
        let is_pair = match &parts[..] {
            [op, _, _, Value::Array(pair)] => {
                *op == Value::from(0_u8) && matches!(pair[0], Value::String(_))
            }
            _ => false,
        };
        if is_pair {
            parts[2] = (-1_i64).into();
        }
        notepack::encode(&Value::Array(parts))
    }
}

/// One run of a script with one choice of types.
struct Run {
    stream: Stream,
    /// Who holds the recorded, and who ours.
    clients: Option<[Value; 2]>,
    /// Why the state is not that of the script.
    left_out: Option<Why>,
    /// Whether nodes and keys have other numbers by now.
    drifted: bool,
}

impl Run {
    /// Compares what a step was told by.
    fn compare(
        &mut self,
        recorded: &[Vec<u8>],
        ours: &[Vec<u8>],
        adds: bool,
        fits: Option<Why>,
    ) -> Vec<Outcome> {
        if recorded.iter().any(Vec::is_empty) {
            self.left_out = Some(LONG);
            let Self { stream, clients, .. } = self;
            let [_, client] = clients.as_mut().unwrap();
            ours.iter().for_each(|bytes| stream.read(1, bytes).apply(client).unwrap());
            return vec![Outcome::Not(LONG); recorded.len()];
        }
        let Self { stream, clients, .. } = self;
        let patches = [(0, recorded), (1, ours)].map(|(which, list)| {
            list.iter().map(|bytes| stream.read(which, bytes)).collect::<Vec<_>>()
        });
        for (client, list) in std::iter::zip(clients.as_mut().unwrap(), &patches) {
            list.iter().for_each(|patch| patch.apply(client).unwrap());
        }
        if let Some(why) = fits {
            return vec![Outcome::Not(why); recorded.len()];
        }
        let alike: Vec<_> = recorded.iter().map(|bytes| stream.alike(bytes, adds)).collect();
        if alike == ours {
            return vec![Outcome::Bytes; recorded.len()];
        }
        let words = |which: usize| {
            let words = patches[which].iter().map(|patch| {
                let op = if adds && which == 0 { "add" } else { patch.op.name() };
                (op, patch.path.to_string(), patch.value.as_ref().map(Value::to_json))
            });
            words.collect::<Vec<_>>()
        };
        if alike.len() == ours.len() && self.drifted && words(0) == words(1) {
            return vec![Outcome::Patch; recorded.len()];
        }
        self.drifted = true;
        match self.left_out {
            Some(why) => vec![Outcome::Not(why); recorded.len()],
            None => {
                let clients = self.clients.as_ref().unwrap();
                let [theirs, ours] = clients.each_ref().map(|it| without_unset(it.to_json()));
                assert_eq!(theirs, ours, "{recorded:02x?}");
                vec![Outcome::State; recorded.len()]
            }
        }
    }
}

/// What became of the snapshots and of the messages of a script.
fn drive(script: &Script) -> Vec<Outcome> {
    let everything = script.snapshots.len() + script.messages.len();
    let not = |why| vec![Outcome::Not(why); everything];
    if let Some(why) = script.refused {
        return not(why);
    }
    let Js::Struct(root, members) = &script.start else { return not(ROOT) };
    let told = |class: &Class| class.props.iter().filter(|prop| prop.is_told).count();
    if script.classes.0.iter().any(|class| told(class) > 63) {
        return not(WIDE);
    }
    if script.snapshots.iter().any(|(_, bytes)| bytes.is_empty()) {
        return not(LONG);
    }
    let steps = |index: usize, js: &Js| -> Vec<Step> {
        let mut js = js.clone();
        let mut made = Vec::new();
        for step in &script.steps[index] {
            let step = match script.is_mosx {
                true => script.classes.step(step, &js),
                false => script.classes.patch(step, &js),
            };
            js.apply(&step, &script.classes);
            made.push(step);
        }
        made
    };
    // Once for the types of all places.
    let (mut shapes, mut js) = (Shapes::default(), script.start.clone());
    shapes.note(&js, &script.classes);
    for index in 0..script.steps.len() {
        for step in steps(index, &js) {
            js.apply(&step, &script.classes);
            shapes.note(&js, &script.classes);
        }
    }
    let mut best = not(MIXED);
    let mut seen_first = false;
    for choice in 0..shapes.count() {
        let types = shapes.types(&script.classes, *root, choice);
        types.check().unwrap();
        let mut maker = Maker { types, classes: &script.classes, left_out: None };
        let mut state = Tracked::new(maker.instance(*root, members));
        let config = if script.reversible { Config::REVERSIBLE } else { Config::default() };
        let stream = Stream::new(&script.system, &state, config);
        let left_out = maker.left_out;
        let mut run = Run { stream, clients: None, left_out, drifted: left_out.is_some() };
        assert!(run.stream.patch(&mut state).is_empty());
        let mut outcomes = Vec::new();
        let mut js = script.start.clone();
        for index in -1..script.steps.len() as i64 {
            let mut fits = None;
            let mut adds = false;
            if index >= 0 {
                for step in steps(index as usize, &js) {
                    adds = match &step {
                        Step::Put(at, key, _) => is_absent(&state, at, key),
                        _ => false,
                    };
                    js.apply(&step, &script.classes);
                    maker.apply(&mut state, &step);
                    fits = fits.or(maker.left_out);
                }
                computed(&mut maker, &mut state, &js);
            }
            let ours = run.stream.patch(&mut state);
            let recorded: Vec<_> = script
                .messages
                .iter()
                .filter(|(at, _)| *at == index)
                .map(|(_, m)| m.clone())
                .collect();
            if let Some(why) = fits {
                run.left_out = run.left_out.or(Some(why));
                run.drifted = true;
            }
            if run.clients.is_some() {
                outcomes.extend(run.compare(&recorded, &ours, adds, fits));
            }
            for (_, bytes) in script.snapshots.iter().filter(|(at, _)| *at == index) {
                let [ours, theirs] = run.stream.snapshots(bytes);
                run.drifted |= script.is_repair && ours != theirs;
                outcomes.push(match run.left_out {
                    Some(why) => Outcome::Not(why),
                    None if ours == theirs => Outcome::Bytes,
                    None if run.drifted => Outcome::State,
                    None => panic!("{}: {ours:02x?}, recorded {theirs:02x?}", script.name),
                });
                if run.clients.is_none() {
                    let clients = run.clients.insert(run.stream.begin(bytes));
                    let [theirs, ours] = clients.each_ref().map(|it| without_unset(it.to_json()));
                    assert!(run.left_out.is_some() || ours == theirs, "{}", script.name);
                }
            }
        }
        assert_eq!(outcomes.len(), best.len(), "{}", script.name);
        for (best, outcome) in std::iter::zip(&mut best, outcomes) {
            *best = if seen_first { (*best).min(outcome) } else { outcome };
        }
        seen_first = true;
    }
    best
}

/// A state without members that hold nothing: the originals tell of an `undefined`, where we tell of none.
fn without_unset(state: serde_json::Value) -> serde_json::Value {
    match state {
        serde_json::Value::Object(members) => {
            let set = members.into_iter().filter(|(_, value)| !value.is_null());
            set.map(|(key, value)| (key, without_unset(value))).collect()
        }
        serde_json::Value::Array(items) => items.into_iter().map(without_unset).collect(),
        value => value,
    }
}

/// Whether a field holds nothing.
fn is_absent(state: &DynStruct, at: &[String], key: &str) -> bool {
    let mut path: Vec<&str> = at.iter().map(String::as_str).collect();
    path.push(key);
    absent(state, &path)
}

fn absent(instance: &DynStruct, path: &[&str]) -> bool {
    use tidewire_state::DynField;
    let Some((name, rest)) = path.split_first() else { return false };
    let field = instance.type_info().find(name).and_then(|at| instance.field(at));
    match (field, rest) {
        (Some(DynField::Optional(None) | DynField::Ref(None)), []) => true,
        (Some(DynField::Ref(Some(below))), rest) => absent(below, rest),
        (Some(DynField::Map(map)), [key, rest @ ..]) => {
            map.get(key).is_some_and(|below| absent(below, rest))
        }
        (Some(DynField::Array(list)), [at, rest @ ..]) => {
            let below = at.parse::<usize>().ok().and_then(|at| list.get(at));
            below.is_some_and(|below| absent(below, rest))
        }
        _ => false,
    }
}

/// Computed properties are fields here, which follow what they are made of.
fn computed(maker: &mut Maker<'_>, state: &mut DynStruct, js: &Js) {
    let left_out = maker.left_out;
    for name in ["dbl", "fromObs"] {
        if let Some(value @ Js::Number(_)) = js.at(&[name.to_owned()]) {
            let step = Step::Put(Vec::new(), name.to_owned(), value.clone());
            maker.apply(state, &step);
        }
    }
    maker.left_out = left_out;
}

#[test]
fn our_encoders_write_what_the_originals_wrote() {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("../data/mosx.json")).unwrap();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for vector in vectors.iter().filter(|vector| vector["verdict"] == "roundtrip") {
        for script in scripts(vector) {
            let outcomes = drive(&script);
            println!("{} {outcomes:?}", script.name);
            for outcome in outcomes {
                let outcome = match outcome {
                    Outcome::Not(why) => why.to_owned(),
                    outcome => format!("{outcome:?}"),
                };
                *counts.entry((script.system.clone(), outcome)).or_default() += 1;
            }
        }
    }
    let told: Vec<String> =
        counts.iter().map(|((system, what), count)| format!("{system}: {what}: {count}")).collect();
    assert_eq!(
        told,
        [
            "mosx-light: Bytes: 259",
            "mosx-light: State: 4",
            "mosx-light: a place of a state holds one type: 14",
            "mosx-light: a state has no collections in collections: 4",
            "mosx-light: a state has no null and no undefined: 2",
            "mosx-light: an encoder knows no tags: 44",
            "mosx-mpack: Bytes: 298",
            "mosx-mpack: State: 9",
            "mosx-mpack: a place of a state holds one type: 17",
            "mosx-mpack: a state has no collections in collections: 11",
            "mosx-mpack: a state has no dates and no bytes: 1",
            "mosx-mpack: a state has no null and no undefined: 3",
            "mosx-mpack: an encoder has no filter of operations: 4",
            "mosx-mpack: an encoder knows no tags: 41",
            "mosx-schema: Bytes: 270",
            "mosx-schema: Patch: 7",
            "mosx-schema: State: 9",
            "mosx-schema: a place of a state holds one type: 15",
            "mosx-schema: a state has no collections in collections: 10",
            "mosx-schema: a state has no null and no undefined: 2",
            "mosx-schema: a type of a state has at most 63 fields: 4",
            "mosx-schema: an encoder knows no tags: 74",
            "patchpack: Bytes: 116",
            "patchpack: Patch: 9",
            "patchpack: State: 2",
            "patchpack: a place of a state holds one type: 10",
            "patchpack: a state has no collections in collections: 3",
            "patchpack: a state has no null and no undefined: 11",
            "patchpack: the recording is too long to be kept: 4",
            "patchpack: the root of a state is a struct: 8",
        ]
    );
}

#[test]
fn our_encoders_lead_where_the_repairs_do() {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("../data/mosx.json")).unwrap();
    let repairs = vectors.iter().filter(|vector| vector["verdict"] == "repair");
    let told: Vec<String> = repairs
        .map(|vector| {
            let outcomes = format!("{}: {:?}", text(&vector["name"]), drive(&repair(vector)));
            outcomes
                .replace(&format!("Not({NULL:?})"), "Null")
                .replace(&format!("Not({ROOT:?})"), "Root")
        })
        .collect();
    assert_eq!(
        told,
        [
            "pp-repair-map-tombstones: [State, Patch, Patch, Patch, Patch, Null]",
            "pp-repair-array-shift-by-replace: [Bytes, Bytes, Bytes, Bytes, Bytes]",
            "pp-repair-array-shift-by-tail: [Bytes, Bytes, Bytes, Bytes, Bytes, Bytes]",
            "pp-repair-slash-key: [Bytes, Bytes, Bytes, Bytes, Bytes]",
            "pp-repair-private-gaps: [Bytes, Bytes, Bytes, Bytes]",
            "pp-repair-large-float: [Bytes, Bytes, Bytes]",
            "pp-repair-root-replace-by-props: [Root, Root, Root, Root]",
        ]
    );
}

/// A value without members that are `undefined`.
fn without_undefined(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(without_undefined).collect()),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_undefined());
            Value::Object(
                members.map(|(name, value)| (name.to_owned(), without_undefined(value))).collect(),
            )
        }
        value => value.clone(),
    }
}

/// A snapshot of `light`, of the table what decoders read.
fn plain_table(snapshot: &Value) -> Vec<u8> {
    let Value::Array(parts) = snapshot else { panic!("{snapshot:?}") };
    let Value::Object(table) = &parts[0] else { panic!("{snapshot:?}") };
    let entry = |(name, entry): (&str, &Value)| {
        let entry = entry.to_json();
        json!([name, entry["index"], entry["props"]])
    };
    let table: Vec<Json> = table.iter().map(entry).collect();
    let table = Value::from(&Json::from(table));
    notepack::encode(&Value::Array(vec![table, parts[1].clone()]))
}

/// A form of patchpack without what is absent at the end of structs.
fn trimmed(form: &Value) -> Value {
    let Value::Array(items) = form else { return form.clone() };
    let mut items: Vec<Value> = items.iter().map(trimmed).collect();
    if let [Value::Unsigned(_), Value::Unsigned(_), ..] = items[..] {
        while items.len() > 2 && items.last().is_some_and(Value::is_undefined) {
            items.pop();
        }
    }
    Value::Array(items)
}
