//! Inputs: seeds, what becomes of them when they are damaged, and bytes out of nowhere.

use tidewire_testkit::Random;

/// Makes one input after the other. A seed determines all of them.
#[derive(Debug)]
pub(crate) struct Mutator {
    random: Random,
    seeds: Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
    /// How many seeds have been given as they are.
    plain: usize,
}

/// No input is longer.
const LONGEST: usize = 64 << 10;

const EDGES: [u64; 16] = [
    0,
    1,
    31,
    32,
    63,
    64,
    127,
    128,
    255,
    256,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    i64::MAX as u64,
    u64::MAX,
];

impl Mutator {
    pub(crate) fn new(seed: u64, seeds: Vec<Vec<u8>>, words: &'static [&'static [u8]]) -> Self {
        Self { random: Random::new(seed), seeds, words, plain: 0 }
    }

    /// The next input. The seeds come first, as they are.
    pub(crate) fn make(&mut self) -> Vec<u8> {
        if let Some(seed) = self.seeds.get(self.plain) {
            self.plain += 1;
            return seed.clone();
        }
        let mut input =
            if self.random.chance(10) { self.noise() } else { self.random.pick(&self.seeds) };
        for _ in 0..1 << self.random.below(5) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    /// Bytes and words.
    fn noise(&mut self) -> Vec<u8> {
        let mut input = Vec::new();
        for _ in 0..self.random.below(200) {
            match self.random.chance(20) {
                true => input.extend(self.random.pick(self.words)),
                false => input.push(self.random.any() as u8),
            }
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.random.below(input.len() + 1);
        let some = at..input.len().min(at + 1 + self.random.below(16));
        match self.random.below(100) {
            0..20 if at < input.len() => input[at] ^= 1 << self.random.below(8),
            20..30 if at < input.len() => input[at] = self.random.any() as u8,
            30..45 => self.write_edge(input, at),
            45..53 => drop(input.drain(some)),
            53..65 => {
                let word = self.random.pick(self.words);
                input.splice(at..at, word.iter().copied());
            }
            // A piece of another seed, in between or as all that follows.
            65..80 => {
                let other = self.random.pick(&self.seeds);
                let from = self.random.below(other.len() + 1);
                let whole = self.random.chance(30);
                let to =
                    if whole { other.len() } else { other.len().min(from + self.random.below(64)) };
                let end = if whole { input.len() } else { at };
                input.splice(at..end, other[from..to].iter().copied());
            }
            80..88 => {
                let piece = input[some].to_vec();
                let to = self.random.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            // Much of the same.
            88..90 if !some.is_empty() => {
                let piece = input[some].to_vec();
                let times =
                    self.random.below((LONGEST - input.len().min(LONGEST)) / piece.len() + 1);
                let times = if self.random.chance(90) { times.min(200) } else { times };
                input.splice(at..at, piece.repeat(times));
            }
            90..93 => input.truncate(at),
            _ if at < input.len() => {
                let other = self.random.below(input.len());
                input.swap(at, other);
            }
            _ => input.push(self.random.any() as u8),
        }
    }

    /// An integer at an edge, in 1, 2, 4 or 8 bytes of either order, over what is there.
    fn write_edge(&mut self, input: &mut [u8], at: usize) {
        let edge =
            self.random.pick(&EDGES).wrapping_add(self.random.below(3) as u64).wrapping_sub(1);
        let width = 1 << self.random.below(4);
        let mut bytes = edge.to_le_bytes()[..width].to_vec();
        if self.random.chance(50) {
            bytes.reverse();
        }
        for (to, byte) in input[at..].iter_mut().zip(bytes) {
            *to = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_all_inputs() {
        let inputs = |seed| {
            let mut mutator = Mutator::new(seed, vec![b"some".to_vec(), Vec::new()], &[b"word"]);
            (0..2_000).map(|_| mutator.make()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        assert_eq!(inputs(1)[..2], [b"some".to_vec(), Vec::new()]);
        assert!(inputs(1).iter().all(|input| input.len() <= LONGEST));
        assert!(inputs(1).iter().any(|input| input.len() > 10_000));
    }
}
