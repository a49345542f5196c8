//! What every client sees: the state, as plain structs.
//!
//! Nothing here knows of networks. `#[derive(Schema)]` is all that it takes for clients to have a live copy; fields marked
//! `skip` never leave the server.

use std::ops::{Add, AddAssign, Mul, Sub};

use tidewire::prelude::*;

use crate::bots::Mind;

/// The world, as all clients see it.
#[derive(Schema, Default, Debug)]
pub struct World {
    /// Width in paces; places are from 0 to this.
    pub width: f32,
    /// Height in paces, downwards.
    pub height: f32,
    /// Whole milliseconds of simulated time. Clients draw by this clock, so that a late packet makes nothing jump. As a
    /// `number` it is sent in the shortest form that holds it.
    #[schema(number)]
    pub time: f64,
    /// Who is here, by session id; wanderers have ids of their own.
    pub players: MapSchema<Player>,
    /// How far one sees sparks, in paces: they glow in a mist.
    pub sight: f32,
    /// What can be picked up, by an id that is never used twice. Each client is sent those that are near its player, and
    /// no byte of the others.
    #[schema(view)]
    pub sparks: MapSchema<Spark>,
    /// What is in the way.
    pub stones: ArraySchema<Stone>,
    /// Ids of the players with the highest scores, best first.
    pub ranking: ArraySchema<String>,
    /// What was said last, oldest first.
    pub chat: ArraySchema<Line>,
}

/// Somebody who moves about: a person or a wanderer.
#[derive(Schema, Default, Debug)]
pub struct Player {
    /// What others call them.
    pub name: String,
    /// Their colour: degrees around the colour wheel.
    pub hue: u16,
    /// What they picked up, in points.
    pub score: u32,
    /// Whether the server itself steers. Clients call it by the name that suits them.
    #[schema(rename = "isBot")]
    pub is_bot: bool,
    /// Where they are: a struct within the struct.
    pub place: Point,
    /// Paces a second.
    #[schema(skip)]
    pub velocity: Point,
    /// Where they want to go: a direction of at most length 1.
    #[schema(skip)]
    pub wish: Point,
    /// What steers a wanderer.
    #[schema(skip)]
    pub mind: Option<Mind>,
    /// When they last said something, in milliseconds of simulated time.
    #[schema(skip)]
    pub spoke_at: Option<f64>,
}

/// A thing to pick up.
#[derive(Schema, Default, Debug, Clone, PartialEq)]
pub struct Spark {
    /// How many points it is worth.
    pub worth: u8,
    /// Where it hovers.
    pub place: Point,
}

/// A stone. It never moves.
#[derive(Schema, Default, Debug, Clone, PartialEq)]
pub struct Stone {
    /// Its centre.
    pub place: Point,
    /// Its radius in paces.
    pub radius: f32,
}

/// A line of the chat.
#[derive(Schema, Default, Debug, Clone, PartialEq)]
pub struct Line {
    /// Who said it; empty where the world itself speaks.
    pub author: String,
    /// The colour of who said it.
    pub hue: u16,
    /// What was said. It comes from people: to be shown as text, and as nothing else.
    pub text: String,
}

/// A place or a direction, in paces to the right and downwards. Part of the state and an ordinary `Copy` value at once.
#[derive(Schema, Default, Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

impl Point {
    /// The place at these coordinates.
    pub fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The direction of this angle, in radians, of length 1.
    pub fn at_angle(angle: f32) -> Self {
        Self::new(angle.cos(), angle.sin())
    }

    /// How long it is, as a direction.
    pub fn length(self) -> f32 {
        self.x.hypot(self.y)
    }

    /// How far another place is.
    pub fn distance(self, other: Self) -> f32 {
        (other - self).length()
    }

    /// The same direction, at most 1 long. What is no direction at all, as `NaN`, is none.
    pub fn at_most_one(self) -> Self {
        let length = self.length();
        match length {
            _ if !length.is_finite() => Self::default(),
            _ if length > 1.0 => self * (1.0 / length),
            _ => self,
        }
    }
}

impl Add for Point {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl AddAssign for Point {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Point {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Point {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }
}
