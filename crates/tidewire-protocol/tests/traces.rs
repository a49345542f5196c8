//! What unmodified clients and servers said to each other.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::hex;
use serde::Deserialize;
use tidewire_protocol::frame::{
    self, ClientFrame, Handshake, MessageType, ResponseStatus, Serializer, code,
};
use tidewire_protocol::matchmake::{Method, Refusal, options, reconnection_token, route};
use tidewire_protocol::msgpack;
use tidewire_protocol::primitive::Reader;
use tidewire_protocol::url::{self, Target};

/// Recorded between unmodified clients and servers.
#[derive(Deserialize)]
struct Traces {
    client: Vec<Recorded>,
    server: Vec<Recorded>,
    dialled: Vec<String>,
    refused: Vec<Refused>,
}

/// A frame.
#[derive(Deserialize)]
struct Recorded {
    scenario: String,
    #[serde(default)]
    generation: String,
    hex: String,
}

/// A refused matchmaking request.
#[derive(Deserialize)]
struct Refused {
    url: String,
    body: String,
    status: u16,
    answer: String,
}

/// The recorded traces.
fn traces() -> Traces {
    serde_json::from_str(include_str!("data/traces.json")).expect("the data file is well-formed")
}

#[test]
fn every_frame_of_every_client_is_understood() {
    let (mut messages, mut inputs) = (0, Vec::new());
    for recorded in traces().client {
        let bytes = hex(&recorded.hex);
        let frame = frame::parse(&bytes)
            .unwrap_or_else(|error| panic!("{} {}: {error}", recorded.scenario, recorded.hex));
        match frame {
            ClientFrame::Data { payload, .. } | ClientFrame::Request { payload, .. } => {
                messages += 1;
                msgpack::from_payload::<msgpack::Value>(payload).unwrap_or_else(|error| {
                    panic!("{} {}: {error}", recorded.scenario, recorded.hex)
                });
            }
            ClientFrame::Unsupported { .. } => inputs.push(recorded.scenario),
            _ => {}
        }
    }
    assert_eq!(messages, 34);
    // Inputs are all of the one room that takes them.
    assert_eq!(inputs, vec!["12-input-room-timed"; 8]);
}

#[test]
fn frames_of_servers_come_out_the_same() {
    let (mut handshakes, mut others) = (0, 0);
    for recorded in traces().server {
        let bytes = hex(&recorded.hex);
        if bytes[0] == code::JOIN_ROOM {
            rewrite_join_room(&bytes, &recorded.generation);
            handshakes += 1;
        } else {
            assert_eq!(rewrite(&bytes), bytes, "{} {}", recorded.scenario, recorded.hex);
            others += 1;
        }
    }
    assert_eq!((handshakes, others), (12, 40));
}

fn rewrite_join_room(bytes: &[u8], generation: &str) {
    let mut reader = Reader::new(&bytes[1..]);
    let mut short = || {
        let length = reader.byte().unwrap();
        std::str::from_utf8(reader.take(length.into()).unwrap()).unwrap()
    };
    let (token, serializer) = (short(), short());
    let serializer = if serializer == "none" { Serializer::None } else { Serializer::Schema };
    let rest = reader.rest();
    let handshake = match (generation, rest) {
        (_, []) => Handshake::Skip,
        ("0.18", _) => {
            // The stock server writes the length as short as it goes, and sections after it.
            let mut reader = Reader::new(rest);
            let length = reader.number().unwrap() as usize;
            let reflection = reader.take(length).unwrap();
            while !reader.is_empty() {
                let tag = reader.byte().unwrap();
                let length = reader.number().unwrap() as usize;
                assert!(matches!(tag, 1 | 2) && reader.take(length).is_ok());
            }
            let mut out = Vec::new();
            frame::join_room(&mut out, token, serializer, Handshake::Skip).unwrap();
            assert_eq!(out, bytes[..out.len()]);
            assert!(reflection.is_empty() || reflection[0] & 0x80 != 0);
            return;
        }
        ("polyglot", _) => Handshake::Polyglot(&rest[3..]),
        _ => Handshake::Plain(rest),
    };
    let mut out = Vec::new();
    frame::join_room(&mut out, token, serializer, handshake).unwrap();
    assert_eq!(out, bytes);
}

/// Reads a frame of a server, and writes it again.
fn rewrite(bytes: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(&bytes[1..]);
    let mut out = Vec::new();
    match bytes[0] {
        code::ERROR => {
            let error_code = reader.number().unwrap() as u16;
            frame::error(&mut out, error_code, reader.string().unwrap());
        }
        code::LEAVE_ROOM => frame::leave(&mut out),
        code::PING => frame::ping(&mut out),
        code::ROOM_DATA => {
            let message_type = message_type(&mut reader);
            let payload = reader.rest();
            let _: msgpack::Value = msgpack::from_payload(payload).unwrap();
            frame::room_data(&mut out, message_type, payload);
        }
        code::ROOM_DATA_BYTES => {
            let message_type = message_type(&mut reader);
            frame::room_data_bytes(&mut out, message_type, reader.rest());
        }
        code::ROOM_RESPONSE => {
            let id = reader.number().unwrap() as u32;
            let status = match reader.byte().unwrap() {
                0 => ResponseStatus::Ok,
                1 => ResponseStatus::Rejected,
                2 => ResponseStatus::Error,
                status => panic!("status {status}"),
            };
            frame::response(&mut out, id, status, reader.rest());
        }
        code => panic!("code {code}"),
    }
    out
}

fn message_type<'a>(reader: &mut Reader<'a>) -> MessageType<'a> {
    match reader.peek() {
        Some(0xa1..=0xbf | 0xd9..=0xdb) => reader.string().unwrap().into(),
        _ => (reader.number().unwrap() as i64).into(),
    }
}

#[test]
fn every_dialled_address_is_read() {
    let mut pings = 0;
    for dialled in traces().dialled {
        match url::parse(&dialled).unwrap() {
            Target::Ping => pings += 1,
            Target::Room(dial) => {
                assert!(
                    dialled.starts_with(&format!("/{}/{}?", dial.process_id, dial.room_id)),
                    "{dialled}"
                );
                assert!(dialled.contains(&format!("sessionId={}", dial.session_id)), "{dialled}");
                assert_eq!(dial.skip_handshake, dialled.contains("skipHandshake"), "{dialled}");
                assert_eq!(
                    dial.reconnection_token.is_some(),
                    dialled.contains("reconnectionToken"),
                    "{dialled}"
                );
            }
        }
    }
    assert_eq!(pings, 1);
}

#[test]
fn refusals_come_out_the_same() {
    let refused = traces().refused;
    assert_eq!(refused.len(), 12);
    for recorded in refused {
        let options = options(recorded.body.as_bytes()).unwrap();
        let refusal = match route(&recorded.url) {
            Err(refusal) => refusal,
            Ok(request) => {
                let request = request.unwrap();
                match (request.method, request.target.as_ref()) {
                    (_, "trace") => Refusal::auth_failed(),
                    (Method::JoinOrCreate, name) => Refusal::no_handler(name),
                    (Method::Join, _) => Refusal::no_rooms_found(),
                    (Method::JoinById, id) => Refusal::room_not_found(id),
                    (Method::Reconnect, id) => match reconnection_token(&options).unwrap() {
                        "tok" => Refusal::room_disposed(id),
                        _ => Refusal::token_expired(),
                    },
                    (Method::Create, _) => panic!("{}", recorded.url),
                }
            }
        };
        assert_eq!(
            (refusal.status(), refusal.to_json()),
            (recorded.status, recorded.answer),
            "{}",
            recorded.url
        );
    }
}
