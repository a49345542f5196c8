//! What one with these tags may see of a plain state: told from the values, without walks, nodes and numbers of nodes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tidewire_state::{Handle, MapSchema};

use super::world::{Chip, Player, Thing, World};

/// Whose eyes one looks through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Eyes {
    pub(crate) tags: BTreeSet<String>,
    pub(crate) spy: bool,
}

pub(crate) struct Model {
    pub(crate) private_item: bool,
    pub(crate) public_weapon: bool,
    pub(crate) private_chip: bool,
    pub(crate) tells_keys: bool,
    /// By the numbers of structs.
    pub(crate) tags: BTreeMap<u32, BTreeSet<String>>,
    parents: BTreeMap<u32, u32>,
}

impl Model {
    pub(crate) const ROOT: u32 = 0;

    pub(crate) fn new(bits: u8) -> Self {
        Self {
            private_item: bits & 1 != 0,
            public_weapon: bits & 2 != 0,
            private_chip: bits & 4 != 0,
            tells_keys: bits & 8 != 0,
            tags: BTreeMap::new(),
            parents: BTreeMap::new(),
        }
    }

    /// A struct's parent is another. An error if it would be its own.
    pub(crate) fn set_parent(&mut self, serial: u32, parent: u32) -> Result<(), ()> {
        if parent == Self::ROOT {
            self.parents.remove(&serial);
            return Ok(());
        }
        let mut above = Some(parent);
        while let Some(at) = above {
            if at == serial || serial == Self::ROOT {
                return Err(());
            }
            above = self.parents.get(&at).copied();
        }
        self.parents.insert(serial, parent);
        Ok(())
    }

    /// Forgets what is gone.
    pub(crate) fn settle(&mut self, serials: &[u32]) {
        let is_there = |serial: &u32| *serial == Self::ROOT || serials.contains(serial);
        self.tags.retain(|serial, _| is_there(serial));
        self.parents.retain(|serial, parent| is_there(serial) && is_there(parent));
    }

    fn has_access(&self, serial: u32, eyes: &Eyes) -> bool {
        let mut at = Some(serial);
        while let Some(serial) = at {
            if self.has_own(serial, eyes) {
                return true;
            }
            at = self.parents.get(&serial).copied();
        }
        eyes.spy || self.has_own(Self::ROOT, eyes)
    }

    fn has_own(&self, serial: u32, eyes: &Eyes) -> bool {
        self.tags.get(&serial).is_some_and(|tags| !tags.is_disjoint(&eyes.tags))
    }

    /// All that shows. Where something is that does not, there is `null`.
    pub(crate) fn see(&self, world: &World, eyes: &Eyes) -> Json {
        let things = |thing: &Thing| self.thing(thing, eyes);
        let chips = |chip: &Handle<Chip>| world.pool.get(*chip).and_then(|at| self.chip(at, eyes));
        let mut seen = json!({
            "players": self.map(&world.players, |player| Some(self.player(player, eyes))),
            "deck": self.map(&world.deck, things),
            "pile": world.pile.iter().map(things).collect::<Vec<_>>(),
            "chips": world.chips.iter().map(chips).collect::<Vec<_>>(),
            "owned": self.map(&world.owned, chips),
            "round": world.round,
            "half": world.round / 2,
        });
        if self.has_access(Self::ROOT, eyes) {
            seen["double"] = (world.round * 2).into();
        }
        if let Some(trump) = &world.trump {
            seen["trump"] = self.thing(trump, eyes).into();
        }
        seen
    }

    fn map<V: tidewire_state::Element>(
        &self,
        map: &MapSchema<V>,
        show: impl Fn(&V) -> Option<Json>,
    ) -> Json {
        let mut shown = Map::new();
        for (key, value) in map {
            match show(value) {
                Some(value) => drop(shown.insert(key.to_owned(), value)),
                None if self.tells_keys => drop(shown.insert(key.to_owned(), Json::Null)),
                None => {}
            }
        }
        shown.into()
    }

    fn player(&self, player: &Player, eyes: &Eyes) -> Json {
        let mut shown = json!({ "serial": player.serial });
        if self.has_access(player.serial, eyes) {
            shown["gold"] = player.gold.into();
            let hand = player.hand.iter().map(|thing| self.thing(thing, eyes));
            shown["hand"] = hand.collect::<Vec<_>>().into();
        }
        shown
    }

    fn thing(&self, thing: &Thing, eyes: &Eyes) -> Option<Json> {
        let item = thing.item();
        let access = self.has_access(item.serial, eyes);
        let is_private = match thing {
            Thing::Item(_) => self.private_item,
            Thing::Weapon(_) => self.private_item && !self.public_weapon,
        };
        if is_private && !access {
            return None;
        }
        let mut shown = json!({ "serial": item.serial });
        if access {
            shown["secret"] = item.secret.into();
        }
        if let Thing::Weapon(weapon) = thing {
            shown["damage"] = weapon.damage.into();
        }
        Some(shown)
    }

    fn chip(&self, chip: &Chip, eyes: &Eyes) -> Option<Json> {
        let is_hidden = self.private_chip && !self.has_access(chip.serial, eyes);
        (!is_hidden).then(|| json!({ "serial": chip.serial, "worth": chip.worth }))
    }
}
