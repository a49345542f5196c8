// What the reference encoder (@colyseus/schema 5) writes for the workload of the benches, tick by tick:
//
//   node encode.mjs ENTITIES CHANGED TICKS [--hex]
//
// One JSON line for the full state of the untouched world (tick -1), then one for each tick's patch:
//   {"tick":-1,"bytes":4012}
//   {"tick":0,"bytes":137}
// With --hex each line also has `hex`, and the first has `handshake`. The world is a root with the one field
// `players`, a map of {x: float32, y: float32, hp: uint16, name: string}. Who has the same world in another encoder
// can compare: field changes have to take as many bytes.

import { Workload } from '../benches/node/workload.mjs';
import { libraries } from './lib/libraries.mjs';
import { define } from './lib/reference.mjs';

const { Encoder, Reflection } = libraries[5].schema;

const [entities, changed, ticks] = process.argv.slice(2, 5).map(Number);
const withHex = process.argv.includes('--hex');
if (![entities, changed, ticks].every(Number.isSafeInteger) || changed < 1 || entities % changed !== 0) {
  process.stderr.write('usage: node encode.mjs ENTITIES CHANGED TICKS [--hex], CHANGED being a divisor of ENTITIES\n');
  process.exit(2);
}

Encoder.BUFFER_SIZE = 1024 * 1024;
const Player = define('5', { x: 'float32', y: 'float32', hp: 'uint16', name: 'string' }, 'Player');
const Arena = define('5', { players: { map: Player } }, 'Arena');

const workload = new Workload(entities, changed);
const arena = new Arena();
const encoder = new Encoder(arena);
workload.keys.forEach((key, index) => arena.players.set(key, Object.assign(new Player(), workload.initial(index))));

const line = (tick, bytes, more) => {
  const hex = withHex ? { hex: Buffer.from(bytes).toString('hex') } : {};
  process.stdout.write(`${JSON.stringify({ tick, bytes: bytes.length, ...hex, ...more })}\n`);
};

line(-1, encoder.encodeAll(), withHex ? { handshake: Buffer.from(Reflection.encode(encoder)).toString('hex') } : {});
encoder.discardChanges();
for (let tick = 0; tick < ticks; tick++) {
  workload.tick((key, dx, dy, hit) => {
    const player = arena.players.get(key);
    player.x += dx;
    player.y += dy;
    if (hit) player.hp = (player.hp - 1) & 0xffff;
  });
  line(tick, encoder.encode());
  encoder.discardChanges();
}
