// Rooms of every serializer, joined by three generations of SDKs that registered a decoder for it. The server is that of
// sdk.test.mjs.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { documentedSerializers } from './lib/documented.mjs';
import { Guest } from './lib/guest.mjs';
import { sdks } from './lib/sdks.mjs';
import { serializers } from './lib/serializers.mjs';
import { Tap } from './lib/tap.mjs';
import { decodeInBrowsers, decodeMsgpack, notepack } from './mosx/lib/libraries.mjs';

const url = process.env.TIDEWIRE_URL;
assert.ok(url, 'TIDEWIRE_URL must hold the address of a running tidewire-lab, as in http://127.0.0.1:2567');

test('every library reads the bundle of docs/WIRE.md', () => {
  const frame = Uint8Array.from(Buffer.from('0f92c4069301a22f6107c4059202a22f62', 'hex'));
  for (const [decode, body] of [
    [decodeMsgpack, frame.subarray(1)],
    [notepack.decode, Buffer.from(frame.subarray(1))],
    [decodeInBrowsers, frame.slice(1)],
  ]) {
    assert.deepEqual(decode(body).map((message) => decode(message)), [[1, '/a', 7], [2, '/b']]);
  }
});

const documented = documentedSerializers();

test('the guide has decoders of mpack and of its own serializer', () => {
  assert.deepEqual(Object.keys(documented), ['mpack', 'lines']);
});

