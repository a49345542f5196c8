//! A serializer of one's own: what it is told of, and that its clients follow.
#![expect(clippy::unwrap_used, reason = "a test may")]

#[path = "mosx/sea.rs"]
mod sea;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use serde_json::Value as Json;
use tidewire_patch::{
    Config, JsonEncoder, Op, Patch,
    notepack::Value,
    serializer::{
        Change, Child, Node, NodeKind, Replica, Serializer, SerializerEncoder, SerializerError,
        Spot, Step, View,
    },
};
use tidewire_state::{RefId, Tracked, TypeSet, Visitor};

use self::sea::Sea;

/// Writes JSON lines, and checks all that it is told against the rest.
#[derive(Default)]
struct Careful {
    told: Arc<Mutex<Told>>,
    reversible: bool,
}

#[derive(Default)]
struct Told {
    nodes: BTreeSet<RefId>,
    /// In short words, as long as somebody reads them.
    words: Vec<String>,
    types: usize,
    is_changing: bool,
}

impl Told {
    fn say(&mut self, word: impl Into<String>) {
        self.words.push(word.into());
    }
}

impl Serializer for Careful {
    fn id(&self) -> &str {
        "careful"
    }

    fn config(&self) -> Config {
        if self.reversible { Config::REVERSIBLE } else { Config::default() }
    }

    fn on_create(&mut self, types: &TypeSet) {
        self.told.lock().unwrap().types = types.types.len();
    }

    fn on_create_node(&mut self, node: Node<'_>, at: Option<Spot<'_>>) {
        let mut told = self.told.lock().unwrap();
        match at {
            Some(at) => {
                assert!(told.is_changing || !told.nodes.is_empty());
                assert!(told.nodes.contains(&at.node), "parents come first");
            }
            None => assert_eq!(node.id(), RefId::ROOT),
        }
        assert!(told.nodes.insert(node.id()), "once for each node");
        told.say(format!("create {}", node.id().0));
    }

    fn on_delete_node(&mut self, node: RefId) {
        let mut told = self.told.lock().unwrap();
        assert!(!told.is_changing);
        assert!(told.nodes.remove(&node), "once for each node that was created");
        told.say(format!("delete {}", node.0));
    }

    fn before_change(&mut self, change: &Change<'_>, _: View<'_>) {
        let mut told = self.told.lock().unwrap();
        assert!(!std::mem::replace(&mut told.is_changing, true));
        told.say(format!("before {}", change.patch.path));
    }

    fn after_change(&mut self, change: &Change<'_>, _: View<'_>) {
        let mut told = self.told.lock().unwrap();
        assert!(std::mem::take(&mut told.is_changing));
        told.say(format!("after {}", change.patch.path));
    }

    fn encode_snapshot(&mut self, view: View<'_>, out: &mut Vec<u8>) {
        let value = value_by_nodes(view, RefId::ROOT, &self.told.lock().unwrap().nodes);
        assert_eq!(value, view.root().value());
        out.extend(value.to_json().to_string().bytes());
    }

    fn encode_patch(&mut self, change: &Change<'_>, view: View<'_>, out: &mut Vec<u8>) {
        let told = self.told.lock().unwrap();
        assert!(told.is_changing && told.nodes.contains(&change.at.node));
        let container = view.node(change.at.node).unwrap();
        let last = change.patch.path.segments().last().unwrap();
        match (change.at.step, container.kind()) {
            (Step::Field(of, field), NodeKind::Struct(kind)) => {
                assert_eq!(of, kind);
                assert_eq!(*last, view.types()[of].fields[usize::from(field.0)].name);
            }
            (Step::Key(key), NodeKind::Map) => assert_eq!(last, key),
            (Step::Index(index), NodeKind::Array) => assert_eq!(*last, index.to_string()),
            (step, kind) => panic!("{step:?} in {kind:?}"),
        }
        if let Some(id) = change.node {
            let value = value_by_nodes(view, id, &told.nodes);
            assert_eq!(Some(&value), change.patch.value.as_ref());
        }
        assert_eq!(change.patch.old.is_some(), self.reversible && change.patch.op != Op::Add);
        out.extend(change.patch.to_json().to_string().bytes());
        out.push(b'\n');
    }

    fn decode_snapshot(&mut self, bytes: &[u8]) -> Result<Value, SerializerError> {
        let json: Json = serde_json::from_slice(bytes).map_err(SerializerError::new)?;
        Ok((&json).into())
    }

    fn decode_patch(&mut self, bytes: &[u8]) -> Result<Vec<Patch>, SerializerError> {
        let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let patch = |line| serde_json::from_slice::<Patch>(line).map_err(SerializerError::new);
        lines.map(patch).collect()
    }
}

