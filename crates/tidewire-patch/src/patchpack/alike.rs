//! Tests: what is read the short way (`first.rs`, `arrive.rs`) is read alike the long way (`form.rs`, `decode.rs`).
#![expect(clippy::unwrap_used, reason = "a test may")]

use serde_json::Value as Json;

use super::PatchpackDecoder;
use crate::patch::Patch;

#[test]
fn what_is_read_the_short_way_is_read_alike_the_long_way() {
    let vectors = include_str!("../../tests/data/mosx.json");
    let vectors: Vec<Json> = serde_json::from_str(vectors).unwrap();
    let (mut states, mut short, mut patches) = (0, 0, 0);
    for vector in vectors.iter().filter(|vector| vector["verdict"] != "quirk") {
        let streams: Vec<Vec<&Json>> = match vector["system"].as_str().unwrap() {
            "patchpack" => {
                let steps = vector["steps"].as_array().into_iter().flatten();
                vec![steps.map(|step| &step["hex"]).collect()]
            }
            "mosx-schema" => {
                let views = vector["views"].as_array().into_iter().flatten();
                let patches = |view: &'_ Json| view["patches"].as_array().unwrap().len();
                let stream = |view| {
                    let later = (0..patches(view)).map(move |at| &view["patches"][at]);
                    std::iter::once(&view["snapshot"]).chain(later).collect()
                };
                views.map(stream).collect()
            }
            _ => continue,
        };
        for stream in streams {
            let mut messages = stream.into_iter().map_while(Json::as_str).map(bytes);
            let Some(state) = messages.next() else { continue };
            let Ok((mut long, there)) = PatchpackDecoder::from_any_state(&state) else {
                continue;
            };
            let (mut decoder, value) = PatchpackDecoder::from_state(&state).unwrap();
            assert_eq!(value, there, "{}", vector["name"]);
            states += 1;
            short += usize::from(PatchpackDecoder::from_right_state(&state).is_some());
            let mut patch = Patch::default();
            for message in messages {
                let read = long.read(&message, None);
                let Ok(expected) = read else {
                    assert_eq!(decoder.patch(&message), read);
                    break;
                };
                decoder.patch_into(&message, &mut patch).unwrap();
                assert_eq!(patch, expected, "{}", vector["name"]);
                patches += 1;
            }
        }
    }
    assert!(states > 60 && short > 50 && patches > 200, "{states} {short} {patches}");
}

#[test]
fn what_is_wrong_the_short_way_is_wrong_alike_the_long_way() {
    let state = b"\x92\x93\x00\x00\x92\xfe\x01\x92\x92\xa5State\xa7players\x92\xa1P\xa1x";
    let (mut decoder, _) = PatchpackDecoder::from_right_state(state).unwrap();
    let (mut long, _) = PatchpackDecoder::from_any_state(state).unwrap();
    let messages: [&[u8]; 14] = [
        b"\x94\x00\x01\xff\x92\xa1a\x93\x01\x02\x05",
        // A type that there is not, a number that another has, values that no name is for (they are left out), an
        // extension, too few bytes, too many.
        b"\x94\x00\x01\xff\x92\xa1b\x92\x07\x03",
        b"\x94\x00\x01\xff\x92\xa1b\x93\x01\x02\x05",
        b"\x94\x00\x01\xff\x92\xa1b\x94\x01\x03\x05\x06",
        b"\x94\x00\x01\xff\x92\xa1b\x93\x01\x04\xd4\x07\x01",
        b"\x94\x00\x01\xff\x92\xa1b\x93\x01\x04",
        b"\x94\x00\x01\xff\x92\xa1b\x93\x01\x04\x05\x05",
        // What is `undefined`; a key that is there; one that went and comes again.
        b"\x94\x00\x01\xff\x92\xa1c\x93\x01\x04\xd4\x00\x00",
        b"\x94\x00\x01\xff\x92\xa1a\x93\x01\x05\x06",
        b"\x93\x02\x01\x00",
        b"\x93\x02\x01\x09",
        b"\x94\x00\x01\xff\x92\xa1a\x93\x01\x06\x07",
        b"\x93\x02\x01\x03",
        b"\x93\x02\x01\x03\x00",
    ];
    let mut right = 0;
    for message in messages {
        let expected = long.read(message, None);
        if expected.is_err() {
            long.nodes.undo(&mut long.staged);
        }
        right += usize::from(expected.is_ok());
        assert_eq!(decoder.patch(message), expected, "{message:02x?}");
    }
    assert_eq!(right, 7);
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}
