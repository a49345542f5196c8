//! The hash of a state: what makes another one, and what does not.

use std::collections::BTreeMap;

use tidewire_state::{ArraySchema, MapSchema, Number, Schema, SetSchema, state_hash};

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Zoo {
    name: String,
    age: u8,
    weight: Number,
    nick: Option<String>,
    cages: MapSchema<Cage>,
    days: ArraySchema<u16>,
    tags: SetSchema<String>,
    #[schema(skip)]
    secret: u32,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Cage {
    beasts: ArraySchema<Beast>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Beast {
    hp: i16,
}

fn zoo(edit: impl FnOnce(&mut Zoo)) -> u64 {
    let mut zoo = Zoo::default();
    for key in ["north", "south"] {
        let beasts = [1, 2].map(|hp| Beast { hp });
        zoo.cages.insert(key, Cage { beasts: beasts.into_iter().collect() });
    }
    zoo.days.extend([1, 2, 2]);
    edit(&mut zoo);
    state_hash(&zoo)
}

#[test]
fn all_that_a_client_can_tell_makes_another_hash() {
    type Edit = fn(&mut Zoo);
    let edits: [(&str, Edit); 13] = [
        ("as it is", |_| {}),
        ("a text", |zoo| zoo.name = "Aquarium".into()),
        ("a longer text", |zoo| zoo.name = "Aquarium\0".into()),
        ("a number", |zoo| zoo.age = 1),
        ("a float", |zoo| zoo.weight = Number(1.0)),
        ("an option", |zoo| zoo.nick = Some(String::new())),
        ("one entry less", |zoo| drop(zoo.cages.remove("south"))),
        ("an entry without content", |zoo| drop(zoo.cages.insert("west", Cage::default()))),
        ("another order of items", |zoo| zoo.days.reverse()),
        ("another order of structs", |zoo| {
            if let Some(cage) = zoo.cages.get_mut("north") {
                cage.beasts.reverse();
            }
        }),
        ("the same in another entry", |zoo| {
            if let Some(cage) = zoo.cages.get_mut("south") {
                cage.beasts.reverse();
            }
        }),
        ("a member", |zoo| zoo.tags.extend(["wet".to_owned()])),
        ("another member", |zoo| zoo.tags.extend(["dry".to_owned()])),
    ];
    let mut seen = BTreeMap::new();
    for (what, edit) in edits {
        assert_eq!(seen.insert(zoo(edit), what), None, "{what}");
    }
}

#[test]
fn what_no_client_can_tell_makes_none() {
    let same = zoo(|_| {});
    assert_eq!(same, zoo(|zoo| zoo.secret = 1));
    assert_eq!(same, zoo(|zoo| zoo.weight = Number(-0.0)));
    // A client reads singles of these.
    let weighs = |weight| zoo(|zoo| zoo.weight = Number(weight));
    assert_eq!(weighs(0.1), weighs(0.1f32.into()));
    // The entry goes behind the other.
    assert_eq!(
        same,
        zoo(|zoo| {
            let cage = zoo.cages.remove("north").unwrap_or_default();
            zoo.cages.insert("north", cage);
        })
    );
    let members = |members: [&str; 2]| zoo(|zoo| zoo.tags.extend(members.map(str::to_owned)));
    assert_eq!(members(["wet", "dry"]), members(["dry", "wet"]));
    let nan = |bits| zoo(|zoo| zoo.weight = Number(f64::from_bits(bits)));
    assert_eq!(nan(0x7ff8_0000_0000_0000), nan(0xfff8_0000_0000_0001));
}
