//! Messages that the originals wrote, with what the originals read in them.
//!
//! A `roundtrip` is read as recorded, and what was read is written again byte by byte as a value or a patch; that our
//! encoders write it of a state is the test in `driven.rs`. A `repair` is a message made by
//! hand that the original reads; a `quirk` is one with which the original loses something, and is
//! read as recorded. What the original refuses is refused, and so is more of the tables of bad input.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tidewire_patch::{
    LightDecoder, Patch, PatchpackDecoder, mpack,
    notepack::{self, Value},
};

/// How many messages of each verdict were read, written again, refused as the original does, and
/// refused where the original is lenient.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    vectors: usize,
    read: usize,
    written: usize,
    refused: usize,
    stricter: usize,
    /// Not recorded as a whole.
    skipped: usize,
}

#[test]
fn messages_are_read_as_the_originals_read_them() {
    let vectors: Vec<Json> = serde_json::from_str(include_str!("../data/mosx.json")).unwrap();
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for vector in &vectors {
        let counts = counts.entry(text(&vector["verdict"]).to_owned()).or_default();
        counts.vectors += 1;
        let mut reader = Reader { vector, counts, patchpack: None, light: None };
        for step in list(&vector["steps"]) {
            reader.step(text(&step["kind"]), step);
        }
        for view in list(&vector["views"]) {
            reader.view(view);
        }
        for input in list(&vector["inputs"]) {
            reader.step("decodePatch", input);
        }
    }
    for (verdict, counts) in &counts {
        println!("{verdict}: {counts:?}");
    }
    let expected = [
        (
            "quirk",
            Counts { vectors: 50, read: 191, refused: 50, stricter: 15, skipped: 1, written: 0 },
        ),
        ("repair", Counts { vectors: 7, read: 33, ..Counts::default() }),
        (
            "roundtrip",
            Counts { vectors: 118, read: 1283, written: 1271, skipped: 2, ..Counts::default() },
        ),
    ];
    let expected = expected.into_iter().map(|(verdict, counts)| (verdict.to_owned(), counts));
    assert_eq!(counts, expected.collect());
}

struct Reader<'a> {
    vector: &'a Json,
    counts: &'a mut Counts,
    patchpack: Option<PatchpackDecoder>,
    light: Option<LightDecoder>,
}

/// Why bytes were not read.
type Refusal = Box<dyn std::error::Error>;

