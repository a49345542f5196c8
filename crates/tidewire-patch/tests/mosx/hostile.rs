//! Bytes from anywhere: an error, never a panic, and a decoder that is as it was.

use proptest::prelude::*;
use tidewire_patch::{
    Config, LightDecoder, LightEncoder, MpackEncoder, PatchpackDecoder, PatchpackEncoder, mpack,
    notepack::{self, DecodeError, MAX_DEPTH, Value},
};
use tidewire_state::{Tracked, Visitor};

use crate::sea::{self, Sea};

/// Snapshots and messages of every codec.
struct Messages {
    mpack: Vec<Vec<u8>>,
    light: (Vec<u8>, Vec<Vec<u8>>),
    patchpack: (Vec<u8>, Vec<Vec<u8>>),
}

fn messages(edits: Vec<(u8, u8, u8)>) -> Messages {
    let mut sea = Tracked::new(Sea::default());
    let mut mpack = MpackEncoder::new(&sea, Config::REVERSIBLE);
    let mut light = LightEncoder::new(&sea, Config::REVERSIBLE).unwrap();
    let mut patchpack = PatchpackEncoder::new(&sea, Config::REVERSIBLE);
    let sync = |sea: &mut Tracked<Sea>, visitors: &mut [&mut dyn Visitor]| sea.sync(visitors);
    sea::edit(&mut sea, 17, 1, 1);
    sync(&mut sea, &mut [&mut mpack, &mut light, &mut patchpack]);
    let (light_snapshot, patchpack_snapshot) = (light.snapshot(), patchpack.snapshot());
    let mut messages = Messages {
        mpack: vec![mpack.snapshot()],
        light: (light_snapshot, Vec::new()),
        patchpack: (patchpack_snapshot, Vec::new()),
    };
    for (what, how, number) in edits {
        sea::edit(&mut sea, what, how, number);
        sync(&mut sea, &mut [&mut mpack, &mut light, &mut patchpack]);
        messages.mpack.extend_from_slice(mpack.last_patch());
        messages.light.1.extend_from_slice(light.last_patch());
        messages.patchpack.1.extend_from_slice(patchpack.last_patch());
    }
    messages
}

/// Changes a few bytes, and perhaps the length.
fn mutate(bytes: &[u8], changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, byte) in changes {
        let at = at.index(bytes.len() + 1);
        match byte % 8 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, *byte),
            _ if at < bytes.len() => bytes[at] = *byte,
            _ => {}
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = notepack::decode(&bytes);
        let _ = mpack::decode_patch(&bytes);
        let _ = LightDecoder::from_snapshot(&bytes);
        let _ = LightDecoder::new(vec![vec!["a".to_owned()]]).patch(&bytes);
        let _ = PatchpackDecoder::from_state(&bytes);
    }

    #[test]
    fn broken_messages(
        edits in prop::collection::vec(any::<(u8, u8, u8)>(), 1..20),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
    ) {
        let messages = messages(edits);
        for bytes in &messages.mpack {
            let _ = mpack::decode_patch(&mutate(bytes, &changes));
        }
        let (snapshot, patches) = &messages.light;
        let _ = LightDecoder::from_snapshot(&mutate(snapshot, &changes));
        let (decoder, _) = LightDecoder::from_snapshot(snapshot).unwrap();
        for bytes in patches {
            let _ = decoder.patch(&mutate(bytes, &changes));
        }
        let (snapshot, patches) = &messages.patchpack;
        let _ = PatchpackDecoder::from_state(&mutate(snapshot, &changes));
        let (mut decoder, _) = PatchpackDecoder::from_state(snapshot).unwrap();
        for bytes in patches {
            // What is refused changes nothing: the right message is read as ever.
            let mut broken = decoder.clone();
            let mut lenient = decoder.clone().lenient();
            let _ = lenient.patch(&mutate(bytes, &changes));
            let refused = broken.patch(&mutate(bytes, &changes)).is_err();
            let expected = decoder.patch(bytes).unwrap();
            if refused {
                prop_assert_eq!(broken.patch(bytes).unwrap(), expected);
            }
        }
    }
}

