//! A room for load tests: `cargo run --release --example bench_server -- --port 2567`.
//!
//! The state of the room `bench` is `ts: float64` and `players`, a map of `{name: string, hp: uint8, x: float32,
//! y: float32}` by session id. Twenty times a second, right before the state is encoded, `ts` becomes Unix time in
//! milliseconds and every player moves, so a client that compares `ts` with its own clock sees how old a patch is. The
//! message `move {x, y}` sets the sender's place. Any number of clients may join, by name or by id.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidewire::prelude::*;

#[derive(Schema, Default)]
struct Bench {
    ts: f64,
    players: MapSchema<Player>,
}

#[derive(Schema, Default)]
struct Player {
    name: String,
    hp: u8,
    x: f32,
    y: f32,
}

#[derive(Deserialize)]
struct Move {
    x: f32,
    y: f32,
}

#[derive(Default)]
struct BenchRoom {
    tick: u64,
}

impl Room for BenchRoom {
    type State = Bench;

    fn on_create(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        room.set_patch_rate(Duration::from_millis(50));
        room.on_message("move", |_, room, client, Move { x, y }: Move| {
            let player = room.state.players.get_mut(client.session_id()).context("not playing")?;
            (player.x, player.y) = (x, y);
            Ok(())
        });
        Ok(())
    }

    fn on_join(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        options: Options,
    ) -> Result<()> {
        let name = options.get_or("name", "")?;
        let player = Player { name, hp: 100, ..Player::default() };
        room.state.players.insert(client.session_id(), player);
        Ok(())
    }

    fn on_leave(
        &mut self,
        room: &mut RoomContext<Self>,
        client: &Client,
        _: LeaveReason,
    ) -> Result<()> {
        room.state.players.remove(client.session_id());
        Ok(())
    }

    fn on_before_patch(&mut self, room: &mut RoomContext<Self>) -> Result<()> {
        self.tick += 1;
        for (index, mut player) in (0..).zip(room.state.players.values_mut()) {
            let phase = (self.tick + index) as f64 / 10.0;
            player.x = (100.0 + 50.0 * phase.sin()) as f32;
            player.y = (100.0 + 50.0 * phase.cos()) as f32;
        }
        // Last, so that moving players does not make the patch look older than it is.
        room.state.ts = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1000.0;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let port = port().context("usage: bench_server [--port 0-65535]")?;
    let running = Server::new().define::<BenchRoom>("bench").start(("0.0.0.0", port)).await?;
    println!("bench_server: http://localhost:{}", running.address().port());
    running.wait().await
}

/// The port of the command line; `None` where it makes no sense.
fn port() -> Option<u16> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(2567),
        ["--port", port] => port.parse().ok(),
        _ => None,
    }
}
