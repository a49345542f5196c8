//! What an observer is told.

use tidewire_schema::{Change, ChangePlace, ChangeValue, Decoder, Operation, OwnedChange};
use tidewire_state::{ArraySchema, MapSchema, Schema, Value};

use crate::common::bytes;

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    #[schema(number)]
    hp: u8,
}

#[derive(Schema, Debug, Default)]
#[schema(crate = "tidewire_state")]
struct Arena {
    turn: String,
    players: MapSchema<Player>,
    scores: MapSchema<u8>,
    log: ArraySchema<String>,
    deck: ArraySchema<Player>,
}

/// A change as `1.hp: 3 -> 4`.
fn line(change: Change<'_>) -> String {
    let value = |value: Option<ChangeValue<'_>>| match value {
        None => "-".to_owned(),
        Some(ChangeValue::Node(id)) => format!("#{}", id.0),
        Some(ChangeValue::Value(Value::String(text))) => format!("{text:?}"),
        Some(ChangeValue::Value(Value::Number(number))) => format!("{number}n"),
        Some(ChangeValue::Value(Value::Uint8(number))) => format!("{number}"),
        Some(ChangeValue::Value(other)) => panic!("{other:?}"),
    };
    let place = match change.place {
        ChangePlace::Field(_, name) => format!(".{name}"),
        ChangePlace::Entry(key) => format!("[{key}]"),
        ChangePlace::Item(index) => format!("[{index}]"),
        other => panic!("{other:?}"),
    };
    let (id, operation) = (change.structure.0, change.operation);
    format!("{id}{place} {operation:?}: {} -> {}", value(change.previous), value(change.value))
}

fn changes(decoder: &mut Decoder<Arena>, hex: &str) -> Vec<String> {
    let mut lines = Vec::new();
    decoder.apply_with(&bytes(hex), &mut |change: Change<'_>| lines.push(line(change))).unwrap();
    lines
}

#[test]
fn every_change_is_told() {
    let mut decoder = Decoder::new();
    assert_eq!(
        changes(&mut decoder, "80a161 8101 8202 8303 8404 ff01 8000a16105 ff05 8007"),
        [
            ".turn Add: \"\" -> \"a\"",
            ".players Add: - -> #1",
            ".scores Add: - -> #2",
            ".log Add: - -> #3",
            ".deck Add: - -> #4",
            "1[a] Add: - -> #5",
            "5.hp Add: 0n -> 7n",
        ]
        .map(|line| if line.starts_with('.') {
            format!("0{line}")
        } else {
            line.to_owned()
        })
    );
    assert_eq!(
        changes(
            &mut decoder,
            "ff02 8000a17801 8001a17902 ff03 8000a161 8001a162 ff04 800006 800107"
        ),
        [
            "2[x] Add: - -> 1",
            "2[y] Add: - -> 2",
            "3[0] Add: - -> \"a\"",
            "3[1] Add: - -> \"b\"",
            "4[0] Add: - -> #6",
            "4[1] Add: - -> #7",
        ]
    );
    assert_eq!(
        changes(
            &mut decoder,
            "80a162 ff05 8008 ff02 000005 4001 ff03 0000a163 4001 ff04 200007 200106"
        ),
        [
            "0.turn Add: \"a\" -> \"b\"",
            "5.hp Add: 7n -> 8n",
            "2[x] Replace: 1 -> 5",
            "2[y] Delete: 2 -> -",
            "3[0] Replace: \"a\" -> \"c\"",
            "3[1] Delete: \"b\" -> -",
            "4[0] Move: #6 -> #7",
            "4[1] Move: #7 -> #6",
        ]
    );
    assert_eq!(
        changes(&mut decoder, "ff01 c000a16108 ff04 0a ff02 0a"),
        [
            "1[a] DeleteAndAdd: #5 -> #8",
            "4[0] Delete: #7 -> -",
            "4[1] Delete: #6 -> -",
            "2[x] Delete: 5 -> -",
        ]
    );
    assert_eq!(changes(&mut decoder, "80a162 ff08 8000"), [] as [&str; 0]);
}

#[test]
fn changes_can_be_kept() {
    let mut decoder = Decoder::<Arena>::new();
    let mut changes: Vec<OwnedChange> = Vec::new();
    decoder.apply_with(&bytes("80a161 8101"), &mut changes).unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].operation, Operation::Add);
    assert_eq!(decoder.state().turn, "a");
}
