//! Items that leave an array at the front, the way a queue or a log moves on.

use tidewire_state::ValueEdit;

use super::plan::ArrayOp;

/// Emits what drops all but the last `kept` of `len` items, and leaves the array ready for
/// additions: turned round, the items leave at the end. The size does not depend on how many stay.
pub(super) fn drop_front(len: usize, kept: usize, grows: bool, mut emit: impl FnMut(ArrayOp)) {
    emit(ArrayOp::Reverse);
    emit(ArrayOp::Switch);
    for index in (kept..len).rev() {
        emit(ArrayOp::Delete(index));
    }
    emit(ArrayOp::Switch);
    emit(ArrayOp::Reverse);
    if grows {
        emit(ArrayOp::Switch);
    }
}

/// Finds arrays of primitives of which items left at the front. Keeps its list.
#[derive(Debug, Default)]
pub(super) struct Shift {
    /// For each length of a beginning of the new list: the longest shorter one that it ends with.
    borders: Vec<usize>,
}

impl Shift {
    /// How many of the old values stand in front now, if those before them went: as many as
    /// possible, and at least half of them. Otherwise the values were changed where they stand.
    pub(super) fn kept(&mut self, edit: ValueEdit<'_>) -> Option<usize> {
        let (before, after) = (edit.before, edit.after);
        if edit.from > 0 || before.is_empty() || after.is_empty() {
            return None;
        }
        self.find_borders(edit);
        // The longest beginning of the new list that the old one ends with.
        let mut matched = 0;
        let mut shrunk = false;
        for index in 0..before.len() {
            if matched == after.len() {
                // The new list stands whole in the old one.
                shrunk |= index == matched;
                matched = self.borders[matched - 1];
            }
            while matched > 0 && before.value(index) != after.value(matched) {
                matched = self.borders[matched - 1];
            }
            matched += usize::from(before.value(index) == after.value(matched));
        }
        let cut_or_grown = shrunk || matched == before.len();
        (!cut_or_grown && 2 * matched >= before.len()).then_some(matched)
    }

    fn find_borders(&mut self, edit: ValueEdit<'_>) {
        let after = edit.after;
        self.borders.clear();
        self.borders.push(0);
        for index in 1..after.len() {
            let mut border = self.borders[index - 1];
            while border > 0 && after.value(index) != after.value(border) {
                border = self.borders[border - 1];
            }
            self.borders.push(border + usize::from(after.value(index) == after.value(border)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidewire_state::{Value, ValueList};

    use super::*;

    struct List<'a>(&'a [u8]);

    impl ValueList for List<'_> {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn value(&self, index: usize) -> Value<'_> {
            Value::Uint8(self.0[index])
        }
    }

    fn kept(before: &[u8], after: &[u8]) -> Option<usize> {
        let edit = ValueEdit { from: 0, before: &List(before), after: &List(after) };
        Shift::default().kept(edit)
    }

    #[test]
    fn only_what_moved_on_is_a_shift() {
        for (before, after, expected) in [
            (&b"abc"[..], &b"bc"[..], Some(2)),
            (b"abc", b"bcd", Some(2)),
            (b"abcd", b"cdxyz", Some(2)),
            (b"abcd", b"dxyz", None),
            (b"abc", b"abcd", None),
            (b"abc", b"ab", None),
            (b"aab", b"abc", Some(2)),
            (b"aaa", b"aa", None),
            (b"aab", b"a", None),
            (b"abc", b"axc", None),
            (b"abc", b"", None),
            (b"", b"abc", None),
        ] {
            assert_eq!(kept(before, after), expected, "{before:?} to {after:?}");
        }
    }

    proptest! {
        #[test]
        fn the_longest_overlap_is_found(
            before in proptest::collection::vec(0..3u8, 0..9),
            after in proptest::collection::vec(0..3u8, 0..9),
        ) {
            let overlap = (1..before.len()).find(|gone| after.starts_with(&before[*gone..]));
            let plain = before.starts_with(&after) || after.starts_with(&before);
            let expected = overlap
                .map(|gone| before.len() - gone)
                .filter(|kept| !plain && 2 * kept >= before.len());
            prop_assert_eq!(kept(&before, &after), expected);
        }
    }
}
