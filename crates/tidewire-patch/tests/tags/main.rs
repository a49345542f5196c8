//! Trackers: what listeners with tags hold, by every kind of message, against a model that knows values and tags alone.
#![expect(clippy::unwrap_used, reason = "a test may")]

mod follow;
mod lines;
mod model;
mod world;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_has_tags_holds_what_they_show(
        bits in any::<u8>(),
        edits in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..80),
    ) {
        let asked = follow::run(bits, &edits);
        prop_assert_eq!(asked.requests.len(), asked.answers.len());
    }
}
