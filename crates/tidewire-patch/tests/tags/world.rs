//! A state with what can be hidden by tags: private types, types that extend them, private fields, structs in several places.

use tidewire_patch::{Tracker, TrackerConfig, TrackerSerializer};
use tidewire_state::{
    ArraySchema, Handle, Instance, MapSchema, Pool, Schema, SetSchema, Tracked, Visitor,
};

use super::{lines::Lines, model::Model};

/// Every struct has a number of its own, by which a model knows it.
#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Item {
    pub(crate) serial: u32,
    #[schema(view)]
    pub(crate) secret: u32,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Weapon {
    #[schema(base)]
    pub(crate) item: Item,
    pub(crate) damage: u8,
}

#[derive(Schema, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) enum Thing {
    Item(Item),
    Weapon(Weapon),
}

impl Thing {
    pub(crate) fn item(&self) -> &Item {
        match self {
            Self::Item(item) => item,
            Self::Weapon(weapon) => &weapon.item,
        }
    }

    pub(crate) fn item_mut(&mut self) -> &mut Item {
        match self {
            Self::Item(item) => item,
            Self::Weapon(weapon) => &mut weapon.item,
        }
    }
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Chip {
    pub(crate) serial: u32,
    pub(crate) worth: u8,
}

#[derive(Schema, Default, Clone)]
#[schema(crate = "tidewire_state")]
pub(crate) struct Player {
    pub(crate) serial: u32,
    #[schema(view)]
    pub(crate) gold: u32,
    #[schema(view(2))]
    pub(crate) hand: ArraySchema<Thing>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
pub(crate) struct World {
    #[schema(pool)]
    pub(crate) pool: Pool<Chip>,
    pub(crate) players: MapSchema<Player>,
    pub(crate) deck: MapSchema<Thing>,
    pub(crate) pile: ArraySchema<Thing>,
    pub(crate) trump: Option<Instance<Thing>>,
    pub(crate) chips: SetSchema<Handle<Chip>>,
    pub(crate) owned: MapSchema<Handle<Chip>>,
    pub(crate) round: u32,
    #[schema(computed = World::half)]
    pub(crate) half: u32,
    #[schema(view, computed = World::double)]
    pub(crate) double: u32,
}

impl World {
    fn half(&self) -> u32 {
        self.round / 2
    }

    fn double(&self) -> u32 {
        self.round * 2
    }

    /// The number of the struct at a path.
    pub(crate) fn serial(&self, path: &[&str]) -> Option<u32> {
        let item = |thing: &Thing| thing.item().serial;
        let chip = |handle: &Handle<Chip>| self.pool.get(*handle).map(|chip| chip.serial);
        match path {
            [] => Some(Model::ROOT),
            ["players", name] => self.players.get(name).map(|player| player.serial),
            ["players", name, "hand", _] => self.players.get(name)?.hand.first().map(item),
            ["deck", name] => self.deck.get(name).map(item),
            ["pile", _] => self.pile.first().map(item),
            ["trump"] => self.trump.as_ref().map(|thing| item(thing)),
            ["owned", name] => chip(self.owned.get(name)?),
            _ => None,
        }
    }

    /// The numbers of all structs that are there.
    pub(crate) fn serials(&self) -> Vec<u32> {
        let hands = self.players.values().flat_map(|player| player.hand.iter());
        let things = self.deck.values().chain(self.pile.iter()).chain(hands);
        let trump = self.trump.as_deref();
        let chips = self.chips.iter().chain(self.owned.values());
        let chips = chips.filter_map(|handle| self.pool.get(*handle)).map(|chip| chip.serial);
        let players = self.players.values().map(|player| player.serial);
        let things = things.chain(trump).map(|thing| thing.item().serial);
        things.chain(players).chain(chips).collect()
    }
}

/// A state, trackers of it for each kind of message, and what a model says of it.
pub(crate) struct Stage {
    pub(crate) state: Tracked<World>,
    pub(crate) trackers: Vec<Tracker>,
    pub(crate) model: Model,
    next_serial: u32,
}

/// What an edit is made of.
pub(crate) type Edit = (u8, usize, u8);

const NAMES: [&str; 3] = ["ada", "b/ob", "eve~"];
pub(crate) const TAGS: [&str; 3] = ["a", "b", "c"];

impl Stage {
    /// `bits` choose what is private.
    pub(crate) fn new(bits: u8) -> Self {
        let state = Tracked::new(World::default());
        let model = Model::new(bits);
        let mut config = TrackerConfig::default()
            .with_private_map_value_patch(model.tells_keys)
            .with_reversible(bits & 16 != 0);
        for (is, name) in [(model.private_item, "Item"), (model.private_chip, "Chip")] {
            if is {
                config = config.with_private_type(name);
            }
        }
        if model.public_weapon {
            config = config.with_public_type("Weapon");
        }
        let kinds = [
            TrackerSerializer::None,
            TrackerSerializer::Mpack,
            TrackerSerializer::Light,
            TrackerSerializer::Patchpack,
        ];
        let tracker = |kind| Tracker::new(&state, config.clone().with_serializer(kind)).unwrap();
        let mut trackers: Vec<Tracker> = kinds.map(tracker).into();
        let own = Box::new(Lines::default());
        trackers.push(Tracker::with_serializer(&state, config.clone(), own).unwrap());
        Self { state, trackers, model, next_serial: 1 }
    }

