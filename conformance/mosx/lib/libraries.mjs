// The libraries, for who does not lie beside them.

import decodeInBrowsers from 'notepack.io/browser/decode.js';

export { decodeInBrowsers };
export { decode as decodeMsgpack } from '@msgpack/msgpack';
export { default as jsonPatch } from 'fast-json-patch';
export { default as notepack } from 'notepack.io';
