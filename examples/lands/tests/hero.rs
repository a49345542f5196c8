//! A minute of hero-defense comes out byte for byte as the original's server writes it.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tidewire::state::Tracked;
use tidewire_lands::hero::{
    geometry::Point,
    state::HeroDefenseState,
    world::{Random, Shot},
};
use tidewire_opcode::{
    Config, Direction, Encoder, Encoding, Event, EventName, Message, PathForm, StateTree, Tree,
    Update, View, merged,
};

fn vectors() -> Json {
    serde_json::from_str(include_str!("../../../crates/tidewire-opcode/tests/data/state-tree.json"))
        .unwrap()
}

/// Plays what the vectors say, and shows the update and the shots of each sync.
fn play(vector: &Json, mut sync: impl FnMut(&StateTree, &Update<'_>, Vec<Shot>)) -> StateTree {
    let land = vector["landID"].as_str().unwrap();
    let mut random = Random::of_land(land);
    let mut world = Tracked::new(HeroDefenseState::new());
    let mut tree = StateTree::new(&world);
    world.sync(&mut tree);
    world.join(vector["player"].as_str().unwrap(), &mut random);
    for _ in 0..vector["syncs"].as_u64().unwrap() {
        let mut shots = world.tick(&mut random).shots;
        shots.extend(world.tick(&mut random).shots);
        world.sync(&mut tree);
        sync(&tree, &tree.update(), shots);
    }
    tree
}

/// An encoder, how many bytes it wrote, and their hash.
struct Tape {
    name: &'static str,
    encoder: Encoder,
    bytes: usize,
    hash: Sha256,
}

impl Tape {
    fn new(name: &'static str, config: Config) -> Self {
        Self { name, encoder: Encoder::new(config), bytes: 0, hash: Sha256::new() }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn six_hundred_frames_in_six_encodings() {
    let plain = |encoding: Encoding| Config { paths: PathForm::Plain, ..encoding.original() };
    for vector in vectors()["hero"].as_array().unwrap() {
        let object = Encoding::JsonObject.original();
        let mut tapes = [
            Tape::new("jsonObject", object),
            Tape::new("jsonObjectNoEsc", Config { escape_slashes: false, ..object }),
            Tape::new("opcodeLegacyJson", plain(Encoding::OpcodeJson)),
            Tape::new("opcodePathHashJson", Encoding::OpcodeJson.original()),
            Tape::new("opcodePathHashMsgpack", Encoding::OpcodeMessagePack.original()),
            Tape::new("opcodeLegacyMsgpack", plain(Encoding::OpcodeMessagePack)),
        ];
        let mut patches = 0;
        let mut shot = 0;
        let mut first = vector["firstFrames"].as_array().unwrap().iter();
        let tree = play(vector, |_, update, shots| {
            patches += update.patches.len();
            shot += shots.len();
            let expected = first.next();
            for tape in &mut tapes {
                let frame = tape.encoder.encode(update);
                tape.bytes += frame.len();
                tape.hash.update(frame);
                let Some(expected) = expected else { continue };
                if let Some(text) = expected[tape.name].as_str() {
                    assert_eq!(String::from_utf8_lossy(frame), text);
                }
                if let Some(bytes) = expected[format!("{}_hex", tape.name)].as_str() {
                    assert_eq!(hex(frame), bytes);
                }
            }
        });
        assert_eq!(patches, vector["patches"].as_u64().unwrap() as usize);
        assert_eq!(shot, vector["events"].as_u64().unwrap() as usize);
        for tape in tapes {
            assert_eq!(vector["bytes"][tape.name], tape.bytes, "{}", tape.name);
            assert_eq!(vector["sha256"][tape.name], hex(&tape.hash.finalize()), "{}", tape.name);
            if tape.name.starts_with("opcodePathHash") {
                assert_eq!(vector["slots"], tape.encoder.slots().len(), "{}", tape.name);
            }
        }
        let mut encoder = Encoder::new(Config { escape_slashes: false, ..object });
        let all: Json = serde_json::from_slice(encoder.encode(&tree.first_sync())).unwrap();
        for patch in all["patches"].as_array().unwrap() {
            let path = patch["path"].as_str().unwrap();
            assert_eq!(vector["finalSnapshot"].pointer(path), Some(&patch["value"]), "{path}");
        }
    }
}

#[test]
fn the_shortest_forms_are_no_longer() {
    for vector in vectors()["hero"].as_array().unwrap() {
        for encoding in [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
            let mut original = Encoder::new(encoding.original());
            let mut shortest = Encoder::new(encoding.shortest());
            let (mut long, mut short) = (0, 0);
            play(vector, |tree, update, _| {
                long += original.encode(update).len();
                let update =
                    tree.update_with(|members, whole| shortest.prefers_whole(members, whole));
                short += shortest.encode(&update).len();
            });
            // With fewer than 128 slots MessagePack leaves nothing to choose here.
            let same = encoding == Encoding::OpcodeMessagePack;
            assert!(short < long || same && short == long, "{encoding:?}: {short}, was {long}");
        }
    }
}

/// A point as clients hold it.
fn point((x, y): Point) -> Tree {
    Tree::object([("v", Tree::object([("x", Tree::from(x)), ("y", y.into())]))])
}

/// A shot as an event, with the payload that this encoding's original has.
fn event(shot: &Shot, encoding: Encoding) -> Event {
    let name = Tree::from(shot.player.as_str());
    let player = match encoding {
        Encoding::OpcodeMessagePack => name,
        _ => Tree::object([("rawValue", name)]),
    };
    let fields = [("from", point(shot.from)), ("playerID", player), ("to", point(shot.to))];
    let payload = match encoding {
        Encoding::JsonObject => Tree::object(fields),
        _ => Tree::object(fields).into_tuple(),
    };
    let name = match encoding {
        Encoding::JsonObject => EventName::Name("PlayerShoot".into()),
        _ => EventName::Number(1),
    };
    Event { direction: Direction::FromServer, name, payload, raw_body: Tree::Null }
}

#[test]
fn the_events_are_as_long_as_the_originals() {
    for vector in vectors()["hero"].as_array().unwrap() {
        for (name, encoding) in [
            ("json", Encoding::JsonObject),
            ("opcodeJson", Encoding::OpcodeJson),
            ("msgpack", Encoding::OpcodeMessagePack),
        ] {
            let mut bytes = 0;
            play(vector, |_, _, shots| {
                for shot in &shots {
                    bytes += Message::Event(event(shot, encoding)).encode(encoding).len();
                }
            });
            assert_eq!(vector["eventBytes"][name], bytes, "{name}");
        }
    }
}

#[test]
fn late_joiners_follow() {
    let vectors = vectors();
    for encoding in [Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
        for config in [encoding.original(), encoding.shortest()] {
            let (mut shared, mut own) = (Encoder::new(config), Encoder::new(config));
            let mut views: Vec<View> = Vec::new();
            let (mut sync, mut fired) = (0, 0);
            play(&vectors["hero"][0], |tree, _, shots| {
                let update =
                    tree.update_with(|members, whole| shared.prefers_whole(members, whole));
                let events: Vec<Event> = shots.iter().map(|shot| event(shot, encoding)).collect();
                let frame = merged(shared.encode(&update), &events, encoding).unwrap();
                for view in &mut views {
                    fired += view.receive(&frame, encoding).unwrap().events.len();
                    assert_eq!(view.root(), tree.root());
                }
                if sync % 100 == 0 {
                    let mut view = View::with_paths(tree.paths());
                    view.receive(own.encode(&tree.first_sync()), encoding).unwrap();
                    assert_eq!(view.root(), tree.root());
                    shared.join();
                    views.push(view);
                }
                sync += 1;
            });
            assert_eq!(views.len(), 6);
            assert!(fired > 84, "every client hears of every shot");
            let slots = shared.slots().len();
            assert!(config == encoding.original() || slots < 16, "{slots} slots are in use");
        }
    }
}
