//! The frames and their primitives, as hex.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::hex;
use tidewire_protocol::frame::{
    self, ClientFrame, FrameError, Handshake, HandshakeError, MAX_POLYGLOT_REFLECTION,
    MAX_SERIALIZER_ID, MessageType, ResponseStatus, Serializer, parse,
};
use tidewire_protocol::primitive::{ReadError, Reader, put_integer, put_number, put_string};

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0xaa];
    write(&mut out);
    assert_eq!(out.remove(0), 0xaa, "a writer appends");
    out
}

#[test]
fn numbers() {
    let table: [(f64, &str); 31] = [
        (0.0, "00"),
        (127.0, "7f"),
        (128.0, "cc80"),
        (255.0, "ccff"),
        (256.0, "cd0001"),
        (524.0, "cd0c02"),
        (65_535.0, "cdffff"),
        (65_536.0, "ce00000100"),
        (4_294_967_295.0, "ceffffffff"),
        (4_294_967_296.0, "cf0000000001000000"),
        (9_007_199_254_740_991.0, "cfffffffffffff1f00"),
        (-1.0, "ff"),
        (-32.0, "e0"),
        (-33.0, "d0df"),
        (-128.0, "d080"),
        (-129.0, "d17fff"),
        (-32_768.0, "d10080"),
        (-32_769.0, "d2ff7fffff"),
        (-2_147_483_648.0, "d200000080"),
        (-2_147_483_649.0, "d3ffffff7fffffffff"),
        (0.5, "ca0000003f"),
        (-1.25, "ca0000a0bf"),
        (1_234_567.891, "cb759318e487d63241"),
        (1e300, "cb9c7500883ce4377e"),
        (-0.0, "00"),
        (100.0, "64"),
        (999_999.0, "ce3f420f00"),
        (-999_999.0, "d2c1bdf0ff"),
        (2_147_483_648.0, "ce00000080"),
        (64.0, "40"),
        (-31.0, "e1"),
    ];
    for (value, expected) in table {
        let bytes = written(|out| put_number(out, value));
        assert_eq!(bytes, hex(expected), "{value}");
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.number(), Ok(value), "{expected}");
        assert!(reader.is_empty(), "{expected}");
        for end in 0..bytes.len() {
            assert!(
                matches!(Reader::new(&bytes[..end]).number(), Err(ReadError::Ended { .. })),
                "{expected} cut"
            );
        }
    }
}

#[test]
fn numbers_that_are_none() {
    for (value, expected) in [(f64::NAN, 0.0), (f64::INFINITY, 9e15), (f64::NEG_INFINITY, -9e15)] {
        let bytes = written(|out| put_number(out, value));
        let read = Reader::new(&bytes).number().unwrap();
        assert!((read - expected).abs() < 1e13, "{value} became {read}");
    }
    // An f32 where it is near enough.
    assert_eq!(written(|out| put_number(out, 0.1)), hex("ca cdcccc3d"));
    for byte in (0x80..=0xff_u8).filter(|byte| !matches!(byte, 0xca..=0xd3 | 0xe0..)) {
        let error = Reader::new(&[byte, 0, 0, 0, 0, 0, 0, 0, 0]).number();
        assert_eq!(error, Err(ReadError::NotANumber { byte, offset: 0 }));
    }
}

#[test]
fn strings() {
    let table = [
        (String::new(), "a0"),
        ("hello".to_owned(), "a5 68656c6c6f"),
        ("é".to_owned(), "a2 c3a9"),
        ("x".repeat(31), "bf"),
        ("x".repeat(32), "d920"),
        ("x".repeat(255), "d9ff"),
        ("x".repeat(256), "da0001"),
        ("x".repeat(65_536), "db00000100"),
    ];
    for (text, prefix) in table {
        let bytes = written(|out| put_string(out, &text));
        assert!(bytes.starts_with(&hex(prefix)), "{prefix}");
        assert_eq!(Reader::new(&bytes).string(), Ok(text.as_str()), "{prefix}");
        let cut = Reader::new(&bytes[..bytes.len() - 1]).string().map(str::len);
        assert!(matches!(cut, Err(ReadError::Ended { .. })), "{prefix} cut");
    }
    assert_eq!(Reader::new(&hex("a2c328")).string(), Err(ReadError::NotUtf8 { offset: 3 }));
    assert_eq!(Reader::new(&hex("00")).string(), Err(ReadError::NotAString { byte: 0, offset: 0 }));
    assert_eq!(
        Reader::new(&hex("dbffffffff")).string(),
        Err(ReadError::Ended { offset: 5, needed: 0xffff_ffff })
    );
}

