use tidewire_schema::number_as_read;

use super::super::world::{Crew, Item};

/// Bytes, as what is chosen. When they are at an end every choice is the first.
pub(super) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    /// A number below `bound`; 0 if that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()).checked_rem(bound).unwrap_or_default()
    }

    pub(super) fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.byte().is_multiple_of(2).then(|| make(self))
    }

    /// Few, so that keys meet again; but now and then so many that numbers of entries need more
    /// than seven bits.
    pub(super) fn key(&mut self) -> String {
        match self.byte() {
            few @ 0..200 => ["", "a", "b", "c", "a/b~c", "0", "size", "ключ", "🎲", "\0"]
                [usize::from(few) % 10]
                .to_owned(),
            many => format!("{many}-{}", self.byte()),
        }
    }

    pub(super) fn text(&mut self) -> String {
        match self.byte() {
            short @ 0..224 => "žx🎲".repeat(usize::from(short) % 5),
            long => "x".repeat([31, 32, 255, 256][usize::from(long) % 4]),
        }
    }

    /// A whole number of eighths, or one at an edge.
    pub(super) fn double(&mut self) -> f64 {
        const EDGES: [f64; 10] = [
            0.1,
            -0.0,
            1e300,
            -5e-324,
            1e-5,
            4_294_967_296.0,
            -2_147_483_649.0,
            1e15,
            -129.0,
            65_536.0,
        ];
        match self.byte() {
            edge @ 0..40 => EDGES[usize::from(edge) % 10],
            high => f64::from(i16::from_le_bytes([self.byte(), high])) / 8.0,
        }
    }

    /// What comes back as it was sent. The negative zero does not.
    pub(super) fn number(&mut self) -> f64 {
        number_as_read(self.double()) + 0.0
    }

    pub(super) fn item(&mut self) -> Item {
        self.item_above(2)
    }

    fn item_above(&mut self, depth: usize) -> Item {
        match self.byte() {
            plain @ 0..128 => Item { n: plain.into(), ..Item::default() },
            _ => Item {
                n: u32::from_le_bytes([self.byte(), 0, 0, self.byte()]),
                name: self.text(),
                next: match depth {
                    0 => None,
                    _ => self.maybe(|choices| Box::new(choices.item_above(depth - 1))),
                },
                tags: (0..self.below(4)).map(|_| self.text()).collect(),
            },
        }
    }

    pub(super) fn crew(&mut self) -> Crew {
        Crew {
            title: self.text(),
            items: (0..self.below(4)).map(|_| self.item()).collect(),
            by_key: (0..self.below(4)).map(|_| (self.key(), self.item())).collect(),
        }
    }
}
