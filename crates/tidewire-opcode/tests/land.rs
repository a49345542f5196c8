//! A land's connections, and what its clients are sent.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::{sync::Arc, thread};

use proptest::{collection::vec, prelude::*};
use tidewire_opcode::{
    Accepted, Catalog, Channel, Encoding, Fault, FaultCode, Identity, Inbound, JoinRequest,
    Knowledge, Land, LandSession, Message, Profile, SessionConfig, StateTree, Tree, View,
    read_json, schema,
};
use tidewire_state::{MapSchema, Schema, Tracked};

const HASH: &str = "4875865f9c1987c3";

fn config(profile: Profile) -> SessionConfig {
    SessionConfig { profile, schema_hash: HASH.into(), refuse_other_schemas: false }
}

fn guest() -> Identity {
    Identity::Guest("guest-1".into())
}

fn token() -> Identity {
    let metadata = vec![("role".into(), "admin".into()), ("level".into(), "7".into())];
    Identity::Token { player: "ada".into(), device: Some("phone".into()), metadata }
}

fn join(fields: &str) -> String {
    format!(
        r#"{{"kind":"join","payload":{{"join":{{"requestID":"join-1","landType":"cookie"{fields}}}}}}}"#
    )
}

fn joined(profile: Profile) -> LandSession {
    let mut session = LandSession::new(config(profile), guest());
    let request = wish(&session, r#","landInstanceId":null"#);
    session.accept(&request, Accepted { instance: "default".into(), player_slot: None });
    session
}

fn wish(session: &LandSession, fields: &str) -> JoinRequest {
    match session.receive(join(fields).as_bytes()).unwrap() {
        Inbound::Join(request) => request,
        other => panic!("{other:?} is no join"),
    }
}

#[test]
fn who_joins() {
    let check = |identity: Identity, fields: &str, expected: (&str, bool), device: Option<&str>| {
        let session = LandSession::new(config(Profile::Json), identity);
        let request = wish(&session, fields);
        assert_eq!((&*request.player, request.is_guest), expected, "{fields}");
        assert_eq!(request.device.as_deref(), device, "{fields}");
        request.metadata
    };
    check(guest(), "", ("guest-1", true), None);
    check(guest(), r#","playerID":"","deviceID":"tv""#, ("guest-1", true), Some("tv"));
    check(guest(), r#","playerID":"p1","deviceID":null"#, ("p1", false), None);
    check(token(), "", ("ada", false), Some("phone"));
    let fields = r#","playerID":"bob","deviceID":"tv","metadata":{"role":"none","name":"Bob"}"#;
    let metadata = check(token(), fields, ("ada", false), Some("phone"));
    let expected = read_json(br#"{"role":"admin","level":"7","name":"Bob"}"#).unwrap();
    assert_eq!(metadata, expected);
}

#[test]
fn the_answer_to_a_join() {
    for (profile, encoding) in [
        (Profile::Json, "json"),
        (Profile::JsonOpcode, "json"),
        (Profile::Opcode, "opcodeJsonArray"),
        (Profile::MessagePack, "messagepack"),
    ] {
        let mut session = LandSession::new(config(profile), guest());
        let request = wish(&session, r#","landInstanceId":"default","playerID":"measure-player""#);
        assert_eq!(request.instance.as_deref(), Some("default"));
        let accepted = Accepted { instance: "default".into(), player_slot: Some(628) };
        let expected = format!(
            r#"{{"kind":"joinResponse","payload":{{"joinResponse":{{"requestID":"join-1","success":true,"landType":"cookie","landInstanceId":"default","landID":"cookie:default","playerID":"measure-player","playerSlot":628,"encoding":"{encoding}"}}}}}}"#
        );
        let answer = session.accept(&request, accepted);
        assert_eq!(read_json(&answer), read_json(expected.as_bytes()), "{profile:?}");
        assert_eq!(answer.len(), expected.len());
        assert!(session.has_joined());
    }
}

#[test]
fn a_join_may_be_an_array() {
    let session = LandSession::new(config(Profile::MessagePack), guest());
    let frame =
        format!(r#"[104,"join-1","hero-defense",null,"p1",null,{{"schemaHash":"{HASH}"}}]"#);
    let Inbound::Join(request) = session.receive(frame.as_bytes()).unwrap() else { panic!() };
    assert_eq!((&*request.land_type, &*request.player), ("hero-defense", "p1"));
    assert_eq!(request.knowledge, Knowledge::Schema);
}

#[track_caller]
fn fault(session: &LandSession, frame: &[u8], code: FaultCode) -> Fault {
    let fault = session.receive(frame).unwrap_err();
    assert_eq!(fault.code, code, "{fault}");
    fault
}

#[test]
fn what_is_refused_before_a_join() {
    let session = LandSession::new(config(Profile::MessagePack), guest());
    fault(&session, b"\x93\x68\xa6join-1\xa6cookie", FaultCode::InvalidJson);
    fault(&session, b"", FaultCode::InvalidJson);
    fault(&session, b"{", FaultCode::InvalidJson);
    fault(&session, b"[1]", FaultCode::InvalidMessageFormat);
    fault(&session, br#"{"kind":"dance","payload":{}}"#, FaultCode::InvalidMessageFormat);
    fault(&session, br#"{"kind":"join"}"#, FaultCode::MissingRequiredField);
    fault(&session, br#"{"kind":"join","payload":{"join":{}}}"#, FaultCode::MissingRequiredField);
    let early = br#"[101,"action-1","Play",{}]"#;
    let told = fault(&session, early, FaultCode::JoinSessionNotConnected);
    assert_eq!(told.details, [("requestID", Arc::from("action-1"))]);
    fault(&session, br#"[103,0,"MoveTo",{}]"#, FaultCode::JoinSessionNotConnected);
    for player in ["__proto__", "a.b", "a/b", "a~b", "a[0]"] {
        let frame = join(&format!(r#","playerID":"{player}""#));
        let told = fault(&session, frame.as_bytes(), FaultCode::JoinDenied);
        assert_eq!(told.details, [("requestID", Arc::from("join-1"))]);
    }
    let long = join(&format!(r#","playerID":"{}""#, "x".repeat(129)));
    fault(&session, long.as_bytes(), FaultCode::JoinDenied);
}

#[test]
fn other_schemas_are_refused_where_that_is_asked() {
    let strict = SessionConfig { refuse_other_schemas: true, ..config(Profile::Json) };
    let session = LandSession::new(strict, guest());
    let other = join(r#","metadata":{"schemaHash":"d62c6ff067ac1cdb"}"#);
    fault(&session, other.as_bytes(), FaultCode::JoinSchemaHashMismatch);
    assert_eq!(wish(&session, "").knowledge, Knowledge::Paths);
    let same = format!(r#","metadata":{{"schemaHash":"{HASH}"}}"#);
    assert_eq!(wish(&session, &same).knowledge, Knowledge::Schema);
    let lenient = LandSession::new(config(Profile::Json), guest());
    let other = r#","metadata":{"schemaHash":"d62c6ff067ac1cdb"}"#;
    assert_eq!(wish(&lenient, other).knowledge, Knowledge::Nothing);
}

#[test]
fn what_a_client_that_has_joined_may_send() {
    for profile in Profile::ALL {
        let session = joined(profile);
        let action = Message::Action {
            request: "action-2".into(),
            name: "Play".into(),
            payload: Tree::Null,
        };
        // Every format is read, whatever the client was told to send.
        for encoding in [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
            let found = session.receive(&action.encode(encoding)).unwrap();
            let payload = Tree::Object(Default::default());
            let expected =
                Inbound::Action { request: "action-2".into(), name: "Play".into(), payload };
            assert_eq!(found, expected, "{profile:?} {encoding:?}");
        }
        let move_to = br#"{"kind":"event","payload":{"fromClient":{"type":"MoveTo","payload":{"target":{"v":{"x":64000,"y":36000}}}}}}"#;
        let Inbound::Event { name, payload } = session.receive(move_to).unwrap() else { panic!() };
        assert_eq!(&*name, "MoveTo");
        assert!(payload.member("target").is_some());
        fault(&session, br#"[103,0,3,{}]"#, FaultCode::InvalidMessageFormat);
        fault(&session, br#"[103,1,"MoveTo",{}]"#, FaultCode::InvalidMessageFormat);
        fault(&session, br#"[102,"action-2",{}]"#, FaultCode::InvalidMessageFormat);
        let again = fault(&session, join("").as_bytes(), FaultCode::JoinAlreadyJoined);
        assert_eq!(again.details, [("requestID", Arc::from("join-1"))]);
    }
}

#[test]
fn faults_as_clients_read_them() {
    let fault = Fault::new(FaultCode::ActionNotRegistered, "Action not registered: X")
        .of_request("action-2")
        .with("actionType", "X");
    let before = LandSession::new(config(Profile::MessagePack), guest());
    assert_eq!(
        String::from_utf8(before.write_fault(&fault)).unwrap(),
        r#"{"kind":"error","payload":{"error":{"code":"ACTION_NOT_REGISTERED","details":{"actionType":"X","requestID":"action-2"},"message":"Action not registered: X"}}}"#
    );
    for profile in Profile::ALL {
        let written = joined(profile).write_fault(&fault);
        assert_eq!(written, fault.to_message().encode(profile.messages()));
    }
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    health: i32,
    at: i32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    score: i32,
    players: MapSchema<Player>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Hit {
    victim: String,
    by: String,
}

fn land() -> Land {
    let types = |hit: Hit| Tracked::new(hit).types();
    Land::new("arena", Tracked::new(Arena::default()).types())
        .event("Hit", types(Hit::default()))
        .event("Aim", types(Hit::default()))
}

fn hit() -> Tree {
    Tree::object([("victim", Tree::from("bob")), ("by", "ada".into())])
}

#[test]
fn events_by_what_a_client_knows() {
    let catalog = Catalog::new(&land());
    let check = |profile: Profile, knowledge: Knowledge, expected: &str| {
        let frame = Channel::new(profile, knowledge).event(&catalog, "Hit", &hit());
        let text = match profile {
            Profile::MessagePack => frame.iter().map(|byte| format!("{byte:02x}")).collect(),
            _ => String::from_utf8(frame).unwrap(),
        };
        assert_eq!(text, expected, "{profile:?} {knowledge:?}");
    };
    let object = r#"{"kind":"event","payload":{"fromServer":{"payload":{"by":"ada","victim":"bob"},"type":"Hit"}}}"#;
    check(Profile::Json, Knowledge::Schema, object);
    check(Profile::JsonOpcode, Knowledge::Schema, object);
    check(Profile::Opcode, Knowledge::Schema, r#"[103,1,2,["ada","bob"]]"#);
    let named = r#"[103,1,"Hit",{"by":"ada","victim":"bob"}]"#;
    check(Profile::Opcode, Knowledge::Paths, named);
    check(Profile::Opcode, Knowledge::Nothing, named);
    check(
        Profile::MessagePack,
        Knowledge::Schema,
        "946701 02 92a3616461a3626f62".replace(' ', "").as_str(),
    );
    // What the schema does not tell of goes out by name.
    let more = Tree::object([("by", Tree::from("ada"))]);
    let channel = Channel::new(Profile::Opcode, Knowledge::Schema);
    assert_eq!(channel.event(&catalog, "Hit", &more), br#"[103,1,2,{"by":"ada"}]"#);
    assert_eq!(channel.event(&catalog, "Cry", &more), br#"[103,1,"Cry",{"by":"ada"}]"#);
}

/// All channels of an arena, each with clients that came at different times.
#[test]
fn clients_that_come_at_different_times_agree() {
    let catalog = Catalog::new(&land());
    let patterns = schema(&[land()]).unwrap();
    let hashes = patterns.member("lands").and_then(|lands| lands.member("arena"));
    assert!(hashes.and_then(|land| land.member("pathHashes")).is_some());
    for profile in Profile::ALL {
        for knowledge in [Knowledge::Schema, Knowledge::Paths, Knowledge::Nothing] {
            let mut arena = Tracked::new(Arena::default());
            let mut tree = StateTree::new(&arena);
            arena.sync(&mut tree);
            let mut channel = Channel::new(profile, knowledge);
            let mut views: Vec<View> = Vec::new();
            let mut heard = 0;
            for tick in 0..60 {
                let key = format!("p{}", tick % 7);
                arena.players.insert(key.as_str(), Player { health: tick, at: tick * 3 });
                if let Some(player) = arena.players.get_mut("p3") {
                    player.health -= 1;
                }
                if tick % 5 == 0 {
                    arena.players.remove("p1");
                }
                arena.sync(&mut tree);
                let events = if tick % 3 == 0 { vec![("Hit".into(), hit())] } else { Vec::new() };
                let mut frames = Vec::new();
                channel.update(&tree, &catalog, &events, &mut frames);
                for view in &mut views {
                    for frame in &frames {
                        let encoding = if matches!(frame[0], b'{' | b'[') {
                            Encoding::OpcodeJson
                        } else {
                            Encoding::OpcodeMessagePack
                        };
                        let received = view.receive(frame, encoding).unwrap();
                        heard += received.events.len();
                        heard += usize::from(matches!(received.message, Some(Message::Event(_))));
                    }
                    assert_eq!(view.root(), tree.root(), "{profile:?} {knowledge:?} tick {tick}");
                }
                if tick % 20 == 0 {
                    let mut view = match knowledge {
                        Knowledge::Nothing => View::new::<&str>([]),
                        _ => View::with_paths(tree.paths()),
                    };
                    let encoding = profile.state();
                    view.receive(&channel.first_sync(&tree), encoding).unwrap();
                    assert_eq!(view.root(), tree.root());
                    views.push(view);
                }
            }
            assert_eq!(heard, 19 + 13 + 6, "{profile:?} {knowledge:?}: every event, once for each");
        }
    }
}

#[test]
fn nothing_is_said_where_nothing_happened() {
    let mut arena = Tracked::new(Arena::default());
    let mut tree = StateTree::new(&arena);
    for _ in 0..2 {
        arena.sync(&mut tree);
    }
    for profile in Profile::ALL {
        let mut channel = Channel::new(profile, Knowledge::Schema);
        let mut frames = Vec::new();
        channel.update(&tree, &Catalog::default(), &[], &mut frames);
        assert!(frames.is_empty(), "{profile:?}");
        channel.update(&tree, &Catalog::default(), &[("Hit".into(), hit())], &mut frames);
        assert_eq!(frames.len(), 1, "{profile:?}: an event needs no change");
    }
}

#[test]
fn threads_write_the_same_bytes() {
    let mut arena = Tracked::new(Arena::default());
    let mut tree = StateTree::new(&arena);
    arena.sync(&mut tree);
    let catalog = Catalog::new(&land());
    let new = || {
        Profile::ALL.map(|profile| {
            [Knowledge::Schema, Knowledge::Nothing]
                .map(|knowledge| Channel::new(profile, knowledge))
        })
    };
    let write = |channels: &mut [[Channel; 2]; 4], tree: &StateTree| {
        let mut frames = Vec::new();
        for channel in channels.iter_mut().flatten() {
            channel.update(tree, &catalog, &[("Hit".into(), hit())], &mut frames);
        }
        frames
    };
    let (mut here, mut there) = (new(), [new(), new(), new(), new()]);
    for tick in 0..50 {
        for at in 0..20 {
            let key = format!("p{}", (tick * 7 + at) % 40);
            arena.players.insert(key.as_str(), Player { health: tick, at });
        }
        arena.sync(&mut tree);
        let expected = write(&mut here, &tree);
        let (tree, write) = (&tree, &write);
        let found: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = there
                .iter_mut()
                .map(|channels| scope.spawn(move || write(channels, tree)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(found.iter().all(|frames| *frames == expected), "tick {tick}");
    }
}

#[test]
fn the_key_that_javascript_cannot_read_is_refused() {
    let mut arena = Tracked::new(Arena::default());
    let mut tree = StateTree::new(&arena);
    arena.sync(&mut tree);
    assert_eq!(tree.check(), Ok(()));
    let mut channel = Channel::new(Profile::Json, Knowledge::Paths);
    arena.players.insert("__proto__", Player::default());
    arena.players.insert("ada", Player { health: 1, at: 2 });
    arena.sync(&mut tree);
    let mut frames = Vec::new();
    channel.update(&tree, &Catalog::default(), &[], &mut frames);
    let expected = br#"{"type":"diff","patches":[{"path":"/players/ada","op":"replace","value":{"at":2,"health":1}}]}"#;
    assert_eq!(frames, [expected]);
    let first = channel.first_sync(&tree);
    assert!(!String::from_utf8_lossy(&first).contains("__proto__"));
    arena.players.get_mut("__proto__").unwrap().health = 5;
    arena.sync(&mut tree);
    let mut packed = Channel::new(Profile::MessagePack, Knowledge::Paths);
    frames.clear();
    packed.update(&tree, &Catalog::default(), &[], &mut frames);
    assert!(frames.is_empty(), "nothing else changed");
    let first = packed.first_sync(&tree);
    assert!(!first.windows(5).any(|bytes| bytes == b"proto"));
    let told = tree.check().unwrap_err().to_string();
    assert!(told.contains("__proto__") && told.contains("/players/"), "{told}");
}

proptest! {
    #[test]
    fn whatever_comes_is_a_message_or_a_fault(
        bytes in vec(any::<u8>(), 0..200),
        text in r#"[\[{]([\[\]{},:0-9"]|"kind"|"join"|"payload"|10[1-7]){0,40}"#,
    ) {
        for frame in [bytes.as_slice(), text.as_bytes()] {
            for session in [LandSession::new(config(Profile::Json), token()), joined(Profile::Json)] {
                if let Err(fault) = session.receive(frame) {
                    prop_assert!(read_json(&session.write_fault(&fault)).is_ok());
                }
            }
        }
    }
}
