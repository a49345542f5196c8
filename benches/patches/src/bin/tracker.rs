//! What it takes a tracker to tell its listeners that one of some players moved, by how many they are and by how much they are
//! shown. Prints a line for each, in nanoseconds of a sync.

use tidewire_bench_patches::{Arena, arena, measure, moves, timed};
use tidewire_patch::{ListenerConfig, Tracker, TrackerConfig, TrackerSerializer};
use tidewire_state::{RefId, Tracked};

const PLAYERS: [u32; 2] = [100, 1_000];

fn main() {
    println!("| players | listeners | their tags | none | mpack | light | patchpack |");
    println!("|---|---|---|---|---|---|---|");
    for players in PLAYERS {
        for (listeners, groups, tags) in [
            (1, 1, "-"),
            (100, 1, "the same"),
            (100, 1, "each its own, in no struct"),
            (100, 100, "each its own, in one"),
        ] {
            let times = [
                TrackerSerializer::None,
                TrackerSerializer::Mpack,
                TrackerSerializer::Light,
                TrackerSerializer::Patchpack,
            ]
            .map(|serializer| sync(players, listeners, tags, groups, serializer));
            let [none, mpack, light, patchpack] = times;
            println!(
                "| {players} | {listeners} | {tags} | {none:.0} | {mpack:.0} | {light:.0} | {patchpack:.0} |"
            );
        }
    }
}

/// How long a change and a sync take.
fn sync(
    players: u32,
    listeners: usize,
    tags: &str,
    groups: usize,
    serializer: TrackerSerializer,
) -> f64 {
    let mut state: Tracked<Arena> = Tracked::new(arena(players));
    let config = TrackerConfig::default().with_serializer(serializer);
    let mut tracker = Tracker::new(&state, config).expect("nothing of the state is refused");
    for at in 0..listeners {
        let tag = if tags.starts_with("each") { format!("tag {at}") } else { "tag".to_owned() };
        if groups > 1 {
            tracker.add_tag(&state, RefId::ROOT, tag.as_str()).expect("the root is there");
        }
        tracker.listen([tag], ListenerConfig::default()).expect("nothing is left out");
    }
    tracker.patch(&mut state);
    assert_eq!(tracker.group_count(), groups);
    let keys = moves(players);
    let mut next = keys.iter().cycle();
    let [time] = measure(|count| {
        [timed(count, |_| {
            state.step(next.next().expect("there are players"));
            tracker.patch(&mut state);
        })]
    });
    time
}