#[test]
fn bombs() {
    let deep = vec![0x91; 100_000];
    let offset = MAX_DEPTH + 1;
    assert_eq!(notepack::decode(&deep), Err(DecodeError::TooDeep { offset }));
    let long = [0xdd, 0xff, 0xff, 0xff, 0xff, 0x00];
    let needed = u32::MAX as usize - 1;
    assert_eq!(notepack::decode(&long), Err(DecodeError::Truncated { offset: 5, needed }));
    let error = notepack::decode(&[0x91, 0xc1]).unwrap_err();
    assert_eq!(error.to_string(), "byte 1 is c1, with which no value begins");
    assert_eq!(notepack::decode(&[5, 5]), Err(DecodeError::Trailing { offset: 1, count: 1 }));
}

#[test]
fn the_deepest_there_can_be() {
    // A form takes a level of MessagePack, and the state is one within an array.
    let form = (0..MAX_DEPTH as u64 - 1)
        .rev()
        .fold(Value::Null, |below, id| Value::Array(vec![(-1_i64).into(), id.into(), below]));
    let state = notepack::encode(&Value::Array(vec![form, Value::Array(Vec::new())]));
    let (mut decoder, state) = PatchpackDecoder::from_state(&state).unwrap();
    assert_eq!(state.to_json().to_string().len(), 2 * (MAX_DEPTH - 1) + "null".len());
    let last = MAX_DEPTH as u64 - 2;
    let patch = Value::Array(vec![1_u8.into(), last.into(), 0_u8.into(), true.into()]);
    let patch = decoder.patch(&notepack::encode(&patch)).unwrap();
    assert_eq!(patch.path.segments().count(), MAX_DEPTH - 1);
}

/// A patch of `mpack` that adds objects in objects at the end of a path.
fn deeper(path: &str, levels: usize) -> Vec<u8> {
    let mut message = vec![0x93, 0, 0xdb];
    message.extend((path.len() as u32).to_be_bytes());
    message.extend(path.bytes());
    (0..levels).for_each(|_| message.extend(b"\x81\xa1a"));
    message.push(0x80);
    message
}

#[test]
fn no_patches_make_a_document_too_deep_bit_by_bit() {
    let mut document = mpack::decode_snapshot(&[0x80]).unwrap();
    let mut path = String::new();
    let mut refused = 0;
    for _ in 0..60 {
        path.push_str("/a");
        let patch = mpack::decode_patch(&deeper(&path, 200)).unwrap();
        match patch.apply(&mut document) {
            Ok(()) => path.push_str(&"/a".repeat(200)),
            Err(error) => {
                assert_eq!(
                    error.to_string(),
                    "the patch is of a place 403 deep, and a document is at most 256 deep"
                );
                refused += 1;
                path.pop();
                path.pop();
            }
        }
    }
    assert_eq!(refused, 58);
    // Small enough to be looked at, printed and dropped on any stack.
    assert_eq!(document.to_json().to_string().matches('{').count(), 403);
}

#[test]
fn no_patches_make_nodes_of_patchpack_too_deep_bit_by_bit() {
    let state = notepack::encode(&Value::Array(vec![form(0, 1), Value::Array(Vec::new())]));
    let (mut decoder, _) = PatchpackDecoder::from_state(&state).unwrap();
    let mut last = 0;
    let error = (1..)
        .find_map(|round| {
            let first = 1000 * round;
            let parts = vec![0_u8.into(), last.into(), 0_u8.into(), form(first, 200)];
            last = first + 199;
            decoder.patch(&notepack::encode(&Value::Array(parts))).err()
        })
        .unwrap();
    assert_eq!(error.to_string(), "node 3112 at byte 566 lies more than 512 deep");
}

/// Arrays in an array, with numbers from `first` on.
fn form(first: u64, levels: u64) -> Value {
    let mut form = Value::Array(vec![(-1_i64).into(), (first + levels - 1).into()]);
    for id in (first..first + levels - 1).rev() {
        form = Value::Array(vec![(-1_i64).into(), id.into(), form]);
    }
    form
}

