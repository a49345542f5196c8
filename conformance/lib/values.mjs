// What JavaScript clients put into messages: every MessagePack kind in every width, and the traps of msgpackr's records.

const text = (length) => 'é日本語🦀x'.repeat(length).slice(0, length);
const numbered = (count, make) => Array.from({ length: count }, (_, index) => make(index));

export const values = {
  null: null,
  undefined: undefined,
  true: true,
  false: false,
  'integers at the edges of their widths': [
    0, 1, 31, 32, 63, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1,
    -1, -31, -32, -33, -127, -128, -129, -32768, -32769, -(2 ** 31),
  ],
  'integers that records leave no room for as fixints': numbered(64, (index) => 64 + index),
  'integers beyond 32 bits': [2 ** 32, 2 ** 40 + 1, 2 ** 53 - 1, -(2 ** 31) - 1, -(2 ** 53) + 1],
  '64-bit bigints': [5n, -5n, 123456789012345678n, -123456789012345678n, 2n ** 63n - 1n, 2n ** 64n - 1n, -(2n ** 63n)],
  floats: [0.5, -1.25, 0.1, 1e300, -1e-300, Number.MAX_VALUE, Number.MIN_VALUE, -0],
  'numbers that are none': [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  strings: ['', 'hi', 'a'.repeat(31), 'a'.repeat(32), 'b'.repeat(255), 'b'.repeat(256), '\0 "quoted" \\ \n'],
  'unicode strings': ['é', '日本語', '🦀🏴‍☠️', 'e\u0301', '\ufeffbom', text(31), text(32), text(300)],
  dates: [new Date(0), new Date(1_700_000_000_000), new Date(1_700_000_000_123), new Date(-1000), new Date(253_402_300_799_000), new Date(Number.NaN)],
  bytes: [new Uint8Array(0), new Uint8Array([0, 1, 254, 255]), new Uint8Array(300).map((_, index) => index)],
  'empty array': [],
  'nested arrays': [[], [[1], [[2, [3, null]]]], numbered(15, String), numbered(16, String), numbered(300, (index) => index)],
  'empty object': {},
  'flat object': { x: 1, y: -2.5, name: 'ann', on: true, off: false, nothing: null },
  'keys of all sorts': { '': 0, ' ': 1, 'a/b~c': 2, '日本': 3, 7: 4, constructor: 5, ['k'.repeat(40)]: 6 },
  'objects of one shape': numbered(5, (index) => ({ x: index, y: 64 + index })),
  'one shape inside itself': { left: { left: { left: null, right: 64 }, right: 65 }, right: { left: 66, right: null } },
  'shapes that share a beginning': [{ a: 1 }, { a: 1, b: 2 }, { a: 1, b: 2, c: 3 }, { b: 2, a: 1 }, { a: 64 }, { a: 1, b: 65 }],
  'more shapes than there are record ids': [...numbered(70, (index) => ({ [`k${index}`]: index })), { k0: 'again' }, { k69: 'again' }],
  'object with 20 keys': Object.fromEntries(numbered(20, (index) => [`key${index}`, index])),
  'undefined members': { a: undefined, b: [undefined, 1], c: { d: undefined } },
  map: new Map([['a', 1], ['b', { c: 64 }], ['d', new Map([['e', 2]])]]),
  set: new Set([1, 'two', { three: 3 }]),
  deep: numbered(30, (index) => index).reduce((inner, index) => (index % 2 ? { inner } : [inner]), 'bottom'),
  'everything at once': { at: new Date(1_700_000_000_123), raw: new Uint8Array([1, 2, 3]), big: 2n ** 60n, list: [{ id: 64 }, { id: 65 }], none: undefined },
};

/**
 * What may be compared after a value has been to the server and back: MessagePack has no word for some differences.
 * Maps come back as objects, sets as arrays, bigints as numbers, -0 as 0, a date that is none as null.
 */
export function canonical(value) {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : `date ${value.toISOString()}`;
  if (ArrayBuffer.isView(value)) return `bytes ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, canonical);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, member]) => [key, canonical(member)]));
}
