//! Wanderers: simple steering with some character.
//!
//! A wanderer sees what a player sees, the state, and answers with what a player sends: a direction. So it obeys the rules
//! of the world as everybody does.

use rand::{Rng, RngExt as _};

use crate::state::{Player, Point, World};

/// How many of them there are.
pub const COUNT: usize = 20;

/// What steers a wanderer.
#[derive(Debug, Clone, PartialEq)]
pub struct Mind {
    character: Character,
    /// Where in its strolling it began, so that no two stroll alike.
    phase: f32,
    /// How eager it is: the length of the directions that it wishes for.
    zeal: f32,
}

/// What a wanderer is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Character {
    /// Goes for the nearest spark, wherever it is.
    Hunter,
    /// Goes for what is worth most for its distance.
    Miser,
    /// Strolls, and takes what lies close by.
    Dreamer,
    /// Strolls, and keeps away from people.
    Shy,
    /// Runs along with the nearest person, and strolls when there is nobody.
    Friend,
}

/// The wanderers at the beginning: by id, not placed yet.
pub fn all(random: &mut impl Rng) -> Vec<(String, Player)> {
    let characters = CHARACTERS.iter().cycle();
    let bots = NAMES.iter().zip(characters).take(COUNT).enumerate();
    bots.map(|(index, (name, &character))| {
        let mind = Mind {
            character,
            phase: random.random_range(0.0..100.0),
            zeal: random.random_range(0.6..0.85),
        };
        let player = Player {
            name: (*name).to_owned(),
            hue: (index * 360 / COUNT) as u16,
            is_bot: true,
            mind: Some(mind),
            ..Player::default()
        };
        (format!("bot-{index}"), player)
    })
    .collect()
}

impl Mind {
    /// Where its body wants to go now.
    pub fn wish(&self, body: &Player, world: &World) -> Point {
        let here = body.place;
        let stroll = self.stroll(world.time);
        let aim = match self.character {
            Character::Hunter => spark(here, world, |_, distance| -distance),
            Character::Miser => spark(here, world, |worth, distance| worth / (distance + 40.0)),
            Character::Dreamer => spark(here, world, |_, distance| -distance)
                .filter(|&place| here.distance(place) < GLANCE),
            Character::Shy => person(here, world)
                .filter(|&place| here.distance(place) < SHYNESS)
                .map(|place| here + (here - place)),
            Character::Friend => {
                person(here, world).filter(|&place| here.distance(place) > COMPANY)
            }
        };
        let wish = match aim {
            // A little of the stroll in it looks less like a machine.
            Some(place) => (place - here).at_most_one() + stroll * 0.25,
            None => stroll * 0.7,
        };
        let wish = wish + away_from_edges(here, world) + around_stones(here, world);
        wish.at_most_one() * self.zeal
    }

    /// A direction that changes slowly and never repeats.
    fn stroll(&self, time: f64) -> Point {
        let seconds = (time / 1000.0) as f32 + self.phase * 7.0;
        Point::at_angle((seconds * 0.31).sin() * 3.0 + (seconds * 0.173).cos() * 4.0 + self.phase)
    }
}

/// The place of the spark that is liked best: by its worth and its distance.
fn spark(here: Point, world: &World, liking: impl Fn(f32, f32) -> f32) -> Option<Point> {
    let sparks = world.sparks.values();
    sparks
        .map(|spark| (liking(f32::from(spark.worth), here.distance(spark.place)), spark.place))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, place)| place)
}

/// The place of the nearest person.
fn person(here: Point, world: &World) -> Option<Point> {
    let people = world.players.values().filter(|player| !player.is_bot);
    people
        .map(|player| player.place)
        .min_by(|&one, &other| here.distance(one).total_cmp(&here.distance(other)))
}

/// Inwards, the more the closer an edge is.
fn away_from_edges(here: Point, world: &World) -> Point {
    let push = |at: f32, end: f32| {
        ((MARGIN - at).max(0.0) - (MARGIN - (end - at)).max(0.0)) / MARGIN * 1.5
    };
    Point::new(push(here.x, world.width), push(here.y, world.height))
}

/// Away from stones and to one side of them, so that nobody runs against one for long.
fn around_stones(here: Point, world: &World) -> Point {
    let mut push = Point::default();
    for stone in &world.stones {
        let away = here - stone.place;
        let gap = away.length() - stone.radius;
        if gap < BERTH {
            let away = away.at_most_one();
            let sideways = Point::new(-away.y, away.x);
            push += (away + sideways) * ((BERTH - gap) / BERTH);
        }
    }
    push
}

const CHARACTERS: [Character; 5] =
    [Character::Hunter, Character::Dreamer, Character::Miser, Character::Shy, Character::Friend];

const NAMES: [&str; COUNT] = [
    "Moss", "Juniper", "Pebble", "Wren", "Bramble", "Fern", "Otter", "Sorrel", "Midge", "Thistle",
    "Clover", "Heron", "Nettle", "Puffin", "Rowan", "Sedge", "Teasel", "Vetch", "Willow", "Yarrow",
];

/// How far a dreamer sees a spark, in paces.
const GLANCE: f32 = 180.0;

/// How close a shy one lets people come.
const SHYNESS: f32 = 260.0;

/// How close a friend comes to people.
const COMPANY: f32 = 110.0;

/// Where the edge of the world begins to be felt.
const MARGIN: f32 = 120.0;

/// How close a stone may be before one steps aside.
const BERTH: f32 = 46.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Spark, Stone};

    fn world() -> World {
        World { width: 2000.0, height: 1000.0, ..World::default() }
    }

    fn body(character: Character) -> Player {
        let mind = Mind { character, phase: 3.0, zeal: 0.8 };
        Player { place: Point::new(1000.0, 500.0), mind: Some(mind), ..Player::default() }
    }

    fn wish(body: &Player, world: &World) -> Point {
        body.mind.as_ref().expect("a wanderer has a mind").wish(body, world)
    }

    #[test]
    fn a_hunter_goes_for_the_nearest_and_a_miser_for_the_richest() {
        let mut world = world();
        world.sparks.insert("near", Spark { worth: 1, place: Point::new(900.0, 500.0) });
        world.sparks.insert("rich", Spark { worth: 5, place: Point::new(1200.0, 500.0) });
        assert!(wish(&body(Character::Hunter), &world).x < -0.3);
        assert!(wish(&body(Character::Miser), &world).x > 0.3);
    }

    #[test]
    fn a_shy_one_flees_people_and_a_friend_comes_along() {
        let mut world = world();
        world
            .players
            .insert("ada", Player { place: Point::new(1150.0, 500.0), ..Player::default() });
        assert!(wish(&body(Character::Shy), &world).x < -0.3);
        assert!(wish(&body(Character::Friend), &world).x > 0.3);
    }

    #[test]
    fn no_wish_is_longer_than_zeal() {
        let mut world = world();
        world.stones.push(Stone { place: Point::new(20.0, 20.0), radius: 60.0 });
        for character in CHARACTERS {
            let body = Player { place: Point::new(5.0, 5.0), ..body(character) };
            for time in (0..60_000).step_by(777) {
                world.time = f64::from(time);
                let length = wish(&body, &world).length();
                assert!(length <= 0.8 + 1e-4, "{character:?} wishes for {length}");
            }
        }
    }

    #[test]
    fn there_are_as_many_as_promised_each_with_an_id_of_its_own() {
        let bots = all(&mut rand::rng());
        let ids: std::collections::HashSet<_> = bots.iter().map(|(id, _)| id).collect();
        assert_eq!((bots.len(), ids.len()), (COUNT, COUNT));
    }
}
