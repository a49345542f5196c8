//! Which small numbers stand for which keys.
//!
//! The first use of a slot defines it, in the frame itself. When a client joins that has seen none
//! of the definitions, a new epoch begins: the next use of each slot defines it again, for all, so
//! that nobody ever meets a slot that was not defined to him.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    sync::Arc,
};

/// The slots of one scope: what is sent to all clients of a room, or to one.
#[derive(Clone, Debug, Default)]
pub struct SlotTable {
    slots: HashMap<Arc<str>, Slot>,
    /// Keys that are not needed, and since when; the longest first. Some may be needed again.
    released: VecDeque<(Arc<str>, u64)>,
    /// Numbers without a key.
    free: BinaryHeap<Reverse<u32>>,
    /// The first number.
    first: u32,
    /// All numbers from the first one to below this were given out.
    next: u32,
    /// How many newcomers there were.
    epoch: u64,
    /// How many frames there were.
    frame: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    number: u32,
    /// The epoch in which it was last defined.
    defined: u64,
    /// The frame in which it was last used.
    used: u64,
    /// The frame after which it was not needed any more.
    released: Option<u64>,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// As the slot, which every client knows.
    Slot(u32),
    /// As the slot and the key that it stands for from now on.
    Definition(u32),
    /// As itself.
    Raw,
}

impl SlotTable {
    /// The most keys that have slots at a time.
    pub const CAPACITY: usize = 4096;

    /// A table without slots.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table whose numbers are none of those that any other table gives out: for what stands in one scope with the
    /// slots of another table. They are longer.
    pub(crate) fn beside() -> Self {
        let first = Self::CAPACITY as u32;
        Self { first, next: first, ..Self::default() }
    }

    /// How many keys have a slot.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no key has a slot.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Forgets all: its clients do so too, as they are sent a first sync in this scope.
    pub fn reset(&mut self) {
        let Self { epoch, frame, first, .. } = *self;
        *self = Self { epoch, frame, first, next: first, ..Self::default() };
    }

    /// A client joins that knows no slot. Comes before the first frame that it is sent.
    pub fn start_epoch(&mut self) {
        self.epoch += 1;
    }

    /// A frame begins.
    pub(crate) fn start_frame(&mut self) {
        self.frame += 1;
    }

    /// The slot of a key, if every client knows it.
    pub fn known(&self, key: &str) -> Option<u32> {
        let slot = self.slots.get(key)?;
        (slot.defined == self.epoch).then_some(slot.number)
    }

    /// How to write a key, which gets a slot if it has none. A table that is full of keys of this
    /// very frame leaves it raw, as it does the empty key, which clients cannot look up.
    pub fn token(&mut self, key: &str) -> Token {
        let (epoch, frame) = (self.epoch, self.frame);
        if let Some(slot) = self.slots.get_mut(key) {
            slot.used = frame;
            slot.released = None;
            if slot.defined == epoch {
                return Token::Slot(slot.number);
            }
            slot.defined = epoch;
            return Token::Definition(slot.number);
        }
        if key.is_empty() {
            return Token::Raw;
        }
        let Some(number) = self.allocate() else { return Token::Raw };
        let slot = Slot { number, defined: epoch, used: frame, released: None };
        self.slots.insert(key.into(), slot);
        Token::Definition(number)
    }

    /// A key is not needed any more: its number may stand for another from the next frame on. Until
    /// then it keeps it, should it come back.
    pub fn release(&mut self, key: &str) {
        let Some((key, _)) = self.slots.get_key_value(key) else { return };
        let key = Arc::clone(key);
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.released = Some(self.frame);
        }
        self.released.push_back((key, self.frame));
        // Keys that come and go leave entries behind.
        if self.released.len() > 2 * self.slots.len() + 16 {
            let slots = &self.slots;
            self.released.retain(|(key, frame)| is_released(slots, key, *frame));
        }
    }

    /// A number for a new key. As long as numbers are short there is no need to take one from a key
    /// that may come back.
    fn allocate(&mut self) -> Option<u32> {
        if self.next - self.first < SHORT {
            self.next += 1;
            return Some(self.next - 1);
        }
        while let Some((key, frame)) = self.released.pop_front() {
            if is_released(&self.slots, &key, frame) {
                return self.slots.remove(&key).map(|slot| slot.number);
            }
        }
        if self.slots.len() >= Self::CAPACITY {
            self.sweep();
        }
        if self.slots.len() >= Self::CAPACITY {
            return None;
        }
        self.free.pop().map(|Reverse(number)| number).or_else(|| {
            self.next += 1;
            Some(self.next - 1)
        })
    }

    /// Takes the slots of all keys that this frame has not used.
    fn sweep(&mut self) {
        let (frame, free) = (self.frame, &mut self.free);
        self.slots.retain(|_, slot| {
            let stays = slot.used == frame;
            if !stays {
                free.push(Reverse(slot.number));
            }
            stays
        });
    }
}

