//! Comparing short texts: names and keys, which are mostly equal and rarely long.

/// Whether two texts are the same.
///
/// A call of the C library's `memcmp` costs more than the comparison itself where texts are a few
/// bytes long, and it is made for each text of each touched struct.
#[inline]
pub(crate) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        0..4 => a.iter().eq(b),
        4..8 => ends(a, b, u32::from_ne_bytes),
        8..=16 => ends(a, b, u64::from_ne_bytes),
        _ => a == b,
    }
}

/// Compares the first and the last `N` bytes, which together are all of up to `2 * N`.
#[inline]
fn ends<const N: usize, T: PartialEq>(a: &[u8], b: &[u8], word: fn([u8; N]) -> T) -> bool {
    let words = |text: &[u8]| {
        let first = text.first_chunk::<N>().copied().map(word);
        let last = text.last_chunk::<N>().copied().map(word);
        (first, last)
    };
    words(a) == words(b)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn every_length_and_every_place_counts() {
        for len in 0..40 {
            let text: String = ('a'..='z').cycle().take(len).collect();
            assert!(same(&text, &text.clone()), "{len}");
            assert!(!same(&text, &(text.clone() + "x")), "{len}");
            for at in 0..len {
                let mut other = text.clone();
                other.replace_range(at..=at, "!");
                assert!(!same(&text, &other), "{len} at {at}");
            }
        }
    }
}
