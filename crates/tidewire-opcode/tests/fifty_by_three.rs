//! The published table of encodings: 50 updates of three patches each.
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value as Json;
use tidewire_opcode::{
    Config, Encoder, Encoding, Operation, Patch, Path, PathForm, Segment, Tree, Update, UpdateKind,
    path_hash,
};

/// The bytes of all 50 updates, where each of the three fields has one of these hashes.
fn total(config: Config, hashes: [u32; 3]) -> usize {
    let mut encoder = Encoder::new(config);
    let total = (0..50).map(|at| {
        let key = format!("player-{at}");
        let values = [
            Tree::from(at * 20),
            Tree::from(vec!["sword", "shield"]),
            Tree::object([("level", Tree::from("10")), ("class", "warrior".into())]),
        ];
        let patches = std::iter::zip(FIELDS, &values).zip(hashes).map(|((field, value), hash)| {
            let segments =
                vec![Segment::Name("playerData"), Segment::Key(&key), Segment::Name(field)];
            let path = Path { segments, hash: Some(hash) };
            Patch { path, operation: Operation::Set(value) }
        });
        let update = Update { kind: UpdateKind::Diff, patches: patches.collect() };
        encoder.encode(&update).len()
    });
    total.sum()
}

const FIELDS: [&str; 3] = ["score", "items", "metadata"];

#[test]
fn is_reproduced() {
    let vectors: Json = serde_json::from_str(include_str!("data/state-tree.json")).unwrap();
    let real = FIELDS.map(|field| path_hash(&format!("playerData.*.{field}")));
    for (table, hashes) in [("published_tiny_hashes", [3, 4, 5]), ("real_hashes", real)] {
        let expected = &vectors["fifty_by_three"][table];
        let bare = |config| Config { escape_slashes: false, ..config };
        let plain = |config| Config { paths: PathForm::Plain, ..config };
        let (object, json) = (Encoding::JsonObject.original(), Encoding::OpcodeJson.original());
        let packed = Encoding::OpcodeMessagePack.original();
        for (name, config) in [
            ("json", object),
            ("json-noesc", bare(object)),
            ("opj-leg", plain(json)),
            ("opj-leg-noesc", bare(plain(json))),
            ("opj-ph", json),
            ("opm-leg", plain(packed)),
            ("opm-ph", packed),
        ] {
            assert_eq!(expected[name], total(config, hashes), "{table}, {name}");
        }
    }
}