fn is_released(slots: &HashMap<Arc<str>, Slot>, key: &str, frame: u64) -> bool {
    slots.get(key).is_some_and(|slot| slot.released == Some(frame))
}

/// Numbers below are one digit, or one byte.
const SHORT: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_meets_definitions_only() {
        let mut slots = SlotTable::new();
        assert_eq!(slots.token("ada"), Token::Definition(0));
        assert_eq!(slots.token("bob"), Token::Definition(1));
        assert_eq!(slots.token("ada"), Token::Slot(0));
        slots.start_epoch();
        assert_eq!(slots.known("ada"), None);
        assert_eq!(slots.token("bob"), Token::Definition(1));
        assert_eq!(slots.token("bob"), Token::Slot(1));
        assert_eq!(slots.token("ada"), Token::Definition(0));
    }

    #[test]
    fn numbers_come_back() {
        let mut slots = SlotTable::new();
        for key in 0..SHORT {
            slots.token(&key.to_string());
        }
        slots.release("3");
        slots.release("1");
        slots.release("2");
        slots.start_frame();
        assert_eq!(slots.token("3"), Token::Slot(3), "it came back in time");
        assert_eq!(slots.token("new"), Token::Definition(1));
        assert_eq!(slots.token("1"), Token::Definition(2));
        assert_eq!(slots.token("more"), Token::Definition(SHORT));
        slots.reset();
        assert!(slots.is_empty());
        assert_eq!(slots.token("c"), Token::Definition(0));
    }

    #[test]
    fn tables_side_by_side_have_no_number_in_common() {
        let (mut shared, mut own) = (SlotTable::new(), SlotTable::beside());
        let first = SlotTable::CAPACITY as u32;
        for key in 0..2 * SlotTable::CAPACITY {
            let key = key.to_string();
            for table in [&mut shared, &mut own] {
                table.start_frame();
                table.token(&key);
            }
            assert!(shared.known(&key) < Some(first) && own.known(&key) >= Some(first));
        }
        own.reset();
        assert_eq!(own.token("a"), Token::Definition(first));
    }

    #[test]
    fn keys_that_come_and_go_take_no_more_room() {
        let mut slots = SlotTable::new();
        assert_eq!(slots.token("a"), Token::Definition(0));
        for _ in 0..1000 {
            slots.release("a");
            slots.start_frame();
            assert_eq!(slots.token("a"), Token::Slot(0));
        }
        assert!(slots.released.len() < 20);
        for key in 0..1000 {
            let key = format!("monster {key}");
            slots.token(&key);
            slots.release(&key);
            slots.start_frame();
        }
        assert!(slots.len() <= 11 && slots.next <= 11);
        assert_eq!(slots.token("a"), Token::Slot(0));
    }

    #[test]
    fn a_full_table_gives_up_what_is_not_in_use() {
        let mut slots = SlotTable::new();
        for key in 0..SlotTable::CAPACITY {
            slots.token(&key.to_string());
        }
        assert_eq!(slots.token("more"), Token::Raw, "all are of this frame");
        slots.start_frame();
        assert_eq!(slots.token("7"), Token::Slot(7));
        assert_eq!(slots.token("more"), Token::Definition(0));
        assert_eq!(slots.len(), 2);
        assert_eq!(slots.token("7"), Token::Slot(7));
    }
}
