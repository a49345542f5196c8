//! The clock: many ticks a sample, samples of the peers in turn, lower quartiles.

use std::time::{Duration, Instant};

use crate::{Entity, Peer, Row, Ticks, Workload};

/// Worlds of each contender: where a world comes to lie in memory can make half of the time of a
/// change, and differs from one to the next.
const WORLDS: usize = 15;

/// Samples of each world. Times are the lower quartile of all of them: what disturbs a sample, be it
/// a neighbour or a bad place in memory, only ever adds to it.
const SAMPLES: usize = 7;

/// How long each part of a sample takes, about: short enough to get through between two turns of
/// other processes.
const SAMPLE_TIME: Duration = Duration::from_micros(1_500);

/// Samples of a world of which one tick takes longer than that, which is then the only world.
const SAMPLES_OF_SLOW: usize = 5;

/// How long a world runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(20);

/// A peer in the race.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// What it is called in the result.
    pub name: &'static str,
    /// Makes a world with all entities, and a client that has them.
    pub build: fn(&Workload) -> Box<dyn Peer>,
}

/// Measures the contenders on one cell and returns their rows in the same order.
///
/// Their samples alternate, so that whatever slows the machine down for a while hits all of them.
///
/// # Panics
///
/// When at the end a client does not hold what its server holds.
pub fn measure(workload: &Workload, contenders: &[Contender]) -> Vec<Row> {
    let clock = clock_cost();
    let mut rows: Vec<Row> = Vec::new();
    let mut times: Vec<[Vec<f64>; 3]> = vec![Default::default(); contenders.len()];
    // Worlds that have been measured stay, or the next ones would be built in the same place.
    let mut done: Vec<Lane<'_>> = Vec::new();
    for world in 0..WORLDS {
        let mut lanes: Vec<Lane<'_>> =
            contenders.iter().map(|contender| Lane::new(workload, contender)).collect();
        let counted: Vec<Row> = lanes.iter_mut().map(Lane::warm_up).collect();
        if world == 0 {
            rows = counted;
        }
        let slow = lanes.iter().any(|lane| lane.slow);
        for sample in 0..if slow { SAMPLES_OF_SLOW } else { SAMPLES } {
            // Whoever goes first in one sample goes last in the next.
            let mut turns: Vec<usize> = (0..lanes.len()).collect();
            if sample % 2 == 1 {
                turns.reverse();
            }
            for turn in turns {
                let sampled = lanes[turn].sample(clock);
                times[turn].iter_mut().zip(sampled).for_each(|(all, one)| all.push(one));
            }
        }
        lanes.iter_mut().for_each(Lane::check);
        done.append(&mut lanes);
        if slow {
            break;
        }
    }
    for (row, times) in rows.iter_mut().zip(&mut times) {
        [row.mutate_ns, row.encode_ns, row.apply_ns] =
            times.each_mut().map(|all| lower_quartile(all));
    }
    rows
}

/// One world of a contender, and how far it has come.
struct Lane<'a> {
    workload: &'a Workload,
    name: &'static str,
    peer: Box<dyn Peer>,
    ticks: Ticks<'a>,
    ticks_per_sample: usize,
    /// Whether a tick takes longer than [`SAMPLE_TIME`].
    slow: bool,
    /// Patches for the client, one after the other, and the end of each.
    patches: (Vec<u8>, Vec<usize>),
}

impl<'a> Lane<'a> {
    fn new(workload: &'a Workload, contender: &Contender) -> Self {
        Self {
            workload,
            name: contender.name,
            peer: (contender.build)(workload),
            ticks: workload.ticks(),
            ticks_per_sample: 1,
            slow: false,
            patches: Default::default(),
        }
    }

    /// Runs until everything is warm, finds out how many ticks make a sample, and counts over two
    /// passes what need not be timed.
    fn warm_up(&mut self) -> Row {
        let pass = self.workload.ticks_per_pass();
        let start = Instant::now();
        let (mut ticks, mut busy) = (0, Duration::ZERO);
        // Two passes at least: the second one finds every buffer at its size.
        while ticks < 2 * pass || start.elapsed() < WARM_UP {
            let [mutate, encode, _] = self.run_clocked(pass, true);
            ticks += pass;
            busy += mutate + encode;
        }
        let ticks_that_fit =
            |time: Duration| SAMPLE_TIME.as_secs_f64() * ticks as f64 / time.as_secs_f64();
        self.ticks_per_sample = (ticks_that_fit(busy) as usize).max(1);
        self.slow = ticks_that_fit(start.elapsed()) < 1.0;

        // From the start of a pass, as whole ones have been run: the same ticks for all peers.
        // Two passes: there and back again.
        let counted = 2 * pass;
        let (mut bytes, mut allocations) = (0, 0);
        for _ in 0..counted {
            let tick = self.ticks.advance();
            let made = allocation_counter::measure(|| {
                self.peer.mutate(&tick);
                bytes += self.peer.encode();
            });
            allocations += made.count_total;
            self.apply_last();
            if let Some([server, client]) = self.peer.hashes() {
                assert_eq!(server, client, "{}: the client is not where the server is", self.name);
            }
        }
        Row {
            bench: self.workload.bench().to_owned(),
            peer: self.name,
            case: self.workload.case(),
            mutate_ns: 0.0,
            encode_ns: 0.0,
            apply_ns: 0.0,
            bytes: bytes as f64 / counted as f64,
            allocs: allocations as f64 / counted as f64,
        }
    }

