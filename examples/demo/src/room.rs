//! The room: how clients get into the world, and what they may do there.
//!
//! Clients never say where they are; they say where they want to go, and the rules do the rest. Everything that they send
//! is bounded here.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use tidewire::prelude::*;

use crate::game::Game;
use crate::state::{Line, Player, Point, Spark, World};

/// A room is one world.
#[derive(Default)]
pub struct WorldRoom {
    game: Option<Game>,
    /// The sparks in the view of each client, by session id.
    in_sight: HashMap<String, HashSet<String>>,
}

/// The message `steer`: where a player wants to go, at most 1 long.
#[derive(Deserialize)]
struct Steer {
    x: f32,
    y: f32,
}

impl Room for WorldRoom {
    type State = World;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_max_clients(MAX_PEOPLE);
        self.game = Some(Game::new(SmallRng::from_rng(&mut rand::rng()), &mut room.state));

        room.on_message("steer", |_, room, client, wish: Steer| {
            let player = player_of(room, client)?;
            player.wish = Point::new(wish.x, wish.y).at_most_one();
            Ok(())
        });

        room.on_message("say", |_, room, client, text: String| {
            let now = room.state.time;
            let player = player_of(room, client)?;
            let text = one_line(&text, MAX_TEXT);
            let is_too_soon = player.spoke_at.is_some_and(|at| now - at < PAUSE_MS);
            if text.is_empty() || is_too_soon {
                return Ok(());
            }
            player.spoke_at = Some(now);
            let line = Line { author: player.name.clone(), hue: player.hue, text };
            say(&mut room.state, line);
            Ok(())
        });

        room.on_message("rename", |_, room, client, name: String| {
            let name = name_of(&name);
            let player = player_of(room, client)?;
            player.hue = hue_of(&name);
            player.name = name;
            Ok(())
        });

        // Steps and patches at the same rate: every patch holds exactly one step, so what clients draw moves evenly.
        room.set_patch_rate(TICK);
        room.set_simulation_interval(TICK, |this, room, elapsed| {
            if let Some(game) = &mut this.game {
                game.step(&mut room.state, elapsed);
            }
            this.look_around(room)
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let name = name_of(&options.get_or::<String>("name", "")?);
        let player = Player { hue: hue_of(&name), name, ..Player::default() };
        say(&mut room.state, Line { text: format!("{} is here", player.name), ..Line::default() });
        let game = self.game.as_mut().context("the world was not made")?;
        game.enter(&mut room.state, client.session_id(), player);
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        self.in_sight.remove(client.session_id());
        if let Some(player) = room.state.players.remove(client.session_id()) {
            say(&mut room.state, Line { text: format!("{} left", player.name), ..Line::default() });
        }
        Ok(())
    }
}

impl WorldRoom {
    /// Puts the sparks that came near into each client's view, and takes out those that one has gone away from. Those that
    /// were picked up are out by themselves.
    fn look_around(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        let clients: Vec<Client> = room.clients().cloned().collect();
        for client in clients {
            let id = client.session_id();
            let world = &room.state;
            let Some(player) = world.players.get(id) else { continue };
            let near = |spark: &Spark| spark.place.distance(player.place) < world.sight;
            let now: HashSet<String> = world
                .sparks
                .iter()
                .filter(|(_, spark)| near(spark))
                .map(|(key, _)| key.to_owned())
                .collect();
            let before = self.in_sight.entry(id.to_owned()).or_default();
            let gone =
                before.iter().filter(|&key| !now.contains(key) && world.sparks.contains_key(key));
            let gone: Vec<String> = gone.cloned().collect();
            let mut view = room.view(&client);
            for key in &gone {
                view.remove(&["sparks", key])?;
            }
            for key in now.difference(before) {
                view.add(&["sparks", key])?;
            }
            *before = now;
        }
        Ok(())
    }
}

fn player_of<'a>(room: &'a mut RoomContext<WorldRoom>, client: &Client) -> Result<&'a mut Player> {
    room.state.players.get_mut(client.session_id()).context("the sender is not in the world")
}

/// Adds a line to the chat, which keeps the last ones only.
fn say(world: &mut World, line: Line) {
    world.chat.push(line);
    let too_many = world.chat.len().saturating_sub(MAX_LINES);
    world.chat.drain(..too_many);
}

/// What somebody is called, made of what they want to be called.
fn name_of(wish: &str) -> String {
    let name = one_line(wish, MAX_NAME);
    if name.is_empty() { "Somebody".to_owned() } else { name }
}

/// The colour that goes with a name: always the same.
fn hue_of(name: &str) -> u16 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash % 360) as u16
}

/// At most this many characters of a text, without control characters, and one space for each gap.
fn one_line(text: &str, max: usize) -> String {
    let words = text.split(|char: char| char.is_whitespace() || char.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(max).collect();
    line.trim_end().to_owned()
}

/// How often the world goes on, and how often clients hear of it.
const TICK: Duration = Duration::from_millis(40);

const MAX_PEOPLE: usize = 64;

/// How many characters a name has at most.
const MAX_NAME: usize = 16;

/// How many characters a line of the chat has at most.
const MAX_TEXT: usize = 140;

/// How many lines of the chat are kept.
const MAX_LINES: usize = 30;

/// How long one waits between two lines, in milliseconds.
const PAUSE_MS: f64 = 400.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_one_short_line() {
        let check = |text: &str, expected: &str| assert_eq!(one_line(text, 8), expected);
        check("  hi\n\tthere ", "hi there");
        check("\u{0}\u{1b}[31m", "[31m");
        check("1234567 9", "1234567");
        check("🦀🦀🦀🦀🦀🦀🦀🦀🦀", "🦀🦀🦀🦀🦀🦀🦀🦀");
        check(" \u{a0}\r\n", "");
    }

    #[test]
    fn who_has_no_name_gets_one() {
        assert_eq!(name_of(" \n "), "Somebody");
        assert_eq!(name_of("Ada"), "Ada");
        assert!(hue_of("Ada") < 360);
        assert_ne!(hue_of("Ada"), hue_of("Bob"));
    }

    #[test]
    fn the_chat_keeps_the_last_lines() {
        let mut world = World::default();
        for number in 0..100 {
            say(&mut world, Line { text: number.to_string(), ..Line::default() });
        }
        assert_eq!(world.chat.len(), MAX_LINES);
        assert_eq!(world.chat[MAX_LINES - 1].text, "99");
    }
}
