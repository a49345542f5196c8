//! A server of one version and clients of another: fields come at the end, and none goes.

use std::{fmt::Debug, path::Path};

use serde_json::{Value as Json, json};
use tidewire_schema::{Decoder, Encoder, Profile};
use tidewire_state::{
    ArraySchema, CollectionSchema, MapSchema, Schema, SetSchema, Tracked, receive::StructSink,
};

mod old {
    use super::*;

    #[derive(Schema, Clone, Debug, Default, PartialEq)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Player {
        pub(super) name: String,
        pub(super) x: f32,
    }

    #[derive(Schema, Clone, Debug, Default, PartialEq)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct State {
        pub(super) title: String,
        pub(super) players: MapSchema<Player>,
    }
}

mod new {
    use super::*;

    #[derive(Schema, Clone, Debug, Default, PartialEq)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Item {
        pub(super) label: String,
        pub(super) next: Option<Box<Item>>,
    }

    #[derive(Schema, Clone, Debug, Default, PartialEq)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct Player {
        pub(super) name: String,
        pub(super) x: f32,
        pub(super) hp: u8,
        pub(super) items: ArraySchema<Item>,
    }

    #[derive(Schema, Clone, Debug, Default, PartialEq)]
    #[schema(crate = "tidewire_state")]
    pub(super) struct State {
        pub(super) title: String,
        pub(super) players: MapSchema<Player>,
        pub(super) round: Option<u16>,
        pub(super) by_name: MapSchema<Item>,
        pub(super) log: ArraySchema<String>,
        pub(super) tags: SetSchema<String>,
        pub(super) bets: CollectionSchema<u8>,
        pub(super) best: Option<Item>,
    }
}

/// What a server sent, and the state after each message as an old client sees it.
struct Session {
    handshake: Vec<u8>,
    messages: Vec<Vec<u8>>,
    seen: Vec<old::State>,
}

fn item(label: &str) -> new::Item {
    new::Item { label: label.to_owned(), next: Some(Box::default()) }
}

fn seen(state: &new::State) -> old::State {
    let players = state.players.iter();
    let players = players.map(|(key, player)| {
        (key.to_owned(), old::Player { name: player.name.clone(), x: player.x })
    });
    old::State { title: state.title.clone(), players: players.collect() }
}