#[test]
fn frames_from_clients() {
    let check = |bytes: &str, expected: ClientFrame<'_>| {
        assert_eq!(parse(&hex(bytes)), Ok(expected), "{bytes}");
    };
    check("0a", ClientFrame::Ack);
    check("0a00", ClientFrame::Ack);
    check("0c", ClientFrame::Leave);
    check("0c00", ClientFrame::Leave);
    check("12", ClientFrame::Ping);
    let (echo, seven) = (MessageType::Text("echo"), MessageType::Number(7));
    check("0d | a46563686f | c3", ClientFrame::Data { message_type: echo, payload: &[0xc3] });
    check("0d | a46563686f", ClientFrame::Data { message_type: echo, payload: &[] });
    check("0d | d9046563686f", ClientFrame::Data { message_type: echo, payload: &[] });
    check("0d | da04006563686f", ClientFrame::Data { message_type: echo, payload: &[] });
    check("0d | db040000006563686f", ClientFrame::Data { message_type: echo, payload: &[] });
    check("0d | 07 | 01", ClientFrame::Data { message_type: seven, payload: &[1] });
    check("0d | cb0000000000001c40", ClientFrame::Data { message_type: seven, payload: &[] });
    check(
        "0d | cd2c01",
        ClientFrame::Data { message_type: MessageType::Number(300), payload: &[] },
    );
    check("0d | ff", ClientFrame::Data { message_type: MessageType::Number(-1), payload: &[] });
    check(
        "11 | a3726177 | dead",
        ClientFrame::Bytes { message_type: MessageType::Text("raw"), payload: &[0xde, 0xad] },
    );
    check(
        "15 | 02 | 07 | c0",
        ClientFrame::Request { id: 2, message_type: seven, payload: &[0xc0] },
    );
    check(
        "15 | ceffffffff | 07",
        ClientFrame::Request { id: u32::MAX, message_type: seven, payload: &[] },
    );
    check("13", ClientFrame::Unsupported { code: 19 });
    check("93 33 80", ClientFrame::Unsupported { code: 19 });
    check("94 01", ClientFrame::Unsupported { code: 20 });
}

#[test]
fn frames_that_are_none() {
    let check = |bytes: &str, expected: FrameError| {
        assert_eq!(parse(&hex(bytes)), Err(expected), "{bytes}");
    };
    check("", FrameError::Empty);
    check("00", FrameError::UnknownCode(0));
    check("0b", FrameError::UnknownCode(11));
    check("0e", FrameError::UnknownCode(14));
    check("16", FrameError::UnknownCode(22));
    check("1f", FrameError::UnknownCode(31));
    check("8d07", FrameError::Modifiers { code: 13, modifiers: 0x80 });
    check("ff", FrameError::Modifiers { code: 31, modifiers: 0xe0 });
    check("0a01", FrameError::Trailing { code: 10, count: 1 });
    check("0c0000", FrameError::Trailing { code: 12, count: 2 });
    check("0d", FrameError::Primitive(ReadError::Ended { offset: 1, needed: 1 }));
    check("0da0", FrameError::MessageType);
    check("0dca0000003f", FrameError::MessageType);
    check("0dcb000000000000f87f", FrameError::MessageType);
    check("0dcfffffffffffffffff", FrameError::MessageType);
    check("0dc3", FrameError::Primitive(ReadError::NotANumber { byte: 0xc3, offset: 1 }));
    check("0da46563", FrameError::Primitive(ReadError::Ended { offset: 2, needed: 4 }));
    check("0da2c328", FrameError::Primitive(ReadError::NotUtf8 { offset: 4 }));
    check("15ff07", FrameError::RequestId);
    check("15cf000000000100000007", FrameError::RequestId);
}