#[test]
fn a_type_with_a_name_twice_costs_no_square() {
    let count = 60_000_u64;
    let mut form = vec![Value::from(0_u64), Value::from(0_u64)];
    form.extend((1..=count).map(|id| Value::Array(vec![(-1_i64).into(), id.into()])));
    let mut names: Vec<Value> =
        (0..=count).map(|at| Value::from(&*(at % count).to_string())).collect();
    names.insert(0, "T".into());
    let types = Value::Array(vec![Value::Array(names)]);
    let state = notepack::encode(&Value::Array(vec![Value::Array(form), types]));
    // By a look at all names in front of each it takes minutes, and no clock is needed to see that.
    let (mut decoder, state) = PatchpackDecoder::from_state(&state).unwrap();
    let Value::Object(members) = state else { panic!() };
    assert_eq!(members.len(), count as usize);
    // The second place of a name is the first one.
    let patch = Value::Array(vec![1_u8.into(), 0_u8.into(), count.into(), true.into()]);
    let patch = decoder.patch(&notepack::encode(&patch)).unwrap();
    assert_eq!(patch.path.to_string(), "/0");
}

#[test]
fn an_mpack_patch_has_the_values_of_its_operation() {
    let check = |bytes: &[u8], expected: &str| {
        let told = match mpack::decode_patch(bytes) {
            Ok(patch) => patch.to_json().to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected, "{bytes:02x?}");
    };
    check(b"\x92\x00\xa2/a", "the patch has 0 values from byte 5 on, which add cannot have");
    check(b"\x92\x01\xa2/a", "the patch has 0 values from byte 5 on, which replace cannot have");
    check(
        b"\x95\x01\xa2/a\x01\x02\x03",
        "the patch has 3 values from byte 5 on, which replace cannot have",
    );
    check(
        b"\x94\x00\xa2/a\x01\x02",
        "the patch has 2 values from byte 5 on, which add cannot have",
    );
    check(
        b"\x94\x02\xa2/a\x01\x02",
        "the patch has 2 values from byte 5 on, which remove cannot have",
    );
    let path = "byte 2 is not that of a patch: an array of an operation (0, 1 or 2), a path that is \
                empty or begins with `/`, and values";
    check(b"\x93\x00\xa1a\x01", path);
    check(b"\x93\x00\x05\x01", path);
    check(b"\x93\x00\xa0\x01", r#"{"op":"add","path":"","value":1}"#);
    check(b"\x94\x01\xa2/a\x01\x02", r#"{"op":"replace","path":"/a","value":1,"oldValue":2}"#);
    check(b"\x93\x02\xa2/a\x01", r#"{"op":"remove","path":"/a","oldValue":1}"#);
    // What Mosx writes when tags change.
    check(b"\x94\x02\xa2/a\xd4\x00\x00\x01", r#"{"op":"remove","path":"/a","oldValue":null}"#);
    check(b"\x94\x00\xa2/a\x01\xd4\x00\x00", r#"{"op":"add","path":"/a","value":1}"#);
}

#[test]
fn a_path_without_end_is_refused() {
    let key = "k".repeat(1000);
    let map = |id: u64, key: &str, below: Value| {
        Value::Array(vec![(-2_i64).into(), id.into(), key.into(), below])
    };
    let state =
        Value::Array(vec![Value::Array(vec![(-2_i64).into(), 0_u8.into()]), Value::Array(vec![])]);
    let (mut decoder, _) = PatchpackDecoder::from_state(&notepack::encode(&state)).unwrap();
    let long = "k".repeat((1 << 20) - 100);
    let add = |around: u64, key: &str, form: Value| {
        let pair = Value::Array(vec![key.into(), form]);
        notepack::encode(&Value::Array(vec![0_u8.into(), around.into(), (-1_i64).into(), pair]))
    };
    decoder.patch(&add(0, &long, map(1, &key, map(2, "a", Value::Null)))).unwrap();
    let replace = Value::Array(vec![1_u8.into(), 2_u8.into(), 0_u8.into(), true.into()]);
    let error = decoder.patch(&notepack::encode(&replace)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the path of the patch in node 2, which byte 2 names, is longer than 1048576 bytes"
    );
}