/// A server of the new version, which changes all that it has.
fn new_server() -> Session {
    let mut state = Tracked::new(new::State::default());
    let mut encoder = Encoder::new(&state);
    let mut session = Session {
        handshake: encoder.handshake(Profile::Polyglot),
        messages: Vec::new(),
        seen: Vec::new(),
    };
    let mut sync = |state: &mut Tracked<new::State>| {
        session.messages.push(encoder.patch(state).to_vec());
        session.seen.push(seen(state));
    };
    state.title = "one".to_owned();
    let player =
        |name: &str, x| new::Player { name: name.to_owned(), x, hp: 9, ..Default::default() };
    state.players.insert("ada", player("Ada", 1.5));
    state.round = Some(3);
    state.by_name.insert("k", item("kept"));
    state.best = Some(item("best"));
    sync(&mut state);
    let ada = state.players.get_mut("ada").unwrap();
    ada.items.push(item("first"));
    ada.items.push(item("second"));
    ada.hp = 8;
    ada.x = 2.5;
    state.log.extend(["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    state.tags.insert("red".to_owned());
    state.bets.extend([1, 2]);
    state.players.insert("bob", player("Bob", -1.0));
    sync(&mut state);
    let ada = state.players.get_mut("ada").unwrap();
    ada.items.reverse();
    ada.items[0].label.push('!');
    ada.items.remove(1);
    ada.name.push('?');
    state.log.remove(0);
    state.log.insert(0, "z".to_owned());
    state.tags.clear();
    state.bets.remove_at(0);
    state.by_name.insert("l", item("later"));
    state.by_name.remove("k");
    state.best = None;
    state.round = None;
    sync(&mut state);
    state.players.remove("ada");
    state.players.insert("eve", player("Eve", 0.5));
    state.best = Some(item("again"));
    state.title = "two".to_owned();
    sync(&mut state);
    session
}

/// A server of the old version.
fn old_server() -> Session {
    let mut state = Tracked::new(old::State::default());
    let mut encoder = Encoder::new(&state);
    let mut session = Session {
        handshake: encoder.handshake(Profile::Polyglot),
        messages: Vec::new(),
        seen: Vec::new(),
    };
    for round in 0..4_u8 {
        state.title = format!("round {round}");
        let player = old::Player { name: format!("player {round}"), x: f32::from(round) };
        state.players.insert(round.to_string(), player);
        if round > 1 {
            state.players.remove("0");
        }
        session.messages.push(encoder.patch(&mut state).to_vec());
        session.seen.push(state.clone());
    }
    session
}

/// A client reads all messages, and sees as much as an old one does.
fn check<S: Schema + StructSink + Default + Debug>(
    session: &Session,
    look: impl Fn(&S) -> old::State,
) -> Decoder<S> {
    let mut decoder = Decoder::<S>::with_handshake(&session.handshake).unwrap();
    for (message, expected) in std::iter::zip(&session.messages, &session.seen) {
        decoder.apply(message).unwrap();
        assert_eq!(&look(decoder.state()), expected);
    }
    decoder
}

#[test]
fn an_old_client_reads_what_a_new_server_sends() {
    let session = new_server();
    let mut client = check::<old::State>(&session, old::State::clone);
    // The root, the map and two players.
    assert_eq!(client.node_count(), 4);
    // Also with a full state over what it has, twice.
    let mut state = Tracked::new(new::State::default());
    state
        .players
        .insert("zoe", new::Player { hp: 3, items: [item("x")].into(), ..Default::default() });
    state.best = Some(item("y"));
    let mut encoder = Encoder::new(&state);
    let snapshot = encoder.patch(&mut state).to_vec();
    for _ in 0..2 {
        client.resync(&snapshot).unwrap();
        assert_eq!(client.state(), &seen(&state));
    }
    state.players.get_mut("zoe").unwrap().items[0].label.push('!');
    state.title = "three".to_owned();
    client.apply(encoder.patch(&mut state)).unwrap();
    assert_eq!(client.state(), &seen(&state));
}

#[test]
fn a_new_client_reads_what_an_old_server_sends() {
    let client = check::<new::State>(&old_server(), seen);
    let state = client.state();
    assert_eq!((state.round, state.by_name.len(), state.best.is_none()), (None, 0, true));
    assert!(state.players.values().all(|player| player.hp == 0 && player.items.is_empty()));
}

#[test]
fn versions_that_do_not_fit_are_told() {
    #[derive(Schema, Debug, Default)]
    #[schema(crate = "tidewire_state")]
    struct Other {
        title: String,
        round: u16,
    }
    let error = Decoder::<Other>::with_handshake(&new_server().handshake).unwrap_err();
    let expected = "Other: the sender has `players: a map of structs` where the state has \
        `round: uint16`: use the same definition on both sides";
    assert_eq!(error.to_string(), expected);
    // Without a handshake nothing is known of the fields that are not ours.
    let error = Decoder::<old::State>::new().apply(&new_server().messages[0]).unwrap_err();
    assert!(error.to_string().contains("the sender has other types"), "{error}");
}

#[test]
fn what_only_the_sender_knows_may_be_damaged_too() {
    let session = new_server();
    for (at, message) in session.messages.iter().enumerate() {
        for cut in 0..message.len() {
            let mut client = Decoder::<old::State>::with_handshake(&session.handshake).unwrap();
            for message in &session.messages[..at] {
                client.apply(message).unwrap();
            }
            // An error, or a message that is shorter.
            if client.apply(&message[..cut]).is_err() {
                assert!(client.apply(&[]).is_err());
            }
        }
    }
    // Structures beyond count cost something.
    let mut client = Decoder::<old::State>::with_handshake(&session.handshake).unwrap();
    let mut limits = client.limits();
    limits.memory = 16 << 10;
    client.set_limits(limits);
    let mut message = b"\x83\x01\xff\x01".to_vec();
    for at in 0..2_000_u16 {
        message.extend([0x80, 0xcd]);
        message.extend(at.to_le_bytes());
        message.extend([0xa0, 0xcd]);
        message.extend((at + 10).to_le_bytes());
    }
    let error = client.apply(&message).unwrap_err();
    assert!(error.to_string().contains("more than 16384 bytes"), "{error}");
}

/// The messages that `conformance/versions.test.mjs` gives to the npm decoders are these.
#[test]
fn the_npm_decoders_get_these_messages() {
    let hex = |bytes: &Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let session = |session: Session| -> Json {
        let messages = std::iter::zip(&session.messages, &session.seen).map(|(message, seen)| {
            let players = seen.players.iter();
            let players = players
                .map(|(key, player)| (key.to_owned(), json!({"name": player.name, "x": player.x})));
            let players: serde_json::Map<_, _> = players.collect();
            json!({"hex": hex(message), "seen": {"title": seen.title, "players": players}})
        });
        json!({"handshake": hex(&session.handshake), "messages": messages.collect::<Json>()})
    };
    let sessions = json!({"newServer": session(new_server()), "oldServer": session(old_server())});
    let path = "../../conformance/vectors/versions.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("VECTORS").is_some_and(|how| how == "overwrite") {
        std::fs::write(&path, format!("{sessions:#}\n")).unwrap();
    }
    let kept: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kept, sessions, "if that is right: VECTORS=overwrite");
}