    pub(crate) fn sync(&mut self) {
        let trackers = self.trackers.iter_mut().map(|tracker| tracker as &mut dyn Visitor);
        self.state.sync(&mut trackers.collect::<Vec<_>>()[..]);
        self.model.settle(&self.state.serials());
    }

    fn serial(&mut self) -> u32 {
        self.next_serial += 1;
        self.next_serial
    }

    fn thing(&mut self, what: u8) -> Thing {
        let item = Item { serial: self.serial(), secret: what.into() };
        if what.is_multiple_of(2) {
            Thing::Item(item)
        } else {
            Thing::Weapon(Weapon { item, damage: what })
        }
    }

    fn tag(&mut self, path: &[&str], tag: &str) {
        let Some(serial) = self.state.serial(path) else { return };
        let node = self.state.node(path).unwrap();
        for tracker in &mut self.trackers {
            tracker.add_tag(&self.state, node, tag).unwrap();
        }
        self.model.tags.entry(serial).or_default().insert(tag.to_owned());
    }

    fn untag(&mut self, path: &[&str], tag: &str) {
        let Some(serial) = self.state.serial(path) else { return };
        let node = self.state.node(path).unwrap();
        for tracker in &mut self.trackers {
            tracker.delete_tag(&self.state, node, tag).unwrap();
        }
        self.model.tags.entry(serial).or_default().remove(tag);
    }

    fn set_parent(&mut self, path: &[&str], parent: &[&str]) {
        let serials = (self.state.serial(path), self.state.serial(parent));
        let (Some(serial), Some(above)) = serials else { return };
        let (node, parent) = (self.state.node(path).unwrap(), self.state.node(parent).unwrap());
        let is_own = self.model.set_parent(serial, above).is_err();
        for tracker in &mut self.trackers {
            let result = tracker.set_parent(&self.state, node, Some(parent));
            assert_eq!(result.is_err(), is_own);
        }
    }

    /// Changes the state or the tags of its structs.
    pub(crate) fn edit(&mut self, (kind, which, what): Edit) {
        let (name, tag) = (NAMES[which % 3], TAGS[usize::from(what) % 3]);
        let (path, other) = (place(which, name), place(usize::from(what), name));
        match kind % 22 {
            0 | 1 => {
                let thing = self.thing(what);
                self.state.deck.insert(name, thing);
            }
            2 => drop(self.state.deck.remove(name)),
            3 => {
                let thing = self.thing(what);
                self.state.pile.push(thing);
            }
            4 => drop(self.state.pile.pop()),
            5 if self.state.pile.len() > 1 => self.state.pile.rotate_left(1),
            6 => {
                let thing = self.thing(what);
                self.state.trump = (what % 4 != 0).then(|| Instance::new(thing));
            }
            7 => {
                let (serial, thing) = (self.serial(), self.thing(what));
                match self.state.players.get_mut(name) {
                    Some(player) if what % 2 == 0 => player.gold += 1,
                    Some(player) => player.hand.push(thing),
                    None => {
                        let player = Player { serial, gold: what.into(), ..Player::default() };
                        self.state.players.insert(name, player);
                    }
                }
            }
            8 => drop(self.state.players.remove(name)),
            9..=12 => self.tag(path, tag),
            13 => self.untag(path, tag),
            14 => self.set_parent(path, other),
            15 => {
                let serial = self.serial();
                let chip = self.state.pool.insert(Chip { serial, worth: what });
                self.state.chips.insert(chip);
                self.state.owned.insert(name, chip);
            }
            16 => drop(self.state.owned.remove(name)),
            17 => {
                if let Some(chip) = self.state.chips.iter().next().copied() {
                    self.state.chips.remove(&chip);
                }
            }
            18 => {
                // What was named and went before a sync could see it: its number is another's next.
                let thing = self.thing(what);
                self.state.deck.insert(name, thing);
                self.tag(&["deck", name], tag);
                if what.is_multiple_of(2) {
                    self.state.deck.remove(name);
                } else {
                    let thing = self.thing(what);
                    self.state.deck.insert(name, thing);
                }
            }
            19 => self.state.round += 1,
            20 => {
                if let Some(thing) = self.state.deck.get_mut(name) {
                    thing.item_mut().secret += 1;
                }
            }
            _ => {
                // As of a handle that is taken out before a sync, and may be put back later.
                if let Some(chip) = self.state.owned.get(name).copied() {
                    self.tag(&["owned", name], tag);
                    self.state.owned.remove(name);
                    self.state.owned.insert(NAMES[usize::from(what) % 3], chip);
                }
            }
        }
    }
}

fn place(which: usize, name: &str) -> &'static [&'static str] {
    const PLACES: [[&[&str]; 3]; 5] = [
        [&["deck", NAMES[0]], &["deck", NAMES[1]], &["deck", NAMES[2]]],
        [&["players", NAMES[0]], &["players", NAMES[1]], &["players", NAMES[2]]],
        [&["owned", NAMES[0]], &["owned", NAMES[1]], &["owned", NAMES[2]]],
        [&["pile", "0"], &["trump"], &[]],
        [
            &["players", NAMES[0], "hand", "0"],
            &["players", NAMES[1], "hand", "0"],
            &["players", NAMES[2], "hand", "0"],
        ],
    ];
    let at = NAMES.iter().position(|known| *known == name).unwrap_or_default();
    PLACES[which / 3 % 5][at]
}
