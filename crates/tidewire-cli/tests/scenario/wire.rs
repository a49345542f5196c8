//! Whole outputs, byte by byte.

use serde_json::{Value as Json, json};
use tidewire_cli::Codec;

use super::run;

/// A scenario that is small enough to be encoded by hand.
fn small() -> Json {
    json!({
        "types": { "S": { "fields": { "n": "uint8", "l": { "array": "int8" }, "m": { "map": "S" } } } },
        "root": "S",
        "clients": { "a": {} },
        "steps": [
            { "op": "set", "path": "/n", "value": 5 },
            { "op": "join", "client": "a" },
            { "op": "push", "path": "/l", "values": [-1] },
            { "op": "set", "path": "/m/k", "value": {} },
            { "op": "sync" },
            { "op": "delete", "path": "/m/k" },
            { "op": "sync" },
            { "op": "sync" },
        ],
    })
}

#[track_caller]
fn check(codec: Codec, expected: &[(&str, String)]) {
    let (lines, error) = run(&small().to_string(), codec);
    assert_eq!(error, None);
    let found: Vec<(String, String)> = lines
        .iter()
        .map(|line| {
            let line: Json = serde_json::from_str(line).unwrap();
            assert_eq!(line["client"], "a");
            let what = format!("{} {}", line["step"], line["kind"].as_str().unwrap());
            let text = match &line["hex"] {
                Json::String(hex) => hex.clone(),
                Json::Array(messages) => {
                    let messages: Vec<&str> =
                        messages.iter().map(|hex| hex.as_str().unwrap()).collect();
                    messages.join(" | ")
                }
                _ => line["json"].to_string(),
            };
            (what, text)
        })
        .collect();
    let expected: Vec<(String, String)> =
        expected.iter().map(|(what, text)| ((*what).to_owned(), text.clone())).collect();
    assert_eq!(found, expected);
}

const FIRST: &str = r#"{"n":5,"l":[],"m":{}}"#;
const SECOND: &str = r#"{"n":5,"l":[-1],"m":{"k":{"n":0,"l":[],"m":{}}}}"#;
const THIRD: &str = r#"{"n":5,"l":[-1],"m":{}}"#;

#[test]
fn schema() {
    // Reflection: types are refId 1; its only item, refId 2, has id 0 and the fields refId 3.
    let head = "8001 ff01 800002 ff02 8000 8203 ff03 800004 800105 800206";
    // "n" of type "uint8".
    let n = "ff04 80a16e 81a575696e7438";
    // "l" of type "array:int8", or "array" with the child primitive "int8".
    let old = "ff05 80a16c 82ff 81aa61727261793a696e7438";
    let new = "ff05 80a16c 82ff 81a56172726179 83a4696e7438";
    // "m" of type "map", of type 0.
    let m = "ff06 80a16d 8200 81a36d6170";
    for (profile, l) in [("v3", old), ("v4", old), ("v5", new)] {
        let codec = Codec::from_names("schema", Some(profile)).unwrap();
        let hex = |text: &str| text.replace(' ', "");
        check(
            codec,
            &[
                ("1 handshake", hex(&format!("{head} {n} {l} {m}"))),
                // n = 5; l and m are refIds 1 and 2.
                ("1 snapshot", hex("8005 8101 8202")),
                ("1 state", FIRST.to_owned()),
                // In l: index 0 is -1. In m: index 0, key "k", is refId 3, with l and m of its own.
                ("4 patch", hex("ff01 8000ff ff02 8000a16b03 ff03 8000 8104 8205")),
                ("4 state", SECOND.to_owned()),
                // In m: index 0 is gone.
                ("6 patch", hex("ff02 4000")),
                ("6 state", THIRD.to_owned()),
                ("7 state", THIRD.to_owned()),
            ],
        );
    }
}

