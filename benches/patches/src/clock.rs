//! The clock: many calls a sample, lower quartiles, as on node.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const SAMPLES: usize = 101;
const FEW_SAMPLES: usize = 5;
const WARM_UP: Duration = Duration::from_millis(100);
const SAMPLE: Duration = Duration::from_micros(1_000);

/// Nanoseconds of a call, of which `run` makes as many as it is told and returns how long they took.
pub fn measure(mut run: impl FnMut(usize) -> Duration) -> f64 {
    let start = Instant::now();
    let (mut calls, mut count) = (0_usize, 1_usize);
    while calls < 2 || start.elapsed() < WARM_UP {
        run(count);
        calls += count;
        if count < 256 && start.elapsed() < WARM_UP / 4 {
            count *= 2;
        }
    }
    let fitting = SAMPLE.as_secs_f64() * calls as f64 / start.elapsed().as_secs_f64();
    let fitting = (fitting as usize).max(1);
    // Where a single call takes longer than a sample should, a few of them must do.
    let samples = if fitting > 1 { SAMPLES } else { FEW_SAMPLES };
    let sample = |_| run(fitting).as_secs_f64() * 1e9 / fitting as f64;
    let mut samples: Vec<f64> = (0..samples).map(sample).collect();
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 4]
}

/// How long so many calls take, with whatever they return and its end.
pub fn timed<T>(count: usize, mut call: impl FnMut(usize) -> T) -> Duration {
    let start = Instant::now();
    for at in 0..count {
        black_box(call(at));
    }
    start.elapsed()
}

/// How long a call takes on so many things that were made for it while no clock ran.
pub fn fresh<S, T>(
    count: usize,
    make: impl Fn() -> S,
    mut call: impl FnMut(&mut S) -> T,
) -> Duration {
    let mut made: Vec<S> = (0..count).map(|_| make()).collect();
    timed(count, |at| call(&mut made[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_and_their_time_is_shared_out() {
        let mut calls = 0;
        let nanoseconds = measure(|count| {
            calls += count;
            Duration::from_micros(3) * count as u32
        });
        assert!((nanoseconds - 3_000.0).abs() < 1.0, "{nanoseconds}");
        assert!(calls > SAMPLES);
        let mut order = Vec::new();
        fresh(3, || 7, |made| order.push(*made));
        timed(2, |at| order.push(at));
        assert_eq!(order, [7, 7, 7, 0, 1]);
    }
}
