//! A set of small numbers.

/// A set of small numbers, one bit each.
#[derive(Debug, Default)]
pub struct Bits {
    words: Vec<u64>,
}

impl Clone for Bits {
    fn clone(&self) -> Self {
        Self { words: self.words.clone() }
    }

    /// The memory is kept.
    fn clone_from(&mut self, other: &Self) {
        self.words.clone_from(&other.words);
    }
}

impl Bits {
    /// Whether a number is in it.
    #[inline]
    pub fn has(&self, number: u32) -> bool {
        let word = self.words.get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Puts a number in. Tells whether it was not there.
    #[inline]
    pub fn insert(&mut self, number: u32) -> bool {
        let at = number as usize / 64;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (number % 64);
        let new = self.words[at] & bit == 0;
        self.words[at] |= bit;
        new
    }

    /// Takes a number out. Tells whether it was there.
    #[inline]
    pub fn remove(&mut self, number: u32) -> bool {
        let Some(word) = self.words.get_mut(number as usize / 64) else { return false };
        let bit = 1 << (number % 64);
        let there = *word & bit != 0;
        *word &= !bit;
        there
    }

    /// Puts in all that is in another.
    pub fn add_all(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Takes all numbers out. The memory is kept.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// 64 numbers a word, in order.
    #[inline]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Calls `each` with the numbers, ascending.
    #[inline]
    pub fn each(&self, mut each: impl FnMut(u32)) {
        for (at, word) in (0..).zip(&self.words) {
            let mut left = *word;
            while left != 0 {
                each(at * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }

    /// The numbers, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.words).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

/// The same numbers, whatever the memory.
impl PartialEq for Bits {
    fn eq(&self, other: &Self) -> bool {
        let shared = self.words.len().min(other.words.len());
        let (own, more) = self.words.split_at(shared);
        let (others, rest) = other.words.split_at(shared);
        own == others && more.iter().chain(rest).all(|word| *word == 0)
    }
}

impl Eq for Bits {}

impl FromIterator<u32> for Bits {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut bits = Self::default();
        for number in numbers {
            bits.insert(number);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let mut bits: Bits = [3, 64, 130].into_iter().collect();
        assert!(bits.has(64) && !bits.has(65) && !bits.has(100_000));
        assert!(!bits.insert(3) && bits.insert(5) && bits.remove(64) && !bits.remove(64));
        assert_eq!(bits.iter().collect::<Vec<_>>(), [3, 5, 130]);
        let mut each = Vec::new();
        bits.each(|number| each.push(number));
        assert_eq!(each, [3, 5, 130]);
        assert!(bits.len() == 3 && !bits.is_empty());
        bits.clear();
        assert!(bits.is_empty() && bits.iter().next().is_none());
    }
}