#[test]
fn json_patches() {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let patch = concat!(
        r#"[{"op":"add","path":"/l/0","value":-1},"#,
        r#"{"op":"add","path":"/m/k","value":{"n":0,"l":[],"m":{}}}]"#,
    );
    check(
        Codec::Json,
        &[
            ("1 snapshot", hex(FIRST)),
            ("1 state", FIRST.to_owned()),
            ("4 patch", hex(patch)),
            ("4 state", SECOND.to_owned()),
            ("6 patch", hex(r#"[{"op":"remove","path":"/m/k"}]"#)),
            ("6 state", THIRD.to_owned()),
            ("7 state", THIRD.to_owned()),
        ],
    );
}

/// A snapshot and the messages of two patches, with spaces anywhere and `|` between messages.
#[track_caller]
fn check_messages(codec: Codec, [snapshot, first, second]: [&str; 3]) {
    let hex = |text: &str| text.replace(' ', "").replace('|', " | ");
    check(
        codec,
        &[
            ("1 snapshot", hex(snapshot)),
            ("1 state", FIRST.to_owned()),
            ("4 patch", hex(first)),
            ("4 state", SECOND.to_owned()),
            ("6 patch", hex(second)),
            ("6 state", THIRD.to_owned()),
            ("7 state", THIRD.to_owned()),
        ],
    );
}

#[test]
fn messages_of_mosx() {
    check_messages(
        Codec::Mpack,
        [
            "83 a16e05 a16c90 a16d80",
            // add "/l/0": -1, add "/m/k": {n: 0, l: [], m: {}}.
            "93 00 a42f6c2f30 ff | 93 00 a42f6d2f6b 83 a16e00 a16c90 a16d80",
            "92 02 a42f6d2f6b",
        ],
    );
    // S is type 0, with n 0, l 1, m 2.
    let table = "81 a153 84 a5696e64657800 a6706172656e74d40000 a570726f7073 93 a16ea16ca16d \
                 a6736368656d61 83 a16e a66e756d626572 \
                 a16c 82 a474797065 a56172726179 a56974656d73 a66e756d626572 \
                 a16d 82 a474797065 a36d6170 a56974656d73 a153";
    check_messages(
        Codec::Light,
        [
            &format!("92 {table} 83 a16e05 a16c90 a16d80"),
            "00 03 0001 ff 92 a130 ff | 00 03 0002 ff 92 a16b 83 a16e00 a16c90 a16d80",
            "02 03 0002 ff 91 a16b",
        ],
    );
    check_messages(
        Codec::Patchpack,
        [
            // Of type 0, node 0: 5, the array 1, the map 2. The types: ["S", "n", "l", "m"].
            "92 95 00 00 05 92ff01 92fe02 91 94 a153 a16e a16c a16d",
            // In 1 at 0: -1. In 2, a new key "k": of type 0, node 3 with the array 4 and the map 5.
            "94 00 01 00 ff | 94 00 02 ff 92 a16b 95 00 03 00 92ff04 92fe05",
            // In 2, the first key.
            "93 02 02 00",
        ],
    );
}

#[test]
fn frames_of_state_trees() {
    let text = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let check = |name, profile, frames: [&str; 3]| {
        let codec = Codec::from_names(name, profile).unwrap();
        let frames = frames.map(|frame| match name {
            "opcode-msgpack" => frame.to_owned(),
            _ => text(frame),
        });
        check_messages(codec, [&frames[0], &frames[1], &frames[2]]);
    };
    check(
        "state-json",
        Some("shortest"),
        [
            r#"{"type":"firstSync","patches":[{"path":"/l","op":"replace","value":[]},{"path":"/m","op":"replace","value":{}},{"path":"/n","op":"replace","value":5}]}"#,
            r#"{"type":"diff","patches":[{"path":"/l","op":"replace","value":[-1]},{"path":"/m/k","op":"replace","value":{"l":[],"m":{},"n":0}}]}"#,
            r#"{"type":"diff","patches":[{"path":"/m/k","op":"remove"}]}"#,
        ],
    );
    check(
        "opcode-json",
        Some("plain"),
        [
            r#"[1,["\/l",1,[]],["\/m",1,{}],["\/n",1,5]]"#,
            r#"[2,["\/l",1,[-1]],["\/m\/k",1,{"l":[],"m":{},"n":0}]]"#,
            r#"[2,["\/m\/k",2]]"#,
        ],
    );
    // The hashes of "l", "m", "n" and "m.*"; slot 0 is "k".
    check(
        "opcode-json",
        None,
        [
            "[1,[694293575,null,1,[]],[694293268,null,1,{}],[694295357,null,1,5]]",
            r#"[2,[694293575,null,1,[-1]],[281222497,[0,"k"],1,{"l":[],"m":{},"n":0}]]"#,
            "[2,[281222497,0,2]]",
        ],
    );
    check(
        "opcode-msgpack",
        None,
        [
            "94 01 94 ce 29621447 c0 01 90 94 ce 29621314 c0 01 80 94 ce 29621b3d c0 01 05",
            "93 02 94 ce 29621447 c0 01 91ff 94 ce 10c31d61 9200a16b 01 83 a16c90 a16d80 a16e00",
            "92 02 93 ce 10c31d61 00 02",
        ],
    );
}
