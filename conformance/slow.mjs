// A slow encoder, which writes messages by what the model says that a client sees:
//
//   node slow.mjs
//
// JSON lines in: {"version","types","root","checkpoints":[{"step","client","cause","graph"}]}; one line out for each: {"lines":[…]},
// the handshakes, snapshots, patches and (empty) states that the command line would print. Each message is the difference
// of two graphs, written with the operations that all decoders read alike. It shows that there are messages by which
// every decoder comes to hold what the model says, and it tries the judge without any encoder of ours.

import { createInterface } from 'node:readline';

import { listen } from './lib/console.mjs';
import { libraries } from './lib/libraries.mjs';
import { defineTypes, isPrimitive } from './lib/types.mjs';

const [ADD, REPLACE, DELETE, DELETE_AND_ADD, MOVE] = [128, 0, 64, 192, 32];
// That of 3 writes some lengths wrong.
const { encode } = libraries[5].schema;
const SWITCH = 255;
const TYPE_ID = 213;

class Writer {
  constructor(library, { types, root }) {
    this.schema = library.schema;
    const { classes, fieldsOf } = defineTypes(this.schema, types);
    Object.assign(this, { classes, fieldsOf });
    const encoder = new this.schema.Encoder(new classes[root]());
    this.context = encoder.context;
    this.handshake = Buffer.from(this.schema.Reflection.encode(encoder));
    this.root = root;
    this.buffer = Buffer.alloc(1 << 20);
  }

  /** The message that leads a client from one graph to another; `undefined` for a newcomer's first. */
  message(before, { root, nodes }, members) {
    this.it = { offset: 0 };
    this.rootId = root;
    this.nodes = nodes;
    // From the top down, so that what is switched to was introduced.
    const [seen, left] = [new Set([root]), [[root, undefined]]];
    while (left.length > 0) {
      const [id, of] = left.shift();
      this.isSwitched = false;
      this.id = id;
      this.write(nodes[id], before?.nodes[id], of, members);
      for (const [to, element] of this.below(nodes[id], of)) {
        if (!seen.has(to)) {
          seen.add(to);
          left.push([to, element]);
        }
      }
    }
    return this.buffer.subarray(0, this.it.offset).toString('hex');
  }

  /** What a node leads to, each with the type of elements if it is a collection. */
  below(node, of) {
    const places = node.fields !== undefined
      ? Object.entries(node.fields).map(([at, place]) => [place, this.fieldsOf(node.type)[at][1].of])
      : (node.map?.map((entry) => entry[2]) ?? node.array ?? node.members.map((entry) => entry[1])).map((place) => [place, of]);
    return places.filter(([{ to }]) => to !== undefined).map(([{ to }, element]) => [to, element]);
  }

  write(node, old, of, members) {
    if (node.fields !== undefined) this.fields(node, old ?? { fields: {} });
    else if (node.map !== undefined) this.map(node.map, old?.map ?? [], of);
    else if (node.array === undefined) this.members(node.members, old?.members ?? [], of, members);
    else if (isPrimitive(of)) this.values(node.array, old?.array ?? [], of);
    else this.items(node.array.map(({ to }) => to), (old?.array ?? []).map(({ to }) => to), of);
  }

  fields(node, old) {
    this.fieldsOf(node.type).forEach(([, { kind, of }], index) => {
      const [now, was] = [node.fields[index], old.fields[index]];
      if (same(now, was)) return;
      if (now === undefined) return this.op(DELETE | index);
      this.op((was === undefined ? ADD : now.to === undefined ? REPLACE : DELETE_AND_ADD) | index);
      this.value(now, kind, of);
    });
  }

  map(now, old, of) {
    const lives = new Map(now.map(([, life, place]) => [life, place]));
    for (const [, life] of old) if (!lives.has(life)) this.op(DELETE, life);
    const were = new Map(old.map(([, life, place]) => [life, place]));
    for (const [key, life, place] of now) {
      const was = were.get(life);
      if (same(place, was)) continue;
      const op = was === undefined ? ADD : place.to === undefined ? REPLACE : DELETE_AND_ADD;
      this.op(op, life);
      if (op !== REPLACE) this.primitive('string', key);
      this.value(place, 'type', of);
    }
  }

