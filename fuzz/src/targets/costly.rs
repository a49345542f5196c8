//! Messages that were made to cost the decoder more than they are worth.

use crate::parts;

/// Handshakes with messages: instances of a type with 63 maps; items put in before thousands of
/// others, taken out there one by one, and turned round.
pub(super) fn dynamic() -> Vec<Vec<u8>> {
    let mut message = b"\x80\x01\xff\x01".to_vec();
    for at in 0..8_000_u32 {
        message.push(0x80);
        number(&mut message, at);
        text(&mut message, &format!("{at:x}"));
        number(&mut message, at + 2);
    }
    let wide = parts::join([handshake("map", 63), message[..LONGEST].to_vec()]);
    let messages = arrays();
    let long = messages.iter().map(|message| {
        let messages = [handshake("array", 1), messages[0].clone(), message.clone()];
        parts::join(messages)
    });
    std::iter::once(wide).chain(long).collect()
}

/// As long as all messages of an input may be together.
const LONGEST: usize = 60_000;

/// Messages for a root with an array of structs: one that fills it, and some for when it is full.
fn arrays() -> Vec<Vec<u8>> {
    let mut full = b"\x80\x01\xff\x01".to_vec();
    let mut front = b"\xff\x01".to_vec();
    for at in 0..2_500 {
        full.push(0x80);
        number(&mut full, at);
        number(&mut full, at + 2);
        front.extend(b"\x80\0");
        number(&mut front, at + 5_000);
    }
    let visits = b"\xff\x01\x40\0".repeat(2_500);
    let turns = [b"\xff\x01".to_vec(), vec![15; 30_000]].concat();
    vec![full, front, visits, turns]
}

/// A root with a collection of a type with `fields` collections of the same kind, of itself.
fn handshake(kind: &str, fields: u8) -> Vec<u8> {
    // The list of types is 1, the types are 2 and 3, their lists of fields 4 and 5.
    let mut out = b"\x80\x01\xff\x01\x80\0\x02\x80\x01\x03".to_vec();
    out.extend(b"\xff\x02\x80\0\x82\x04\xff\x03\x80\x01\x82\x05\xff\x04\x80\0\x06\xff\x05");
    for at in 0..fields {
        out.extend([0x80, at, 7 + at]);
    }
    for id in 6..7 + fields {
        out.extend([0xff, id, 0x80]);
        text(&mut out, &format!("f{id}"));
        out.push(0x81);
        text(&mut out, kind);
        out.extend([0x82, 1]);
    }
    out
}

fn number(out: &mut Vec<u8>, value: u32) {
    match u8::try_from(value) {
        Ok(small @ ..0x80) => out.push(small),
        _ => {
            out.push(0xcd);
            out.extend((value as u16).to_le_bytes());
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(0xa0 | text.len() as u8);
    out.extend(text.as_bytes());
}
