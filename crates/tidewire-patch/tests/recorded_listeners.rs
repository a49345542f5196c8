//! What Mosx told listeners with tags, recorded change by change, and what a tracker tells them.
//!
//! Two differences come from the model. A field that was `null` is absent here, so that what it is given is
//! added, and what it loses is removed. And a removal that a tag brings has no `value`, which was
//! `undefined`.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashMap;

use serde_json::Value as Json;
use tidewire_patch::{ListenerConfig, ListenerId, Op, Patch, Tracker, TrackerConfig};
use tidewire_state::{ArraySchema, Instance, MapSchema, Schema, Tracked};

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
struct Item {
    v: u8,
    #[schema(view)]
    w: u8,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct World {
    items: MapSchema<Item>,
    arr: ArraySchema<Item>,
    one: Option<Instance<Item>>,
}

/// An operation, a path, and a value.
type Said = (Op, String, Option<String>);

struct Run {
    state: Tracked<World>,
    tracker: Tracker,
    listeners: HashMap<String, ListenerId>,
    /// A struct that waits to be put in, and its tags.
    held: Option<(Item, Vec<String>)>,
}

fn texts(json: &Json) -> Vec<String> {
    let list = json.as_array().into_iter().flatten();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn item(json: &Json) -> Item {
    Item { v: json["set"]["v"].as_u64().unwrap() as u8, w: 2 }
}

/// The names of the way to a place.
fn way(json: &Json) -> Vec<String> {
    let steps = json.as_array().unwrap().iter();
    steps.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect()
}

impl Run {
    fn listen(&mut self, listener: &Json) {
        let mut config = ListenerConfig::default();
        config.spy = listener["spy"] == true;
        let only = match &listener["filter"] {
            Json::String(op) => vec![op.clone()],
            list => texts(list),
        };
        let op = |name: &String| match name.as_str() {
            "add" => Op::Add,
            "replace" => Op::Replace,
            _ => Op::Remove,
        };
        config.only = only.iter().map(op).collect();
        let id = self.tracker.listen(texts(&listener["tags"]), config);
        self.listeners.insert(listener["id"].as_str().unwrap().to_owned(), id);
    }

    fn step(&mut self, step: &Json) {
        let at = step.get("at").map(way).unwrap_or_default();
        let key = step["key"].as_str().unwrap_or_default();
        match (step["do"].as_str().unwrap(), at.first().map(String::as_str)) {
            ("set", None) => {
                let value = &step["value"];
                self.state.one = (!value.is_null()).then(|| Instance::new(item(value)));
            }
            ("set", Some("items")) if at.len() == 1 => {
                self.state.items.insert(key, item(&step["value"]));
            }
            ("set", Some("items")) => {
                let item = self.state.items.get_mut(at[1].as_str()).unwrap();
                let field = if key == "v" { &mut item.v } else { &mut item.w };
                *field = step["value"].as_u64().unwrap() as u8;
            }
            ("delete", _) => drop(self.state.items.remove(key)),
            ("push", _) => self.state.arr.push(item(&step["values"][0])),
            ("pop", _) => drop(self.state.arr.pop()),
            ("addTag", _) => {
                let node = self.state.node(&at).unwrap();
                texts(&step["tags"]).into_iter().for_each(|tag| self.tracker.add_tag(node, tag));
            }
            ("deleteTag", _) => {
                let node = self.state.node(&at).unwrap();
                self.tracker.delete_tag(node, step["tag"].as_str().unwrap());
            }
            ("prepTagged", _) => self.held = Some((item(&step["value"]), texts(&step["tags"]))),
            ("setHeld", _) => {
                let (item, tags) = self.held.take().unwrap();
                self.state.items.insert(key, item);
                let node = self.state.node(&["items", key]).unwrap();
                tags.into_iter().for_each(|tag| self.tracker.add_tag(node, tag));
            }
            ("join", _) => self.listen(&step["listener"]),
            other => panic!("{other:?} is no step"),
        }
        self.tracker.patch(&mut self.state);
    }
}

fn said(patch: Patch) -> Said {
    let value = patch.value.map(|value| match value.is_undefined() {
        true => "undefined".to_owned(),
        false => value.to_json().to_string(),
    });
    (patch.op, patch.path.to_string(), value)
}

/// What was recorded, in our model.
fn recorded(patch: &Json, had_one: bool) -> Said {
    let path = patch["path"].as_str().unwrap().to_owned();
    let value = match &patch["value"] {
        value if value["$undefined"] == true => "undefined".to_owned(),
        value => value.to_string(),
    };
    match (patch["op"].as_str().unwrap(), path.as_str()) {
        ("remove", _) => (Op::Remove, path, None),
        ("replace", "/one") if patch["value"].is_null() => (Op::Remove, path, None),
        ("replace", "/one") if !had_one => (Op::Add, path, Some(value)),
        ("replace", _) => (Op::Replace, path, Some(value)),
        _ => (Op::Add, path, Some(value)),
    }
}

#[test]
fn listeners_are_told_what_mosx_told_them() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("data/mosx-listeners.json")).unwrap();
    let mut compared = 0;
    for case in &cases {
        let state = Tracked::new(World::default());
        let mut config = TrackerConfig::default();
        config.private_types = vec!["Item".to_owned()];
        config.private_map_value_patch = case["privateMapValuePatch"] == true;
        let tracker = Tracker::new(&state, config).unwrap();
        let mut run = Run { state, tracker, listeners: HashMap::new(), held: None };
        case["listeners"].as_array().unwrap().iter().for_each(|listener| run.listen(listener));
        run.tracker.patch(&mut run.state);
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            let had_one = run.state.one.is_some();
            run.step(step);
            for (name, listener) in &run.listeners {
                let patches = case["patches"][name].as_array().unwrap().iter();
                let expected = patches.filter(|patch| patch["step"] == number);
                let expected: Vec<Said> = expected.map(|patch| recorded(patch, had_one)).collect();
                let told: Vec<Said> = run.tracker.patches(*listener).map(said).collect();
                assert_eq!(told, expected, "{}, step {number}: {step}, {name}", case["name"]);
                compared += told.len();
            }
        }
    }
    assert_eq!(compared, 36);
}
