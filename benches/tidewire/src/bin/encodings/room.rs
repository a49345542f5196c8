//! What one synchronisation of a room with five players costs, its two game ticks included.

use std::time::{Duration, Instant};

use tidewire_opcode::{
    Config, Direction, Encoder, Encoding, Event, EventName, Fnv1a, Message, StateTree, Tree, merged,
};
use tidewire_state::Tracked;

use crate::world::{Random, Shot, World, point};

const PLAYERS: usize = 5;
const ITERATIONS: usize = 200;
const WARM_UP_TICKS: usize = 4;
const ROOMS: usize = 100;

pub(crate) fn print() {
    println!(
        "hero-defense, {ROOMS} rooms of {PLAYERS} players one after the other, {ITERATIONS} syncs each: a room's \
         sync, two game ticks included"
    );
    println!("{:<38}{:>12}{:>12}{:>16}", "encoding", "ms", "ticks alone", "bytes, all sent");
    let ticks = || quartile(|room| run(room, |_, _| 0).0);
    // Whoever comes first would find nothing warm.
    let ticks = ticks().min(ticks());
    for (name, config) in [
        ("state-json, original", Encoding::JsonObject.original()),
        ("opcode-json, hashes", Encoding::OpcodeJson.original()),
        ("opcode-msgpack, hashes", Encoding::OpcodeMessagePack.original()),
        ("opcode-msgpack, shortest", Encoding::OpcodeMessagePack.shortest()),
    ] {
        let bytes: usize = (0..ROOMS).map(|room| tree(room, config).1).sum();
        let time = quartile(|room| tree(room, config).0);
        let bytes = bytes as f64 / (ROOMS * ITERATIONS) as f64;
        line(name, time, ticks, bytes);
        if name == "opcode-msgpack, hashes" {
            println!(
                "{:<38}{:>12}{:>12}{:>16}",
                "  the original, on its own machine", "0.394", "", "498.5"
            );
        }
    }
    let (mut bytes, schema) = (0, |room| {
        let mut encoder = None;
        run(room, |world, _| {
            let encoder = encoder.get_or_insert_with(|| tidewire_schema::Encoder::new(world));
            PLAYERS * encoder.patch(world).len()
        })
    });
    (0..ROOMS).for_each(|room| bytes += schema(room).1);
    line(
        "schema (no events)",
        quartile(|room| schema(room).0),
        ticks,
        bytes as f64 / (ROOMS * ITERATIONS) as f64,
    );
    // What is known of the original in this very game, players in the order in which they came.
    for (encoding, expected) in KNOWN {
        let found: usize = (0..100).map(|room| tree(room, encoding.original()).1).sum();
        assert_eq!(found, expected, "bytes of 100 rooms in {encoding:?}");
    }
}

/// What 100 rooms send.
const KNOWN: [(Encoding, usize); 2] =
    [(Encoding::JsonObject, 35_095_148), (Encoding::OpcodeMessagePack, 9_970_620)];

fn line(name: &str, time: Duration, ticks: Duration, bytes: f64) {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("{name:<38}{:>12.4}{:>12.4}{bytes:>16.1}", ms(time), ms(ticks));
}

/// The lower quartile over the rooms of what a sync takes on average: what disturbs one only ever adds to it.
fn quartile(time: impl Fn(usize) -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..ROOMS).map(time).collect();
    times.sort_unstable();
    times[ROOMS / 4]
}

/// Plays a room. Returns what a sync took on average, and all bytes sent.
fn run(
    room: usize,
    mut sync: impl FnMut(&mut Tracked<World>, Vec<Shot>) -> usize,
) -> (Duration, usize) {
    let mut random = Random::new(Fnv1a::new().text("hero-defense").finish());
    let mut world = Tracked::new(World::new());
    sync(&mut world, Vec::new());
    for player in 0..PLAYERS {
        world.join(&format!("room{room}-player-{player}"), &mut random);
    }
    let mut shots = Vec::new();
    for _ in 0..WARM_UP_TICKS {
        shots.extend(world.tick(&mut random));
    }
    sync(&mut world, shots);
    let start = Instant::now();
    let mut bytes = 0;
    for _ in 0..ITERATIONS {
        let mut shots = world.tick(&mut random);
        shots.extend(world.tick(&mut random));
        bytes += sync(&mut world, shots);
    }
    (start.elapsed() / ITERATIONS as u32, bytes)
}

/// Encodes once, for however many clients, and counts what each is sent.
fn tree(room: usize, config: Config) -> (Duration, usize) {
    let encoding = config.encoding;
    let mut encoder = Encoder::new(config);
    let mut tree = None;
    run(room, |world, shots| {
        let tree = tree.get_or_insert_with(|| StateTree::new(world));
        world.sync(tree);
        let update = tree.update_with(|members, whole| encoder.prefers_whole(members, whole));
        if update.patches.is_empty() && shots.is_empty() {
            return 0;
        }
        let state = encoder.encode(&update);
        let events = shots.iter().map(|shot| event(shot, encoding));
        if encoding == Encoding::OpcodeMessagePack {
            let events: Vec<Event> = events.collect();
            return merged(state, &events, encoding).map_or(0, |frame| PLAYERS * frame.len());
        }
        // The original's count has an event once, whoever hears of it.
        let events: usize = events.map(|event| Message::Event(event).encode(encoding).len()).sum();
        PLAYERS * state.len() + events
    })
}

fn event(shot: &Shot, encoding: Encoding) -> Event {
    let name = Tree::from(shot.player.as_str());
    let player = match encoding {
        Encoding::OpcodeMessagePack => name,
        _ => Tree::object([("rawValue", name)]),
    };
    let fields = [("from", point(shot.from)), ("playerID", player), ("to", point(shot.to))];
    let payload = match encoding {
        Encoding::JsonObject => Tree::object(fields),
        _ => Tree::object(fields).into_tuple(),
    };
    let name = EventName::Name("PlayerShoot".into());
    Event { direction: Direction::FromServer, name, payload, raw_body: Tree::Null }
}
