// What the reference encoder (@colyseus/schema 5) sends of streams, and what its own decoder holds after some of the messages:
//
//   node streams.mjs > ../crates/tidewire-schema/tests/data/streams.json
//
// One game without views, whose streams are for everyone, and one in which each client has a view. The same every time.

import { libraries } from './lib/libraries.mjs';
import { print } from './lib/print.mjs';

const { Decoder, Encoder, Reflection, StateView, schema, t } = libraries[5].schema;

const Gem = schema({ tint: t.uint8() }, 'Gem');
const Beast = schema({ name: t.string(), rank: t.uint8(), gem: t.ref(Gem).optional() }, 'Beast');
const byRank = (_, beast) => beast.rank;
const World = schema({ title: t.string(), herd: t.stream(Beast).priority(byRank), line: t.stream(Beast) }, 'World');

/** Numbers that a seed determines. */
function dice(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');

function play(seed, withViews) {
  const roll = dice(seed);
  const world = new World();
  const encoder = new Encoder(world);
  world.title = 'streams';
  world.herd.maxPerTick = 2;
  world.line.maxPerTick = 3;
  const view = withViews ? new StateView() : undefined;
  const handshake = Reflection.encode(encoder);
  const decoder = Reflection.decode(handshake, { offset: 0 });
  const messages = [];
  const send = (bytes) => {
    decoder.decode(bytes, { offset: 0 });
    const state = messages.length % 8 === 0 ? { state: JSON.parse(print(decoder.state).text) } : {};
    messages.push({ hex: hex(bytes), ...state });
  };
  const it = { offset: 0 };
  encoder.encodeAll(it);
  send(view === undefined ? encoder.sharedBuffer.subarray(0, it.offset) : encoder.encodeAllView(view, it.offset, it));
  encoder.discardChanges();
  let beasts = 0;
  const streams = [world.herd, world.line];
  for (let tick = 0; tick < 40; tick++) {
    for (let edit = roll(4); edit > 0; edit--) {
      const stream = streams[roll(2)];
      const all = Array.from(stream.values());
      switch (all.length === 0 ? 0 : roll(6)) {
        case 4: {
          all[roll(all.length)].rank = roll(9);
          break;
        }
        case 5: {
          stream.remove(all[roll(all.length)]);
          break;
        }
        default: {
          for (let count = 1 + roll(5); count > 0; count--) {
            const beast = new Beast().assign({ name: `b${beasts++}`, rank: roll(9) });
            if (roll(3) === 0) beast.gem = new Gem().assign({ tint: roll(200) });
            stream.add(beast);
            view?.add(beast);
          }
        }
      }
    }
    const it = { offset: 0 };
    const shared = encoder.encode(it);
    const offset = it.offset;
    send(view === undefined ? shared : encoder.encodeView(view, offset, it));
    encoder.discardChanges();
  }
  return { handshake: hex(handshake), messages };
}

process.stdout.write(`${JSON.stringify({ shared: play(7, false), viewed: play(8, true) })}\n`);
