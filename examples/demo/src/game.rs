//! The rules of the world: who moves how, what is picked up, what comes back.
//!
//! Pure functions of state, time and chance: no room, no clients, no clock.

use std::collections::VecDeque;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::SmallRng;

use crate::bots;
use crate::state::{Player, Point, Spark, Stone, World};

/// What the rules remember beside the state.
#[derive(Debug)]
pub struct Game {
    random: SmallRng,
    /// Simulated time.
    now: Duration,
    /// When sparks come back.
    returns: VecDeque<Duration>,
    next_spark: u32,
}

impl Game {
    /// Fills a world: stones, sparks and wanderers.
    pub fn new(mut random: SmallRng, world: &mut World) -> Self {
        (world.width, world.height) = SIZE;
        world.sight = SIGHT;
        for _ in 0..STONES {
            let radius = random.random_range(28.0..78.0);
            let place = free_place(&mut random, world, radius + 30.0);
            world.stones.push(Stone { place, radius });
        }
        let bots = bots::all(&mut random);
        let mut this =
            Self { random, now: Duration::ZERO, returns: VecDeque::new(), next_spark: 0 };
        for _ in 0..SPARKS {
            this.add_spark(world);
        }
        for (id, bot) in bots {
            this.enter(world, &id, bot);
        }
        this
    }

    /// Lets somebody in, at a place that is free.
    pub fn enter(&mut self, world: &mut World, id: &str, mut player: Player) {
        player.place = free_place(&mut self.random, world, BODY * 2.0);
        world.players.insert(id, player);
    }

    /// Goes on by this much time; at most a tenth of a second, should the machine have slept.
    pub fn step(&mut self, world: &mut World, elapsed: Duration) {
        let elapsed = elapsed.min(Duration::from_millis(100));
        self.now += elapsed;
        world.time = self.now.as_millis() as f64;
        steer(world, elapsed.as_secs_f32());
        self.pick_up(world);
        while self.returns.front().is_some_and(|&at| at <= self.now) {
            self.returns.pop_front();
            self.add_spark(world);
        }
        rank(world);
    }

    fn pick_up(&mut self, world: &mut World) {
        let World { players, sparks, .. } = world;
        for (_, mut player) in players.iter_mut() {
            let place = player.place;
            let mut found = 0;
            sparks.retain(|_, spark| {
                let is_taken = place.distance(spark.place) < REACH;
                if is_taken {
                    found += u32::from(spark.worth);
                    self.returns.push_back(self.now + RETURN);
                }
                !is_taken
            });
            // Writing through the guard is what marks a player as changed, so only those that changed are written.
            if found > 0 {
                player.score = player.score.saturating_add(found);
            }
        }
    }

    fn add_spark(&mut self, world: &mut World) {
        let worth = if self.random.random_bool(0.12) { 5 } else { 1 };
        let place = free_place(&mut self.random, world, REACH);
        world.sparks.insert(format!("spark-{}", self.next_spark), Spark { worth, place });
        self.next_spark += 1;
    }
}

/// Moves everybody by what they wish for.
fn steer(world: &mut World, seconds: f32) {
    // Wanderers look at the whole world, so all wishes are there before anybody moves.
    let wishes: Vec<Point> = world
        .players
        .values()
        .map(|player| match &player.mind {
            Some(mind) => mind.wish(player, world),
            None => player.wish,
        })
        .collect();

    let (size, stones) = (Point::new(world.width, world.height), &world.stones);
    for ((_, mut player), wish) in world.players.iter_mut().zip(wishes) {
        // Bodies take a moment to start and to stop.
        let change = wish.at_most_one() * SPEED - player.velocity;
        let velocity = player.velocity + change * (seconds * AGILITY).min(1.0);
        if velocity.length() < 1.0 {
            continue;
        }
        let place = inside(size, player.place + velocity * seconds);
        player.place = inside(size, beside_stones(stones, place));
        player.velocity = velocity;
    }
}

/// The nearest place inside the world.
fn inside(size: Point, place: Point) -> Point {
    Point::new(place.x.clamp(BODY, size.x - BODY), place.y.clamp(BODY, size.y - BODY))
}

/// The place, pushed out of the stones that it is in.
fn beside_stones<'a>(stones: impl IntoIterator<Item = &'a Stone>, mut place: Point) -> Point {
    for stone in stones {
        let away = place - stone.place;
        let (distance, least) = (away.length(), stone.radius + BODY);
        if distance < least {
            let direction =
                if distance > 0.0 { away * (1.0 / distance) } else { Point::new(1.0, 0.0) };
            place = stone.place + direction * least;
        }
    }
    place
}

/// A place that keeps its distance from stones and edges; after some tries, any.
fn free_place(random: &mut SmallRng, world: &World, distance: f32) -> Point {
    let mut any = || {
        Point::new(
            random.random_range(distance..world.width - distance),
            random.random_range(distance..world.height - distance),
        )
    };
    let is_free = |place: Point| {
        world.stones.iter().all(|stone| place.distance(stone.place) > stone.radius + distance)
    };
    (0..TRIES).map(|_| any()).find(|&place| is_free(place)).unwrap_or_else(&mut any)
}

/// Brings the ranking up to date. Who has nothing is not in it.
fn rank(world: &mut World) {
    let World { players, ranking, .. } = world;
    let mut best: Vec<(u32, &str)> = players
        .iter()
        .filter(|(_, player)| player.score > 0)
        .map(|(id, player)| (player.score, id))
        .collect();
    // Sorting is stable, so of two that are equal the one that was here first is ahead.
    best.sort_by_key(|&(score, _)| std::cmp::Reverse(score));
    best.truncate(RANKS);
    // Only places that changed hands are written; clients are sent nothing else.
    ranking.truncate(best.len());
    for (rank, (_, id)) in best.into_iter().enumerate() {
        match ranking.get(rank) {
            Some(current) if current == id => {}
            Some(_) => ranking[rank] = id.to_owned(),
            None => ranking.push(id.to_owned()),
        }
    }
}

/// Width and height of the world, in paces.
const SIZE: (f32, f32) = (2400.0, 1600.0);

/// How far one sees sparks, in paces.
const SIGHT: f32 = 430.0;

const STONES: usize = 16;

const SPARKS: usize = 90;

/// How long a spark that was picked up stays away.
const RETURN: Duration = Duration::from_millis(2500);

/// The radius of a body, in paces.
const BODY: f32 = 20.0;

/// How close a body must come to a spark.
const REACH: f32 = 34.0;

/// How fast a body is at most, in paces a second.
const SPEED: f32 = 300.0;

/// How quickly a body becomes as fast as it wishes, per second.
const AGILITY: f32 = 7.0;

/// How many are ranked.
const RANKS: usize = 8;

const TRIES: usize = 50;

#[cfg(test)]
#[path = "game/tests.rs"]
mod tests;
