//! Inputs that are several messages: each follows its length, two bytes, the lower first.

/// The messages of an input; the last one may be cut off.
pub(crate) fn split(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk::<2>()?;
        let (part, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
        input = rest;
        Some(part)
    })
}

/// The input that is split into these messages. Each is cut to what a length can say.
pub(crate) fn join<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut input = Vec::new();
    for part in parts {
        let part = part.as_ref();
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        input.extend(length.to_le_bytes());
        input.extend(&part[..length.into()]);
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_is_split() {
        let input = join([&b"ab"[..], b"", b"c"]);
        assert_eq!(input, b"\x02\0ab\0\0\x01\0c");
        assert_eq!(split(&input).collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
        assert_eq!(split(b"\xff\xffab").collect::<Vec<_>>(), [b"ab"]);
        assert_eq!(split(b"\x01").count(), 0);
    }
}
