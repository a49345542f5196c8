// The judge of the state-tree encodings as a process: JSON lines in, one JSON line out for each, in order.
//
// Every request has `op` and `id` (any JSON value; it comes back). `client` names one decoder.
//
//   {"op":"open","id":1,"client":"a","patterns":{"players.*":3150840898}} -> {"id":1}
//     A client with nothing but a schema's path hashes. Replaces an older one of that name.
//   {"op":"receive","id":2,"client":"a","hex":"<hex>"} -> {"id":2,"state":{…},"events":1}
//     `state`: all that the client holds. `events`: how many it has heard of.
//   {"op":"batch","id":3,"items":[…]} -> {"id":3,"results":[…]}
//
// With `STATE_TREE_SDK` in the environment the real SDK reads, in the place of our decoder (sdk.mjs).
//
// What fails is answered with {"id","error"}. The process ends when its input does.

import { createInterface } from 'node:readline';

import { Decoder } from './decoder.mjs';
import { clientOf } from './sdk.mjs';

const sdk = process.env.STATE_TREE_SDK;
const Client = sdk ? await clientOf(sdk) : Decoder;
const decoders = new Map();

function answer(request) {
  const id = request?.id ?? null;
  try {
    return { id, ...perform(request) };
  } catch (error) {
    return { id, error: error.message };
  }
}

function perform(request) {
  switch (request.op) {
    case 'batch':
      return { results: request.items.map(answer) };
    case 'open':
      decoders.set(request.client, new Client(request.patterns));
      return {};
    case 'receive': {
      const decoder = decoders.get(request.client);
      if (decoder === undefined) throw new Error(`no decoder "${request.client}" is open`);
      decoder.receive(Buffer.from(request.hex, 'hex'));
      // As it is now: later frames change the object itself.
      return { state: JSON.parse(JSON.stringify(decoder.state)), events: decoder.events.length };
    }
    default:
      throw new Error(`unknown op "${request.op}"`);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== '') process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
