//! MessagePack as JavaScript writes it.

use tidewire_patch::notepack;

/// Pieces that inputs are likely to have.
pub const WORDS: &[&[u8]] = &[
    b"\xd4\x00\x00",
    b"\xd7\x00",
    b"\xc7",
    b"\xc4\x02",
    b"\xcb",
    b"\xca",
    b"\xcf",
    b"\xd3",
    b"\xd9\x05",
    b"\xdc\x00\x10",
    b"\xdd\x00\x00\xff\xff",
    b"\xde\x00\x02",
    b"\xdf\x00\x00\x7f\xff",
    b"\x81\xa1a",
    b"\x92",
];

/// Reads a value. What is written of it reads the same.
pub fn target(data: &[u8]) {
    match notepack::decode(data) {
        Ok(value) => {
            let written = notepack::encode(&value);
            assert_eq!(notepack::decode(&written).as_ref(), Ok(&value));
            assert!(!value.to_json().to_string().is_empty());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Values of every kind.
pub fn seeds() -> Vec<Vec<u8>> {
    let values: [&[u8]; 6] = [
        b"\x96\xc0\xc2\xc3\xd4\x00\x00\x7f\xe0",
        b"\x83\xa1a\x01\xa1b\xcd\x01\x00\xd9\x01c\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00",
        b"\x94\xcc\xff\xce\xff\xff\xff\xff\xd0\x80\xd2\x80\x00\x00\x00",
        b"\xdc\x00\x03\xc4\x02\x00\x01\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x01\xd5\x05\x01\x02",
        b"\x82\x01\xa1x\xff\xa1y",
        b"\x8a\xa1a\x80\xa1b\x90\xa1c\x80\xa1d\x90\xa1e\x01\xa1f\x02\xa1g\x03\xa1h\x04\xa1i\x05\xa1a\x06",
    ];
    values.map(Vec::from).into()
}
