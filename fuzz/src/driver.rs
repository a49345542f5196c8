//! Runs one target: no panic, no hang, no more memory than inputs deserve.

use std::{
    panic::{self, AssertUnwindSafe},
    process,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use tidewire_fuzz::Target;

use crate::{hex, mutate::Mutator};

/// How a target did.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// How many inputs it was run on.
    pub(crate) inputs: u64,
    /// The most memory that it held at a time.
    pub(crate) bytes: u64,
    /// What broke it.
    pub(crate) failure: Option<Failure>,
}

/// What broke a target.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) input: Vec<u8>,
    pub(crate) message: String,
}

/// An input that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(2);

/// A target may hold so much for an input, which is 64 KiB at most.
const MOST_BYTES: u64 = 64 << 20;

/// How long a failing input is made smaller.
const SHRINKING: Duration = Duration::from_secs(3);

/// The input that is being run, since when.
type Running = Arc<Mutex<Option<(Instant, Vec<u8>)>>>;

/// Runs a target until the time is over or something breaks; or once, if there is but one input.
/// Ends the process where an input hangs.
pub(crate) fn drive(target: Target, seed: u64, limit: Duration, only: Option<&[u8]>) -> Report {
    let running = Running::default();
    let only = only.map(<[u8]>::to_vec);
    let (done, ended) = mpsc::channel();
    let worker = Worker { target, running: Arc::clone(&running), panicked: Arc::default() };
    thread::spawn(move || {
        let report = worker.run(seed, limit, only);
        // Nobody listens any more where an input hung.
        let _ = done.send(report);
    });
    loop {
        match ended.recv_timeout(Duration::from_millis(100)) {
            Ok(report) => return report,
            Err(RecvTimeoutError::Timeout) => watch(target, seed, &running),
            Err(RecvTimeoutError::Disconnected) => {
                let message = "the driver itself panicked".to_owned();
                return Report {
                    failure: Some(Failure { input: Vec::new(), message }),
                    ..Report::default()
                };
            }
        }
    }
}

fn watch(target: Target, seed: u64, running: &Running) {
    let running = running.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((since, input)) = &*running
        && since.elapsed() > LONGEST
    {
        println!("{} failed: an input took longer than {LONGEST:?}; seed {seed}", target.name);
        println!("input ({} bytes): {}", input.len(), hex(input));
        process::exit(1);
    }
}

struct Worker {
    target: Target,
    running: Running,
    /// What the last panic said, and where.
    panicked: Arc<Mutex<String>>,
}

impl Worker {
    fn run(&self, seed: u64, limit: Duration, only: Option<Vec<u8>>) -> Report {
        let panicked = Arc::clone(&self.panicked);
        panic::set_hook(Box::new(move |info| {
            *panicked.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
        }));
        let report = match only {
            Some(input) => self.run_one(input),
            None => self.run_many(seed, limit),
        };
        let _ = panic::take_hook();
        report
    }

    fn run_one(&self, input: Vec<u8>) -> Report {
        let mut report = Report::default();
        if let Err(message) = self.try_input(&input, &mut report) {
            report.failure = Some(Failure { input, message });
        }
        report
    }

    fn run_many(&self, seed: u64, limit: Duration) -> Report {
        let mut report = Report::default();
        let start = Instant::now();
        let mut inputs = Mutator::new(seed, (self.target.seeds)(), self.target.words);
        while start.elapsed() < limit {
            let input = inputs.make();
            if let Err(message) = self.try_input(&input, &mut report) {
                report.failure = Some(self.shrink(Failure { input, message }));
                break;
            }
        }
        report
    }

    fn try_input(&self, input: &[u8], report: &mut Report) -> Result<(), String> {
        *self.running() = Some((Instant::now(), input.to_vec()));
        let mut outcome = Ok(());
        let memory = allocation_counter::measure(|| {
            outcome =
                panic::catch_unwind(AssertUnwindSafe(|| (self.target.run)(input))).map_err(drop);
        });
        *self.running() = None;
        report.inputs += 1;
        report.bytes = report.bytes.max(memory.bytes_max);
        match outcome {
            Err(()) => Err(self.panicked.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Ok(()) if memory.bytes_max > MOST_BYTES => Err(format!(
                "it held {} bytes at once, and may hold {MOST_BYTES}",
                memory.bytes_max
            )),
            Ok(()) => Ok(()),
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Vec<u8>)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves out what is not needed to fail.
    fn shrink(&self, mut failure: Failure) -> Failure {
        let start = Instant::now();
        let mut size = failure.input.len() / 2;
        while size > 0 && start.elapsed() < SHRINKING {
            let mut at = 0;
            while at < failure.input.len() && start.elapsed() < SHRINKING {
                let mut input = failure.input.clone();
                input.drain(at..input.len().min(at + size));
                match self.try_input(&input, &mut Report::default()) {
                    Err(message) => failure = Failure { input, message },
                    Ok(()) => at += size,
                }
            }
            size /= 2;
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn drive_this(run: fn(&[u8])) -> Report {
        let target = Target { name: "test", run, seeds: || vec![vec![1; 40]], words: &[b"word"] };
        drive(target, 1, Duration::from_secs(1), None)
    }

    /// One test, as there is one hook for panics.
    #[test]
    fn what_breaks_is_found_and_made_small() {
        let panicked = drive_this(|data| assert!(!data.contains(&7), "a seven")).failure.unwrap();
        assert_eq!(panicked.input, [7]);
        assert!(panicked.message.contains("a seven"), "{}", panicked.message);

        let greedy = drive_this(|data| {
            if data.first().is_some_and(|first| first % 2 == 0) {
                std::hint::black_box(vec![0_u8; 65 << 20]);
            }
        });
        let greedy = greedy.failure.unwrap();
        assert_eq!(greedy.input.len(), 1);
        assert!(greedy.message.contains("68157440 bytes"), "{}", greedy.message);

        let fine = drive_this(|data| drop(data.to_vec()));
        assert!(fine.failure.is_none());
        assert!(fine.inputs > 100);
    }
}
