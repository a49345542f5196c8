//! What is measured of each codec.

use tidewire_patch::{
    Config, LightDecoder, LightEncoder, MpackEncoder, Patch, PatchpackDecoder, PatchpackEncoder,
    mpack, notepack::Value,
};
use tidewire_state::{Schema, Tracked};

/// An encoder, and the decoder that its clients have.
pub trait Codec {
    /// What it is called in the result.
    const NAME: &'static str;
    /// Reads patches.
    type Reader;

    /// An encoder of a state.
    fn new<S: Schema>(state: &Tracked<S>) -> Self;
    /// What changed, one message each.
    fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Vec<u8>];
    /// What changed in the last call of `patch`.
    fn last_patch(&self) -> &[Vec<u8>];
    /// All there is.
    fn snapshot(&self) -> Vec<u8>;
    /// Reads all there is.
    fn open(bytes: &[u8]) -> (Self::Reader, Value);
    /// Reads a patch to where the last one was.
    fn read(reader: &mut Self::Reader, bytes: &[u8], patch: &mut Patch);
}

/// The codec `patchpack`.
pub struct Patchpack(PatchpackEncoder);

/// The codec `mpack`.
pub struct Mpack(MpackEncoder);

/// The codec `light`.
pub struct Light(LightEncoder);

/// Why a message is never refused here.
const READS: &str = "a decoder reads what the encoder writes";

impl Codec for Patchpack {
    const NAME: &'static str = "tidewire patchpack";
    type Reader = PatchpackDecoder;

    fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self(PatchpackEncoder::new(state, Config::default()))
    }

    fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Vec<u8>] {
        self.0.patch(state)
    }

    fn last_patch(&self) -> &[Vec<u8>] {
        self.0.last_patch()
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.snapshot()
    }

    fn open(bytes: &[u8]) -> (PatchpackDecoder, Value) {
        PatchpackDecoder::from_state(bytes).expect(READS)
    }

    fn read(reader: &mut PatchpackDecoder, bytes: &[u8], patch: &mut Patch) {
        reader.patch_into(bytes, patch).expect(READS);
    }
}

impl Codec for Mpack {
    const NAME: &'static str = "tidewire mpack";
    type Reader = ();

    fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self(MpackEncoder::new(state, Config::default()))
    }

    fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Vec<u8>] {
        self.0.patch(state)
    }

    fn last_patch(&self) -> &[Vec<u8>] {
        self.0.last_patch()
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.snapshot()
    }

    fn open(bytes: &[u8]) -> ((), Value) {
        ((), mpack::decode_snapshot(bytes).expect(READS))
    }

    fn read((): &mut (), bytes: &[u8], patch: &mut Patch) {
        *patch = mpack::decode_patch(bytes).expect(READS);
    }
}

impl Codec for Light {
    const NAME: &'static str = "tidewire light";
    type Reader = LightDecoder;

    fn new<S: Schema>(state: &Tracked<S>) -> Self {
        Self(LightEncoder::new(state, Config::default()).expect("the types are few"))
    }

    fn patch<S: Schema>(&mut self, state: &mut Tracked<S>) -> &[Vec<u8>] {
        self.0.patch(state)
    }

    fn last_patch(&self) -> &[Vec<u8>] {
        self.0.last_patch()
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.snapshot()
    }

    fn open(bytes: &[u8]) -> (LightDecoder, Value) {
        LightDecoder::from_snapshot(bytes).expect(READS)
    }

    fn read(reader: &mut LightDecoder, bytes: &[u8], patch: &mut Patch) {
        *patch = reader.patch(bytes).expect(READS);
    }
}
