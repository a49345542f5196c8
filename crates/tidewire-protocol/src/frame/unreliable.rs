//! Patches that may get lost, come twice, or come late: `4f`, a number of two bytes, operations.
//!
//! Clients of 0.18 read them from whatever channel they come by. They keep the number of the newest one that they took, and
//! leave out what is not newer. A snapshot sets it back to 0. Older clients do not know this frame.

use super::code;

/// Numbers such patches for one client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreliablePatches {
    last: u16,
}

impl UnreliablePatches {
    /// `ROOM_STATE` was sent: the client counts from 0 again.
    pub fn restart(&mut self) {
        self.last = 0;
    }

    /// Appends the frame of the next patch: `operations` as the schema codec wrote them.
    pub fn write(&mut self, out: &mut Vec<u8>, operations: &[u8]) {
        self.last = self.last.wrapping_add(1);
        out.push(code::ROOM_STATE_PATCH | code::UNRELIABLE);
        out.extend_from_slice(&self.last.to_le_bytes());
        out.extend_from_slice(operations);
    }
}

/// Whether a patch of this number is to be taken by a client that took `last`: numbers go round, and the nearer way counts.
#[must_use]
pub fn is_newer(number: u16, last: u16) -> bool {
    number.wrapping_sub(last).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_numbered_from_one_and_from_each_snapshot_on() {
        let mut patches = UnreliablePatches::default();
        let mut out = Vec::new();
        patches.write(&mut out, &[0xff, 0x07, 0x80, 0x2a]);
        patches.write(&mut out, &[]);
        patches.restart();
        patches.write(&mut out, &[]);
        assert_eq!(
            out,
            [0x4f, 0x01, 0x00, 0xff, 0x07, 0x80, 0x2a, 0x4f, 0x02, 0x00, 0x4f, 0x01, 0x00]
        );
    }

    #[test]
    fn numbers_go_round() {
        let mut patches = UnreliablePatches { last: u16::MAX };
        let mut out = Vec::new();
        patches.write(&mut out, &[]);
        assert_eq!(out, [0x4f, 0x00, 0x00]);
        for (number, last, newer) in [
            (1, 0, true),
            (0, 0, false),
            (0, 1, false),
            (0, u16::MAX, true),
            (u16::MAX, 0, false),
            (0x7fff, 0, true),
            (0x8000, 0, false),
        ] {
            assert_eq!(is_newer(number, last), newer, "{number} after {last}");
        }
    }
}
