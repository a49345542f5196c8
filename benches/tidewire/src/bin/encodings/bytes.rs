//! A minute of one room with one player, in every encoding.

use tidewire_opcode::{Config, Encoder, Encoding, Fnv1a, PathForm, StateTree};
use tidewire_patch as patch;
use tidewire_schema::Profile;
use tidewire_state::Tracked;

use crate::world::{Random, World};

const SYNCS: usize = 600;
const TICKS_PER_SYNC: usize = 2;

/// What an encoding made of the minute.
#[derive(Clone)]
struct Row {
    name: &'static str,
    /// What a client is sent that joins at the end: handshake and snapshot.
    join: usize,
    patches: usize,
}

pub(crate) fn print() {
    println!(
        "hero-defense, 1 player, {SYNCS} syncs of {TICKS_PER_SYNC} ticks: bytes for one client"
    );
    println!("{:<38}{:>10}{:>11}{:>14}", "encoding", "patches", "per sync", "join at end");
    let rows = [patches(), trees()].concat();
    for Row { name, join, patches } in &rows {
        let per_sync = *patches as f64 / SYNCS as f64;
        println!("{name:<38}{patches:>10}{per_sync:>11.1}{join:>14}");
    }
    for (name, expected) in KNOWN {
        let found = rows.iter().find(|row| row.name == name).map(|row| row.patches);
        assert_eq!(found, Some(expected), "the original server's bytes in {name}");
    }
}

/// What the original server's frames come to in this very minute.
const KNOWN: [(&str, usize); 5] = [
    ("state-json, original", 338_127),
    ("opcode-json, paths as text", 216_705),
    ("opcode-json, hashes", 163_282),
    ("opcode-msgpack, paths as text", 149_759),
    ("opcode-msgpack, hashes", 88_788),
];

/// Plays the minute. `sync` says how many bytes a tick takes; what it says before the player joins, when
/// all is new, does not count.
fn play(world: &mut Tracked<World>, mut sync: impl FnMut(&mut Tracked<World>) -> usize) -> usize {
    let mut random = Random::new(Fnv1a::new().text("hero-defense:default").finish());
    sync(world);
    world.join("measure-player", &mut random);
    let mut bytes = 0;
    for _ in 0..SYNCS {
        for _ in 0..TICKS_PER_SYNC {
            world.tick(&mut random);
        }
        bytes += sync(world);
    }
    bytes
}

fn sum(messages: &[Vec<u8>]) -> usize {
    messages.iter().map(Vec::len).sum()
}

fn patches() -> Vec<Row> {
    let new = || Tracked::new(World::new());
    let config = patch::Config::default();
    let mut rows = Vec::new();

    let mut world = new();
    let mut encoder = tidewire_schema::Encoder::new(&world);
    let patches = play(&mut world, |world| encoder.patch(world).len());
    let join = encoder.handshake(Profile::V5).len() + encoder.snapshot(&world).len();
    rows.push(Row { name: "schema", join, patches });

    let mut world = new();
    let mut encoder = patch::JsonEncoder::new(&world);
    let patches =
        play(&mut world, |world| encoder.patch(world).map_or(0, |patch| patch.to_string().len()));
    rows.push(Row { name: "json", join: encoder.snapshot(&world).to_string().len(), patches });

    let mut world = new();
    let mut encoder = patch::MpackEncoder::new(&world, config);
    let patches = play(&mut world, |world| sum(encoder.patch(world)));
    rows.push(Row { name: "mpack", join: encoder.snapshot().len(), patches });

    let mut world = new();
    let mut encoder = patch::LightEncoder::new(&world, config).unwrap();
    let patches = play(&mut world, |world| sum(encoder.patch(world)));
    rows.push(Row { name: "light", join: encoder.snapshot().len(), patches });

    let mut world = new();
    let mut encoder = patch::PatchpackEncoder::new(&world, config);
    let patches = play(&mut world, |world| sum(encoder.patch(world)));
    rows.push(Row { name: "patchpack", join: encoder.snapshot().len(), patches });
    rows
}

fn trees() -> Vec<Row> {
    let plain = |encoding: Encoding| Config { paths: PathForm::Plain, ..encoding.original() };
    let (json, pack) = (Encoding::OpcodeJson, Encoding::OpcodeMessagePack);
    let configs = [
        ("state-json, original", Encoding::JsonObject.original()),
        ("state-json, shortest", Encoding::JsonObject.shortest()),
        ("opcode-json, paths as text", plain(json)),
        ("opcode-json, hashes", json.original()),
        ("opcode-json, shortest", json.shortest()),
        ("opcode-msgpack, paths as text", plain(pack)),
        ("opcode-msgpack, hashes", pack.original()),
        ("opcode-msgpack, shortest", pack.shortest()),
    ];
    let row = |(name, config)| {
        let mut world = Tracked::new(World::new());
        let mut tree = StateTree::new(&world);
        let mut encoder = Encoder::new(config);
        let patches = play(&mut world, |world| {
            world.sync(&mut tree);
            let update = tree.update_with(|members, whole| encoder.prefers_whole(members, whole));
            encoder.encode(&update).len()
        });
        let join = Encoder::new(config).encode(&tree.first_sync()).len();
        Row { name, join, patches }
    };
    configs.map(row).into()
}
