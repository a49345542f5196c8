//! Fields that are in patches alone, or in snapshots alone: what not everyone sees goes by the same rule.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use tidewire_schema::{Decoder, Encoder, ReaderId};
use tidewire_state::{MapSchema, Schema, Tag, Tracked};

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Spell {
    #[schema(patch_only)]
    flash: String,
    power: u8,
    #[schema(full_state_only)]
    seed: String,
    #[schema(deprecated)]
    old: u8,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Tower {
    open: MapSchema<Spell>,
    #[schema(view)]
    hidden: MapSchema<Spell>,
    #[schema(filter = |_, viewer| viewer.name() == "ada")]
    filtered: MapSchema<Spell>,
    #[schema(per_player)]
    own: MapSchema<Spell>,
    keepers: MapSchema<Keeper>,
}

/// A public struct with such fields that are not public.
#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Keeper {
    #[schema(patch_only, filter = |_, viewer| viewer.name() == "ada")]
    flash: String,
    #[schema(full_state_only, filter = |_, viewer| viewer.name() == "ada")]
    seed: String,
}

/// What a client has of each spell and of the keeper: `flash` and `seed`.
fn seen(client: &Decoder<Tower>) -> Vec<(String, String)> {
    let Tower { open, hidden, filtered, own, keepers } = client.state();
    let spells = [open, hidden, filtered, own].into_iter().flat_map(MapSchema::values);
    let spells = spells.map(|spell| (spell.flash.clone(), spell.seed.clone()));
    let keepers = keepers.values().map(|keeper| (keeper.flash.clone(), keeper.seed.clone()));
    spells.chain(keepers).collect()
}

fn pairs(flash: &str, seed: &str) -> Vec<(String, String)> {
    vec![(flash.to_owned(), seed.to_owned()); 5]
}

#[test]
fn new_structs_come_in_patches_as_patches_tell_them() {
    let mut tower = Tracked::new(Tower::default());
    let mut encoder = Encoder::new(&tower);
    let ada = tower.create_view("ada");
    encoder.patch(&mut tower);
    let mut early = Decoder::<Tower>::new();
    early.apply(encoder.snapshot_for(&tower, ada)).unwrap();
    tower.view_subscribe(ada, &["hidden"], Tag::DEFAULT).unwrap();
    encoder.patch(&mut tower);
    early.apply(encoder.patch_for(&tower, ada)).unwrap();

    let spell = Spell { flash: "bang".to_owned(), power: 1, seed: "oak".to_owned(), old: 1 };
    tower.open.insert("x", spell.clone());
    tower.hidden.insert("x", spell.clone());
    tower.filtered.insert("x", spell.clone());
    tower.own.insert("ada", spell);
    tower.keepers.insert("k", Keeper { flash: "bang".to_owned(), seed: "oak".to_owned() });
    encoder.patch(&mut tower);
    early.apply(encoder.patch_for(&tower, ada)).unwrap();
    assert_eq!(seen(&early), pairs("bang", ""), "in the patch that they came with");

    // Whoever joins in that very tick has a snapshot.
    let mut late = Decoder::<Tower>::new();
    encoder.snapshot(&tower);
    late.apply(encoder.last_snapshot_to(&tower, ada, ReaderId(9))).unwrap();
    assert_eq!(seen(&late), pairs("", "oak"), "in a snapshot");

    let Tower { open, hidden, filtered, own, keepers } = &mut *tower;
    for mut spell in [open, hidden, filtered, own].into_iter().flat_map(MapSchema::values_mut) {
        (spell.flash, spell.seed) = ("boom".to_owned(), "elm".to_owned());
    }
    for mut keeper in keepers.values_mut() {
        (keeper.flash, keeper.seed) = ("boom".to_owned(), "elm".to_owned());
    }
    encoder.patch(&mut tower);
    early.apply(encoder.patch_for(&tower, ada)).unwrap();
    late.apply(encoder.patch_to(&tower, ada, ReaderId(9))).unwrap();
    assert_eq!(seen(&early), pairs("boom", ""));
    assert_eq!(seen(&late), pairs("boom", "oak"));
}

#[test]
fn what_comes_into_view_and_was_there_is_told_as_in_a_snapshot() {
    let mut tower = Tracked::new(Tower::default());
    let spell = Spell { flash: "bang".to_owned(), power: 1, seed: "oak".to_owned(), old: 1 };
    tower.hidden.insert("x", spell);
    let mut encoder = Encoder::new(&tower);
    let ada = tower.create_view("ada");
    encoder.patch(&mut tower);
    let mut client = Decoder::<Tower>::new();
    client.apply(encoder.snapshot_for(&tower, ada)).unwrap();
    tower.view_add(ada, &["hidden", "x"], Tag::DEFAULT).unwrap();
    encoder.patch(&mut tower);
    client.apply(encoder.patch_for(&tower, ada)).unwrap();
    let spell = &client.state().hidden["x"];
    assert_eq!((spell.flash.as_str(), spell.power, spell.seed.as_str()), ("", 1, "oak"));
}
