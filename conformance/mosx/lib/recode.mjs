// A value of our MessagePack, read by each library and written again.

import { isDeepStrictEqual } from 'node:util';

import { ExtensionCodec, decode, encode } from '@msgpack/msgpack';
import notepack from 'notepack.io';

// The extension by which notepack.io says `undefined`, and that by which it says a date.
const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 0,
  encode: () => null,
  decode: (bytes) => (bytes.length === 1 ? undefined : new Date(Number(Buffer.from(bytes).readBigInt64BE()))),
});

export function recode(bytes) {
  const ours = notepack.decode(bytes);
  const theirs = decode(bytes, { extensionCodec });
  return {
    notepack: Buffer.from(notepack.encode(ours)).toString('hex'),
    msgpack: Buffer.from(encode(theirs, { extensionCodec })).toString('hex'),
    same: isDeepStrictEqual(plain(ours), plain(theirs)),
  };
}

/** One library makes a Buffer of bytes, the other a Uint8Array. */
function plain(value) {
  return ArrayBuffer.isView(value) ? `bytes ${Buffer.from(value).toString('hex')}` : value;
}
