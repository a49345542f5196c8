//! The frames of a state-tree client, one after the other, and the session of a land that stands up to them.

use tidewire_opcode::{
    Accepted, Encoding, Fault, FaultCode, Identity, Inbound, JoinRequest, LandSession, Message,
    Profile, SessionConfig, Tree, is_addressable, read,
};

use super::opcode_messages;
use crate::parts;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"{\"kind\":\"join\",\"payload\":{\"join\":{\"requestID\":\"join-1\",\"landType\":\"cookie\"",
    b",\"landInstanceId\":null,\"playerID\":\"",
    b"\"metadata\":{\"schemaHash\":\"4875865f9c1987c3\"}}}}",
    b"[104,\"join-1\",\"cookie\",null,\"p1\",null,{}]",
    b"[101,\"action-2\",\"Play\",{}]",
    b"[103,0,\"MoveTo\",{}]",
    b"\x94\x65\xa8action-2\xa4Play\x80",
    b"__proto__",
];

/// Lets the frames arrive. The first part says what session it is.
pub fn target(data: &[u8]) {
    let mut frames = parts::split(data);
    let [choice, strict, token] = match frames.next() {
        Some(&[choice, strict, token, ..]) => [choice, strict, token],
        _ => [0; 3],
    };
    let profile = Profile::ALL[usize::from(choice) % Profile::ALL.len()];
    let config =
        SessionConfig { profile, schema_hash: HASH.into(), refuse_other_schemas: strict % 2 == 1 };
    let identity = match token % 2 {
        0 => Identity::Guest("6f1c".into()),
        _ => Identity::Token {
            player: "ada".into(),
            device: None,
            metadata: vec![("team".into(), "red".into())],
        },
    };
    let mut session = LandSession::new(config, identity);
    for frame in frames {
        let had_joined = session.has_joined();
        match session.receive(frame) {
            Ok(Inbound::Join(request)) => {
                assert!(!had_joined, "a second join");
                check(&request, token % 2 == 1);
                // Some are let in.
                if frame.len() % 3 == 0 {
                    let fault = Fault::new(FaultCode::JoinDenied, "not you");
                    error(&session.refuse(&request, fault), Encoding::JsonObject);
                } else {
                    accept(&mut session, &request);
                }
            }
            Ok(Inbound::Action { payload, .. } | Inbound::Event { payload, .. }) => {
                assert!(had_joined, "something before the join");
                assert_ne!(payload, Tree::Null);
            }
            Err(fault) => {
                let encoding = if had_joined { profile.messages() } else { Encoding::JsonObject };
                error(&session.write_fault(&fault), encoding);
                assert_eq!(session.has_joined(), had_joined);
            }
        }
    }
}

/// What a room may rely on: the player's id becomes a key of its state.
fn check(request: &JoinRequest, has_token: bool) {
    assert!(is_addressable(&request.player) && &*request.player != "__proto__");
    assert!(request.player.len() <= 128);
    assert!(matches!(request.metadata, Tree::Object(_)));
    assert_ne!(request.instance.as_deref(), Some(""));
    if has_token {
        assert_eq!((&*request.player, request.is_guest), ("ada", false));
        assert_eq!(request.metadata.member("team").and_then(Tree::as_str), Some("red"));
    }
}

/// The client reads that it is in.
fn accept(session: &mut LandSession, request: &JoinRequest) {
    let accepted = Accepted { instance: "default".into(), player_slot: Some(1) };
    let answer = session.accept(request, accepted);
    assert!(session.has_joined());
    match message(&answer, Encoding::JsonObject) {
        Message::JoinResponse(response) => {
            assert!(response.success && response.request == request.request);
            assert_eq!(response.player.as_ref(), Some(&request.player));
        }
        other => unreachable!("{other:?} is no answer to a join"),
    }
}

/// The client reads that something is wrong.
fn error(frame: &[u8], encoding: Encoding) {
    match message(frame, encoding) {
        Message::Error { code, message, .. } => assert!(!code.is_empty() && !message.is_empty()),
        other => unreachable!("{other:?} is no error"),
    }
}

fn message(frame: &[u8], encoding: Encoding) -> Message {
    match read(frame, encoding).and_then(|tree| Message::from_tree(&tree)) {
        Ok(message) => message,
        Err(error) => unreachable!("{error} in {frame:?}"),
    }
}

/// Clients that join in two ways, act, and join again.
pub fn seeds() -> Vec<Vec<u8>> {
    let join = format!(
        r#"{{"kind":"join","payload":{{"join":{{"requestID":"join-1","landType":"cookie","landInstanceId":null,"playerID":"p1","metadata":{{"schemaHash":"{HASH}"}}}}}}}}"#
    );
    let array = br#"[104,"join-1","cookie",null,"p1",null,{}]"#;
    let mut all = Vec::new();
    for choice in 0..4 {
        for join in [join.as_bytes(), array] {
            // As long as one that is let in.
            let join = [join, &b"  "[..usize::from(join.len().is_multiple_of(3))]].concat();
            let messages = opcode_messages::seeds();
            let parts = [vec![choice, choice, choice / 2], join.clone()];
            all.push(parts::join(parts.into_iter().chain(messages).chain([join])));
        }
    }
    all
}

const HASH: &str = "4875865f9c1987c3";
