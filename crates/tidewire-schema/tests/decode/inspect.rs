//! What an inspector prints.

use std::sync::Arc;

use tidewire_schema::{Decoder, Encoder, Inspector, Profile};
use tidewire_state::{
    ArraySchema, FieldInfo, FieldKind, MapSchema, PrimitiveKind, Schema, Tracked, TypeIndex,
    TypeInfo, TypeSet,
};

use crate::common::{UNIVERSAL, UPSTREAM, bytes};

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Leaf {
    #[schema(number)]
    n: f64,
    next: Option<Box<Leaf>>,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct State {
    turn: String,
    hero: Option<Leaf>,
    scores: MapSchema<u16>,
    players: MapSchema<Leaf>,
    log: ArraySchema<String>,
    deck: ArraySchema<Leaf>,
}

fn inspector() -> Inspector {
    Inspector::with_types(Arc::new(State::default().describe()))
}

/// Compares what is printed, white space at ends of lines apart.
#[track_caller]
fn check(inspector: &mut Inspector, hex: &str, expected: &str) {
    let bytes = bytes(hex);
    let inspection = inspector.inspect(&bytes);
    let printed = inspection.to_string();
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(lines(&printed), lines(expected), "{printed}");
}

#[test]
fn every_operation_has_its_line() {
    let mut inspector = inspector();
    check(
        &mut inspector,
        "80a161 8105 8201 8302 8403 8504 ff05 80cd0001 8106 ff06 8003",
        r#"
             0  80 a1 61                            #0 State: ADD turn = "a"
             3  81 05                               #0 State: ADD hero = #5, new, Leaf
             5  82 01                               #0 State: ADD scores = #1, new, map of uint16
             7  83 02                               #0 State: ADD players = #2, new, map of Leaf
             9  84 03                               #0 State: ADD log = #3, new, array of string
            11  85 04                               #0 State: ADD deck = #4, new, array of Leaf
            13  ff 05                               SWITCH to #5, State.hero, Leaf
            15  80 cd 00 01                         #5 Leaf: ADD n = 256
            19  81 06                               #5 Leaf: ADD next = #6, new, Leaf
            21  ff 06                               SWITCH to #6, State.hero.next, Leaf
            23  80 03                               #6 Leaf: ADD n = 3
        "#,
    );
    check(
        &mut inspector,
        "ff01 00070005 01 80",
        r#"
             0  ff 01                               SWITCH to #1, State.scores, map of uint16
             2  00 07 00 05                         #1 map of uint16: REPLACE entry 7 (key not known) = 1280
             6  01 80                               ERROR: expected an operation on a map: 01 is not an operation here (byte 6)
        "#,
    );
    check(
        &mut inspector,
        "ff01 8000a1610500 00000700 4000 0a ff02 8001a16207 c001a16208 a001a16209 2001 08",
        r#"
             0  ff 01                               SWITCH to #1, State.scores, map of uint16
             2  80 00 a1 61 05 00                   #1 map of uint16: ADD entry 0 "a" = 5
             8  00 00 07 00                         #1 map of uint16: REPLACE entry 0 "a" = 7
            12  40 00                               #1 map of uint16: DELETE entry 0 "a"
            14  0a                                  #1 map of uint16: CLEAR
            15  ff 02                               SWITCH to #2, State.players, map of Leaf
            17  80 01 a1 62 07                      #2 map of Leaf: ADD entry 1 "b" = #7, new, Leaf
            22  c0 01 a1 62 08                      #2 map of Leaf: DELETE_AND_ADD entry 1 "b" = #8, new, Leaf
            27  a0 01 a1 62 09                      #2 map of Leaf: MOVE_AND_ADD entry 1 "b" = #9, new, Leaf
            32  20 01 08                            #2 map of Leaf: MOVE entry 1 "b" = #8, was State.players["b"], Leaf
        "#,
    );
    check(
        &mut inspector,
        "ff03 8000a178 4000 0f 0a ff04 800008 20010b 600109 8105 0a 2108 ff0a 41 ff00 41 c10bd501",
        r#"
             0  ff 03                               SWITCH to #3, State.log, array of string
             2  80 00 a1 78                         #3 array of string: ADD [0] = "x"
             6  40 00                               #3 array of string: DELETE [0]
             8  0f                                  #3 array of string: REVERSE
             9  0a                                  #3 array of string: CLEAR
            10  ff 04                               SWITCH to #4, State.deck, array of Leaf
            12  80 00 08                            #4 array of Leaf: ADD [0] = #8, was State.players["b"], Leaf
            15  20 01 0b                            #4 array of Leaf: MOVE [1] = #11, new, Leaf
            18  60 01 09                            #4 array of Leaf: DELETE_AND_MOVE [1] = #9, was State.players["b"], Leaf
            21  81 05 0a                            #4 array of Leaf: ADD_BY_REFID #5 = #10, new, Leaf
            24  21 08                               #4 array of Leaf: DELETE_BY_REFID #8
            26  ff 0a                               SWITCH to #10, State.deck[#5], Leaf
            28  41                                  #10 Leaf: DELETE next
            29  ff 00                               SWITCH to #0, State, State
            31  41                                  #0 State: DELETE hero
            32  c1 0b d5 01                         #0 State: DELETE_AND_ADD hero = #11, was State.deck[1], Leaf (type given)
        "#,
    );
}

#[test]
fn what_is_wrong_is_the_last_line() {
    for (hex, operation, offset, expected, found) in [
        ("80a161 87", 3, 3, "one of the 6 fields of State", "there is no field 7"),
        ("8201 ff01 8000a16105", 4, 9, "a value for State.scores[\"a\"], a uint16", "buffer ended"),
        ("8201 ff01 80", 4, 5, "the number of an entry", "buffer ended at byte 5"),
        ("8201 ff01 800005", 4, 6, "the key of an entry", "byte 05 at 6 does not begin a string"),
        ("8201 ff01 0f", 4, 4, "an operation on a map", "0f is not an operation here (byte 4)"),
        ("8403 ff03 8100", 4, 6, "a value for State.log[#0], a string", "buffer ended"),
        ("8403 ff03 11", 4, 4, "an operation on an array", "11 is not an operation"),
        ("81c1", 0, 1, "a refId for State.hero", "byte c1 at 1 does not begin a number"),
        ("8105d5", 0, 3, "the number of a type", "buffer ended at byte 3"),
        ("8105d509 ff05 8001", 6, 6, "a type that is there, not 9", "80 is not an operation"),
        ("ff", 0, 1, "the refId of a structure", "buffer ended at byte 1"),
    ] {
        let bytes = bytes(hex);
        let inspection = inspector().inspect(&bytes).error.unwrap_or_else(|| panic!("{hex}"));
        assert_eq!((inspection.operation, inspection.offset), (operation, offset), "{hex}");
        assert_eq!(inspection.expected, expected, "{hex}");
        assert!(inspection.found.starts_with(found), "{hex}: {}", inspection.found);
    }
}

#[test]
fn without_types_as_much_as_can_be_known() {
    check(
        &mut Inspector::new(),
        "80a161 8201 ff01 8000a16105",
        "
         0  80 a1 61 82 01                      #0: ADD field 0, then what cannot be told without the types; 5 bytes in all
         5  ff 01                               SWITCH to #1, which no message here has told of
         7  80 00 a1 61 05                      #1: 5 bytes that cannot be told without its type
        ",
    );
}

#[test]
fn names_stay_on_their_line() {
    let types = TypeSet {
        types: vec![TypeInfo::new(
            "A\nB",
            vec![FieldInfo::new("c\r\nd", FieldKind::Primitive(PrimitiveKind::Uint8))],
        )],
        root: TypeIndex(0),
    };
    let mut inspector = Inspector::with_types(Arc::new(types));
    let line = r"0  80 05                               #0 A\nB: ADD c\r\nd = 5";
    check(&mut inspector, "8005", line);
    let line = "0  80                                  ERROR: expected a value for ";
    let printed = inspector.inspect(b"\x80").to_string();
    assert!(printed.trim().starts_with(line) && printed.lines().count() == 1, "{printed}");
}

#[test]
fn long_texts_are_cut() {
    let text = "\u{e9}".repeat(100);
    let message = [&[0x80, 0xd9, 200][..], text.as_bytes(), &[0x82, 1, 0xff, 1]].concat();
    let inspection = inspector().inspect(&message).to_string();
    let cut = format!("ADD turn = \"{}\u{2026}\" (200 bytes)", "\u{e9}".repeat(48));
    assert!(inspection.lines().next().unwrap().ends_with(&cut), "{inspection}");
}

#[test]
fn handshakes_and_recordings_are_read_to_their_ends() {
    for handshake in UPSTREAM["handshakes"].as_object().unwrap().values() {
        let bytes = bytes(handshake.as_str().unwrap());
        let mut inspector = Inspector::of_handshake();
        let inspection = inspector.inspect(&bytes);
        assert_eq!(inspection.error, None, "{inspection}");
        let end = inspection.lines.iter().fold(0, |end, line| {
            assert_eq!(line.offset, end);
            end + line.len
        });
        assert_eq!(end, bytes.len());
    }
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct Recorded {
        log: ArraySchema<String>,
        cards: ArraySchema<One>,
        players: MapSchema<One>,
        scores: MapSchema<tidewire_state::Number>,
        hero: Option<One>,
    }
    #[derive(Schema, Default)]
    #[schema(crate = "tidewire_state")]
    struct One {
        #[schema(number)]
        n: f64,
    }
    let types = Arc::new(Recorded::default().describe());
    let mut inspector = Inspector::new();
    for case in UNIVERSAL["cases"].as_array().unwrap() {
        if case["tick"] == -1 {
            inspector = Inspector::with_types(types.clone());
        }
        let bytes = bytes(case["hex"].as_str().unwrap());
        let inspection = inspector.inspect(&bytes);
        assert_eq!(inspection.error, None, "{inspection}");
        assert!(!inspection.to_string().contains("cannot be told"), "{inspection}");
    }
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Item {
    name: String,
}

#[derive(Schema, Clone, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Weapon {
    #[schema(base)]
    item: Item,
    damage: u8,
}

#[derive(Schema, Clone, Debug)]
#[schema(crate = "tidewire_state")]
enum Thing {
    Item(Item),
    Weapon(Weapon),
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Hand {
    cards: ArraySchema<Thing>,
}

/// What moves is of the type that it came with, though the array is declared to hold another.
#[test]
fn what_moves_is_of_the_type_that_it_was() {
    let mut hand = Tracked::new(Hand::default());
    let mut encoder = Encoder::new(&hand);
    let mut inspector = Inspector::from_handshake(&encoder.handshake(Profile::V5)).unwrap();
    let mut decoder = Decoder::<Hand>::new();
    let mut told = |hand: &mut Tracked<Hand>| {
        let patch = encoder.patch(hand).to_vec();
        decoder.apply(&patch).unwrap();
        let inspection = inspector.inspect(&patch);
        assert_eq!(inspection.error, None, "{inspection}");
        inspection.lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>()
    };
    let weapon = Weapon { item: Item { name: "axe".to_owned() }, damage: 1 };
    hand.cards.push(Thing::Item(Item::default()));
    hand.cards.push(Thing::Weapon(weapon));
    told(&mut hand);
    hand.cards.swap(0, 1);
    let lines = told(&mut hand);
    assert!(
        lines.contains(&"#1 array of Type1: MOVE [0] = #3, was State.cards[1], Type2".to_owned()),
        "{lines:#?}"
    );
    if let Some(Thing::Weapon(weapon)) = hand.cards.get_mut(0) {
        weapon.damage = 7;
    }
    assert_eq!(told(&mut hand).last().unwrap(), "#3 Type2: ADD damage = 7");
}

/// A message that puts in what is there without its type: decoders go by what it is.
#[test]
fn what_is_there_is_of_its_type_where_none_is_given() {
    let types = Arc::new(Hand::default().describe());
    let mut inspector = Inspector::with_types(types);
    // Item 0 is a Weapon; it goes and is there again, once without its type.
    let message = bytes("8001 ff01 8000 02 d502 ff01 a000 02 ff02 8107");
    let inspection = inspector.inspect(&message);
    assert_eq!(inspection.error, None, "{inspection}");
    assert_eq!(inspection.lines.last().unwrap().text, "#2 Weapon: ADD damage = 7");
    let mut decoder = Decoder::<Hand>::new();
    decoder.apply(&message).unwrap();
}