for (const sdk of sdks) {
  describe(sdk.title, () => {
    const guests = [];
    after(() => Promise.all(guests.map((guest) => guest.leave())));

    async function enter(method, target, options) {
      const guest = await Guest.enter(new sdk.Client(url), method, target, options);
      guests.push(guest);
      return guest;
    }
    const create = async (ids, options) => (await enter('create', 'serializers', { name: 'ann', serializers: ids, ...options })).ready();
    const follow = async (host, options) => (await enter('joinById', host.room.roomId, { name: 'bob', ...options })).ready();

    // The last one of an id stays registered for what follows.
    const all = [
      ...Object.entries(documented).map(([id, serializer]) => [id, serializer, ' (docs/SERIALIZERS.md)']),
      ...Object.entries(serializers).map(([id, serializer]) => [id, serializer, '']),
    ];
    for (const [id, serializer, words] of all) {
      describe(`a room that speaks ${id}${words}`, () => {
        before(() => sdk.registerSerializer(id, serializer));

        test('its clients are served by what they registered', async () => {
          const ann = await create([id], { name: 'Åsa 🦀', title: 'the room' });
          assert.equal(ann.room.serializerId, id);
          assert.ok(ann.room.serializer instanceof serializer);
          assert.deepEqual(ann.state, { title: 'the room', players: { [ann.id]: { name: 'Åsa 🦀', x: 0, y: 0, items: [] } }, log: [], scores: {} });
        });

        test('they follow tick by tick, and a latecomer sees what they see', async () => {
          const ann = await create([id]);
          const bob = await follow(ann);
          const { tick } = ann.room.state;
          for (let round = 1; round <= 6; round++) {
            ann.send('move', { dx: 0.5, dy: -2 });
            bob.send('item', { op: 'insert', at: 0, name: `item${round}`, n: round });
            bob.send('item', { op: 'reverse' });
            bob.send('push', `line${round}`);
            if (round % 2 === 0) ann.send('shift');
            ann.send('score', { key: `a/b${round}`, value: round / 4 });
            ann.send('score', { key: `a/b${round - 1}`, value: null });
            ann.send('prize', round === 4 ? null : { name: 'cup', n: round });
            for (const guest of [ann, bob]) {
              await guest.until(`round ${round}`, () => {
                const { players, scores, log, prize } = guest.state;
                return players[ann.id]?.x === round / 2 && players[bob.id].items.length === round && scores[`a/b${round}`] === round / 4
                  && Object.keys(scores).length === 1 && log.length === round - Math.floor(round / 2) && prize?.n === (round === 4 ? undefined : round);
              });
            }
            assert.deepEqual(bob.state, ann.state);
          }
          await ann.until('ticks', () => ann.room.state.tick >= tick + 6);
          assert.deepEqual(ann.state.players[bob.id].items.map(({ n }) => n), [5, 3, 1, 2, 4, 6]);
          assert.deepEqual(ann.state.log, ['line4', 'line5', 'line6']);

          const cat = await follow(ann, { name: 'cat' });
          for (const guest of [ann, bob]) await guest.until('cat', () => guest.state.players[cat.id]);
          for (const guest of [ann, bob]) assert.deepEqual(guest.state, cat.state);
          await bob.leave();
          for (const guest of [ann, cat]) await guest.until('bob gone', () => guest.state.players[bob.id] === undefined);
          assert.deepEqual(ann.state, cat.state);
        });
      });
    }

    for (const id of Object.keys(serializers)) {
      test(`clients of a room that speaks ${id} see what is in their views, and are sent nothing else`, async () => {
        async function watch(method, target, options) {
          const tap = await Tap.to(url);
          const guest = await Guest.enter(new sdk.Client(tap.url), method, target, options);
          guests.push(guest);
          after(() => tap.close());
          return Object.assign(await guest.ready(), { tap });
        }
        const ann = await watch('create', 'views', { name: 'ann', serializers: [id] });
        const bob = await watch('joinById', ann.room.roomId, { name: 'bob' });
        const cyd = await watch('joinById', ann.room.roomId, { name: 'cyd', sees: false });
        assert.equal(bob.room.serializerId, id);
        assert.equal(bob.state.players[bob.id].secret, 'secret of bob');
        for (const [round, card] of ['ace', 'king'].entries()) {
          ann.send('draw', `${card} of ann`);
          bob.send('draw', `${card} of bob`);
          for (const guest of [ann, bob]) {
            await guest.until(card, () => guest.state.players[guest.id].hand?.[round]?.name.startsWith(card));
          }
        }
        ann.send('secret', 'new secret of ann');
        await ann.until('her secret', () => ann.state.players[ann.id].secret === 'new secret of ann');
        ann.send('title', 'all of it');
        for (const guest of [ann, bob, cyd]) await guest.until('the title', () => guest.state.title === 'all of it');
        const shown = (guest, other) => Object.keys(guest.state.players[other.id]).sort().join();
        for (const guest of [ann, bob, cyd]) {
          for (const other of [ann, bob, cyd]) {
            const all = guest === other && guest !== cyd;
            assert.equal(shown(guest, other), all ? 'bag,hand,name,secret,x' : 'name,x');
            if (guest === other && !all) continue;
            const name = guest.state.players[other.id].name;
            for (const text of ['secret', 'ace', 'king']) assert.equal(guest.tap.heard(`${text} of ${name}`), all && guest === other, `${text} of ${name}`);
          }
        }
        // A client that comes to see more while it is there is sent all that it sees.
        cyd.send('look', { op: 'subscribe', path: ['players', ann.id, 'hand'] });
        await cyd.until('the hand', () => cyd.state.players[ann.id].hand?.length === 2);
        ann.send('play', 0);
        ann.send('draw', 'queen of ann');
        await cyd.until('the queen', () => cyd.state.players[ann.id].hand.map(({ name }) => name).join() === 'king of ann,queen of ann');
        cyd.send('look', { op: 'unsubscribe', path: ['players', ann.id, 'hand'] });
        await cyd.until('no hand', () => !cyd.state.players[ann.id].hand);
        ann.send('draw', 'knave of ann');
        await ann.until('the knave', () => ann.state.players[ann.id].hand.length === 3);
        ann.send('title', 'the end');
        for (const guest of [bob, cyd]) await guest.until('the title', () => guest.state.title === 'the end');
        assert.ok(!cyd.tap.heard('knave') && !cyd.tap.heard('secret of ann') && !cyd.tap.heard('of bob') && !bob.tap.heard('of ann'));
      });
    }

    test('a room without state has messages alone', async () => {
      const ann = await enter('create', 'serializers', { serializers: ['none'] });
      let states = 0;
      ann.room.onStateChange(() => states++);
      assert.equal(await ann.ask('echo', 'one'), 'one');
      ann.send('move', { dx: 1, dy: 1 });
      assert.equal(await ann.ask('echo', 'two'), 'two');
      const bob = await enter('joinById', ann.room.roomId, {});
      bob.send('say', 'hello');
      assert.equal((await ann.next('said')).text, 'hello');
      assert.equal(ann.room.serializerId, 'none');
      assert.ok(!ann.room.state);
      assert.equal(states, 0);
    });

    test('one room serves clients of all serializers at once', async () => {
      const ids = ['schema', ...Object.keys(serializers)];
      const ann = await create(ids);
      const all = [ann];
      for (const id of ids) {
        const guest = await follow(ann, { serializer: id, name: id });
        assert.equal(guest.room.serializerId, id);
        all.push(guest);
      }
      for (let round = 0; round < 5; round++) {
        for (const [at, guest] of all.entries()) {
          guest.send('move', { dx: 1, dy: at });
          guest.send('item', { op: 'insert', at: 0, name: `item${round}`, n: at });
        }
      }
      const moved = ({ state }) => Object.values(state.players).filter(({ x, items }) => x === 5 && items.length === 5);
      for (const guest of all) await guest.until('all moves', () => moved(guest).length === all.length);
      for (const guest of all) assert.deepEqual(guest.state, ann.state);
    });

    test('who asks for a serializer that the room does not have is refused', async () => {
      const ann = await create(['schema', 'json']);
      await assert.rejects(enter('joinById', ann.room.roomId, { serializer: 'mpack' }), /the room has no serializer "mpack"/);
      assert.equal(await ann.ask('echo', 'still here'), 'still here');
    });
  });
}
