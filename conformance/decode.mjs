// The judge as a process: JSON lines in, one JSON line out for each, in order. Nothing else is written to stdout.
//
// Every request has `op` and `id` (any JSON value; it comes back). `version` is "3", "4" or "5": the generation of
// @colyseus/schema. `client` names one decoder of that version.
//
//   {"op":"open","id":1,"version":"5","client":"a","handshake":"<hex>"}
//     -> {"id":1,"warnings":[]}
//     A decoder built from the reflection in the handshake. Replaces an older one of that name.
//
//   {"op":"apply","id":2,"version":"5","client":"a","hex":"<hex>"}
//     -> {"id":2,"state":{…},"refs":7,"adds":[…],"removes":[…],"warnings":[]}
//     `state`: objects for instances and maps, arrays for arrays, sets and collections; unset fields are left out;
//       64-bit integers are integer literals. See lib/print.mjs for numbers.
//     `refs`: live references held, the root included.
//     `adds`, `removes`: one record for each onAdd / onRemove that fired, in the order in which they fired:
//       {"path","key","value"} for an entry that is a primitive, {"path","key","ref"} for an instance.
//       path   JSON pointer of the collection in the state after the message; null if it is no longer in the state.
//       key    map: the key. Instance in another collection: where it is after the message (adds) or was before it
//              (removes), -1 if it is not there. Primitive: the index that the callback was given.
//       ref    refId of the instance. value: the primitive.
//     The keys of instances in arrays are not the callback's because a plan of operations may let an instance arrive in
//     one slot and then move it; where it ended up is what can be compared with a model.
//
//   {"op":"close","id":3,"version":"5","client":"a"} -> {"id":3,"warnings":[]}
//   {"op":"batch","id":4,"items":[…]}                -> {"id":4,"results":[…]}
//   {"op":"versions","id":5}                         -> {"id":5,"versions":{"3":"3.0.76",…},"warnings":[]}
//
// Whatever the decoder wrote to the console is in `warnings`. If it threw, or did not stop at the last byte, or the
// request is wrong, the answer is {"id","error","warnings"}; such a decoder should be opened anew.
//
// Answers are written as soon as they are there, so whoever writes many lines must read at the same time. The process
// ends when its input does.

import { listen } from './lib/console.mjs';
import { Judge } from './lib/judge.mjs';
import { libraries } from './lib/libraries.mjs';
import { schemaVersions } from './lib/versions.mjs';

const judges = new Map();

function answer(request) {
  const id = JSON.stringify(request?.id ?? null);
  if (request?.op === 'batch' && Array.isArray(request.items)) {
    return `{"id":${id},"results":[${request.items.map(answer).join(',')}]}`;
  }
  const { result, error, warnings } = listen(() => perform(request));
  const members = error === undefined ? result : `"error":${JSON.stringify(error)}`;
  return `{"id":${id}${members === '' ? '' : `,${members}`},"warnings":${JSON.stringify(warnings)}}`;
}

/** Returns the members of the answer as JSON text; throws if the request cannot be met. */
function perform(request) {
  const name = `${request.version}/${request.client}`;
  switch (request.op) {
    case 'open':
      judges.delete(name);
      judges.set(name, new Judge(library(request.version), bytes(request.handshake)));
      return '';
    case 'apply':
      if (!judges.has(name)) throw new Error(`no decoder "${name}" is open`);
      return judges.get(name).apply(bytes(request.hex));
    case 'close':
      judges.delete(name);
      return '';
    case 'versions':
      return `"versions":${JSON.stringify(schemaVersions())}`;
    default:
      throw new Error(`unknown op "${request.op}"`);
  }
}

function library(version) {
  if (!Object.hasOwn(libraries, version)) throw new Error(`unknown version "${version}", expected "3", "4" or "5"`);
  return libraries[version];
}

function bytes(hex) {
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})*$/i.test(hex)) throw new Error('expected bytes as hex');
  return Buffer.from(hex, 'hex');
}

function answerLine(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch (error) {
    return `{"id":null,"error":${JSON.stringify(`not JSON: ${error.message}`)},"warnings":[]}`;
  }
  return answer(request);
}

process.stdin.setEncoding('utf8');
let pending = '';
for await (const chunk of process.stdin) {
  const lines = chunk.split('\n');
  lines[0] = pending + lines[0];
  pending = lines.pop();
  const answers = lines.filter((line) => line !== '').map((line) => `${answerLine(line)}\n`);
  if (answers.length > 0 && !process.stdout.write(answers.join(''))) {
    await new Promise((resume) => process.stdout.once('drain', resume));
  }
}
