//! A tick's messages as one, and patches that a serializer writes as JSON.

use tidewire_patch::{Patch, bundle, mpack, notepack::Value};

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\x91",
    b"\xdc\x00\x10",
    b"\xdd\xff\xff\xff\xff",
    b"\xc4\x00",
    b"\xc5\x00\x02",
    b"\xc6\xff\xff\xff\xff",
    b"\x93\x00\xa2/a\x07",
    br#"{"op":"add","path":"","value":null}"#,
    br#""oldValue":1e999,"#,
    br#"~01/"#,
];

/// Reads the bytes as both; what is read is written and read again alike.
pub fn target(data: &[u8]) {
    match bundle::read(data) {
        Ok(messages) => {
            assert!(messages.iter().map(|message| message.len() + 2).sum::<usize>() < data.len());
            let mut again = Vec::new();
            bundle::write(&mut again, &messages);
            assert_eq!(bundle::read(&again), Ok(messages.clone()));
            let mut state = Value::default();
            for message in messages {
                if let Ok(patch) = mpack::decode_patch(message) {
                    // It may fit nothing.
                    let _ = patch.apply(&mut state);
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let Ok(json) = serde_json::from_slice(data) else { return };
    let read = Patch::from_json(&json);
    if let Ok(patch) = serde_json::from_slice::<Patch>(data) {
        assert_eq!(read.as_ref(), Ok(&patch));
    }
    match read {
        Ok(patch) => {
            let again = Patch::from_json(&patch.to_json()).expect("what is written is read");
            assert_eq!(again, patch);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// One of each.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut bundle = Vec::new();
    bundle::write(&mut bundle, &[b"\x93\x00\xa2/a\x07".to_vec(), vec![0; 300]]);
    let patch = br#"{"op":"replace","path":"/a~1b/0","value":{"x":[1,-2,0.5,"y"]},"oldValue":1}"#;
    vec![bundle, patch.to_vec()]
}
