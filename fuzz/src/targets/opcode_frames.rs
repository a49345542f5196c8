//! What a server of the state-tree encodings sends, as JSON text and as MessagePack, in the hands of a client.

use tidewire_opcode::{
    Config, Encoder, Encoding, MAX_DEPTH, Message, Operation, PathForm, Tree, View, path_hash,
    read, read_json, read_message_pack,
};
use tidewire_opcode::{Patch, Path, Segment, Update, UpdateKind};

use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"[107,[2],[]]",
    b"[1,",
    b"[2520354134,[0,\"p1\"],1,90]",
    b"[2520354134,0,1,",
    b"[\"/players/p1\",2]",
    b"{\"type\":\"diff\",\"patches\":[{\"path\":\"/a\",\"op\":\"replace\",\"value\":",
    b"null",
    b"1e308",
    b"\\u0000",
    b"\x93\x6b\x92\x02",
    b"\x94\xce\x96\x39\x8d\x56\x92\0\xa2p1\x01\x5a",
    b"\x94\xce\x96\x39\x8d\x56\0\x01",
    b"\x93\xcb\x41\xe2\xc7\x31\xaa\xc0\0\0",
    b"\xdc\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xd3\x80\0\0\0\0\0\0\0",
    b"\xcb\x7f\xf8\0\0\0\0\0\0",
];

/// Gives the frames to a client, and reads back what is written of the state that it then holds.
pub fn target(data: &[u8]) {
    let mut view = View::new(PATTERNS.map(|pattern| (pattern, path_hash(pattern))));
    for frame in parts::split(data) {
        for encoding in [Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
            if let Ok(tree) = read(frame, encoding) {
                assert!(depth(&tree) <= MAX_DEPTH, "{tree:?}");
                comes_back(&tree);
            }
            let _ = view.receive(frame, encoding);
        }
        // Small enough a state to be written in every form.
        if frame.len() < 4_000 {
            a_newcomer_holds_the_same(view.root());
        }
    }
}

/// What was read is written, as the answer to an action, and is the same.
fn comes_back(tree: &Tree) {
    if depth(tree) + 3 > MAX_DEPTH {
        return;
    }
    let message = Message::ActionResponse { request: "r".into(), response: tree.clone() };
    let bytes = message.encode(Encoding::OpcodeMessagePack);
    let Ok(Tree::Array(items)) = read_message_pack(&bytes) else {
        unreachable!("what was written of {tree:?} cannot be read")
    };
    assert_eq!(items.get(2), Some(tree), "MessagePack");
    let text = message.encode(Encoding::OpcodeJson);
    assert!(read_json(&text).is_ok(), "JSON of {tree:?}");
}

fn a_newcomer_holds_the_same(root: &Tree) {
    let Tree::Object(members) = root else { return };
    if depth(root) + 3 > MAX_DEPTH {
        return;
    }
    for paths in [PathForm::Plain, PathForm::Hashed] {
        let config = Config { paths, ..Encoding::OpcodeMessagePack.original() };
        // The client splits paths where these stand.
        let found = members.iter().filter(|(name, _)| tidewire_opcode::is_addressable(name));
        let patches = found.clone().map(|(name, value)| Patch {
            path: Path {
                segments: vec![Segment::Name(name)],
                hash: PATTERNS.contains(&&**name).then(|| path_hash(name)),
            },
            operation: Operation::Set(value),
        });
        let update = Update { kind: UpdateKind::FirstSync, patches: patches.collect() };
        let mut view = View::new(PATTERNS.map(|pattern| (pattern, path_hash(pattern))));
        let mut encoder = Encoder::new(config);
        let received = view.receive(encoder.encode(&update), config.encoding);
        assert!(received.is_ok(), "{received:?} of {root:?}");
        for (name, value) in found {
            assert_eq!(view.root().member(name), Some(value));
        }
    }
}

fn depth(tree: &Tree) -> usize {
    match tree {
        Tree::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Tree::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// The places that the client knows by hash.
const PATTERNS: [&str; 6] =
    ["score", "players", "players.*", "players.*.health", "players.*.bag.*", "monsters.*"];

/// Frames of a small room, in both formats, with slots, keys of two maps, events and what is wrong.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = parts::join([
        &b"[1,[653805326,null,1,0],[2159421276,null,1,{}]]"[..],
        br#"[2,[2520354134,[0,"p1"],1,90],["/a/b",1,[1.5,true,null]]]"#,
        br#"[107,[2,[2520354134,[0,"p1"],1,80],[2014447693,"7",2]],[[1,1,["x"]]]]"#,
        b"[107,[0],[[1,\"Tick\",{}]]]",
        b"[2,[2520354134,7,1,90]]",
        br#"{"type":"firstSync","patches":[{"path":"\/players","op":"replace","value":{}}]}"#,
        br#"{"type":"diff","patches":[{"path":"/players/p1","op":"remove"}]}"#,
    ]);
    let packed = parts::join([
        &b"\x93\x01\x94\xce\x26\xf8\x47\x0e\xc0\x01\0\x94\xce\x80\xb6\x27\x5c\xc0\x01\x80"[..],
        b"\x92\x02\x94\xce\x96\x39\x8d\x56\x92\0\xa2p1\x01\x5a",
        b"\x93\x02\x94\xce\x96\x39\x8d\x56\0\x01\x50\x93\xce\x78\x12\x08\x4d\x92\x01\xa17\x02",
        b"\x93\x6b\x91\0\x91\x93\x01\x01\x93\x81\xa1v\x82\xa1x\0\xa1y\0\xa2p1\xca\x3f\0\0\0",
        b"\x91\0",
    ]);
    let deep = parts::join([b"[".repeat(200), b"\x91".repeat(200), b"\x81\xa1a".repeat(60)]);
    vec![text, packed, deep, Vec::new()]
}