impl Reader<'_> {
    fn view(&mut self, view: &Json) {
        let decoded = &view["decoded"];
        let step = |hex: &Json, decoded: &Json| match decoded.get("error") {
            Some(error) => serde_json::json!({ "hex": hex, "error": error }),
            None => serde_json::json!({ "hex": hex, "decoded": decoded }),
        };
        self.step("decodeState", &step(&view["snapshot"], &decoded["snapshot"]));
        for (hex, decoded) in std::iter::zip(list(&view["patches"]), list(&decoded["patches"])) {
            self.step("decodePatch", &step(hex, decoded));
        }
    }

    /// Reads one message and compares.
    fn step(&mut self, kind: &str, step: &Json) {
        let place = format!("{}: {kind} {step}", self.vector["name"]);
        let Some(bytes) = bytes(&step["hex"]) else {
            self.counts.skipped += 1;
            return;
        };
        let result = match kind {
            "encodeState" | "decodeState" => self.state(&bytes).map(Read::Value),
            "encodePatch" | "decodePatch" => self.patch(&bytes).map(Read::Patch),
            _ => notepack::decode(&bytes).map(Read::Value).map_err(Into::into),
        };
        match (result, step.get("decoded").filter(|decoded| !decoded.is_null())) {
            (Ok(read), Some(decoded)) => {
                if decoded.get("$omitted").is_none() {
                    assert_eq!(read, Read::recorded(&read, decoded), "{place}");
                }
                self.counts.read += 1;
                self.write(&read, &bytes, kind, &place);
            }
            (Err(_), None) => self.counts.refused += 1,
            (Err(error), Some(_)) => {
                assert!(text(&self.vector["name"]).contains("bad-input"), "{place}: {error}");
                self.counts.stricter += 1;
            }
            // The original stumbles over a node that it forgot to forget.
            (Ok(_), None) => {
                assert_eq!(self.vector["name"], "mosx-schema-reversible-stale-deleted-node");
            }
        }
    }

    fn state(&mut self, bytes: &[u8]) -> Result<Value, Refusal> {
        Ok(match text(&self.vector["system"]) {
            "mosx-mpack" => mpack::decode_snapshot(bytes)?,
            "mosx-light" => {
                let (decoder, state) = LightDecoder::from_snapshot(bytes)?;
                self.light = Some(decoder);
                state
            }
            _ => {
                let (decoder, state) = PatchpackDecoder::from_state(bytes)?;
                // The tables of bad input are of what should be refused.
                let is_lenient = self.vector["verdict"] == "quirk"
                    && !text(&self.vector["name"]).contains("bad-input");
                self.patchpack = Some(if is_lenient { decoder.lenient() } else { decoder });
                state
            }
        })
    }

    fn patch(&mut self, bytes: &[u8]) -> Result<Patch, Refusal> {
        Ok(match text(&self.vector["system"]) {
            "mosx-mpack" => mpack::decode_patch(bytes)?,
            "mosx-light" => self.light.as_ref().ok_or("no snapshot")?.patch(bytes)?,
            _ => self.patchpack.as_mut().ok_or("no state")?.patch(bytes)?,
        })
    }

    /// Writes again what was read of a message that the original wrote.
    fn write(&mut self, read: &Read, bytes: &[u8], kind: &str, place: &str) {
        if self.vector["verdict"] != "roundtrip" || kind == "rawDecode" {
            return;
        }
        let written = match (text(&self.vector["system"]), read) {
            ("mosx-mpack", Read::Patch(patch)) => mpack::encode_patch(patch).unwrap(),
            ("mosx-light", Read::Patch(patch)) => {
                let (header, _) = bytes.split_at(2 + usize::from(bytes[1]));
                [header, &light_body(header, patch)].concat()
            }
            _ => notepack::encode(&notepack::decode(bytes).unwrap()),
        };
        assert_eq!(written, bytes, "{place}");
        self.counts.written += 1;
    }
}

/// The body of a patch behind its path.
fn light_body(header: &[u8], patch: &Patch) -> Vec<u8> {
    let mut body = Vec::new();
    let mut at = 2;
    for segment in patch.path.segments() {
        if header[at] == 0xff {
            body.push((&*segment).into());
            at += 1;
        } else {
            at += 2;
        }
    }
    body.extend([&patch.value, &patch.old].into_iter().flatten().cloned());
    notepack::encode(&Value::Array(body))
}

#[derive(Clone, Debug, PartialEq)]
enum Read {
    Value(Value),
    Patch(Patch),
}

impl Read {
    /// What was recorded, in the form of what was read.
    fn recorded(read: &Self, decoded: &Json) -> Self {
        let Self::Patch(patch) = read else { return Self::Value(value(decoded)) };
        assert_eq!(decoded["op"], patch.op.name());
        let path: String =
            patch.path.segments().flat_map(|segment| ["/".into(), segment]).collect();
        assert_eq!(decoded["path"], path);
        let [value, old] = ["value", "oldValue"].map(|name| decoded.get(name).map(value));
        Self::Patch(Patch { value, old, ..patch.clone() })
    }
}

/// What a recorded value stands for.
fn value(recorded: &Json) -> Value {
    match recorded {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => number.as_f64().unwrap().into(),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::Array(items.iter().map(value).collect()),
        Json::Object(members) => match members.iter().next() {
            Some((key, _)) if key == "$undefined" => Value::Undefined,
            Some((key, float)) if key == "$float" => match text(float) {
                "NaN" => f64::NAN.into(),
                "-0" => 0.0.into(),
                sign => f64::INFINITY.copysign(if sign == "Infinity" { 1.0 } else { -1.0 }).into(),
            },
            Some((key, date)) if key == "$date" => Value::Date(date.as_i64().unwrap()),
            Some((key, hex)) if key == "$bin" => Value::Bytes(bytes(hex).unwrap()),
            _ => Value::Object(
                members.iter().map(|(key, member)| (key.clone(), value(member))).collect(),
            ),
        },
    }
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap()
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

/// The bytes of recorded hex; nothing of what was too long to be recorded.
fn bytes(hex: &Json) -> Option<Vec<u8>> {
    let hex = hex.as_str()?;
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(byte).collect())
}
