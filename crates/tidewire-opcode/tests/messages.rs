//! Messages and frames, byte by byte.
#![expect(clippy::unwrap_used, reason = "a test may")]

use tidewire_opcode::{
    DecodeError, Direction, Encoder, Encoding, Event, EventName, Join, JoinResponse, Message,
    Operation, Patch, Path, Received, Segment, Tree, Update, UpdateKind, View, merged, path_hash,
    read, read_json,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(text: &str) -> Tree {
    read_json(text.as_bytes()).unwrap()
}

/// A message in both forms, which both lead back to it.
#[track_caller]
fn check(message: &Message, object: &str, array: &str, bytes: &str) {
    assert_eq!(message.to_object(), json(object));
    assert_eq!(String::from_utf8(message.encode(Encoding::OpcodeJson)).unwrap(), array);
    assert_eq!(hex(&message.encode(Encoding::OpcodeMessagePack)), bytes);
    for encoding in [Encoding::JsonObject, Encoding::OpcodeJson, Encoding::OpcodeMessagePack] {
        let read = read(&message.encode(encoding), encoding).unwrap();
        assert_eq!(Message::from_tree(&read).as_ref(), Ok(message), "{encoding:?}");
    }
}

fn event(direction: Direction, name: EventName, payload: &str) -> Event {
    Event { direction, name, payload: json(payload), raw_body: Tree::Null }
}

#[test]
fn actions_and_answers() {
    check(
        &Message::Action { request: "action-2".into(), name: "Play".into(), payload: json("{}") },
        r#"{"kind":"action","payload":{"requestID":"action-2","typeIdentifier":"Play","payload":{}}}"#,
        r#"[101,"action-2","Play",{}]"#,
        "9465a8616374696f6e2d32a4506c617980",
    );
    check(
        &Message::ActionResponse {
            request: "action-2".into(),
            response: json(r#"{"newScore":6}"#),
        },
        r#"{"kind":"actionResponse","payload":{"actionResponse":{"requestID":"action-2","response":{"newScore":6}}}}"#,
        r#"[102,"action-2",{"newScore":6}]"#,
        "9366a8616374696f6e2d3281a86e657753636f726506",
    );
    check(
        &Message::Error {
            code: "ACTION_NOT_REGISTERED".into(),
            message: "Action not registered: X".into(),
            details: json(r#"{"requestID":"action-2","actionType":"X"}"#),
        },
        r#"{"kind":"error","payload":{"error":{"code":"ACTION_NOT_REGISTERED","message":"Action not registered: X","details":{"requestID":"action-2","actionType":"X"}}}}"#,
        r#"[106,"ACTION_NOT_REGISTERED","Action not registered: X",{"actionType":"X","requestID":"action-2"}]"#,
        "946ab5414354494f4e5f4e4f545f52454749535445524544b8416374696f6e206e6f7420726567697374657265643a205882aa616374696f6e54797065a158a9726571756573744944a8616374696f6e2d32",
    );
}

#[test]
fn events() {
    check(
        &Message::Event(event(
            Direction::FromClient,
            EventName::Name("MoveTo".into()),
            r#"{"target":{"v":{"x":64000,"y":36000}}}"#,
        )),
        r#"{"kind":"event","payload":{"fromClient":{"type":"MoveTo","payload":{"target":{"v":{"x":64000,"y":36000}}}}}}"#,
        r#"[103,0,"MoveTo",{"target":{"v":{"x":64000,"y":36000}}}]"#,
        "946700a64d6f7665546f81a674617267657481a17682a178cdfa00a179cd8ca0",
    );
    check(
        &Message::Event(event(
            Direction::FromServer,
            EventName::Number(1),
            r#"[{"v":{"x":0,"y":0}},"p1",{"v":{"x":1,"y":1}}]"#,
        )),
        r#"{"kind":"event","payload":{"fromServer":{"type":1,"payload":[{"v":{"x":0,"y":0}},"p1",{"v":{"x":1,"y":1}}]}}}"#,
        r#"[103,1,1,[{"v":{"x":0,"y":0}},"p1",{"v":{"x":1,"y":1}}]]"#,
        "946701019381a17682a17800a17900a2703181a17682a17801a17901",
    );
}

#[test]
fn joins() {
    let message = Message::Join(Join {
        request: "join-1".into(),
        land_type: "hero-defense".into(),
        player: Some("p1".into()),
        metadata: json(r#"{"schemaHash":"4875865f9c1987c3"}"#),
        ..Join::default()
    });
    let object = r#"{"kind":"join","payload":{"join":{"requestID":"join-1","landType":"hero-defense","landInstanceId":null,"playerID":"p1","metadata":{"schemaHash":"4875865f9c1987c3"}}}}"#;
    assert_eq!(message.encode(Encoding::JsonObject).len(), object.len());
    assert_eq!(message.to_object(), json(object));
    assert_eq!(
        String::from_utf8(message.encode(Encoding::OpcodeJson)).unwrap(),
        r#"[104,"join-1","hero-defense",null,"p1",null,{"schemaHash":"4875865f9c1987c3"}]"#,
    );
    let array = Message::from_tree(&message.to_array());
    assert_eq!(array.as_ref(), Ok(&message));

    let response = JoinResponse {
        request: "join-1".into(),
        success: true,
        land_type: Some("hero-defense".into()),
        land_instance: Some("default".into()),
        player_slot: Some(628),
        encoding: Some("messagepack".into()),
        ..JoinResponse::default()
    };
    check(
        &Message::JoinResponse(response),
        r#"{"kind":"joinResponse","payload":{"joinResponse":{"requestID":"join-1","success":true,"landType":"hero-defense","landInstanceId":"default","playerSlot":628,"encoding":"messagepack"}}}"#,
        r#"[105,"join-1",1,"hero-defense","default",628,"messagepack"]"#,
        "9769a66a6f696e2d3101ac6865726f2d646566656e7365a764656661756c74cd0274ab6d6573736167657061636b",
    );
    let refusal = JoinResponse {
        request: "join-1".into(),
        reason: Some("full".into()),
        ..JoinResponse::default()
    };
    check(
        &Message::JoinResponse(refusal),
        r#"{"kind":"joinResponse","payload":{"joinResponse":{"requestID":"join-1","success":false,"reason":"full"}}}"#,
        r#"[105,"join-1",0,null,null,null,null,"full"]"#,
        "9869a66a6f696e2d3100c0c0c0c0a466756c6c",
    );
}

#[test]
fn what_is_no_message() {
    let check = |text: &str, expected: DecodeError| {
        assert_eq!(Message::from_tree(&json(text)), Err(expected), "{text}");
    };
    check("{}", DecodeError::Field { name: "kind", expected: "a value" });
    check("7", DecodeError::Field { name: "kind", expected: "a value" });
    check("[]", DecodeError::Field { name: "opcode", expected: "a value" });
    check("[101,5]", DecodeError::Field { name: "requestID", expected: "a text" });
    check("[999]", DecodeError::Unknown { what: "opcode", found: "999".into() });
    check("[103,2]", DecodeError::Unknown { what: "direction", found: "2".into() });
    check(
        r#"{"kind":"stateUpdate","payload":{}}"#,
        DecodeError::Unknown { what: "kind", found: "stateUpdate".into() },
    );
}

/// A patch at a path of names and, with a `*` in front, keys.
fn patch<'a>(path: &[&'a str], operation: Operation<'a>) -> Patch<'a> {
    let segments = path.iter().map(|segment| match segment.strip_prefix('*') {
        Some(key) => Segment::Key(key),
        None => Segment::Name(segment),
    });
    let pattern: Vec<&str> =
        path.iter().map(|segment| if segment.starts_with('*') { "*" } else { segment }).collect();
    let hash = Some(path_hash(&pattern.join(".")));
    Patch { path: Path { segments: segments.collect(), hash }, operation }
}

#[test]
fn golden_frames_of_the_state() {
    let mut text = Encoder::new(Encoding::OpcodeJson.original());
    let mut packed = Encoder::new(Encoding::OpcodeMessagePack.original());
    let mut check = |kind, patches: Vec<Patch<'_>>, expected: &str, bytes: &str| {
        let update = Update { kind, patches };
        assert_eq!(String::from_utf8_lossy(text.encode(&update)), expected);
        assert_eq!(hex(packed.encode(&update)), bytes);
        packed.encode(&Update { kind: UpdateKind::Diff, patches: Vec::new() }).to_vec()
    };
    let (zero, ninety, five) = (Tree::from(0), Tree::from(90), Tree::from(5));
    let (empty, position) = (json("{}"), json(r#"{"v":{"x":64000,"y":36000}}"#));
    check(UpdateKind::Diff, vec![], "[0]", "9100");
    check(
        UpdateKind::FirstSync,
        vec![patch(&["score"], Operation::Set(&zero)), patch(&["players"], Operation::Set(&empty))],
        "[1,[653805326,null,1,0],[2159421276,null,1,{}]]",
        "930194ce26f8470ec0010094ce80b6275cc00180",
    );
    check(
        UpdateKind::Diff,
        vec![patch(&["players", "*p1", "health"], Operation::Set(&ninety))],
        r#"[2,[2520354134,[0,"p1"],1,90]]"#,
        "920294ce96398d569200a27031015a",
    );
    check(
        UpdateKind::Diff,
        vec![
            patch(&["players", "*p1", "position"], Operation::Set(&position)),
            patch(&["monsters", "*7"], Operation::Remove),
        ],
        r#"[2,[3358665268,0,1,{"v":{"x":64000,"y":36000}}],[2014447693,[1,"7"],2]]"#,
        "930294cec8312a34000181a17682a178cdfa00a179cd8ca093ce7812084d9201a13702",
    );
    let update =
        Update { kind: UpdateKind::Diff, patches: vec![patch(&["score"], Operation::Set(&five))] };
    let shot = event(
        Direction::FromServer,
        EventName::Number(1),
        r#"[{"v":{"x":64000,"y":36000}},"p1",{"v":{"x":1,"y":-2}}]"#,
    );
    let frame = merged(text.encode(&update), std::slice::from_ref(&shot), Encoding::OpcodeJson);
    assert_eq!(
        String::from_utf8(frame.unwrap()).unwrap(),
        r#"[107,[2,[653805326,null,1,5]],[[1,1,[{"v":{"x":64000,"y":36000}},"p1",{"v":{"x":1,"y":-2}}]]]]"#,
    );
    let frame = merged(packed.encode(&update), &[shot], Encoding::OpcodeMessagePack);
    assert_eq!(
        hex(&frame.unwrap()),
        "936b920294ce26f8470ec00105919301019381a17682a178cdfa00a179cd8ca0a2703181a17682a17801a179fe",
    );
    assert_eq!(merged(b"", &[], Encoding::JsonObject), None);
}

#[test]
fn two_keys_are_all_slots_or_all_raw() {
    let mut encoder = Encoder::new(Encoding::OpcodeJson.original());
    let one = Tree::from(1);
    let mut check = |item: &str, expected: &str| {
        let key = format!("*{item}");
        let patches =
            vec![patch(&["players", "*p1", "inventory", &key, "itemId"], Operation::Set(&one))];
        let frame = encoder.encode(&Update { kind: UpdateKind::Diff, patches });
        assert_eq!(String::from_utf8_lossy(frame), format!("[2,[1776314749,{expected},1,1]]"));
    };
    check("item-1", r#"[[0,"p1"],[1,"item-1"]]"#);
    check("item-1", "[0,1]");
    check("item-2", r#"[0,[2,"item-2"]]"#);
    check("", r#"["p1",""]"#);
}

#[test]
fn the_shortest_forms() {
    let mut encoder = Encoder::new(Encoding::OpcodeJson.shortest());
    let mut check = |patches: Vec<Patch<'_>>, expected: &str| {
        let frame = encoder.encode(&Update { kind: UpdateKind::Diff, patches });
        assert_eq!(String::from_utf8_lossy(frame), expected);
    };
    let one = Tree::from(1);
    check(vec![patch(&["hp"], Operation::Set(&one))], r#"[2,["/hp",1,1]]"#);
    check(vec![patch(&["monsters", "*7"], Operation::Remove)], r#"[2,["/monsters/7",2]]"#);
    let long = ["players", "*ada", "position"];
    check(vec![patch(&long, Operation::Set(&one))], r#"[2,[3358665268,[0,"ada"],1,1]]"#);
    check(vec![patch(&long, Operation::Set(&one))], "[2,[3358665268,0,1,1]]");
    check(vec![patch(&["players", "*ada"], Operation::Remove)], "[2,[3150840898,0,2]]");
    let other = ["players", "*bob", "position"];
    check(vec![patch(&other, Operation::Set(&one))], r#"[2,[3358665268,[1,"bob"],1,1]]"#);
    check(vec![patch(&long, Operation::Set(&one))], "[2,[3358665268,0,1,1]]");
}

#[test]
fn a_view_refuses_what_the_original_client_refuses() {
    let view = View::new([("players.*.position", 3358665268)]);
    let check = |frame: &str, expected: &str| {
        let result = view.clone().receive(frame.as_bytes(), Encoding::OpcodeJson);
        assert_eq!(result.unwrap_err().to_string(), expected, "{frame}");
    };
    check("[2,[7,null,1,0]]", "patch 0: the hash 7 is not known");
    check("[2,[3358665268,5,1,0]]", "patch 0: slot 5 was never defined");
    check(r#"[2,["/a",2],["/a",9]]"#, "patch 1: expected an operation 1, 2 or 3");
    check("[2,[[]]]", "patch 0: expected a path or a hash and keys");
    check(r#"[2,["/a[0]",1,0]]"#, "patch 0: the path \"/a[0]\" leads into an array");
    check("[107,[],[]]", "the field state opcode is not a number");
    check("[107,[9],[]]", "unknown state opcode \"9\"");
    check("[2,[3358665268,true,1,0]]", "patch 0: expected a key, a slot or the definition of one");
    check("[2", "not JSON at byte 2: EOF while parsing a list at line 1 column 2");
    check("[2,[0.5,null,1,0]]", "patch 0: a hash has 32 bits");
    let double = b"\x92\x02\x94\xcb\x41\xe9\x06\x25\x46\x80\x00\x00\xa1p\x01\x64";
    let mut reader = view.clone();
    assert_eq!(reader.receive(double, Encoding::OpcodeMessagePack), Ok(Received::default()));
    assert_eq!(reader.root(), &json(r#"{"players":{"p":{"position":100}}}"#));
    assert_eq!(view.clone().receive(b"[0]", Encoding::OpcodeJson), Ok(Received::default()));
}
