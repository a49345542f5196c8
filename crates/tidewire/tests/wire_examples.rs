//! The examples of docs/WIRE.md are what is written.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use tidewire::{
    patch::{Config, LightEncoder, MpackEncoder, Patch, PatchpackEncoder, bundle, mpack},
    prelude::*,
    protocol::{
        Timestamp,
        frame::{self, Handshake, ResponseStatus, Serializer, UnreliablePatches},
        msgpack::{self, Value},
        primitive,
    },
    schema::{Encoder, Profile},
    state::Number,
};

const DOCUMENT: &str = include_str!("../../../docs/WIRE.md");

#[derive(Schema, Default)]
struct Primitives {
    text: String,
    yes: bool,
    number: Number,
    int8: i8,
    uint8: u8,
    int16: i16,
    uint16: u16,
    int32: i32,
    uint32: u32,
    int64: i64,
    uint64: u64,
    float32: f32,
    float64: f64,
}

#[derive(Schema, Default)]
struct One {
    number: Number,
}

#[derive(Schema, Default)]
struct Arena {
    round: u8,
    title: Option<String>,
    leader: Option<Player>,
    players: MapSchema<Player>,
    scores: MapSchema<u16>,
    queue: ArraySchema<Player>,
    log: ArraySchema<String>,
}

#[derive(Schema, Default, Clone)]
struct Player {
    hp: u8,
}

#[derive(Schema, Default)]
struct Small {
    tags: ArraySchema<String>,
    best: Option<Player>,
}

