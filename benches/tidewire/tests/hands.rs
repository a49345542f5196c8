//! Private hands: what is sent, beside what the original is known to send.

use tidewire_bench::hands::{Game, Lands, Original, bytes, published};
use tidewire_opcode::{Encoding, Profile};

#[test]
fn json_is_what_the_original_sends_and_less_where_it_may() {
    for row in published() {
        let mut game = Game::new(row.size);
        let mut original = Original::new(Encoding::JsonObject, &mut game);
        let found = bytes(row.syncs, &mut game, &mut original);
        // A published number is rounded.
        assert!((found - row.bytes as f64).abs() <= 0.5, "{row:?}: {found}");
        let mut game = Game::new(row.size);
        let mut lands = Lands::new(Profile::Json, &mut game);
        let ours = bytes(row.syncs, &mut game, &mut lands);
        assert!(ours < found, "{row:?}: {ours}");
    }
}

#[test]
fn arrays_take_less_than_objects() {
    for row in published().filter(|row| row.size.players == 20) {
        let of = |profile: Profile| {
            let mut game = Game::new(row.size);
            let mut lands = Lands::new(profile, &mut game);
            bytes(row.syncs, &mut game, &mut lands)
        };
        let sizes = [Profile::Json, Profile::Opcode, Profile::MessagePack].map(of);
        assert!(sizes.is_sorted_by(|a, b| a > b), "{row:?}: {sizes:?}");
    }
}
