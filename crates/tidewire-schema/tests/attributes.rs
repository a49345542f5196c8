//! What the attributes of `#[derive(Schema)]` say, from the encoder to the decoder.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use proptest::prelude::*;
use tidewire_schema::{DecodeErrorKind, Decoder, Encoder, Inspector, OwnedChange, Profile};
use tidewire_state::{
    ArraySchema, DynStruct, FieldIndex, Instance, MapSchema, Schema, Tag, Tracked, Value,
    receive::StructSink,
};

const PROFILES: [Profile; 4] = [Profile::V3, Profile::V4, Profile::V5, Profile::Polyglot];

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Creature {
    name: String,
    x: f32,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Wolf {
    #[schema(base)]
    base: Creature,
    teeth: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Bear {
    #[schema(base)]
    base: Creature,
    honey: ArraySchema<u8>,
    cub: Option<Box<Beast>>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Grizzly {
    #[schema(base)]
    bear: Bear,
    size: u16,
}

#[derive(Schema, Clone, Debug, PartialEq)]
#[schema(crate = "tidewire_state")]
enum Beast {
    Wolf(Wolf),
    Creature(Creature),
    Bear(Bear),
    Grizzly(Grizzly),
}

impl Default for Beast {
    fn default() -> Self {
        Self::Creature(Creature::default())
    }
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Zoo {
    first: Beast,
    leader: Option<Instance<Beast>>,
    beasts: MapSchema<Beast>,
    row: ArraySchema<Beast>,
}

fn beast(kind: u8, n: u8) -> Beast {
    let base = Creature { name: format!("n{n}"), x: f32::from(n) };
    let cub = n.is_multiple_of(3).then(|| Box::new(beast(kind / 2, n / 2 + 1)));
    let bear = Bear { base: base.clone(), honey: ArraySchema::from([n, n]), cub };
    match kind % 4 {
        0 => Beast::Wolf(Wolf { base, teeth: n }),
        1 => Beast::Creature(base),
        2 => Beast::Bear(bear),
        _ => Beast::Grizzly(Grizzly { bear, size: n.into() }),
    }
}

/// Changes a beast without making another one of it.
fn feed(beast: &mut Beast, n: u8) {
    match beast {
        Beast::Wolf(wolf) => wolf.teeth = n,
        Beast::Creature(creature) => creature.x = f32::from(n),
        Beast::Bear(bear) => bear.honey.push(n),
        Beast::Grizzly(grizzly) => {
            grizzly.bear.base.name = format!("g{n}");
            grizzly.size += 1;
        }
    }
}

fn edit_zoo(zoo: &mut Zoo, what: u8, kind: u8, n: u8) {
    let key = ["a", "b", "c"][usize::from(n) % 3];
    match what {
        0 => zoo.first = beast(kind, n),
        1 => zoo.leader = Some(Instance::new(beast(kind, n))),
        2 => zoo.leader = None,
        3 => drop(zoo.beasts.insert(key, beast(kind, n))),
        4 => drop(zoo.beasts.remove(key)),
        5 => zoo.row.push(beast(kind, n)),
        6 if !zoo.row.is_empty() => drop(zoo.row.remove(usize::from(n) % zoo.row.len())),
        7 => zoo.row.insert(usize::from(n) % (zoo.row.len() + 1), beast(kind, n)),
        8 => zoo.row.reverse(),
        9 => feed(&mut zoo.first, n),
        10 => {
            if let Some(beast) = zoo.beasts.get_mut(key) {
                feed(beast, n);
            }
        }
        11 => {
            if let Some(beast) = zoo.beasts.get_mut(key) {
                *beast = self::beast(kind, n);
            }
        }
        12 if !zoo.row.is_empty() => {
            let at = usize::from(n) % zoo.row.len();
            feed(&mut zoo.row[at], n);
        }
        _ => {}
    }
}

fn dynamic<S: Schema>(state: &Tracked<S>, encoder: &mut Encoder) -> Decoder<DynStruct> {
    let mut decoder = Decoder::from_handshake(&encoder.handshake(Profile::Polyglot)).unwrap();
    decoder.apply(encoder.snapshot(state)).unwrap();
    decoder
}

proptest! {
    #[test]
    fn children_of_several_types_come_as_what_they_are(
        ticks in prop::collection::vec(prop::collection::vec((0_u8..13, 0_u8..4, 0_u8..20), 0..6), 1..20),
    ) {
        let mut zoo = Tracked::new(Zoo::default());
        let mut encoder = Encoder::new(&zoo);
        let mut early = Decoder::<Zoo>::new();
        let mut by_handshake = Decoder::<Zoo>::new();
        by_handshake.check_handshake(&encoder.handshake(Profile::V5)).unwrap();
        let patch = encoder.patch(&mut zoo).to_vec();
        early.apply(&patch).unwrap();
        by_handshake.apply(&patch).unwrap();
        let mut told = dynamic(&zoo, &mut encoder);
        for tick in ticks {
            for (what, kind, n) in tick {
                edit_zoo(&mut zoo, what, kind, n);
            }
            let patch = encoder.patch(&mut zoo).to_vec();
            early.apply(&patch).unwrap();
            prop_assert_eq!(early.state(), &*zoo);
            prop_assert_eq!(early.node_count(), zoo.node_count());
            let mut changes: Vec<OwnedChange> = Vec::new();
            by_handshake.apply_with(&patch, &mut changes).unwrap();
            prop_assert_eq!(by_handshake.state(), &*zoo);
            told.apply(&patch).unwrap();
            let late = dynamic(&zoo, &mut encoder);
            prop_assert_eq!(told.to_json(), late.to_json());
            prop_assert_eq!(told.node_count(), zoo.node_count());
            let mut late = Decoder::<Zoo>::new();
            late.resync(encoder.snapshot(&zoo)).unwrap();
            prop_assert_eq!(late.state(), &*zoo);
            early.resync(encoder.snapshot(&zoo)).unwrap();
            prop_assert_eq!(early.state(), &*zoo);
        }
    }
}

#[test]
fn a_handshake_says_what_extends_what() {
    let zoo = Tracked::new(Zoo::default());
    let encoder = Encoder::new(&zoo);
    for profile in PROFILES {
        let handshake = encoder.handshake(profile);
        Decoder::<Zoo>::new().check_handshake(&handshake).unwrap();
        let decoder = Decoder::from_handshake(&handshake).unwrap();
        let (told, known) = (decoder.types(), zoo.types());
        let of = |types: &tidewire_state::TypeSet| -> Vec<_> {
            types.types.iter().map(|info| (info.extends, info.fields.len())).collect()
        };
        assert_eq!(of(told), of(&known), "{profile:?}");
    }
}

#[test]
fn the_same_fields_without_a_base_are_another_definition() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct FlatWolf {
        name: String,
        x: f32,
        teeth: u8,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Flat {
        wolf: FlatWolf,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Deep {
        wolf: Wolf,
    }

    let handshake = Encoder::new(&Tracked::new(Deep::default())).handshake(Profile::V5);
    let error = Decoder::<Flat>::new().check_handshake(&handshake).unwrap_err();
    assert_eq!(
        error.to_string(),
        "FlatWolf: the sender has a type that extends another where the state has a type that \
         extends no other: use the same definition on both sides"
    );
    // As another version they agree.
    assert!(Decoder::<Flat>::with_handshake(&handshake).is_ok());
}

#[test]
fn a_type_that_is_not_known_here_is_an_error_when_it_comes() {
    #[derive(Schema, Clone, Debug, PartialEq)]
    #[schema(crate = "tidewire_state", rename = "Beast")]
    enum Tame {
        Creature(Creature),
        Wolf(Wolf),
    }

    #[derive(Schema, Clone, Debug, Default, PartialEq)]
    #[schema(crate = "tidewire_state")]
    struct Farm {
        first: Option<Box<Tame>>,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Wild {
        first: Option<Box<Beast>>,
    }

    let mut wild = Tracked::new(Wild::default());
    let mut encoder = Encoder::new(&wild);
    let mut decoder = Decoder::<Farm>::new();
    decoder.check_handshake(&encoder.handshake(Profile::V5)).unwrap();
    wild.first = Some(Box::new(beast(0, 4)));
    decoder.apply(encoder.patch(&mut wild)).unwrap();
    let Some(Tame::Wolf(wolf)) = decoder.state().first.as_deref() else { panic!("a wolf") };
    assert_eq!(wolf.teeth, 4);
    wild.first = Some(Box::new(beast(3, 4)));
    let error = decoder.apply(encoder.patch(&mut wild)).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Polymorphic { .. }), "{error}");
    assert_eq!(error.path(), "Farm.first");
}

#[test]
fn a_type_that_does_not_extend_the_declared_one_is_refused() {
    let mut decoder = Decoder::<Zoo>::new();
    let zoo = decoder.types().find("Zoo").unwrap().0 as u8;
    let refused = [zoo, 99];
    for given in refused {
        let mut decoder = Decoder::<Zoo>::new();
        let error = decoder.apply(&[0x80, 1, 0xd5, given]).unwrap_err();
        assert!(matches!(error.kind(), DecodeErrorKind::Polymorphic { .. }), "{error}");
    }
    let wolf = decoder.types().find("Wolf").unwrap().0 as u8;
    decoder.apply(&[0x80, 1, 0xd5, wolf]).unwrap();
    assert!(matches!(decoder.state().first, Beast::Wolf(_)));
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Body {
    #[schema(quantized(min = -100.0, max = 100.0, bits = 16))]
    x: f32,
    #[schema(quantized(min = 0.0, max = 360.0, bits = 8, mode = "wrap"))]
    yaw: f64,
    #[schema(quantized(min = 0.0, max = 1.0, bits = 32))]
    fine: f64,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Space {
    bodies: MapSchema<Body>,
}

#[test]
fn quantized_fields_are_read_as_the_nearest_step() {
    let mut space = Tracked::new(Space::default());
    let mut encoder = Encoder::new(&space);
    space.bodies.insert("a", Body { x: 12.34, yaw: 450.0, fine: 0.1 });
    let patch = encoder.patch(&mut space).to_vec();
    for profile in PROFILES {
        let handshake = encoder.handshake(profile);
        let mut typed = Decoder::<Space>::new();
        typed.check_handshake(&handshake).unwrap();
        let mut changes: Vec<OwnedChange> = Vec::new();
        typed.apply_with(&patch, &mut changes).unwrap();
        let body = &typed.state().bodies["a"];
        assert!((body.x - 12.34).abs() < 0.002, "{body:?}");
        assert_eq!(body.yaw, 90.0);
        assert!((body.fine - 0.1).abs() < 1e-9, "{body:?}");
        // The same again is no change.
        let told = changes.len();
        typed.apply_with(&patch, &mut changes).unwrap();
        assert_eq!(changes.len(), told);

        let mut dynamic = Decoder::from_handshake(&handshake).unwrap();
        dynamic.apply(&patch).unwrap();
        let json = dynamic.to_json();
        match profile {
            // They are told of the integers alone.
            Profile::V3 | Profile::V4 => assert!(json.contains(r#""yaw":64"#), "{json}"),
            _ => assert!(json.contains(r#""yaw":90,"#), "{json}"),
        }
        typed.resync(encoder.snapshot(&space)).unwrap();
        assert_eq!(typed.state().bodies["a"].yaw, 90.0);
    }
    let mut inspector = Inspector::from_handshake(&encoder.handshake(Profile::V5)).unwrap();
    let lines = inspector.inspect(&patch).to_string();
    assert!(lines.contains("ADD yaw = 90\n"), "{lines}");
}

#[test]
fn another_range_is_another_definition() {
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Yaw {
        #[schema(quantized(min = 0.0, max = 360.0, bits = 8))]
        yaw: f32,
    }

    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Other {
        #[schema(quantized(min = 0.0, max = 180.0, bits = 8))]
        yaw: f32,
    }

    let handshake = Encoder::new(&Tracked::new(Yaw::default())).handshake(Profile::V5);
    let error = Decoder::<Other>::new().check_handshake(&handshake).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Other: the sender has `yaw: 0 to 360 in 8 bits, Clamp` where the state has `yaw: 0 to 180 \
         in 8 bits, Clamp`: use the same definition on both sides"
    );
}

fn half(value: &u32) -> u32 {
    value / 2
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Ways {
    #[schema(masked(half))]
    secret: u32,
    #[schema(patch_only)]
    flash: u8,
    #[schema(deprecated)]
    old: String,
    #[schema(full_state_only)]
    seed: u64,
    #[schema(unreliable)]
    x: f32,
    #[schema(rename = "lastOne")]
    last: bool,
}

#[test]
fn each_field_is_sent_in_its_own_way() {
    let mut ways = Tracked::new(Ways {
        secret: 11,
        flash: 1,
        old: "gone".to_owned(),
        seed: 7,
        x: 0.5,
        last: true,
    });
    let mut encoder = Encoder::new(&ways);
    let mut early = Decoder::<Ways>::new();
    early.check_handshake(&encoder.handshake(Profile::V5)).unwrap();
    early.apply(encoder.patch(&mut ways)).unwrap();
    let state = early.state();
    assert_eq!((state.secret, state.flash, state.x, state.last), (5, 1, 0.5, true));
    assert_eq!(state.old, "", "it is no longer sent");

    let mut late = Decoder::<Ways>::new();
    late.apply(encoder.snapshot(&ways)).unwrap();
    let state = late.state();
    assert_eq!((state.secret, state.flash, state.seed, state.x), (5, 0, 7, 0.5));

    *ways = Ways { secret: 10, flash: 2, seed: 8, x: 1.5, ..Ways::clone(&ways) };
    let patch = encoder.patch(&mut ways).to_vec();
    let unreliable = encoder.last_unreliable().to_vec();
    late.apply(&patch).unwrap();
    let state = late.state();
    // Half of 10 is what half of 11 was.
    assert_eq!((state.secret, state.flash, state.seed, state.x), (5, 2, 7, 0.5));
    late.apply(&unreliable).unwrap();
    assert_eq!(late.state().x, 1.5);
    early.apply(&patch).unwrap();

    // A snapshot over that says nothing of what is in patches alone.
    late.resync(encoder.snapshot(&ways)).unwrap();
    let state = late.state();
    assert_eq!((state.flash, state.seed, state.x), (2, 8, 1.5));
    let mut changes: Vec<OwnedChange> = Vec::new();
    late.resync_with(encoder.snapshot(&ways), &mut changes).unwrap();
    assert_eq!(changes, []);
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Chest {
    #[schema(full_state_only)]
    lock: u8,
    #[schema(deprecated)]
    old: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Guard {
    #[schema(view)]
    bribe: u8,
    #[schema(view)]
    thirst: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Vault {
    #[schema(view)]
    chests: MapSchema<Chest>,
    guards: MapSchema<Guard>,
}

#[test]
fn a_marked_field_is_sent_as_its_own_type_says_behind_a_hidden_struct() {
    let mut vault = Tracked::new(Vault::default());
    let view = vault.create_view("ada");
    vault.guards.insert("tom", Guard::default());
    let mut encoder = Encoder::new(&vault);
    encoder.patch(&mut vault);
    vault.view_add(view, &["guards", "tom"], Tag::DEFAULT).unwrap();
    let mut ada = Decoder::<Vault>::new();
    ada.apply(encoder.snapshot_for(&vault, view)).unwrap();
    for n in 1..4 {
        vault.chests.insert("new", Chest { lock: n, old: n });
        *vault.guards.get_mut("tom").unwrap() = Guard { bribe: n, thirst: 2 * n };
        encoder.patch(&mut vault);
        ada.apply(encoder.patch_for(&vault, view)).unwrap();
        assert_eq!(ada.state().guards["tom"], Guard { bribe: n, thirst: 2 * n });
        assert!(ada.state().chests.is_empty());
    }
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Card {
    rank: u8,
    marks: ArraySchema<u8>,
}

#[derive(Schema, Default, Debug, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Table {
    round: u8,
    #[schema(view)]
    hand: ArraySchema<Card>,
    #[schema(view(2))]
    note: String,
}

/// Who has a view holds what it shows, and nothing else.
#[test]
fn a_view_is_read_as_any_state() {
    let mut table = Tracked::new(Table {
        round: 1,
        hand: ArraySchema::from([Card { rank: 3, ..Card::default() }]),
        note: "owl".to_owned(),
    });
    let view = table.create_view("ada");
    let mut encoder = Encoder::new(&table);
    encoder.patch(&mut table);
    let mut client = Decoder::<Table>::new();
    client.apply(encoder.snapshot_for(&table, view)).unwrap();
    assert_eq!(client.state(), &Table { round: 1, ..Table::default() });
    table.view_add(view, &[] as &[&str], Tag::DEFAULT).unwrap();
    encoder.patch(&mut table);
    client.apply(encoder.patch_for(&table, view)).unwrap();
    assert_eq!((client.state().hand.len(), &*client.state().note), (1, ""));
    table.view_add(view, &[] as &[&str], Tag(2)).unwrap();
    encoder.patch(&mut table);
    client.apply(encoder.patch_for(&table, view)).unwrap();
    assert_eq!(client.state(), &*table);
}

/// A sink takes what the wire says, whatever its own type is.
#[test]
fn a_float_takes_a_step() {
    let types = Tracked::new(Body::default()).types();
    let tidewire_state::FieldKind::Quantized(by) = types.types[0].fields[1].kind else {
        panic!("it is quantized")
    };
    let mut body = Body::default();
    StructSink::set(&mut body, FieldIndex(1), Value::Quantized(128, &by)).unwrap();
    assert_eq!(body.yaw, 180.0);
}
