// MessagePack as state-tree clients need it: no extensions, no binary data; numbers are read as doubles, and written as
// integers where they are whole.

const text = new TextDecoder('utf-8', { fatal: true });

/** The value that is all of `bytes`; throws if there is none or more. */
export function decode(bytes) {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (reader.at !== bytes.length) throw new Error(`the value ends at byte ${reader.at} of ${bytes.length}`);
  return value;
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  value() {
    const mark = this.number('Uint8', 1);
    if (mark < 0x80) return mark;
    if (mark < 0x90) return this.object(mark & 0x0f);
    if (mark < 0xa0) return this.array(mark & 0x0f);
    if (mark < 0xc0) return this.string(mark & 0x1f);
    if (mark >= 0xe0) return mark - 0x100;
    switch (mark) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xca: return this.number('Float32', 4);
      case 0xcb: return this.number('Float64', 8);
      case 0xcc: return this.number('Uint8', 1);
      case 0xcd: return this.number('Uint16', 2);
      case 0xce: return this.number('Uint32', 4);
      case 0xcf: return Number(this.number('BigUint64', 8));
      case 0xd0: return this.number('Int8', 1);
      case 0xd1: return this.number('Int16', 2);
      case 0xd2: return this.number('Int32', 4);
      case 0xd3: return Number(this.number('BigInt64', 8));
      case 0xd9: return this.string(this.number('Uint8', 1));
      case 0xda: return this.string(this.number('Uint16', 2));
      case 0xdb: return this.string(this.number('Uint32', 4));
      case 0xdc: return this.array(this.number('Uint16', 2));
      case 0xdd: return this.array(this.number('Uint32', 4));
      case 0xde: return this.object(this.number('Uint16', 2));
      case 0xdf: return this.object(this.number('Uint32', 4));
      default: throw new Error(`byte 0x${mark.toString(16)} at ${this.at - 1} begins no value`);
    }
  }

  number(kind, size) {
    const value = this.view[`get${kind}`](this.at);
    this.at += size;
    return value;
  }

  string(length) {
    const end = this.at + length;
    if (end > this.bytes.length) throw new Error(`the text at byte ${this.at} goes past the end`);
    const value = text.decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return value;
  }

  array(length) {
    const items = [];
    for (let index = 0; index < length; index += 1) items.push(this.value());
    return items;
  }

  object(length) {
    const members = {};
    for (let index = 0; index < length; index += 1) {
      const name = this.value();
      if (typeof name !== 'string') throw new Error(`a name before byte ${this.at} is not a text`);
      members[name] = this.value();
    }
    return members;
  }
}

/** Any JSON value as bytes. */
export function encode(value) {
  return Buffer.concat(parts(value));
}

function parts(value) {
  switch (typeof value) {
    case 'string': return [header(Buffer.byteLength(value), 0xa0, 32, 0xd9), Buffer.from(value)];
    case 'number': return [number(value)];
    case 'boolean': return [Buffer.from([value ? 0xc3 : 0xc2])];
    default:
  }
  if (value === null || value === undefined) return [Buffer.from([0xc0])];
  if (Array.isArray(value)) return [header(value.length, 0x90, 16, 0xdb), ...value.flatMap(parts)];
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return [header(members.length, 0x80, 16, 0xdd), ...members.flatMap(([name, member]) => [...parts(name), ...parts(member)])];
}

/** The length of what follows; `mark` is that of lengths of one byte, which only texts have. */
function header(length, short, limit, mark) {
  if (length < limit) return Buffer.from([short | length]);
  if (length < 0x100 && mark === 0xd9) return Buffer.from([mark, length]);
  return Buffer.from([mark + 1, length >> 8, length & 0xff]);
}

function number(value) {
  const bytes = Buffer.alloc(9);
  if (Number.isInteger(value) && value >= 0 && value < 0x80) return Buffer.from([value]);
  if (Number.isInteger(value) && value < 0 && value >= -0x20) return Buffer.from([value & 0xff]);
  if (Number.isInteger(value) && Math.abs(value) < 0x8000_0000) {
    bytes[0] = 0xd2;
    bytes.writeInt32BE(value, 1);
    return bytes.subarray(0, 5);
  }
  bytes[0] = 0xcb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}
