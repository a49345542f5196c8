//! A room in which every player changes in every tick: what is sent grows by the square of the players, what
//! is encoded must not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tidewire_opcode::{Config, Encoder, Encoding, StateTree};
use tidewire_state::{MapSchema, Schema, Tracked};

const SIZES: [usize; 5] = [10, 20, 50, 100, 200];
const SYNCS: usize = 3_000;

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Table {
    round: u32,
    players: MapSchema<Player>,
}

#[derive(Schema, Default)]
#[schema(crate = "tidewire_state")]
struct Player {
    #[schema(rename = "hpCurrent")]
    hp: i32,
}

pub(crate) fn print() {
    println!(
        "every player's hp and the round change in each sync; one frame, handed to every player"
    );
    println!(
        "{:<26}{:>9}{:>12}{:>16}{:>13}{:>16}",
        "encoding", "players", "µs a sync", "ns a player", "frame", "bytes, all sent"
    );
    for (name, config) in [
        ("state-json, original", Encoding::JsonObject.original()),
        ("opcode-json, hashes", Encoding::OpcodeJson.original()),
        ("opcode-msgpack, hashes", Encoding::OpcodeMessagePack.original()),
    ] {
        for players in SIZES {
            let (mut times, frame) = run(players, config);
            // What disturbs a sync only ever adds to it.
            times.sort_unstable();
            let time = times[times.len() / 4];
            let micros = time.as_secs_f64() * 1e6;
            println!(
                "{name:<26}{players:>9}{micros:>12.2}{:>16.1}{frame:>13}{:>16}",
                micros * 1e3 / players as f64,
                players * frame,
            );
        }
    }
    println!(
        "the original, on its own machine: JSON, 30 players 2795 µs, 50 players 7125 µs, private hands included"
    );
}

/// What each sync takes, and the length of the last frame.
fn run(players: usize, config: Config) -> (Vec<Duration>, usize) {
    let mut table = Tracked::new(Table::default());
    let mut tree = StateTree::new(&table);
    let mut encoder = Encoder::new(config);
    for player in 0..players {
        table.players.insert(format!("player_{player}"), Player { hp: 100 });
    }
    let mut sync = |table: &mut Tracked<Table>| -> Arc<[u8]> {
        table.sync(&mut tree);
        encoder.encode(&tree.update()).into()
    };
    sync(&mut table);
    let mut outboxes: Vec<Option<Arc<[u8]>>> = vec![None; players];
    let mut tick = |table: &mut Tracked<Table>, at: usize| {
        table.round += 1;
        for (_, mut player) in &mut table.players {
            player.hp += if at.is_multiple_of(2) { -1 } else { 1 };
        }
        let frame = sync(table);
        outboxes.iter_mut().for_each(|outbox| *outbox = Some(Arc::clone(&frame)));
        frame.len()
    };
    let mut frame = 0;
    let mut times = Vec::with_capacity(SYNCS);
    for at in 0..SYNCS {
        let start = Instant::now();
        frame = tick(&mut table, at);
        times.push(start.elapsed());
    }
    (times, frame)
}
