//! Types whose structs lie in pools, in several places at once, with views and types that extend others.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value as Json, json};
use tidewire_state::{ArraySchema, CollectionSchema, Handle, MapSchema, Pool, Schema, SetSchema};

use super::{
    Root,
    edit::{self, Edit, Made, Make, Reached, Spot, Store, enums, or_base, structs},
};

/// A root with two pools, one of a struct and one of an enum.
#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub struct Pack {
    #[schema(pool)]
    all_beings: Pool<AnyBeing>,
    #[schema(pool)]
    all_things: Pool<Thing>,
    #[schema(deprecated)]
    motto: String,
    name: String,
    leader: Option<Handle<AnyBeing>>,
    beings: MapSchema<Handle<AnyBeing>>,
    queue: ArraySchema<Handle<AnyBeing>>,
    members: SetSchema<Handle<AnyBeing>>,
    crowd: CollectionSchema<Handle<AnyBeing>>,
    #[schema(view)]
    hidden: MapSchema<Handle<AnyBeing>>,
    #[schema(view(1))]
    guests: SetSchema<Handle<AnyBeing>>,
    things: ArraySchema<Handle<Thing>>,
    loose: CollectionSchema<Handle<Thing>>,
    #[schema(view)]
    prize: Option<Handle<Thing>>,
    #[schema(view(2))]
    hoard: SetSchema<Handle<Thing>>,
}

#[derive(Schema)]
#[schema(crate = "tidewire_state")]
enum AnyBeing {
    Being(Being),
    Hero(Hero),
    Mage(Mage),
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Being {
    name: String,
    hp: i16,
    #[schema(view(1))]
    purse: String,
    #[schema(deprecated)]
    kin: ArraySchema<Handle<AnyBeing>>,
    gear: ArraySchema<Handle<Thing>>,
    #[schema(view)]
    bag: CollectionSchema<Handle<Thing>>,
    friends: SetSchema<Handle<AnyBeing>>,
    boss: Option<Handle<AnyBeing>>,
    #[schema(view(2))]
    kept: MapSchema<Handle<Thing>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Hero {
    #[schema(base)]
    being: Being,
    title: Option<String>,
    #[schema(view)]
    pets: ArraySchema<Handle<AnyBeing>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Mage {
    #[schema(base)]
    hero: Hero,
    spells: SetSchema<String>,
    #[schema(view(1))]
    familiar: Option<Handle<AnyBeing>>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Thing {
    name: String,
    #[schema(number)]
    weight: f64,
    #[schema(view)]
    sign: String,
    parts: MapSchema<Handle<Thing>>,
    next: Option<Handle<Thing>>,
}

structs! {
    Pack;
    Pack { name, leader, beings, queue, members, crowd, hidden, guests, things, loose, prize, hoard }
    Being { name, hp, purse, gear, bag, friends, boss, kept }
    Hero: being { title, pets }
    Mage: hero { spells, familiar }
    Thing { name, weight, sign, parts, next }
}

enums! { Pack; AnyBeing { Being, Hero, Mage } }

impl Store<AnyBeing> for Pack {
    fn pool(&self) -> &Pool<AnyBeing> {
        &self.all_beings
    }

    fn pool_mut(&mut self) -> &mut Pool<AnyBeing> {
        &mut self.all_beings
    }
}

impl Store<Thing> for Pack {
    fn pool(&self) -> &Pool<Thing> {
        &self.all_things
    }

    fn pool_mut(&mut self) -> &mut Pool<Thing> {
        &mut self.all_things
    }
}

impl Root for Pack {
    fn types() -> Json {
        json!({ "root": "Pack", "types": {
            "Pack": { "fields": {
                "name": "string", "leader": "Being", "beings": { "map": "Being" },
                "queue": { "array": "Being" }, "members": { "set": "Being" },
                "crowd": { "collection": "Being" }, "hidden": { "map": "Being", "view": -1 },
                "guests": { "set": "Being", "view": 1 }, "things": { "array": "Thing" },
                "loose": { "collection": "Thing" }, "prize": { "type": "Thing", "view": -1 },
                "hoard": { "set": "Thing", "view": 2 },
            } },
            "Being": { "fields": {
                "name": "string", "hp": "int16", "purse": { "type": "string", "view": 1 },
                "gear": { "array": "Thing" }, "bag": { "collection": "Thing", "view": -1 },
                "friends": { "set": "Being" }, "boss": "Being", "kept": { "map": "Thing", "view": 2 },
            } },
            "Hero": { "extends": "Being", "fields": {
                "title": { "type": "string", "optional": true }, "pets": { "array": "Being", "view": -1 },
            } },
            "Mage": { "extends": "Hero", "fields": {
                "spells": { "set": "string" }, "familiar": { "type": "Being", "view": 1 },
            } },
            "Thing": { "fields": {
                "name": "string", "weight": "number", "sign": { "type": "string", "view": -1 },
                "parts": { "map": "Thing" }, "next": "Thing",
            } },
        } })
    }

    fn step(&mut self, step: &Json) -> Result<()> {
        edit::step(self, step)
    }

    fn settle(&mut self) {
        self.motto = super::GONE.to_owned();
        let mut reached = Reached::default();
        self.reach(self, &mut reached);
        Store::<AnyBeing>::forget(self, &mut reached);
        Store::<Thing>::forget(self, &mut reached);
    }
}