#[test]
fn the_document_says_what_is_written() {
    let documented = documented();
    let written: BTreeMap<&str, Vec<u8>> = [
        primitives(),
        structs(),
        maps(),
        arrays(),
        members(),
        handshakes(),
        frames(),
        patches(),
        payloads(),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (name, bytes) in &written {
        let found =
            documented.get(name).unwrap_or_else(|| panic!("no example `{name}`: {}", hex(bytes)));
        assert_eq!(hex(found), hex(bytes), "example `{name}`");
    }
    let unknown: Vec<_> = documented.keys().filter(|name| !written.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "examples that nothing writes: {unknown:?}");
}

/// The blocks that are marked `wire name`: lines of hex, with what they mean after `#`.
fn documented() -> BTreeMap<&'static str, Vec<u8>> {
    let mut examples = BTreeMap::new();
    for block in DOCUMENT.split("```wire ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let (body, _) = rest.split_once("```").unwrap();
        let digits: String = body
            .lines()
            .filter_map(|line| line.split('#').next())
            .flat_map(str::split_whitespace)
            .collect();
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        let bytes = (0..digits.len()).step_by(2).map(byte).collect();
        assert!(examples.insert(name, bytes).is_none(), "two examples `{name}`");
    }
    examples
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} ")).collect()
}

type Examples = Vec<(&'static str, Vec<u8>)>;

fn primitives() -> Examples {
    let mut numbers = Vec::new();
    for number in [
        5.0,
        200.0,
        524.0,
        65_536.0,
        -1.0,
        -33.0,
        -129.0,
        -32_769.0,
        0.5,
        2_147_483_648.0,
        1e300,
        f64::NAN,
    ] {
        let mut state = Tracked::new(One { number: Number(number) });
        // After `ff 00`, and `80` for the field.
        numbers.extend(&Encoder::new(&state).patch(&mut state)[3..]);
    }
    let mut strings = Vec::new();
    primitive::put_string(&mut strings, "hé");
    let mut long = Vec::new();
    primitive::put_string(&mut long, &"a".repeat(32));
    let state = Primitives {
        text: "hé".into(),
        yes: true,
        number: Number(524.0),
        int8: -1,
        uint8: 200,
        int16: -2,
        uint16: 524,
        int32: -2,
        uint32: 524,
        int64: -2,
        uint64: 1,
        float32: 1.5,
        float64: -1.5,
    };
    let mut state = Tracked::new(state);
    let mut encoder = Encoder::new(&state);
    encoder.patch(&mut state);
    let snapshot = encoder.snapshot(&state).to_vec();
    vec![("number", numbers), ("string", strings), ("long-string", long), ("primitives", snapshot)]
}

/// An arena whose clients know all that `prepare` did, and what `edit` sends them.
fn patch(prepare: impl FnOnce(&mut Arena), edit: impl FnOnce(&mut Arena)) -> Vec<u8> {
    let mut arena = Tracked::new(Arena::default());
    let mut encoder = Encoder::new(&arena);
    prepare(&mut arena);
    encoder.patch(&mut arena);
    edit(&mut arena);
    encoder.patch(&mut arena).to_vec()
}

fn players(count: u8) -> impl Iterator<Item = Player> {
    (1..=count).map(|hp| Player { hp })
}

fn structs() -> Examples {
    let first = {
        let mut arena =
            Tracked::new(Arena { round: 1, leader: Some(Player { hp: 9 }), ..Arena::default() });
        let mut encoder = Encoder::new(&arena);
        let first = encoder.patch(&mut arena).to_vec();
        [("first-patch", first), ("snapshot", encoder.snapshot(&arena).to_vec())]
    };
    let lead = |arena: &mut Arena| arena.leader = Some(Player { hp: 9 });
    let others = [
        ("field", patch(lead, |arena| arena.round = 2)),
        ("deep-field", patch(lead, |arena| arena.leader.as_mut().unwrap().hp = 8)),
        ("field-absent", patch(|arena| arena.title = Some("a".into()), |arena| arena.title = None)),
        ("reference-set", patch(|_| (), lead)),
        ("reference-removed", patch(lead, |arena| arena.leader = None)),
    ];
    first.into_iter().chain(others).collect()
}

fn maps() -> Examples {
    let score =
        |arena: &mut Arena| arena.scores.extend([("ada".to_owned(), 7), ("bob".to_owned(), 8)]);
    let play = |arena: &mut Arena| {
        arena.players.insert("ada", Player { hp: 9 });
    };
    vec![
        ("map-added", patch(|_| (), score)),
        (
            "map-changed",
            patch(score, |arena| {
                arena.scores.insert("ada", 524);
            }),
        ),
        (
            "map-removed",
            patch(score, |arena| {
                arena.scores.remove("ada");
            }),
        ),
        (
            "map-again",
            patch(score, |arena| {
                arena.scores.remove("ada");
                arena.scores.insert("ada", 7);
            }),
        ),
        ("map-of-structs", patch(|_| (), play)),
        (
            "map-replaced",
            patch(play, |arena| {
                arena.players.insert("ada", Player { hp: 5 });
            }),
        ),
    ]
}

fn arrays() -> Examples {
    let log =
        |arena: &mut Arena| arena.log.extend(["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    let queue = |arena: &mut Arena| arena.queue.extend(players(3));
    vec![
        ("array-pushed", patch(|_| (), log)),
        ("array-removed", patch(log, |arena| drop(arena.log.remove(1)))),
        (
            "array-shifted",
            patch(log, |arena| {
                arena.log.remove(0);
                arena.log.push("d".to_owned());
            }),
        ),
        ("structs-pushed", patch(|_| (), |arena| arena.queue.extend(players(2)))),
        (
            "structs-replaced",
            patch(queue, |arena| {
                arena.queue.remove(1);
                arena.queue.insert(0, Player { hp: 7 });
            }),
        ),
        ("structs-moved", patch(queue, |arena| arena.queue.move_item(2, 0))),
        (
            "structs-removed",
            patch(queue, |arena| {
                arena.queue.remove(0);
            }),
        ),
        (
            "structs-shifted",
            patch(
                |arena| arena.queue.extend(players(8)),
                |arena| {
                    arena.queue.remove(0);
                },
            ),
        ),
    ]
}

fn members() -> Examples {
    #[derive(Schema, Default)]
    struct Bag {
        tags: SetSchema<String>,
    }
    let mut bag = Tracked::new(Bag::default());
    let mut encoder = Encoder::new(&bag);
    encoder.patch(&mut bag);
    bag.tags.extend(["a".to_owned(), "b".to_owned()]);
    let added = encoder.patch(&mut bag).to_vec();
    bag.tags.remove(&"a".to_owned());
    bag.tags.insert("c".to_owned());
    let changed = encoder.patch(&mut bag).to_vec();
    let snapshot = encoder.snapshot(&bag).to_vec();
    vec![("set-added", added), ("set-changed", changed), ("set-snapshot", snapshot)]
}

fn handshakes() -> Examples {
    let encoder = Encoder::new(&Tracked::new(Small::default()));
    vec![
        ("handshake-3", encoder.handshake(Profile::V3)),
        ("handshake-5", encoder.handshake(Profile::V5)),
        ("handshake-polyglot", encoder.handshake(Profile::Polyglot)),
    ]
}

fn frame(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn frames() -> Examples {
    // No reflection is so short; the frames are the same around any.
    let join = |handshake| {
        frame(|out| frame::join_room(out, "tok", Serializer::Schema, handshake).unwrap())
    };
    let other = frame(|out| {
        frame::join_room(out, "tok", Serializer::Other("json"), Handshake::Skip).unwrap();
    });
    let messages = [
        mpack::encode_patch(&Patch::replace("/a".parse().unwrap(), 7_u8.into())).unwrap(),
        mpack::encode_patch(&Patch::remove("/b".parse().unwrap())).unwrap(),
    ];
    let bundle = frame(|out| {
        frame::room_state_patch(out, &[]);
        bundle::write(out, &messages);
    });
    let payload = msgpack::to_vec(&7).unwrap();
    vec![
        ("join-room", join(Handshake::Plain(&[0x80, 0x01]))),
        ("join-room-polyglot", join(Handshake::Polyglot(&[0xff, 0x00, 0x80, 0x01]))),
        ("join-room-again", join(Handshake::Skip)),
        ("join-room-other", other),
        ("room-state", frame(|out| frame::room_state(out, &[0x80, 0x01]))),
        ("room-state-patch", frame(|out| frame::room_state_patch(out, &[0xff, 0x00, 0x80, 0x02]))),
        (
            "room-state-patch-unreliable",
            frame(|out| {
                UnreliablePatches::default().write(out, &[0xff, 0x07, 0x80, 0x2a]);
            }),
        ),
        ("room-state-patch-bundle", bundle),
        ("room-data", frame(|out| frame::room_data(out, "hp".into(), &payload))),
        ("room-data-number", frame(|out| frame::room_data(out, 524.into(), &[]))),
        ("room-data-bytes", frame(|out| frame::room_data_bytes(out, "raw".into(), &[1, 2]))),
        ("error", frame(|out| frame::error(out, 525, "no"))),
        ("leave", frame(frame::leave)),
        ("ping", frame(frame::ping)),
        ("response", frame(|out| frame::response(out, 3, ResponseStatus::Ok, &payload))),
    ]
}

/// What the patch codecs write of the same changes.
fn patches() -> Examples {
    #[derive(Schema, Default)]
    struct Game {
        round: u8,
        heroes: MapSchema<Hero>,
        queue: ArraySchema<Hero>,
    }
    #[derive(Schema, Default)]
    struct Hero {
        hp: u8,
        name: Option<String>,
    }
    let mut game = Tracked::new(Game::default());
    let mut mpack = MpackEncoder::new(&game, Config::default());
    let mut undoable = MpackEncoder::new(&game, Config::REVERSIBLE);
    let mut light = LightEncoder::new(&game, Config::default()).unwrap();
    let mut patchpack = PatchpackEncoder::new(&game, Config::default());
    let mut examples = Vec::new();
    let mut tick = |game: &mut Tracked<Game>, names: [&'static str; 4]| {
        let encoders =
            &mut [&mut mpack as _, &mut undoable as _, &mut light as _, &mut patchpack as _];
        game.sync(&mut encoders[..]);
        let lists =
            [mpack.last_patch(), undoable.last_patch(), light.last_patch(), patchpack.last_patch()];
        for (name, list) in std::iter::zip(names, lists) {
            if !name.is_empty() {
                let at = name.as_bytes().last().filter(|at| at.is_ascii_digit());
                let at = at.map_or(0, |at| usize::from(at - b'1'));
                examples.push((name, list[at].clone()));
            }
        }
        [
            mpack.snapshot(),
            light.snapshot(),
            patchpack.snapshot(),
            patchpack.snapshot_without_types(),
        ]
    };
    let [a, b, c, _] = tick(&mut game, [""; 4]);
    let hero = |hp, name: &str| Hero { hp, name: Some(name.to_owned()) };
    game.heroes.insert("ada", hero(9, "A"));
    tick(&mut game, ["mpack-add", "", "light-add", "patchpack-add"]);
    game.heroes.get_mut("ada").unwrap().hp = 7;
    tick(&mut game, ["mpack-replace", "mpack-reversible", "light-replace", "patchpack-replace"]);
    game.heroes.remove("ada");
    tick(&mut game, ["mpack-remove", "", "light-remove", "patchpack-remove"]);
    game.heroes.insert("a/b", Hero { hp: 1, name: None });
    tick(&mut game, ["mpack-slash", "", "light-slash", "patchpack-slash"]);
    game.queue.extend([hero(1, "B"), hero(2, "C"), hero(3, "D")]);
    tick(&mut game, [""; 4]);
    game.queue.remove(0);
    let [.., d] = tick(&mut game, ["mpack-shift", "", "light-shift", "patchpack-shift"]);
    examples.extend([("mpack-snapshot", a), ("light-snapshot", b)]);
    examples.extend([("patchpack-state", c), ("patchpack-newcomer", d)]);
    examples
}

fn payloads() -> Examples {
    #[derive(Serialize)]
    struct Hit {
        by: &'static str,
        hp: Option<u8>,
    }
    let date = |millis| msgpack::to_vec(&Timestamp::from_millis(millis)).unwrap();
    vec![
        ("payload-object", msgpack::to_vec(&Hit { by: "ada", hp: None }).unwrap()),
        ("payload-undefined", msgpack::to_vec(&Value::Undefined).unwrap()),
        ("payload-wide", msgpack::to_vec(&(1_u64 << 32)).unwrap()),
        ("payload-bigint", msgpack::to_vec(&u64::MAX).unwrap()),
        ("payload-bytes", msgpack::to_vec(&Value::Bin(vec![1, 2])).unwrap()),
        ("payload-date", date(1_700_000_000_000)),
        ("payload-date-millis", date(1_700_000_000_123)),
    ]
}
