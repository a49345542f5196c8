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
