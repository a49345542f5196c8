//! Hands that only their players see: a sync for all players, beside what the original's authors published.

use std::time::{Duration, Instant};

use tidewire_bench::hands::{Game, Lands, Original, Published, Size, Syncs, bytes, published};
use tidewire_opcode::{Encoding, Profile};

const SYNCS: usize = 2_000;

pub(crate) fn print() {
    println!(
        "private hands: one sync for all players, each of whom sees all of the rest and their own hand"
    );
    println!(
        "{:<26}{:>9}{:>7}{:>12}{:>16}{:>14}{:>16}{:>12}",
        "hands that change",
        "players",
        "cards",
        "json, µs",
        "json, bytes",
        "original, µs",
        "original, bytes",
        "msgpack, µs"
    );
    for Published { size, syncs, bytes: theirs, milliseconds } in published() {
        let mut game = Game::new(size);
        let mut original = Original::new(Encoding::JsonObject, &mut game);
        let same = bytes(syncs, &mut game, &mut original);
        assert!((same - theirs as f64).abs() <= 0.5, "the original's bytes at {size:?}: {same}");
        let mut game = Game::new(size);
        let mut lands = Lands::new(Profile::Json, &mut game);
        let ours = bytes(syncs, &mut game, &mut lands);
        let [json, packed] =
            [Profile::Json, Profile::MessagePack].map(|profile| time(size, profile));
        println!(
            "{:<26}{:>9}{:>7}{json:>12.2}{ours:>16.0}{:>14.0}{theirs:>16}{packed:>12.2}",
            format!("{} %{}", size.percent, if size.hot { ", hot" } else { "" }),
            size.players,
            size.cards,
            milliseconds * 1e3,
        );
    }
    println!("hot, 5 %, 5 cards, by the number of players: µs a sync, and ns a player");
    for players in [25, 50, 100, 200] {
        let size = Size { players, cards: 5, percent: 5, hot: true };
        let times = [Profile::Json, Profile::Opcode, Profile::MessagePack]
            .map(|profile| time(size, profile));
        print!("{players:>9}");
        for (name, micros) in ["json", "opcode", "msgpack"].into_iter().zip(times) {
            print!("{name:>12}{micros:>9.1}{:>9.0}", micros * 1e3 / players as f64);
        }
        println!();
    }
}

/// What a sync takes, in microseconds: the lower quartile, for what disturbs one only ever adds to it.
fn time(size: Size, profile: Profile) -> f64 {
    let mut game = Game::new(size);
    let mut lands = Lands::new(profile, &mut game);
    let mut times: Vec<Duration> = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        game.play();
        let start = Instant::now();
        lands.sync(&mut game);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[SYNCS / 4].as_secs_f64() * 1e6
}
