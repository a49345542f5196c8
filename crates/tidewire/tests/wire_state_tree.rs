//! The examples of docs/WIRE.md of the state-tree encodings are what is written, and clients read them.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use tidewire::{
    opcode::{
        Catalog, Channel, Config, Direction, Encoder, Encoding, Event, EventName, Join,
        JoinResponse, Knowledge, Message, OwnChannel, PathForm, Payload, Profile, StateTree, Tree,
        View, merged,
    },
    prelude::*,
};

const DOCUMENT: &str = include_str!("../../../docs/WIRE.md");

#[derive(Schema, Default)]
struct Arena {
    score: u32,
    players: MapSchema<Player>,
    monsters: MapSchema<u8>,
}

#[derive(Schema, Default)]
struct Player {
    health: u16,
    position: Position,
    bag: MapSchema<f64>,
    title: Option<String>,
}

#[derive(Schema, Payload, Default, Clone, Copy)]
struct Position {
    v: Vector,
}

#[derive(Schema, Payload, Default, Clone, Copy)]
struct Vector {
    x: i32,
    y: i32,
}

#[derive(Payload)]
struct PlayerShoot {
    to: Position,
    from: Position,
    #[payload(rename = "playerID")]
    player: String,
}

#[test]
fn the_document_says_what_is_written() {
    let documented = documented();
    let written: BTreeMap<&str, Forms> =
        updates().into_iter().chain(own_parts()).chain(messages()).collect();
    for (name, forms) in &written {
        let found =
            documented.get(name).unwrap_or_else(|| panic!("no example `{name}`: {forms:?}"));
        assert_eq!(found, forms, "example `{name}`");
    }
    let unknown: Vec<_> = documented.keys().filter(|name| !written.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "examples that nothing writes: {unknown:?}");
}

/// An example: JSON text, and MessagePack in hex where there is such a form.
#[derive(Debug, PartialEq)]
struct Forms {
    text: String,
    hex: String,
}

