//! A state that has a bit of everything.

use serde::{Deserialize, Serialize};
use tidewire_state::{ArraySchema, Instance, MapSchema, Number, Schema};

use super::{card::Card, sample::Sample};

/// A struct with everything below it, itself included.
#[derive(Schema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[schema(crate = "tidewire_state")]
#[serde(default)]
pub(crate) struct Player {
    pub(crate) name: String,
    pub(crate) x: f32,
    #[schema(number)]
    pub(crate) score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    pub(crate) best: Card,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spare: Option<Card>,
    pub(crate) bag: MapSchema<Card>,
    pub(crate) hand: ArraySchema<Card>,
    pub(crate) tallies: MapSchema<i32>,
    pub(crate) log: ArraySchema<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buddy: Option<Box<Self>>,
}

/// The root.
#[derive(Schema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[schema(crate = "tidewire_state")]
#[serde(default)]
pub(crate) struct World {
    pub(crate) round: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<i64>,
    pub(crate) host: Player,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rival: Option<Player>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) boss: Option<Instance<Player>>,
    pub(crate) players: MapSchema<Player>,
    pub(crate) guests: MapSchema<Player>,
    pub(crate) queue: ArraySchema<Player>,
    pub(crate) bench: ArraySchema<Player>,
    pub(crate) relics: MapSchema<Instance<Card>>,
    pub(crate) trophies: ArraySchema<Instance<Card>>,
    pub(crate) boxed: MapSchema<Box<Card>>,
    pub(crate) piles: ArraySchema<Box<Card>>,
    pub(crate) scores: MapSchema<u16>,
    pub(crate) words: MapSchema<String>,
    pub(crate) numbers: ArraySchema<Number>,
    pub(crate) notes: ArraySchema<String>,
}

/// Whether an option shall hold something.
pub(crate) fn odd(n: u8) -> bool {
    n % 2 == 1
}

impl Sample for Player {
    fn sample(n: u8) -> Self {
        let mut player = Self { name: n.to_string(), x: f32::from(n), ..Self::default() };
        if n & 1 > 0 {
            player.bag.extend([("ace", Card::sample(n)), ("king", Card::sample(n / 2))]);
            player.tallies.insert("wins", i32::from(n));
        }
        if n & 2 > 0 {
            player.hand.extend([Card::sample(n), Card::default()]);
            player.log.push(Sample::sample(n));
        }
        if n & 4 > 0 {
            player.spare = Some(Card::sample(n));
            player.title = Some(Sample::sample(n));
        }
        if n & 8 > 0 {
            player.buddy = Some(Box::new(Self::sample(n & 0xf0)));
        }
        player
    }

    fn change(&mut self, n: u8) {
        let m = n / 16;
        match n % 16 {
            0 => *self = Self::default(),
            1 => *self = Self::sample(m * 7),
            2 => *self = self.clone(),
            3 => self.x += 1.0,
            4 => self.score = f64::from(m % 3),
            5 => self.title = odd(m).then(|| Sample::sample(m)),
            6 => self.best.change(m),
            7 => self.spare = odd(m).then(|| Card::sample(m)),
            8 => self.spare = Some(std::mem::take(&mut self.best)),
            9 => {
                if let Some(spare) = &mut self.spare {
                    std::mem::swap(spare, &mut self.best);
                }
            }
            10 => self.buddy = odd(m).then(|| Box::new(Self::sample(m))),
            11 => {
                if let Some(buddy) = self.buddy.take() {
                    *self = *buddy;
                }
            }
            12 => {
                if let Some(buddy) = &mut self.buddy {
                    std::mem::swap(&mut self.bag, &mut buddy.bag);
                    std::mem::swap(&mut self.hand, &mut buddy.hand);
                }
            }
            13 => {
                let inner = std::mem::take(self);
                *self = Self { name: inner.name.clone(), ..Self::default() };
                self.buddy = Some(Box::new(inner));
            }
            14 => {
                if let Some(buddy) = &mut self.buddy {
                    buddy.change(m * 16 + 3);
                }
            }
            _ => self.name = m.to_string(),
        }
    }
}
