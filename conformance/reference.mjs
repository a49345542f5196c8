// What the reference (@colyseus/schema 5, its encoder) makes of scenarios:
//
//   node reference.mjs < scenarios
//
// One scenario a line, answered with one line: {"lines":[…]}, the lines that the command line would print, with the
// states that the reference's decoder holds, or {"error","lines"} where it threw. It is no judge, for upstream has
// faults of its own; it shows what upstream means by a step. What upstream has no call for (`move` in an array) is
// done with what it has.

import { createInterface } from 'node:readline';

import { listen } from './lib/console.mjs';
import { libraries } from './lib/libraries.mjs';
import { print } from './lib/print.mjs';
import { defineTypes, isPrimitive } from './lib/types.mjs';

const { schema } = libraries[5];
const { Encoder, Reflection, Schema, StateView } = schema;

const COLLECTIONS = { map: schema.MapSchema, array: schema.ArraySchema, set: schema.SetSchema, collection: schema.CollectionSchema };
const zero = (of) => (of === 'string' ? '' : of === 'boolean' ? false : 0);
const tokens = (path) => path.split('/').slice(1).map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

function run(file, lines) {
  const { classes, fieldsOf } = defineTypes(schema, file.types);

  function make(of, value) {
    if (isPrimitive(of)) return value;
    const name = value.$type ?? of;
    const made = new classes[name]();
    for (const [field, { kind, of: below, optional }] of fieldsOf(name)) {
      if (kind in COLLECTIONS) {
        made[field] = new COLLECTIONS[kind]();
        fill(made[field], below, value[field] ?? []);
      } else if (value[field] !== undefined && value[field] !== null) {
        made[field] = kind === 'quantized' ? value[field] : make(below, value[field]);
      } else if (!optional && (kind === 'quantized' || isPrimitive(below))) {
        made[field] = zero(kind === 'quantized' ? 'number' : below);
      }
    }
    return made;
  }

  function fill(collection, of, contents) {
    if (collection instanceof schema.MapSchema) {
      for (const [key, value] of Object.entries(contents)) if (value !== null) collection.set(key, make(of, value));
    } else if (collection instanceof schema.ArraySchema) {
      for (const value of contents) collection.push(make(of, value));
    } else {
      for (const value of contents) collection.add(make(of, value));
    }
  }

  const root = make(file.root, {});
  const encoder = new Encoder(root);
  const clients = Object.fromEntries(
    Object.entries(file.clients).map(([name, { view: has }]) => [name, { view: has ? new StateView() : undefined, decoder: undefined }]),
  );
  const joined = [];

  const declared = (owner, field) => new Map(fieldsOf(owner.constructor.name)).get(field);

  /** What a pointer leads to: `{owner, name, value, of}`. */
  function find(path) {
    let place = { value: root, of: file.root };
    for (const name of tokens(path)) {
      const owner = place.value;
      if (owner instanceof Schema) {
        const { kind, of } = declared(owner, name);
        place = { owner, name, value: owner[name], of, kind };
      } else if (owner instanceof schema.MapSchema) {
        place = { owner, name, value: owner.get(name), of: place.of, kind: 'entry' };
      } else {
        place = { owner, name: Number(name), value: Array.from(owner.values())[Number(name)], of: place.of, kind: 'entry' };
      }
    }
    return place;
  }

  function assign({ owner, name }, value) {
    if (owner instanceof schema.MapSchema) value === undefined ? owner.delete(name) : owner.set(name, value);
    else if (owner instanceof schema.ArraySchema) value === undefined ? owner.splice(name, 1) : (owner[name] = value);
    else if (owner instanceof Schema) owner[name] = value;
    else owner.delete(Array.from(owner.values())[name]);
  }

  function edit(step) {
    const place = find(step.path);
    const { value, of, kind } = place;
    const isPlain = kind === 'quantized' || (kind !== 'entry' && isPrimitive(of));
    const unset = () => (isPlain && !declared(place.owner, place.name).optional ? zero(kind === 'quantized' ? 'number' : of) : undefined);
    switch (step.op) {
      case 'set':
        if (kind in COLLECTIONS) {
          value.clear();
          return fill(value, of, step.value);
        }
        return assign(place, step.value === null ? unset() : kind === 'quantized' ? step.value : make(of, step.value));
      case 'delete':
        return assign(place, unset());
      case 'push':
        return value.push(...step.values.map((value) => make(of, value)));
      case 'splice':
        return value.splice(step.at, step.remove ?? value.length, ...(step.insert ?? []).map((value) => make(of, value)));
      case 'move':
        return value.splice(step.to, 0, ...value.splice(step.from, 1));
      case 'swap':
        return ([value[step.a], value[step.b]] = [value[step.b], value[step.a]]);
      case 'reverse':
        return value.reverse();
      case 'clear':
        return value.clear();
      case 'add':
        return value.add(make(of, step.value));
      case 'remove':
        return value.delete(step.value);
      case 'share':
        return assign(place, find(step.from).value);
      default:
        throw new Error(`unknown op "${step.op}"`);
    }
  }

  function tick(step) {
    const it = { offset: 0 };
    const shared = encoder.encode(it);
    const sharedEnd = it.offset;
    for (const name of joined) {
      const { view } = clients[name];
      report(step, name, 'patch', view === undefined ? shared : encoder.encodeView(view, sharedEnd, it));
    }
    encoder.discardChanges();
  }

  const note = (line, json) => lines.push(`${JSON.stringify(line).slice(0, -1)}${json === undefined ? '' : `,"json":${json}`}}`);
  const hex = (bytes) => Buffer.from(bytes).toString('hex');

  function report(step, client, kind, bytes) {
    if (kind !== 'patch' || bytes.length > 0) note({ step, client, kind, hex: hex(bytes) });
    const { decoder } = clients[client];
    const { error, warnings } = listen(() => decoder.decode(Buffer.from(bytes)));
    const { result, error: unprinted } = listen(() => print(decoder.state).text);
    const trouble = [error, unprinted, ...warnings].filter((text) => text !== undefined);
    note({ step, client, kind: 'state', ...(trouble.length > 0 && { trouble }) }, result ?? 'null');
  }

  file.steps.forEach((step, index) => {
    switch (step.op) {
      case 'join': {
        tick(index);
        const client = clients[step.client];
        const handshake = Reflection.encode(encoder);
        client.decoder = Reflection.decode(handshake);
        note({ step: index, client: step.client, kind: 'handshake', hex: hex(handshake) });
        const it = { offset: 0 };
        let bytes = encoder.encodeAll(it);
        if (client.view !== undefined) bytes = encoder.encodeAllView(client.view, it.offset, it);
        joined.push(step.client);
        return report(index, step.client, 'snapshot', bytes);
      }
      case 'leave':
        joined.splice(joined.indexOf(step.client), 1);
        clients[step.client].view?.dispose();
        if (clients[step.client].view) clients[step.client].view = new StateView();
        return;
      case 'view': {
        const { view } = clients[step.client];
        const method = step.add === undefined ? 'remove' : 'add';
        return void view[method](find(step[method]).value, step.tag ?? -1);
      }
      case 'sync':
        return tick(index);
      default:
        return edit(step);
    }
  });
}

for await (const text of createInterface({ input: process.stdin })) {
  const lines = [];
  const { error } = listen(() => run(JSON.parse(text), lines));
  process.stdout.write(`{${error === undefined ? '' : `"error":${JSON.stringify(error)},`}"lines":[${lines.join(',')}]}\n`);
}
