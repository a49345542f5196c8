// Clients that hold a state by what the real libraries read.

import { isDeepStrictEqual } from 'node:util';

import { decode as decodeMsgpack } from '@msgpack/msgpack';
import jsonPatch from 'fast-json-patch';
import notepack from 'notepack.io';
import { PatchPack } from 'patchpack';

const { applyPatch } = jsonPatch;

export function clientOf(codec, snapshot) {
  switch (codec) {
    case 'patchpack':
      return new PatchpackClient(snapshot);
    case 'mpack':
      return new MpackClient(snapshot);
    case 'json':
      return new JsonClient(snapshot);
    default:
      throw new Error(`unknown codec "${codec}"`);
  }
}

/** What the client holds now; it goes on changing what it holds. */
export function answerTo(client) {
  return { state: structuredClone(client.state) };
}

class PatchpackClient {
  constructor(snapshot) {
    this.decoder = new PatchPack();
    this.state = this.decoder.decodeState(snapshot);
  }

  apply(message) {
    const [, parentId] = notepack.decode(message);
    const parent = this.decoder.schema.getNode(parentId);
    const patch = this.decoder.decodePatch(message);
    const segments = [];
    for (let node = parent; node.parent; node = node.parent) segments.unshift(String(node.key));
    const above = segments.map((segment) => `/${segment}`).join('');
    if (!patch.path.startsWith(`${above}/`)) throw new Error(`path ${patch.path} of a node at ${above}`);
    segments.push(patch.path.slice(above.length + 1));
    // A client goes by `patch.path`. Its text does not say whether a slash is part of a key: there, and only there, the
    // decoder's nodes are asked, as docs/SERIALIZERS.md has it.
    if (segments.some((segment) => segment.includes('/'))) {
      paths.nodes += 1;
      applyMosx(this.state, patch, segments);
    } else {
      paths.text += 1;
      applyMosx(this.state, patch, patch.path.slice(1).split('/'));
    }
  }
}

class MpackClient {
  constructor(snapshot) {
    this.state = same(notepack.decode(snapshot), decodeMsgpack(snapshot, { rawStrings: false }));
  }

  apply(message) {
    const [op, path, value] = same(notepack.decode(message), decodeMsgpack(message));
    const patch = { op: ['add', 'replace', 'remove'][op], value };
    if (path === '') this.state = value;
    else applyMosx(this.state, patch, path.slice(1).split('/'));
  }
}

class JsonClient {
  constructor(snapshot) {
    this.state = JSON.parse(snapshot.toString('utf8'));
  }

  apply(message) {
    const patches = JSON.parse(message.toString('utf8'));
    const before = this.state;
    this.state = applyPatch(structuredClone(before), patches, true).newDocument;
    const isUndoable = ({ op, oldValue }) => op === 'add' || oldValue !== undefined;
    if (patches.some((patch) => 'oldValue' in patch) && patches.every(isUndoable)) {
      const back = applyPatch(structuredClone(this.state), patches.toReversed().map(inverse), true).newDocument;
      if (!isDeepStrictEqual(back, before)) throw new Error(`undone, the state is ${JSON.stringify(back)}`);
      undone += patches.length;
    }
  }
}

/** How many patches of patchpack were applied by the text of their path, and how many by the decoder's nodes. */
export const paths = { text: 0, nodes: 0 };

/** How many patches were undone so far. */
export let undone = 0;

/** The patch that undoes another. */
function inverse({ op, path, oldValue: value }) {
  if (op === 'add') return { op: 'remove', path };
  return { op: op === 'remove' ? 'add' : 'replace', path, value };
}

/** Both libraries must read the same. */
function same(ours, theirs) {
  const [a, b] = [ours, theirs].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`notepack.io reads ${a}, @msgpack/msgpack ${b}`);
  return ours;
}

/** As a client of Mosx does, and strict: a patch must fit. */
export function applyMosx(state, patch, segments) {
  const last = segments.pop();
  let container = state;
  for (const segment of segments) {
    if (!Object.hasOwn(container, segment)) throw new Error(`nothing at ${segment} of /${segments.join('/')}`);
    container = container[segment];
  }
  const { op, value } = patch;
  if (Array.isArray(container)) {
    const index = Number(last);
    const end = op === 'add' ? container.length : container.length - 1;
    if (!Number.isInteger(index) || index < 0 || index > end) throw new Error(`${op} at index ${last} of ${container.length}`);
    container.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
  } else {
    if (Object.hasOwn(container, last) === (op === 'add')) throw new Error(`${op} of ${last} in /${segments.join('/')}`);
    if (op === 'remove') delete container[last];
    else container[last] = value;
  }
}