#[test]
fn frames_from_servers() {
    let check = |bytes: Vec<u8>, expected: &str| assert_eq!(bytes, hex(expected), "{expected}");
    check(
        written(|out| frame::error(out, 524, "seat reservation expired.")),
        "0b cd0c02 b9 73656174207265736572766174696f6e20657870697265642e",
    );
    check(written(frame::leave), "0c");
    check(written(frame::ping), "12");
    check(written(|out| frame::room_state(out, &[0x80, 1])), "0e 8001");
    check(written(|out| frame::room_state_patch(out, &[0x80, 2])), "0f 8002");
    check(written(|out| frame::room_data(out, "a".into(), &[0xc0])), "0d a161 c0");
    check(written(|out| frame::room_data(out, 300.into(), &[])), "0d cd2c01");
    check(written(|out| frame::room_data_bytes(out, 7.into(), &[1, 2])), "11 07 0102");
    check(written(|out| frame::response(out, 0, ResponseStatus::Ok, &[])), "16 00 00");
    check(
        written(|out| frame::response(out, 200, ResponseStatus::Error, &[0xc0])),
        "16 ccc8 02 c0",
    );
    check(written(|out| put_integer(out, i64::MIN)), "d3 0000000000000080");
}

#[test]
fn join_room_in_three_shapes() {
    let join = |serializer, handshake: Handshake<'_>| {
        let mut out = Vec::new();
        frame::join_room(&mut out, "tok1", serializer, handshake).map(|()| out)
    };
    let head = "0a 04 746f6b31 06 736368656d61";
    assert_eq!(join(Serializer::Schema, Handshake::Skip).unwrap(), hex(head));
    assert_eq!(join(Serializer::None, Handshake::Skip).unwrap(), hex("0a 04 746f6b31 04 6e6f6e65"));
    assert_eq!(
        join(Serializer::Schema, Handshake::Plain(&[0x80, 1])).unwrap(),
        [hex(head), hex("8001")].concat()
    );
    let polyglot = join(Serializer::Schema, Handshake::Polyglot(&[0xff, 0, 0x80, 1])).unwrap();
    assert_eq!(polyglot, [hex(head), hex("cd 0400 ff00 8001")].concat());

    let mut longest = vec![0; MAX_POLYGLOT_REFLECTION];
    longest[0] = 0xff;
    assert!(join(Serializer::Schema, Handshake::Polyglot(&longest)).is_ok());
    longest.push(0);
    assert_eq!(
        join(Serializer::Schema, Handshake::Polyglot(&longest)),
        Err(HandshakeError::ReflectionTooLong(MAX_POLYGLOT_REFLECTION + 1))
    );
    assert_eq!(
        join(Serializer::Schema, Handshake::Polyglot(&[0x80])),
        Err(HandshakeError::NotPolyglot)
    );
    for serializer in [Serializer::None, Serializer::Other("json")] {
        assert_eq!(join(serializer, Handshake::Plain(&[0x80])), Err(HandshakeError::WithoutState));
    }
}

#[test]
fn join_room_with_a_serializer_that_clients_register() {
    fn join(id: &str) -> Result<Vec<u8>, HandshakeError> {
        let mut out = Vec::new();
        frame::join_room(&mut out, "tok1", Serializer::Other(id), Handshake::Skip).map(|()| out)
    }
    assert_eq!(join("json").unwrap(), hex("0a 04 746f6b31 04 6a736f6e"));
    let longest = "x".repeat(MAX_SERIALIZER_ID);
    assert_eq!(join(&longest).unwrap().last(), Some(&b'x'));
    assert_eq!(join(&(longest + "x")), Err(HandshakeError::SerializerId(32)));
    assert_eq!(join(""), Err(HandshakeError::SerializerId(0)));
}

#[test]
fn a_refused_handshake_writes_nothing() {
    let mut out = vec![1];
    let error = frame::join_room(&mut out, &"t".repeat(32), Serializer::Schema, Handshake::Skip);
    assert_eq!((error, out), (Err(HandshakeError::TokenTooLong(32)), vec![1]));
}

#[test]
fn seven_and_its_text_have_one_handler() {
    assert_eq!(MessageType::Number(7).key(), "7");
    assert_eq!(MessageType::Text("7").key(), "7");
    assert_eq!(MessageType::Number(-1).key(), "-1");
}