  /** Sets and collections. 3 and 4 number entries by themselves, as they come to each client; so does this. */
  members(now, old, of, numbers) {
    const known = (numbers[this.id] ??= { next: 0, of: {} });
    const lives = new Set(now.map(([life]) => life));
    for (const [life] of old) if (!lives.has(life)) this.op(DELETE, known.of[life]);
    const were = new Set(old.map(([life]) => life));
    for (const [life, place] of now) {
      if (were.has(life)) continue;
      known.of[life] = known.next++;
      this.op(ADD, known.of[life]);
      this.value(place, 'type', of);
    }
  }

  values(now, old, of) {
    now.forEach((place, index) => {
      if (index < old.length && same(place, old[index])) return;
      this.op(index < old.length ? REPLACE : ADD, index);
      this.value(place, 'type', of);
    });
    for (let index = old.length - 1; index >= now.length; index--) this.op(DELETE, index);
  }

  items(now, old, of) {
    const [gone, came] = [without(old, now), without(now, old)];
    const slots = [...old];
    const put = (op, index, to) => {
      this.op(op, index);
      this.value({ to }, 'type', op === MOVE ? undefined : of);
      slots[index] = to;
    };
    // Of what stands twice, one that stands where it stays is not what goes: 3 and 4 put nothing where it was at first.
    old.forEach((item, index) => {
      const at = gone.indexOf(item);
      if (at < 0 || came.length === 0 || item === now[index]) return;
      gone.splice(at, 1);
      put(DELETE_AND_ADD, index, came.shift());
    });
    came.forEach((to) => put(ADD, slots.length, to));
    [...now, ...gone].forEach((to, index) => {
      if (slots[index] !== to) put(MOVE, index, to);
    });
    this.isSwitched = false;
    for (let index = slots.length - 1; index >= now.length; index--) this.op(DELETE, index);
  }

  op(byte, index) {
    if (!this.isSwitched) {
      this.buffer[this.it.offset++] = SWITCH;
      this.number(this.refId(this.id));
      this.isSwitched = true;
    }
    this.buffer[this.it.offset++] = byte;
    if (index !== undefined) this.number(index);
  }

  value({ to, is }, kind, of) {
    if (to === undefined) return this.primitive(kind === 'quantized' ? 'quantized' : of, is, of);
    this.number(this.refId(to));
    const { type } = this.nodes[to] ?? {};
    if (kind === 'type' && of !== undefined && type !== of) {
      this.buffer[this.it.offset++] = TYPE_ID;
      this.number(this.context.getTypeId(this.classes[type]));
    }
  }

  primitive(name, value, quantized) {
    if (name !== 'quantized') return encode[name](this.buffer, value, this.it);
    const { min, max, bits = 16, mode } = quantized;
    const span = mode === 'wrap' ? 2 ** bits : min === -max ? 2 ** bits - 2 : 2 ** bits - 1;
    encode[`uint${bits}`](this.buffer, Math.round(((value - min) / (max - min)) * span), this.it);
  }

  number(value) {
    encode.number(this.buffer, value, this.it);
  }

  refId(id) {
    return id === this.rootId ? 0 : id;
  }
}

const same = (a, b) => a !== undefined && b !== undefined ? a.to === b.to && Object.is(a.is, b.is) : a === b;

/** A list less what another has, as often as that has it. */
function without(list, other) {
  const left = [...other];
  return list.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function run({ version, checkpoints, ...file }) {
  const writer = new Writer(libraries[version], file);
  const clients = {};
  const lines = [];
  for (const { step, client, cause, graph } of checkpoints) {
    const line = (kind, hex) => lines.push({ step, client, kind, hex });
    if (cause === 'Join') {
      clients[client] = { members: {}, graph: undefined };
      line('handshake', writer.handshake.toString('hex'));
    }
    const known = clients[client];
    const message = writer.message(known.graph, graph, known.members);
    known.graph = graph;
    if (cause === 'Join' || message !== '') line(cause === 'Join' ? 'snapshot' : 'patch', message);
    line('state');
  }
  return lines;
}

for await (const text of createInterface({ input: process.stdin })) {
  const { result, error } = listen(() => run(JSON.parse(text)));
  process.stdout.write(`${JSON.stringify(error === undefined ? { lines: result } : { error })}\n`);
}
