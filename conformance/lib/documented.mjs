// The decoders of docs/SERIALIZERS.md, by its very text.

import { readFileSync } from 'node:fs';

import { decodeMsgpack, jsonPatch } from '../mosx/lib/libraries.mjs';

const text = readFileSync(new URL('../../docs/SERIALIZERS.md', import.meta.url), 'utf8');

/** By id, what the examples register. */
export function documentedSerializers() {
  const found = {};
  const blocks = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code.replace(/^import .*\n/gm, ''));
  const libraries = {
    decode: decodeMsgpack,
    applyOperation: jsonPatch.applyOperation,
    registerSerializer: (id, serializer) => (found[id] = serializer),
  };
  for (const code of blocks) new Function(...Object.keys(libraries), code)(...Object.values(libraries));
  return found;
}
