//! Entries of a map in order of arrival, found by their numbers.

/// Entries in order of arrival.
#[derive(Debug)]
pub(super) struct Entries<T> {
    slots: Vec<Option<(u32, T)>>,
    /// The slot of each number.
    at: Vec<u32>,
    live: usize,
}

const NONE: u32 = u32::MAX;

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), at: Vec::new(), live: 0 }
    }
}

impl<T> Entries<T> {
    fn slot(&self, number: u32) -> Option<usize> {
        self.at.get(number as usize).filter(|at| **at != NONE).map(|at| *at as usize)
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.slots[self.slot(number)?].as_ref().map(|(_, entry)| entry)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let at = self.slot(number)?;
        self.slots[at].as_mut().map(|(_, entry)| entry)
    }

    /// What is greater for who came later. Of what is gone, 0.
    pub(super) fn rank(&self, number: u32) -> u32 {
        self.slot(number).map_or(0, |at| at as u32 + 1)
    }

    /// Appends an entry whose number is not there.
    pub(super) fn push(&mut self, number: u32, entry: T) {
        if self.slots.len() > 2 * self.live + 8 {
            self.close_gaps();
        }
        if self.at.len() <= number as usize {
            self.at.resize(number as usize + 1, NONE);
        }
        self.at[number as usize] = self.slots.len() as u32;
        self.slots.push(Some((number, entry)));
        self.live += 1;
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let at = self.slot(number)?;
        self.at[number as usize] = NONE;
        self.live -= 1;
        self.slots[at].take().map(|(_, entry)| entry)
    }

    /// Numbers and entries in order of arrival.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().flatten().map(|(number, entry)| (*number, entry))
    }

    fn close_gaps(&mut self) {
        self.slots.retain(Option::is_some);
        for (at, slot) in (0..).zip(&self.slots) {
            if let Some((number, _)) = slot {
                self.at[*number as usize] = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_arrival_whatever_the_numbers() {
        let mut entries = Entries::default();
        for round in 0..40 {
            entries.push(7, round);
            entries.push(2, round + 100);
            assert_eq!(entries.remove(7), Some(round));
            assert_eq!(entries.get(2), Some(&(round + 100)));
            entries.push(7, round + 200);
            let all: Vec<_> = entries.iter().map(|(number, entry)| (number, *entry)).collect();
            assert_eq!(all, [(2, round + 100), (7, round + 200)]);
            assert!(entries.slots.len() <= 12);
            entries.remove(7);
            entries.remove(2);
        }
        assert_eq!(entries.remove(7), None);
    }
}
