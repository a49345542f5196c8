//! The command as a process: what it reads, where it writes, how it ends.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

const SCENARIO: &str = r#"{
    "types": { "S": { "fields": { "n": "uint8" } } },
    "root": "S",
    "clients": { "a": {} },
    "steps": [{ "op": "join", "client": "a" }, { "op": "set", "path": "/n", "value": 256 }]
}"#;

fn tidewire(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewire"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn check(output: &Output, status: i32, lines: usize, complaint: &str) {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), lines, "{output:?}");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    // All of it, but for what the system or the reader of arguments says.
    if complaint.is_empty() || complaint.ends_with('\n') {
        assert_eq!(error, complaint);
    } else {
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn what_is_wrong_is_said_once() {
    let scenario = |from: &str, to: &str| {
        let wrong = SCENARIO.replace(from, to);
        assert_ne!(wrong, SCENARIO);
        let output = tidewire(&["scenario", "-"], &wrong);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let cases = [
        (
            r#""root": "S""#,
            r#""root": "T""#,
            "invalid scenario: `root` names the unknown type `T`\n",
        ),
        (
            r#""uint8""#,
            r#""uint8", "n": "string""#,
            "invalid scenario: the key `n` stands twice in one object, at line 2 column 51: remove one\n",
        ),
        (
            r#""uint8""#,
            r#"{ "set": { "quantized": {} } }"#,
            "invalid scenario: field `n` of type `S` holds quantized numbers: only a field can be \
             quantized, so name a type that has one\n",
        ),
        (
            r#""uint8""#,
            r#"{ "quantized": { "min": -1e308, "max": 1e308 } }"#,
            "invalid scenario: `quantized` of field `n` of type `S`: a quantized field cannot be wider \
             than a double can tell: -1e308 to 1e308 is, use numbers nearer to 0\n",
        ),
        (
            r#""root""#,
            r#"root"#,
            "invalid scenario: not JSON: key must be a string at line 3 column 5\n",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(scenario(from, to), expected);
    }
    let types = (0..128).map(|at| format!(r#", "T{at}": {{ "fields": {{}} }}"#));
    let types = format!(r#""n": "uint8" }} }}{} }},"#, types.collect::<String>());
    let many = SCENARIO.replace(r#""n": "uint8" } } },"#, &types);
    let output = tidewire(&["scenario", "-", "--codec", "light"], &many);
    let complaint = "the codec `light` cannot carry this state: type `T127` is number 128 of the state, and \
                     `light` has 128 types: use another codec, or fewer types\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), complaint);
    let output = tidewire(&["inspect", "8001", "--reflection", "89"], "");
    let complaint = "the reflection cannot be read: Reflection: there is no field 9: the sender has \
                     other types (byte 0)\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), complaint);
}

#[test]
fn lines_of_earlier_steps_stay_printed() {
    let complaint = "step 1: `/n`: 256 is out of range for uint8: 0 to 255\n";
    check(&tidewire(&["scenario", "-"], SCENARIO), 1, 3, complaint);
    check(&tidewire(&["scenario", "-", "--codec", "json"], SCENARIO), 1, 2, complaint);
}

#[test]
fn what_light_cannot_carry_is_said_once() {
    let light = |types: &str| {
        let file = SCENARIO.replace(r#""S": { "fields": { "n": "uint8" } }"#, types);
        tidewire(&["scenario", "-", "--codec", "light"], &file)
    };
    let types: Vec<String> =
        (0..129).map(|at| format!(r#""T{at}": {{ "fields": {{ "n": "uint8" }} }}"#)).collect();
    let types = types.join(",").replace("\"T0\"", "\"S\"");
    let once = "the codec `light` cannot carry this state: type `T128` is number 128 of the state, and `light` \
                has 128 types: use another codec, or fewer types\n";
    let error = light(&types).stderr;
    assert_eq!(String::from_utf8_lossy(&error), once);
    let error = light(r#""S": {}"#).stderr;
    let once = "invalid scenario: type `S` has no `fields`\n";
    assert_eq!(String::from_utf8_lossy(&error), once);
}

#[test]
fn a_good_scenario_ends_well() {
    let good = SCENARIO.replace("256", "255");
    check(&tidewire(&["scenario", "-", "--profile", "v3"], &good), 0, 3, "");
}

#[test]
fn reads_files() {
    let missing = tidewire(&["scenario", "no-such-file.json"], "");
    check(&missing, 1, 0, "failed to read no-such-file.json: ");
    let file = std::env::temp_dir().join(format!("tidewire-cli-{}.json", std::process::id()));
    std::fs::write(&file, SCENARIO.replace("256", "255")).unwrap();
    check(&tidewire(&["scenario", file.to_str().unwrap()], ""), 0, 3, "");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn input_that_is_no_text_is_refused() {
    let file = std::env::temp_dir().join(format!("tidewire-cli-{}.bin", std::process::id()));
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    check(&tidewire(&["scenario", file.to_str().unwrap()], ""), 1, 0, "valid UTF-8");
    std::fs::remove_file(file).unwrap();
}

/// The handshake of a state with `scores`, a map of uint8, in the form of 5.x.
const HANDSHAKE: &str = "8001 ff01 800002 ff02 8000 8203 ff03 800004 ff04 80a673636f726573 82ff \
                         81a36d6170 83a575696e7438";

#[test]
fn messages_are_taken_apart() {
    let out = tidewire(&["inspect", HANDSHAKE, "8001", "ff01 8000a3616461 03"], "");
    check(&out, 0, 19, "");
    let text = String::from_utf8(out.stdout).unwrap();
    let last = r#"
message 1, 2 bytes
     0  80 01                               #0 State: ADD scores = #1, new, map of uint8
message 2, 9 bytes
     0  ff 01                               SWITCH to #1, State.scores, map of uint8
     2  80 00 a3 61 64 61 03                #1 map of uint8: ADD entry 0 "ada" = 3
"#;
    assert!(text.starts_with("handshake, 42 bytes\n") && text.ends_with(last), "{text}");
}

#[test]
fn messages_come_from_files_and_standard_input() {
    let file = std::env::temp_dir().join(format!("tidewire-inspect-{}.bin", std::process::id()));
    std::fs::write(&file, [0x80, 1, 0xff, 1, 0x40, 0]).unwrap();
    let file_name = file.to_str().unwrap();
    check(&tidewire(&["inspect", file_name, "--reflection", HANDSHAKE], ""), 0, 3, "");
    std::fs::write(&file, HANDSHAKE).unwrap();
    check(&tidewire(&["inspect", "-", "--reflection", file_name], "80 01\nff 01"), 0, 2, "");
    std::fs::remove_file(file).unwrap();
    let missing = tidewire(&["inspect", "no-such-file"], "");
    check(&missing, 1, 0, "`no-such-file` is neither hex nor a file that can be read: ");
}

#[test]
fn messages_are_printed_up_to_what_is_wrong() {
    let complaint = "message 0 cannot be read: expected the key of an entry at byte 6\n";
    let wrong = tidewire(&["inspect", "8001 ff01 8000", "--reflection", HANDSHAKE], "");
    check(&wrong, 1, 3, complaint);
    let complaint = "the reflection cannot be read: ";
    check(&tidewire(&["inspect", "8001", "--reflection", "89"], ""), 1, 0, complaint);
}

#[test]
fn wrong_usage_is_status_2() {
    check(&tidewire(&["inspect"], ""), 2, 0, "<FILE|HEX>");
    check(&tidewire(&["scenario", "-", "--codec", "xml"], ""), 2, 0, "there is no codec `xml`");
    check(&tidewire(&["scenario", "-", "--profile", "v9"], ""), 2, 0, "no profile `v9`");
    check(&tidewire(&["scenario"], ""), 2, 0, "<FILE>");
    check(&tidewire(&["play"], ""), 2, 0, "play");
}

#[test]
fn schemas_are_printed_and_compared() {
    let file = |name: &str, text: &str| {
        let path = std::env::temp_dir().join(format!("tidewire-cli-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let old = file("old.json", SCENARIO);
    let wider = file("wider.json", &SCENARIO.replace("uint8", "uint16"));
    let longer = file("longer.json", &SCENARIO.replace(r#""uint8""#, r#""uint8", "m": "int8""#));
    let printed = tidewire(&["schema", "print", &old], "");
    check(&printed, 0, 1, "");
    let schema = String::from_utf8(printed.stdout).unwrap();
    check(&tidewire(&["schema", "check", &old, "-"], &schema), 0, 1, "");
    check(&tidewire(&["schema", "check", &old, &longer], ""), 0, 3, "");
    check(&tidewire(&["schema", "check", &old, &wider], ""), 1, 2, "");
    check(&tidewire(&["schema", "check", &longer, "-"], &schema), 1, 2, "");
    check(&tidewire(&["schema", "check", &old, "-"], "[]"), 2, 0, "neither a schema.json");
    check(
        &tidewire(&["schema", "check", &old, "no-such-file"], ""),
        2,
        0,
        "failed to read no-such-file",
    );
    check(&tidewire(&["schema", "print", "-"], "{}"), 1, 0, "the file has no `types`");
    for path in [old, wider, longer] {
        std::fs::remove_file(path).unwrap();
    }
}
