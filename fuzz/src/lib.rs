//! Fuzz targets: every parser of Tidewire as a plain function of bytes.
//!
//! A target takes whatever bytes there are and panics where something is wrong. What it returns on
//! is right. The command of this package drives them on stable Rust, and so does the wrapper for
//! cargo-fuzz.
//!
//! ```
//! for target in tidewire_fuzz::TARGETS {
//!     (target.run)(b"\x00");
//! }
//! ```

mod parts;
pub mod targets;

use targets::{
    decode_dynamic, decode_typed, frames, handshake, inspect, land_sessions, light, matchmaking,
    messages, mpack, notepack, opcode_frames, opcode_messages, operations, patches, patchpack,
    scenario, schema_files, serializers, sessions, urls,
};

/// A target and what its inputs are made of.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Runs it on an input. Panics where something is wrong.
    pub run: fn(&[u8]),
    /// Inputs that go far, to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that inputs are likely to have.
    pub words: &'static [&'static [u8]],
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target {
            name: stringify!($name),
            run: $name::target,
            seeds: $name::seeds,
            words: $name::WORDS,
        }),*];
    };
}

targets! {
    frames, sessions, messages, urls, matchmaking, scenario, handshake, decode_typed,
    decode_dynamic, operations, inspect, opcode_frames, opcode_messages, schema_files, serializers,
    notepack, mpack, light, patchpack, patches, land_sessions,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn targets_take_their_seeds_and_nothing_at_all() {
        let names: HashSet<&str> = TARGETS.iter().map(|target| target.name).collect();
        assert_eq!(names.len(), TARGETS.len());
        for target in TARGETS {
            let seeds = (target.seeds)();
            assert!(!seeds.is_empty() && !target.words.is_empty(), "{}", target.name);
            seeds.iter().for_each(|seed| (target.run)(seed));
            (target.run)(&[]);
        }
    }

    #[test]
    fn seeds_of_decoders_are_read_to_the_end() {
        use tidewire_schema::Decoder;
        for seed in decode_dynamic::sent() {
            let mut messages = parts::split(&seed);
            let mut decoder = messages.next().and_then(|bytes| Decoder::from_handshake(bytes).ok());
            let applied = messages.map(|message| {
                decoder.as_mut().is_some_and(|decoder| decoder.apply(message).is_ok())
            });
            assert!(applied.into_iter().all(|applied| applied));
        }
        let longest = decode_typed::seeds().iter().map(|seed| parts::split(seed).count()).max();
        assert!(longest > Some(5), "{longest:?}");
    }
}
