//! The clock: many calls a sample, lower quartiles, as on node.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const SAMPLES: usize = 101;
const WARM_UP: Duration = Duration::from_millis(100);
const SAMPLE: Duration = Duration::from_micros(1_000);
/// How long all samples take, about, where one takes much longer than it should.
const ALL_SAMPLES: Duration = Duration::from_millis(400);

/// Nanoseconds of a call, in parts: `run` makes as many calls as it is told and returns how long their parts took. It
/// may do more than that while it looks at no clock.
pub fn measure<const PARTS: usize>(
    mut run: impl FnMut(usize) -> [Duration; PARTS],
) -> [f64; PARTS] {
    let start = Instant::now();
    let (mut calls, mut count) = (0_usize, 1_usize);
    while calls < 2 || start.elapsed() < WARM_UP {
        run(count);
        calls += count;
        if count < 256 && start.elapsed() < WARM_UP / 4 {
            count *= 2;
        }
    }
    let each = start.elapsed().as_secs_f64() / calls as f64;
    let fitting = ((SAMPLE.as_secs_f64() / each) as usize).max(1);
    // Where a single call takes longer than a sample should, fewer of them must do.
    let samples = (ALL_SAMPLES.as_secs_f64() / (each * fitting as f64)) as usize;
    let samples = samples.clamp(5, SAMPLES);
    let mut parts = [(); PARTS].map(|()| Vec::new());
    for _ in 0..samples {
        for (all, time) in parts.iter_mut().zip(run(fitting)) {
            all.push(time.as_secs_f64() * 1e9 / fitting as f64);
        }
    }
    parts.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 4]
    })
}

/// How long so many calls take, with whatever they return and its end.
pub fn timed<T>(count: usize, mut call: impl FnMut(usize) -> T) -> Duration {
    let start = Instant::now();
    for at in 0..count {
        black_box(call(at));
    }
    start.elapsed()
}

/// How long the two parts of so many calls take on something, when what a look at the clock takes is taken off.
pub fn parted<S: ?Sized, T>(
    state: &mut S,
    count: usize,
    mut first: impl FnMut(&mut S, usize),
    mut second: impl FnMut(&mut S, usize) -> T,
) -> [Duration; 2] {
    let clock = clock_cost();
    let mut parts = [Duration::ZERO; 2];
    for at in 0..count {
        let start = Instant::now();
        first(state, at);
        let middle = Instant::now();
        black_box(second(state, at));
        let end = Instant::now();
        parts[0] += (middle - start).saturating_sub(clock);
        parts[1] += (end - middle).saturating_sub(clock);
    }
    parts
}

/// A time, shared out as its parts were, which a look at the clock made longer.
pub fn shared(sum: f64, parts: [f64; 2]) -> [f64; 2] {
    parts.map(|part| sum * part / (parts[0] + parts[1]).max(f64::MIN_POSITIVE))
}

/// What a look at the clock takes.
fn clock_cost() -> Duration {
    const LOOKS: u32 = 64;
    let start = Instant::now();
    let last = (0..LOOKS).fold(start, |_, _| Instant::now());
    (last - start) / LOOKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_and_their_time_is_shared_out() {
        let mut calls = 0;
        let nanoseconds = measure(|count| {
            calls += count;
            [3, 1].map(|each| Duration::from_micros(each) * count as u32)
        });
        assert!((nanoseconds[0] - 3_000.0).abs() < 1.0, "{nanoseconds:?}");
        assert!((nanoseconds[1] - 1_000.0).abs() < 1.0, "{nanoseconds:?}");
        assert!(calls > SAMPLES);
        assert_eq!(shared(10.0, [1.0, 4.0]), [2.0, 8.0]);
        let mut order = Vec::new();
        timed(2, |at| order.push(at));
        parted(&mut order, 2, |order, at| order.push(10 + at), |order, at| order.push(20 + at));
        assert_eq!(order, [0, 1, 10, 20, 11, 21]);
    }
}
