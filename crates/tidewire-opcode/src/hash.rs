//! FNV-1a: the hash of path patterns, schemas and player slots.
//!
//! It is taken byte by byte, so the hash of a longer pattern goes on from that of the shorter one.

/// A 64-bit FNV-1a hash under way.
///
/// ```
/// use tidewire_opcode::Fnv1a;
/// let players = Fnv1a::new().text("players");
/// assert_eq!(players.fold(), 2159421276);
/// assert_eq!(players.text(".*").fold(), 3150840898);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv1a(u64);

impl Fnv1a {
    /// The hash of nothing.
    pub const fn new() -> Self {
        Self(14_695_981_039_346_656_037)
    }

    /// Goes on with the UTF-8 bytes of `text`.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Goes on with `bytes`.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        Self(
            bytes.iter().fold(self.0, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(1_099_511_628_211)
            }),
        )
    }

    /// All 64 bits: the seed of a land's random numbers, the hash of a schema.
    pub const fn finish(self) -> u64 {
        self.0
    }

    /// Both halves folded into 32 bits: the hash of a path pattern.
    pub const fn fold(self) -> u32 {
        (self.0 ^ (self.0 >> 32)) as u32
    }
}

impl Default for Fnv1a {
    fn default() -> Self {
        Self::new()
    }
}

/// The 32 bits that stand for a path pattern: names joined by `.`, `*` for a key.
///
/// ```
/// assert_eq!(tidewire_opcode::path_hash("players.*.position"), 3358665268);
/// ```
pub fn path_hash(pattern: &str) -> u32 {
    Fnv1a::new().text(pattern).fold()
}

#[cfg(test)]
mod tests {
    use super::path_hash;

    #[test]
    fn patterns_hash_as_published() {
        for (pattern, hash) in [
            ("players", 0x80b6_275c),
            ("players.*", 0xbbce_0442),
            ("players.*.position", 0xc831_2a34),
            ("players.*.health", 0x9639_8d56),
            ("players.*.cookies", 0xcf8e_1820),
            ("privateStates.*.upgrades.*", 0x59f9_81de),
            ("playerPositions.*.v.x", 0x6ffe_85c2),
            ("monsters.*", 0x7812_084d),
            ("monsters.*.position.v.x", 0x1aa8_2e0e),
            ("count", 0xf59c_40fa),
            ("score", 0x26f8_470e),
            ("base.position", 0x7de5_219c),
            ("players.*.inventory.*.itemId", 0x69e0_697d),
            ("players.*.items", 1_326_872_256),
        ] {
            assert_eq!(path_hash(pattern), hash, "{pattern}");
        }
    }
}