/// A node's value, put together from what is known by number.
fn value_by_nodes(view: View<'_>, id: RefId, known: &BTreeSet<RefId>) -> Value {
    assert!(known.contains(&id), "{id:?} was never announced");
    let node = view.node(id).unwrap();
    let value = |child| match child {
        Child::Leaf(value) => value,
        Child::Node(below) => value_by_nodes(view, below, known),
    };
    let children = node.children().into_iter();
    if node.kind() == NodeKind::Array {
        return Value::Array(children.map(|(_, child)| value(child)).collect());
    }
    let name = |step| match step {
        Step::Field(of, field) => view.types()[of].fields[usize::from(field.0)].name.as_str(),
        Step::Key(key) => key,
        Step::Index(index) => panic!("item {index} outside of an array"),
    };
    Value::Object(children.map(|(step, child)| (name(step).to_owned(), value(child))).collect())
}

/// A state with a serializer, and one client of each time of joining.
struct Session {
    sea: Tracked<Sea>,
    json: JsonEncoder,
    encoder: SerializerEncoder,
    told: Arc<Mutex<Told>>,
    clients: Vec<Replica>,
}

impl Session {
    fn new(reversible: bool) -> Self {
        let sea = Tracked::new(Sea::default());
        let careful = Careful { reversible, ..Careful::default() };
        let told = Arc::clone(&careful.told);
        let encoder = SerializerEncoder::new(&sea, Box::new(careful));
        let json = JsonEncoder::new(&sea);
        let mut session = Self { json, encoder, told, clients: Vec::new(), sea };
        session.tick();
        session.join();
        session
    }

    fn join(&mut self) {
        let mut client = Replica::new(Box::new(Careful::default()));
        client.apply_snapshot(&self.encoder.snapshot()).unwrap();
        self.clients.push(client);
    }

    /// One sync; what the serializer was told in it.
    fn tick(&mut self) -> Vec<String> {
        let visitors: &mut [&mut dyn Visitor] = &mut [&mut self.json, &mut self.encoder];
        self.sea.sync(visitors);
        let expected = self.json.snapshot(&self.sea);
        for client in &mut self.clients {
            client.apply_patch(self.encoder.last_patch()).unwrap();
            assert_eq!(client.state().to_json(), expected);
        }
        let mut told = self.told.lock().unwrap();
        assert_eq!(told.nodes.len(), self.sea.node_count());
        std::mem::take(&mut told.words)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clients_follow_and_every_node_is_told_of(
        ticks in prop::collection::vec(prop::collection::vec(any::<(u8, u8, u8)>(), 0..12), 1..14),
        reversible in any::<bool>(),
    ) {
        let mut session = Session::new(reversible);
        for (tick, edits) in ticks.into_iter().enumerate() {
            for (what, how, number) in edits {
                sea::edit(&mut session.sea, what, how, number);
            }
            session.tick();
            if tick % 3 == 2 {
                session.join();
            }
        }
    }
}

#[test]
fn hooks_come_in_order_around_each_change() {
    let mut session = Session::new(true);
    assert_eq!(session.told.lock().unwrap().types, 2);
    session.sea.round = 1;
    session.sea.ships.insert("ada", Default::default());
    assert_eq!(
        session.tick(),
        [
            "before /round",
            "after /round",
            "before /ships/ada",
            "create 7",
            "create 8",
            "create 9",
            "after /ships/ada"
        ]
    );
    session.sea.ships.insert("ada", Default::default());
    let mut replaced = session.tick();
    replaced[5..].sort_unstable();
    assert_eq!(replaced[0], "before /ships/ada");
    assert!(replaced[1..4].iter().all(|word| word.starts_with("create ")), "{replaced:?}");
    assert_eq!(replaced[4], "after /ships/ada");
    assert_eq!(replaced[5..], ["delete 7", "delete 8", "delete 9"]);
    assert!(session.tick().is_empty(), "nothing changed");
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let mut session = Session::new(false);
    let client = &mut session.clients[0];
    let before = client.state().clone();
    let mut check = |bytes: &[u8], message: &str| {
        assert_eq!(client.apply_patch(bytes).unwrap_err().to_string(), message);
        assert_eq!(*client.state(), before);
    };
    check(b"{", "EOF while parsing an object at line 1 column 1");
    check(b"[]", "invalid type: sequence, expected an operation of RFC 6902 at line 1 column 0");
    check(br#"{"op":"add"}"#, "the member `path` of a patch is missing at line 1 column 12");
    check(
        br#"{"op":"move","path":"/round","from":"/wind"}"#,
        "the member `op` of a patch is `move`, and not add, replace or remove at line 1 column 12",
    );
    check(
        br#"{"op":"add","path":"round"}"#,
        "`round` is no JSON Pointer: it begins with `/`, and `~` stands before 0 or 1 only at line 1 column 27",
    );
    check(
        br#"{"op":"add","path":"/nowhere/0","value":1}"#,
        "there is nothing at `/nowhere/0`: apply patches in order, to the snapshot they follow",
    );
}
