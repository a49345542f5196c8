//! The messages of state-tree clients: as objects, as arrays, and their payloads as types.

use std::collections::BTreeMap;

use tidewire_opcode::{
    Direction, Encoding, Event, EventName, Join, JoinResponse, Message, Payload, Tree, read,
};

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"{\"kind\":\"join\",\"payload\":{\"join\":{",
    b"{\"kind\":\"event\",\"payload\":{\"fromClient\":{\"type\":\"Move\",\"payload\":{",
    b"{\"kind\":\"error\",\"payload\":{\"code\":\"",
    b"\"requestID\":\"join-1\",",
    b"\"landInstanceId\":null,",
    b"[101,\"a\",\"Play\",{}]",
    b"[103,0,\"Move\",",
    b"[105,\"r\",1",
    b"[106,",
    b"\x94\x65\xa8action-2\xa4Play\x80",
    b"\x94\x67\0\xa4Move\x81\xa5steps\x91",
    b"\x97\x69",
    b"\xc0",
    b"\xd3\x80\0\0\0\0\0\0\0",
];

/// Reads the message in every encoding. What is written of it reads the same, and so do its payloads.
pub fn target(data: &[u8]) {
    for encoding in [Encoding::JsonObject, Encoding::OpcodeMessagePack] {
        let Ok(tree) = read(data, encoding) else { continue };
        payload(&tree);
        let Ok(message) = Message::from_tree(&tree) else { continue };
        if let Message::Event(Event { payload: sent, .. }) | Message::Action { payload: sent, .. } =
            &message
        {
            payload(sent);
        }
        let array = message.to_array();
        match Message::from_tree(&array) {
            Ok(again) => assert_eq!(again.to_array(), array),
            Err(error) => unreachable!("{error} in {array:?}"),
        }
        let object = message.to_object();
        match Message::from_tree(&object) {
            Ok(again) => assert_eq!(again, message),
            Err(error) => unreachable!("{error} in {object:?}"),
        }
    }
}

/// Reads a payload as a type. Both of its forms read the same.
fn payload(tree: &Tree) {
    let Ok(walk) = Walk::from_tree(tree) else { return };
    assert_eq!(Walk::from_tree(&walk.to_object()).as_ref(), Ok(&walk));
    assert_eq!(Walk::from_tree(&walk.to_tuple()).as_ref(), Ok(&walk));
}

#[derive(Debug, PartialEq, Payload)]
#[payload(crate = "tidewire_opcode")]
struct Walk {
    steps: Vec<Step>,
    #[payload(rename = "byName")]
    by_name: BTreeMap<String, i16>,
    far: f64,
    run: bool,
}

#[derive(Debug, PartialEq, Payload)]
#[payload(crate = "tidewire_opcode")]
struct Step {
    x: i32,
    label: String,
    wide: u64,
}

/// One of each kind, in every encoding.
pub fn seeds() -> Vec<Vec<u8>> {
    let step = Step { x: -1, label: "é".into(), wide: u64::MAX };
    let walk = Walk { steps: vec![step], by_name: [("a".into(), -3)].into(), far: 0.5, run: true };
    let event = |direction, payload| {
        let name = match direction {
            Direction::FromClient => EventName::Name("Move".into()),
            Direction::FromServer => EventName::Number(1),
        };
        Message::Event(Event { direction, name, payload, raw_body: Tree::Null })
    };
    let request = || "action-2".into();
    let messages = [
        Message::Action { request: request(), name: "Play".into(), payload: walk.to_object() },
        Message::ActionResponse { request: request(), response: Tree::from(vec![1, 2]) },
        event(Direction::FromClient, walk.to_object()),
        event(Direction::FromServer, walk.to_tuple()),
        Message::Join(Join {
            request: "join-1".into(),
            land_type: "arena".into(),
            ..Join::default()
        }),
        Message::JoinResponse(JoinResponse {
            request: "join-1".into(),
            success: true,
            player_slot: Some(7),
            reason: Some("none".into()),
            ..JoinResponse::default()
        }),
        Message::Error {
            code: "JOIN_DENIED".into(),
            message: "full".into(),
            details: Tree::object([("requestID", Tree::from("join-1"))]),
        },
    ];
    let encodings = [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack];
    let encoded = messages.iter().flat_map(|message| encodings.map(|to| message.encode(to)));
    encoded
        .chain([walk.to_tuple()].map(|tree| {
            Message::ActionResponse { request: request(), response: tree }
                .encode(Encoding::OpcodeJson)
        }))
        .collect()
}
