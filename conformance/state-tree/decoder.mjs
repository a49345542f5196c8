// A state-tree client as the protocol describes it: frames in, a state and events out.
//
// It stands in for the real SDK where that is not to be had, and has its peculiarities: keys are put into a pattern
// before the path is split, at `.` and at `/`; nothing is unescaped; `name[0]` is an item of an array; a slot that was
// not defined in its scope makes the whole frame fail.

import { decode } from './message-pack.mjs';

const MERGED = 107;

export class Decoder {
  /** `patterns`: the hashes of path patterns, as `pathHashes` of a schema has them. */
  constructor(patterns) {
    this.patterns = new Map(Object.entries(patterns).map(([pattern, hash]) => [hash, pattern]));
    this.state = {};
    this.events = [];
    this.messages = [];
    this.own = new Map();
    this.shared = new Map();
  }

  /** Takes a frame: JSON text, or MessagePack if that is what it is. Throws if anything is wrong with it. */
  receive(bytes) {
    const frame = parse(bytes);
    if (Array.isArray(frame)) {
      if (frame[0] === MERGED) {
        const [, state, events] = frame;
        const update = this.update(state, this.shared);
        this.events.push(...events.map(event));
        update();
      } else if (frame[0] > 100) {
        this.messages.push(frame);
      } else {
        this.update(frame, this.own)();
      }
    } else if (typeof frame?.kind === 'string') {
      this.messages.push(frame);
    } else if (typeof frame?.type === 'string' && Array.isArray(frame.patches)) {
      if (frame.type !== 'firstSync' && frame.type !== 'diff') throw new Error(`unknown type ${frame.type}`);
      for (const { path, op, value } of frame.patches) this.apply(path, OPERATIONS[op], value);
    } else {
      throw new Error(`no frame: ${JSON.stringify(frame)}`);
    }
  }

  /** Reads a frame of the state; the result applies it. Slots that it defines stay even if it fails. */
  update(frame, slots) {
    const [opcode, ...patches] = frame;
    if (opcode !== 0 && opcode !== 1 && opcode !== 2) throw new Error(`unknown opcode ${opcode}`);
    if (opcode === 1) slots.clear();
    const steps = patches.map((patch) => {
      if (typeof patch[0] === 'string') {
        const [path, operation, value] = patch;
        return [path, operation, value];
      }
      const [hash, keys, operation, value] = patch;
      const pattern = this.patterns.get(hash);
      if (pattern === undefined) throw new Error(`unknown hash ${hash}`);
      return [fill(pattern, resolve(keys, slots)), operation, value];
    });
    return () => steps.forEach((step) => this.apply(...step));
  }

  apply(path, operation, value = null) {
    if (operation !== 1 && operation !== 2 && operation !== 3) throw new Error(`unknown operation ${operation}`);
    const segments = path.split('/').filter((segment) => segment !== '');
    const last = segments.pop();
    if (last === undefined) throw new Error(`the path ${JSON.stringify(path)} leads nowhere`);
    let at = this.state;
    for (const segment of segments) at = below(at, segment);
    const item = ITEM.exec(last);
    if (item !== null) {
      below(at, item[1])[Number(item[2])] = value;
    } else if (operation === 2) {
      delete at[last];
    } else {
      at[last] = value;
    }
  }
}

const OPERATIONS = { replace: 1, remove: 2, add: 3 };
const ITEM = /^(.*)\[(\d+)\]$/;

/** MessagePack first: JSON text is never all of a MessagePack value. */
function parse(bytes) {
  try {
    return decode(bytes);
  } catch {
    return JSON.parse(new TextDecoder().decode(bytes));
  }
}

function event([direction, type, payload]) {
  return { from: direction === 0 ? 'client' : 'server', type, payload };
}

/** The keys that a patch gives for the wildcards of its pattern. */
function resolve(keys, slots) {
  if (keys === null) return [];
  const isDefinition = Array.isArray(keys) && keys.length === 2
    && typeof keys[0] === 'number' && typeof keys[1] === 'string';
  return (Array.isArray(keys) && !isDefinition ? keys : [keys]).map((token) => key(token, slots));
}

function key(token, slots) {
  if (typeof token === 'string') return token;
  if (typeof token === 'number') {
    // An empty key counts as none.
    if (!slots.get(token)) throw new Error(`slot ${token} was used before it was defined`);
    return slots.get(token);
  }
  const [slot, text] = token;
  if (typeof slot !== 'number' || typeof text !== 'string') throw new Error(`no key: ${JSON.stringify(token)}`);
  slots.set(slot, text);
  return text;
}

function fill(pattern, keys) {
  let next = 0;
  const path = pattern.split('.').map((segment) => {
    if (segment !== '*' || next >= keys.length) return segment;
    next += 1;
    return keys[next - 1];
  });
  return `/${path.join('.').replaceAll('.', '/')}`;
}

function below(at, segment) {
  if (at[segment] === null || typeof at[segment] !== 'object') at[segment] = {};
  return at[segment];
}