    /// Nanoseconds per tick that mutate, encode and apply take.
    fn sample(&mut self, clock: f64) -> [f64; 3] {
        let count = self.ticks_per_sample;
        let per_tick = |time: Duration| time.as_secs_f64() * 1e9 / count as f64;
        // A client beside the server would cost it the processor's cache. So where the parts of a
        // tick can be torn apart, the client has its turn afterwards.
        let together = self.peer.patch().is_none();
        let [mut mutate, mut encode, mut apply] =
            self.run_clocked(count, together).map(|time| (per_tick(time) - clock).max(1e-3));
        if !together {
            // Reading the clock costs as much as a small tick does. So it says only what share mutate
            // and encode have of their sum.
            let scale = per_tick(self.run_mutate_and_encode(count)) / (mutate + encode);
            mutate *= scale;
            encode *= scale;
            self.peer.rejoin();
            apply = per_tick(self.run_apply(count));
        }
        [mutate, encode, apply]
    }

    /// The times of mutate, encode and, if wanted, apply over some ticks, a reading of the clock in
    /// each of them in every tick.
    fn run_clocked(&mut self, ticks: usize, apply: bool) -> [Duration; 3] {
        let mut times = [Duration::ZERO; 3];
        for _ in 0..ticks {
            let tick = self.ticks.advance();
            let start = Instant::now();
            self.peer.mutate(&tick);
            let mutated = Instant::now();
            self.peer.encode();
            let encoded = Instant::now();
            times[0] += mutated - start;
            times[1] += encoded - mutated;
            if apply {
                times[2] += self.apply_last();
            }
        }
        times
    }

    /// Has the client read what was written last, and returns how long that took.
    fn apply_last(&mut self) -> Duration {
        let (bytes, _) = &mut self.patches;
        bytes.clear();
        bytes.extend_from_slice(self.peer.patch().unwrap_or_default());
        let start = Instant::now();
        self.peer.apply(bytes);
        let time = start.elapsed();
        self.peer.settle();
        time
    }

    /// The time of mutate and encode together over some ticks.
    fn run_mutate_and_encode(&mut self, ticks: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..ticks {
            let tick = self.ticks.advance();
            self.peer.mutate(&tick);
            self.peer.encode();
        }
        start.elapsed()
    }

    /// The time of apply over some ticks, whose patches are written before.
    fn run_apply(&mut self, ticks: usize) -> Duration {
        let (bytes, ends) = &mut self.patches;
        bytes.clear();
        ends.clear();
        for _ in 0..ticks {
            self.peer.mutate(&self.ticks.advance());
            self.peer.encode();
            bytes.extend_from_slice(self.peer.patch().unwrap_or_default());
            ends.push(bytes.len());
        }
        let (start, mut begin) = (Instant::now(), 0);
        for end in ends {
            self.peer.apply(&bytes[begin..*end]);
            begin = *end;
        }
        start.elapsed()
    }

    /// Brings every entity up to date once more, and compares.
    fn check(&mut self) {
        self.run_clocked(self.workload.ticks_per_pass(), true);
        let [server, client] = self.peer.copies();
        assert!(server == client, "{}: the client's copy is not the server's", self.name);
        if self.peer.rearranges() {
            return;
        }
        let begun: Vec<Entity> = self.workload.entities().map(|(_, entity)| entity).collect();
        assert!(
            server.iter().map(|entity| &entity.name).eq(begun.iter().map(|entity| &entity.name)),
            "{}: entities have come, gone or moved",
            self.name
        );
    }
}

/// What reading the clock costs, in nanoseconds.
fn clock_cost() -> f64 {
    const READINGS: usize = 1_000;
    let mut costs: Vec<f64> = (0..READINGS)
        .map(|_| {
            let start = Instant::now();
            let mut last = start;
            for _ in 0..READINGS {
                last = Instant::now();
            }
            (last - start).as_secs_f64() * 1e9 / READINGS as f64
        })
        .collect();
    lower_quartile(&mut costs)
}

/// The value that a quarter of all are below.
fn lower_quartile(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 4]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CASES, Tick};

    /// Writes three bytes and allocates twice a tick.
    #[derive(Default)]
    struct Wasteful(Vec<u8>);

    impl Peer for Wasteful {
        fn mutate(&mut self, tick: &Tick<'_>) {
            assert_eq!(tick.moves().count(), CASES[1].changed);
            self.0 = Vec::with_capacity(1);
        }

        fn encode(&mut self) -> usize {
            self.0 = b"abc".to_vec();
            self.0.len()
        }

        fn patch(&self) -> Option<&[u8]> {
            Some(&self.0)
        }

        fn apply(&mut self, patch: &[u8]) {
            assert_eq!(patch, b"abc");
        }

        fn copies(&mut self) -> [Vec<Entity>; 2] {
            Default::default()
        }
    }

    #[test]
    fn counts_are_per_tick_and_every_patch_reaches_the_client() {
        let workload = Workload::new(CASES[1]);
        let contender = Contender { name: "wasteful", build: |_| Box::new(Wasteful::default()) };
        let mut lane = Lane::new(&workload, &contender);
        let row = lane.warm_up();
        assert_eq!((row.bytes, row.allocs), (3.0, 2.0));
        assert!(lane.sample(0.0).iter().all(|time| *time > 0.0));
    }

    #[test]
    fn a_quarter_is_below_the_lower_quartile() {
        assert_eq!(lower_quartile(&mut [8.0, 1.0, 4.0, 5.0, 2.0, 7.0, 3.0, 6.0]), 3.0);
    }
}