/// The blocks that are marked `state-tree name`: JSON text in the first line, then lines of hex with what
/// they mean after `#`.
fn documented() -> BTreeMap<&'static str, Forms> {
    let mut examples = BTreeMap::new();
    for block in DOCUMENT.split("```state-tree ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let (body, _) = rest.split_once("```").unwrap();
        let (text, body) = body.split_once('\n').unwrap();
        let hex = body
            .lines()
            .filter_map(|line| line.split('#').next())
            .flat_map(str::split_whitespace)
            .collect();
        let forms = Forms { text: text.to_owned(), hex };
        assert!(examples.insert(name, forms).is_none(), "two examples `{name}`");
    }
    examples
}

fn forms(text: &[u8], bytes: &[u8]) -> Forms {
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Forms { text: String::from_utf8(text.to_vec()).unwrap(), hex }
}

/// A room's encoders, and a client of each that must hold what the room does.
struct Room {
    arena: Tracked<Arena>,
    tree: StateTree,
    encoders: Vec<(Encoder, View)>,
}

impl Room {
    fn new(config: impl Fn(Encoding) -> Config) -> Self {
        let arena = Tracked::new(Arena::default());
        let tree = StateTree::new(&arena);
        let encoder = |encoding| (Encoder::new(config(encoding)), View::with_paths(tree.paths()));
        let encoders = [Encoding::OpcodeJson, Encoding::OpcodeMessagePack].map(encoder).into();
        Self { arena, tree, encoders }
    }

    fn frames(&mut self, is_first: bool) -> Forms {
        self.arena.sync(&mut self.tree);
        let frames = self.encoders.iter_mut().map(|(encoder, view)| {
            let update = if is_first {
                self.tree.first_sync()
            } else {
                self.tree.update_with(|members, whole| encoder.prefers_whole(members, whole))
            };
            let frame = encoder.encode(&update).to_vec();
            view.receive(&frame, encoder.config().encoding).unwrap();
            assert_eq!(view.root(), self.tree.root());
            frame
        });
        let frames: Vec<Vec<u8>> = frames.collect();
        forms(&frames[0], &frames[1])
    }

    fn join(&mut self) {
        self.encoders.iter_mut().for_each(|(encoder, _)| encoder.join());
    }

    /// A tick with an event, in one frame.
    fn merged(&mut self, event: &Event) -> Forms {
        self.arena.sync(&mut self.tree);
        let frames = self.encoders.iter_mut().map(|(encoder, view)| {
            let encoding = encoder.config().encoding;
            let state = encoder.encode(&self.tree.update()).to_vec();
            let frame = merged(&state, std::slice::from_ref(event), encoding).unwrap();
            let received = view.receive(&frame, encoding).unwrap();
            assert_eq!((received.events.len(), view.root()), (1, self.tree.root()));
            frame
        });
        let frames: Vec<Vec<u8>> = frames.collect();
        forms(&frames[0], &frames[1])
    }
}

fn updates() -> Vec<(&'static str, Forms)> {
    let original = |encoding: Encoding| Config { escape_slashes: false, ..encoding.original() };
    let mut room = Room::new(original);
    let mut examples = vec![("first-sync", room.frames(true)), ("no-change", room.frames(false))];

    room.arena.players.insert("p1", Player { health: 100, ..Player::default() });
    room.arena.monsters.insert("7", 3);
    examples.push(("new-entry", room.frames(false)));
    let player =
        |room: &mut Room, health| room.arena.players.get_mut("p1").unwrap().health = health;
    player(&mut room, 90);
    room.arena.monsters.remove("7");
    examples.push(("slots", room.frames(false)));
    room.arena.players.get_mut("p1").unwrap().position.v = Vector { x: 64_000, y: 36_000 };
    examples.push(("atomic", room.frames(false)));
    room.arena.players.get_mut("p1").unwrap().bag.insert("gold", 1.5);
    room.frames(false);
    *room.arena.players.get_mut("p1").unwrap().bag.get_mut("gold").unwrap() = 2.5;
    examples.push(("two-keys", room.frames(false)));
    room.join();
    player(&mut room, 80);
    examples.push(("slots-again", room.frames(false)));
    room.arena.score = 5;
    // Frames of their own scope: this room has sent no other.
    examples.push(("merged", room.merged(&shot())));
    room.arena.players.insert("a/b", Player::default());
    room.frames(false);
    room.arena.players.get_mut("a/b").unwrap().health = 1;
    let escaped = room.frames(false);
    assert!(escaped.text.starts_with("[2,[2159421276,null,1,{"), "{escaped:?}");

    let mut room = Room::new(|encoding| Config { paths: PathForm::Plain, ..original(encoding) });
    room.arena.score = 5;
    room.arena.monsters.insert("7", 3);
    room.frames(false);
    room.arena.monsters.insert("7", 4);
    examples.push(("plain", room.frames(false)));

    let mut room = Room::new(Encoding::shortest);
    room.arena.score = 5;
    room.frames(false);
    room.arena.score = 6;
    examples.push(("shortest", room.frames(false)));
    examples
}

#[derive(Schema, Default)]
struct Table {
    round: u32,
    #[schema(per_player)]
    purses: MapSchema<Purse>,
}

#[derive(Schema, Default)]
struct Purse {
    gold: u32,
}

/// What a client is sent beside the others: in one frame with what all are sent, and in a frame of its own.
fn own_parts() -> Vec<(&'static str, Forms)> {
    let mut table = Tracked::new(Table::default());
    let mut tree = StateTree::new(&table);
    table.purses.insert("p1", Purse { gold: 5 });
    table.purses.insert("p2", Purse { gold: 6 });
    let view = Some(table.create_view("p1"));
    table.sync(&mut tree);
    let mut clients = [Profile::Opcode, Profile::MessagePack].map(|profile| {
        let channel = Channel::new(profile, Knowledge::Schema);
        let own = OwnChannel::new(&channel);
        (channel, own, View::with_paths(tree.paths()))
    });
    let first = clients.each_mut().map(|(channel, own, held)| {
        let shared = channel.first_sync(&tree);
        let frame = own.first_sync(&tree, &table, view, &shared).unwrap();
        held.receive(&frame, channel.profile().state()).unwrap();
        assert_eq!(held.root(), &own.part().over(&tree));
        frame
    });
    table.round = 2;
    for (_, mut purse) in &mut table.purses {
        purse.gold += 2;
    }
    table.sync(&mut tree);
    let next = clients.each_mut().map(|(channel, own, held)| {
        let mut frames = Vec::new();
        channel.update(&tree, &Catalog::default(), &[], &mut frames);
        let frame = own.update(&tree, &table, view, &frames[0]).unwrap();
        if !own.is_merged() {
            held.receive(&frames[0], channel.profile().state()).unwrap();
        }
        held.receive(&frame, channel.profile().state()).unwrap();
        assert_eq!(held.root(), &own.part().over(&tree));
        frame
    });
    vec![("own-first-sync", forms(&first[0], &first[1])), ("own-diff", forms(&next[0], &next[1]))]
}

fn shot() -> Event {
    let at = |x, y| Position { v: Vector { x, y } };
    let shot = PlayerShoot { from: at(64_000, 36_000), to: at(1, -2), player: "p1".into() };
    Event {
        direction: Direction::FromServer,
        name: EventName::Number(1),
        payload: shot.to_tuple(),
        raw_body: Tree::Null,
    }
}

fn messages() -> Vec<(&'static str, Forms)> {
    let forms_of = |message: &Message| {
        for encoding in [Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
            let received = View::new([("", 0)]).receive(&message.encode(encoding), encoding);
            assert_eq!(received.unwrap().message.as_ref(), Some(message));
        }
        forms(&message.encode(Encoding::OpcodeJson), &message.encode(Encoding::OpcodeMessagePack))
    };
    // As an object a message has no MessagePack form; of these only the text is shown.
    let object = |message: &Message| forms(&message.encode(Encoding::JsonObject), &[]);
    let join = Message::Join(Join {
        request: "join-1".into(),
        land_type: "arena".into(),
        player: Some("p1".into()),
        ..Join::default()
    });
    let joined = Message::JoinResponse(JoinResponse {
        request: "join-1".into(),
        success: true,
        land_type: Some("arena".into()),
        land_instance: Some("default".into()),
        land: Some("arena:default".into()),
        player: Some("p1".into()),
        encoding: Some("messagepack".into()),
        ..JoinResponse::default()
    });
    let action = Message::Action {
        request: "action-2".into(),
        name: "Play".into(),
        payload: Tree::Object(Default::default()),
    };
    let answer = Message::ActionResponse {
        request: "action-2".into(),
        response: Tree::object([("newScore", Tree::from(6))]),
    };
    let target = Position { v: Vector { x: 64_000, y: 36_000 } };
    let moved = Message::Event(Event {
        direction: Direction::FromClient,
        name: EventName::Name("MoveTo".into()),
        payload: Tree::object([("target", target.to_object())]),
        raw_body: Tree::Null,
    });
    let error = Message::Error {
        code: "JOIN_DENIED".into(),
        message: "full".into(),
        details: Tree::object([("requestID", Tree::from("join-1"))]),
    };
    let mut diff = Encoder::new(Encoding::JsonObject.shortest());
    let mut arena = Tracked::new(Arena::default());
    let mut tree = StateTree::new(&arena);
    arena.sync(&mut tree);
    let first = diff.encode(&tree.first_sync()).to_vec();
    arena.monsters.insert("7", 3);
    arena.sync(&mut tree);
    let changed = diff.encode(&tree.update()).to_vec();
    vec![
        ("object-first-sync", forms(&first, &[])),
        ("object-diff", forms(&changed, &[])),
        ("join", object(&join)),
        ("joined", object(&joined)),
        ("join-failed", object(&error)),
        ("action", forms_of(&action)),
        ("action-response", forms_of(&answer)),
        ("event-from-client", forms_of(&moved)),
        ("event-from-server", forms_of(&Message::Event(shot()))),
        ("error-array", forms_of(&error)),
    ]
}
