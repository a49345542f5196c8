// The judge of the patch codecs as a process: JSON lines in, one JSON line out for each, in order. Nothing else is
// written to stdout.
//
// Every request has `op` and `id` (any JSON value; it comes back). `client` names a client.
//
//   {"op":"open","id":1,"codec":"patchpack","client":"a","hex":"<hex>"}     -> {"id":1,"state":…}
//     A client that has read this snapshot. `codec` is "patchpack", "mpack" or "json". Replaces an older one of that name.
//   {"op":"apply","id":2,"client":"a","hex":["<hex>",…]}                    -> {"id":2,"state":…}
//     The messages of one tick.
//   {"op":"recode","id":3,"hex":"<hex>"}                                    -> {"id":3,"notepack":"<hex>","msgpack":"<hex>"}
//     A value of our MessagePack, read by each library and written again by it.
//   {"op":"batch","id":4,"items":[…]}                                       -> {"id":4,"results":[…]}
//   {"op":"versions","id":5}                                                -> {"id":5,"patchpack":"0.4.2",…}
//   {"op":"undone","id":6}                                                  -> {"id":6,"undone":<number>,"paths":{"text":<number>,"nodes":<number>}}
//     How many patches with an old value fast-json-patch has undone, which brought back the state before; how many of
//     patchpack were applied by the text of their path, and how many by the decoder's nodes, as a key has a slash.
//
// If a library threw, or a patch fits nothing, the answer is {"id","error"}. The process ends when its input does.

import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';

import { answerTo, clientOf, paths, undone } from './lib/clients.mjs';
import { recode } from './lib/recode.mjs';

const clients = new Map();

function answer(request) {
  const { id = null } = request;
  try {
    return { id, ...perform(request) };
  } catch (error) {
    return { id, error: String(error?.stack ?? error) };
  }
}

function perform(request) {
  switch (request.op) {
    case 'open':
      clients.set(request.client, clientOf(request.codec, Buffer.from(request.hex, 'hex')));
      return answerTo(clients.get(request.client));
    case 'apply': {
      const client = clients.get(request.client);
      for (const hex of request.hex) client.apply(Buffer.from(hex, 'hex'));
      return answerTo(client);
    }
    case 'recode':
      return recode(Buffer.from(request.hex, 'hex'));
    case 'batch':
      return { results: request.items.map(answer) };
    case 'undone':
      return { undone, paths };
    case 'versions':
      return Object.fromEntries(
        ['patchpack', 'notepack.io', '@msgpack/msgpack', 'fast-json-patch'].map((name) => [name, version(name)]),
      );
    default:
      throw new Error(`unknown op "${request.op}"`);
  }
}

function version(name) {
  return JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}

for await (const line of createInterface({ input: process.stdin })) {
  const text = JSON.stringify(answer(JSON.parse(line)));
  if (!process.stdout.write(`${text}\n`)) await new Promise((resume) => process.stdout.once('drain', resume));
}
