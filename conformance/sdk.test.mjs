// Three generations of SDKs, as their users use them, against one running server. The server's contract is in
// README.md; its address is in TIDEWIRE_URL.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { Guest, within } from './lib/guest.mjs';
import { sdks } from './lib/sdks.mjs';
import { Tap } from './lib/tap.mjs';
import { canonical, values } from './lib/values.mjs';
import { pinned, schemaModuleOf, sdkVersions } from './lib/versions.mjs';

const url = process.env.TIDEWIRE_URL;
assert.ok(url, 'TIDEWIRE_URL must hold the address of a running tidewire-lab, as in http://127.0.0.1:2567');

const WITH_ERROR = 4002;

for (const sdk of sdks) {
  describe(sdk.title, () => {
    const guests = [];
    after(() => Promise.all(guests.map((guest) => guest.leave())));

    async function enter(method, target, options = {}) {
      const guest = await Guest.enter(new sdk.Client(url), method, target, { name: 'ann', ...options });
      guests.push(guest);
      return guest;
    }
    const create = async (options) => (await enter('create', 'lab', options)).ready();
    const follow = async (guest, options) => (await enter('joinById', guest.room.roomId, { name: 'bob', ...options })).ready();
    const refused = (error, method, target, options = {}) =>
      assert.rejects(within(new sdk.Client(url)[method](target, options), () => `${method} ${target}`), error);

    test('the pinned SDK with its own generation of the schema library is what runs', async () => {
      assert.deepEqual(sdkVersions()[sdk.alias], { sdk: pinned(sdk.alias), schema: pinned(sdk.schema) });
      const guest = await create();
      const { Decoder } = await schemaModuleOf(sdk.alias);
      assert.ok(guest.room.serializer.decoder instanceof Decoder);
    });

    describe('finding rooms', () => {
      test('create makes a room of its own each time', async () => {
        const [first, second] = [await create(), await create()];
        assert.notEqual(first.room.roomId, second.room.roomId);
        assert.equal(first.room.name, 'lab');
        assert.match(first.id, /^[\w-]+$/);
      });

      test('joinById leads to that room, join and joinOrCreate to an open one', async () => {
        const host = await create();
        const guest = await follow(host);
        assert.equal(guest.room.roomId, host.room.roomId);
        assert.notEqual(guest.id, host.id);
        for (const method of ['join', 'joinOrCreate']) {
          const other = await (await enter(method, 'lab')).ready();
          assert.equal(other.room.name, 'lab');
          assert.ok(other.state.players[other.id]);
        }
      });

      test('joinOrCreate passes by a full room and makes another', async () => {
        const first = await enter('create', 'tiny');
        const second = await enter('joinOrCreate', 'tiny');
        assert.notEqual(second.room.roomId, first.room.roomId);
      });

      test('a full room refuses', async () => {
        const { room } = await enter('create', 'tiny');
        await refused({ code: 522, message: `room "${room.roomId}" is locked` }, 'joinById', room.roomId);
      });

      test('a seat that became free can be taken', async () => {
        const ann = await create({ maxClients: 2 });
        const bob = await follow(ann);
        await refused({ code: 522 }, 'joinById', ann.room.roomId);
        await bob.leave();
        const cat = await follow(ann, { name: 'cat' });
        assert.equal(cat.room.roomId, ann.room.roomId);
      });

      test('an unknown room name, an unknown id and no room at all are refused', async () => {
        await refused({ code: 520, message: 'provided room name "nowhere" not defined' }, 'joinOrCreate', 'nowhere');
        await refused({ code: 520 }, 'create', 'nowhere');
        await refused({ code: 522, message: 'room "nosuchroom" not found' }, 'joinById', 'nosuchroom');
        await refused({ code: 521, message: 'no rooms found with provided criteria' }, 'join', 'vacant');
      });

      test('on_auth refuses and admits', async () => {
        await refused({ code: 525, message: 'wrong token' }, 'joinOrCreate', 'locked_auth');
        await refused({ code: 525 }, 'joinOrCreate', 'locked_auth', { token: 'bad' });
        const guest = await enter('joinOrCreate', 'locked_auth', { token: 'ok' });
        assert.equal(await guest.ask('echo', 'in'), 'in');
      });
    });

    describe('state', () => {
      test('the first state holds everything', async () => {
        const guest = await create({ name: 'Åsa 🦀', title: 'the room' });
        assert.deepEqual(guest.state, { title: 'the room', players: { [guest.id]: { name: 'Åsa 🦀', x: 0, y: 0, items: [] } }, log: [], scores: {} });
      });

      test('patches come by themselves, also with values that might get lost', async () => {
        const guest = await create();
        const { tick } = guest.room.state;
        await guest.until('three ticks', () => guest.room.state.tick >= tick + 3);
      });

      // Older SDKs know no numbers.
      if (sdk.alias === 'sdk18') {
        test('a patch that might get lost has a number, and is taken if it is newer', async () => {
          const guest = await create();
          const take = (number, title) =>
            guest.room.connection.events.onmessage({
              data: Uint8Array.from([0x4f, number, 0, 0xff, 0, 0x80, 0xa0 + title.length, ...Buffer.from(title)]).buffer,
            });
          take(5, 'new');
          assert.equal(guest.room.state.title, 'new');
          take(4, 'late');
          take(5, 'twice');
          assert.equal(guest.room.state.title, 'new');
          take(6, 'newer');
          assert.equal(guest.room.state.title, 'newer');
        });
      }

      test('everybody sees everybody move', async () => {
        const ann = await create();
        const bob = await follow(ann);
        await ann.until('bob', () => ann.state.players[bob.id]?.name === 'bob');
        ann.send('move', { dx: 1.5, dy: -2 });
        bob.send('move', { dx: 1, dy: 0.25 });
        bob.send('move', { dx: 1, dy: 0.25 });
        for (const guest of [ann, bob]) {
          await guest.until('both moves', () => {
            const { [ann.id]: a, [bob.id]: b } = guest.state.players;
            return a.x === 1.5 && a.y === -2 && b.x === 2 && b.y === 0.5;
          });
        }
      });

      test('arrays of structs follow every kind of edit', async () => {
        const ann = await create();
        const bob = await follow(ann);
        const model = [];
        const item = (name, n) => ({ name, n });
        const byName = (a, b) => (a.name < b.name ? -1 : 1);
        const edits = [
          [{ op: 'push', name: 'c', n: 3 }, () => model.push(item('c', 3))],
          [{ op: 'push', name: 'a', n: 1 }, () => model.push(item('a', 1))],
          [{ op: 'push', name: 'e', n: 5 }, () => model.push(item('e', 5))],
          [{ op: 'insert', at: 1, name: 'b', n: 2 }, () => model.splice(1, 0, item('b', 2))],
          [{ op: 'insert', at: 0, name: 'd', n: 255 }, () => model.unshift(item('d', 255))],
          [{ op: 'rename', at: 3, name: 'aa' }, () => (model[3].name = 'aa')],
          [{ op: 'swap', a: 0, b: 2 }, () => ([model[0], model[2]] = [model[2], model[0]])],
          [{ op: 'remove', at: 1 }, () => model.splice(1, 1)],
          [{ op: 'sort' }, () => model.sort(byName)],
          [{ op: 'reverse' }, () => model.reverse()],
          [{ op: 'remove', at: 0 }, () => model.shift()],
          [{ op: 'rename', at: 0, name: 'last' }, () => (model[0].name = 'last')],
          [{ op: 'clear' }, () => (model.length = 0)],
          [{ op: 'push', name: 'z', n: 0 }, () => model.push(item('z', 0))],
        ];
        const shows = (guest) => JSON.stringify(guest.state.players[ann.id]?.items) === JSON.stringify(model);
        for (const [edit, apply] of edits) {
          ann.send('item', edit);
          apply();
          for (const guest of [ann, bob]) await guest.until(`${JSON.stringify(edit)} to give ${JSON.stringify(model)}`, () => shows(guest));
        }
        // and all at once, within a tick or two
        model.length = 0;
        for (const [edit, apply] of [[{ op: 'clear' }, () => {}], ...edits]) {
          ann.send('item', edit);
          apply();
        }
        for (const guest of [ann, bob]) await guest.until(`all edits to give ${JSON.stringify(model)}`, () => shows(guest));
      });

      test('primitive arrays and maps follow', async () => {
        const ann = await create();
        const bob = await follow(ann);
        for (const text of ['one', '', 'three', 'four']) ann.send('push', text);
        ann.send('shift');
        ann.send('push', 'five');
        ann.send('score', { key: 'a/b', value: 1.5 });
        ann.send('score', { key: '日本', value: -70000 });
        ann.send('score', { key: 'gone', value: 1 });
        ann.send('score', { key: 'gone', value: null });
        ann.send('score', { key: 'a/b', value: 2 ** 40 });
        for (const guest of [ann, bob]) {
          await guest.until('the log', () => JSON.stringify(guest.state.log) === JSON.stringify(['', 'three', 'four', 'five']));
          await guest.until('the scores', () => JSON.stringify(guest.state.scores) === JSON.stringify({ 'a/b': 2 ** 40, 日本: -70000 }));
        }
      });

      test('a reference is set, changed and unset', async () => {
        const ann = await create();
        const bob = await follow(ann);
        for (const prize of [{ name: 'cup', n: 1 }, { name: 'cup', n: 2 }, null, { name: 'hat', n: 3 }]) {
          ann.send('prize', prize);
          for (const guest of [ann, bob]) {
            await guest.until(`prize ${JSON.stringify(prize)}`, () => JSON.stringify(guest.state.prize ?? null) === JSON.stringify(prize));
          }
        }
      });

      test('a latecomer sees what the others see', async () => {
        const ann = await create();
        ann.send('item', { op: 'push', name: 'sword', n: 7 });
        ann.send('push', 'hello');
        ann.send('score', { key: 'ann', value: 3 });
        ann.send('prize', { name: 'cup', n: 1 });
        ann.send('move', { dx: 4, dy: 5 });
        await ann.until('all of it', () => ann.me.x === 4);
        const bob = await follow(ann);
        await ann.until('bob', () => ann.state.players[bob.id] !== undefined);
        assert.deepEqual(bob.state, ann.state);
        assert.deepEqual(bob.state.players[ann.id], { name: 'ann', x: 4, y: 5, items: [{ name: 'sword', n: 7 }] });
      });

      test('who joins in the middle of edits sees no edit twice and none not at all', async () => {
        const ann = await create();
        const all = [ann];
        for (let round = 0; round < 8; round++) {
          for (const text of ['a', 'b', 'c']) ann.send('push', `${text}${round}`);
          ann.send('item', { op: 'insert', at: 0, name: `item${round}`, n: round });
          ann.send('shift');
          ann.send('item', { op: 'reverse' });
          const joining = follow(ann, { name: `guest${round}` });
          ann.send('shift');
          ann.send('item', { op: 'push', name: `late${round}`, n: round });
          all.push(await joining);
        }
        ann.send('push', 'done');
        for (const guest of all) {
          await guest.until('the end', () => guest.state.log.at(-1) === 'done' && Object.keys(guest.state.players).length === all.length);
          assert.deepEqual(guest.state, ann.state);
        }
        assert.equal(ann.state.log.length, 8 * 3 + 1 - 8 * 2);
        assert.equal(ann.state.players[ann.id].items.length, 16);
      });

      test('callbacks fire at every depth, once for each entry', async () => {
        const ann = await enter('create', 'lab');
        const seen = [];
        const on = sdk.callbacks(ann.room);
        on.onAdd(ann.room.state, 'players', (player, id) => {
          seen.push(`player ${player.name}`);
          on.listen(player, 'x', (x) => seen.push(`x ${id === ann.id ? 'ann' : 'bob'} ${x}`));
          on.onChange(player, () => seen.push(`changed ${player.name}`));
          on.onAdd(player, 'items', (item) => {
            seen.push(`item ${item.name}`);
            on.listen(item, 'n', (n) => seen.push(`n ${n}`));
          });
          on.onRemove(player, 'items', (item) => seen.push(`no item ${item.name}`));
        });
        on.onRemove(ann.room.state, 'players', (player) => seen.push(`no player ${player.name}`));
        on.onAdd(ann.room.state, 'log', (text) => seen.push(`log ${text}`));
        await ann.ready();

        const bob = await follow(ann);
        bob.send('move', { dx: 3, dy: 0 });
        bob.send('item', { op: 'push', name: 'sword', n: 1 });
        await ann.until('the sword', () => seen.includes('item sword'));
        bob.send('item', { op: 'insert', at: 0, name: 'bow', n: 2 });
        await ann.until('the bow', () => seen.includes('item bow'));
        bob.send('item', { op: 'remove', at: 1 });
        bob.send('push', 'bye');
        await ann.until('the bow alone', () => seen.includes('no item sword') && seen.includes('log bye'));
        await bob.leave();
        await ann.until('bob gone', () => seen.includes('no player bob'));

        const times = (what) => seen.filter((entry) => entry === what).length;
        for (const what of ['player ann', 'player bob', 'x bob 3', 'item sword', 'item bow', 'no item sword', 'no player bob', 'log bye', 'n 1', 'n 2']) {
          assert.equal(times(what), 1, `${what} in ${JSON.stringify(seen)}`);
        }
        assert.ok(times('changed bob') >= 1);
        assert.equal(times('no item bow'), 0);
      });
    });

    describe('views', () => {
      /** Joins by a way of its own, which hears what is sent. */
      async function watch(method, target, options) {
        const tap = await Tap.to(url);
        const guest = await Guest.enter(new sdk.Client(tap.url), method, target, options);
        guests.push(guest);
        after(() => tap.close());
        return Object.assign(await guest.ready(), { tap });
      }
      const look = (guest, op, path, tag) => guest.send('look', { op, path, tag });
      const cards = (guest, id, field = 'hand') => Object.values(guest.state.players[id]?.[field] ?? []).map(({ name }) => name);
      const sees = (guest, id, names, field) => guest.until(`${field ?? 'hand'} ${names}`, () => cards(guest, id, field).join() === names.join());

      test('each client sees what is in its view, and is sent nothing else', async () => {
        const ann = await watch('create', 'views', { name: 'ann' });
        const bob = await watch('joinById', ann.room.roomId, { name: 'bob' });
        await ann.until('her own secret', () => ann.state.players[ann.id].secret === 'secret of ann');
        await bob.until('ann', () => bob.state.players[ann.id]?.name === 'ann');
        ann.send('draw', 'ace');
        ann.send('walk', 12.5);
        await sees(ann, ann.id, ['ace']);
        // Before 5, clients of the schema library read the number of the step.
        const [place, near] = sdk.schema === 'schema5' ? [12.5, 0.01] : [36863, 1];
        for (const guest of [ann, bob]) await guest.until('the walk', () => Math.abs(guest.state.players[ann.id].x - place) <= near);
        assert.deepEqual(cards(bob, ann.id), []);
        assert.ok(!bob.state.players[ann.id].secret);
        assert.ok(!bob.tap.heard('ace') && !bob.tap.heard('secret of ann'));

        // What is in the hand now, and what comes to it later once it is subscribed to.
        look(bob, 'add', ['players', ann.id, 'hand']);
        await sees(bob, ann.id, ['ace']);
        ann.send('draw', 'king');
        await sees(ann, ann.id, ['ace', 'king']);
        assert.ok(!bob.tap.heard('king'));
        look(bob, 'subscribe', ['players', ann.id, 'hand']);
        await sees(bob, ann.id, ['ace', 'king']);
        ann.send('draw', 'queen');
        ann.send('play', 0);
        for (const guest of [ann, bob]) await sees(guest, ann.id, ['king', 'queen']);

        // A set, and its end.
        ann.send('pack', 'trinket');
        ann.send('title', 'packed');
        await bob.until('the title', () => bob.state.title === 'packed');
        assert.ok(!bob.tap.heard('trinket'));
        look(bob, 'add', ['players', ann.id, 'bag']);
        await sees(bob, ann.id, ['trinket'], 'bag');
        look(bob, 'unsubscribe', ['players', ann.id, 'hand']);
        look(bob, 'remove', ['players', ann.id, 'bag']);
        await sees(bob, ann.id, []);
        await sees(bob, ann.id, [], 'bag');
        ann.send('draw', 'knave');
        await sees(ann, ann.id, ['king', 'queen', 'knave']);

        // Who comes late sees what is public, and with a tag all of it.
        const cyd = await watch('joinById', ann.room.roomId, { name: 'cyd', sees: false });
        await cyd.until('ann', () => cyd.state.players[ann.id]?.name === 'ann');
        for (const text of ['secret of', 'king', 'queen', 'knave', 'trinket']) assert.ok(!cyd.tap.heard(text), text);
        look(cyd, 'add', ['players', ann.id], 2);
        await sees(cyd, ann.id, ['king', 'queen', 'knave']);
        await cyd.until('the secret', () => cyd.state.players[ann.id].secret === 'secret of ann');
        look(cyd, 'remove', ['players', ann.id], 2);
        await sees(cyd, ann.id, []);
        await cyd.until('no secret', () => !cyd.state.players[ann.id].secret);
        assert.equal(cyd.state.players[ann.id].name, 'ann');

        assert.ok(ann.tap.heard('secret of ann') && bob.tap.heard('secret of bob') && bob.tap.heard('queen'));
        for (const text of ['secret of ann', 'knave']) assert.ok(!bob.tap.heard(text), text);
        assert.ok(!ann.tap.heard('secret of bob') && !cyd.tap.heard('secret of bob'));
      });
    });

    describe('messages', () => {
      test('every kind of value comes back as it went', async () => {
        const guest = await create();
        for (const [what, value] of Object.entries(values)) {
          assert.deepEqual(canonical(await guest.ask('echo', value)), canonical(value), what);
        }
      });

      test('each value alone, too', async () => {
        const guest = await create();
        for (const [what, value] of Object.entries(values).filter(([, value]) => Array.isArray(value))) {
          for (const element of value) assert.deepEqual(canonical(await guest.ask('echo', element)), canonical(element), what);
        }
      });

      test('types that are numbers', async () => {
        const guest = await create();
        assert.deepEqual(await guest.ask(7, { hp: 64 }), { hp: 64 });
      });

      test('a message without payload', async () => {
        const guest = await create();
        guest.send('echo');
        assert.equal(await guest.next('echo'), undefined);
      });

      test('raw bytes', async () => {
        const guest = await create();
        const bytes = new Uint8Array(1000).map((_, index) => index * 7);
        for (const part of [bytes, bytes.subarray(0, 1), bytes.subarray(0, 0)]) {
          guest.room.sendBytes('bytes', part);
          assert.deepEqual(Buffer.from(await guest.next('bytes')), Buffer.from(part));
        }
      });

      test('messages keep their order', async () => {
        const guest = await create();
        for (let n = 0; n < 200; n++) guest.send('echo', n);
        for (let n = 0; n < 200; n++) assert.equal(await guest.next('echo'), n);
      });

      test('a broadcast reaches all the others', async () => {
        const ann = await create();
        const [bob, cat] = [await follow(ann), await follow(ann)];
        ann.send('say', 'hello');
        for (const guest of [bob, cat]) assert.deepEqual(await guest.next('said'), { from: ann.id, text: 'hello' });
        assert.equal(await ann.ask('echo', 'fence'), 'fence');
        assert.deepEqual(ann.messages.filter(({ type }) => type === 'said'), []);
      });

      if (sdk.pings) {
        test('pings are answered', async () => {
          const guest = await create();
          const latency = await within(new Promise((resolve) => guest.room.ping(resolve)), () => 'a pong');
          assert.ok(latency >= 0 && latency < 5000);
          assert.ok((await within(new sdk.Client(url).getLatency(), () => 'the latency')) >= 0);
        });
      }

      if (sdk.requests) {
        test('requests are answered', async () => {
          const { room } = await create();
          assert.equal(await room.request('sum', [1, 2, 39]), 42);
          await assert.rejects(room.request('refuse'), { message: 'not now' });
          await assert.rejects(room.request('nothing of the kind'), { name: 'no_handler' });
          assert.equal(await room.request('sum', []), 0);
        });
      }
    });

    describe('leaving', () => {
      test('a consented leave removes the player', async () => {
        const ann = await create();
        const bob = await follow(ann);
        await ann.until('bob', () => ann.state.players[bob.id] !== undefined);
        await bob.leave();
        assert.equal(bob.left.code, 4000);
        assert.deepEqual(await ann.next('left'), { id: bob.id, consented: true });
        await ann.until('bob gone', () => ann.state.players[bob.id] === undefined);
      });

      test('a connection that breaks removes the player', async () => {
        const ann = await create();
        const bob = await follow(ann);
        bob.room.leave(false);
        assert.deepEqual(await ann.next('left'), { id: bob.id, consented: false });
        await ann.until('bob gone', () => ann.state.players[bob.id] === undefined);
      });

      test('a kick', async () => {
        const ann = await create();
        const bob = await follow(ann);
        bob.send('kick');
        assert.equal((await bob.end()).code, 4000);
        assert.equal((await ann.next('left')).id, bob.id);
      });

      for (const [what, act, code, reason] of [
        ['a payload of another shape', (guest) => guest.send('move', { dx: 'left' }), WITH_ERROR, /./],
        ['a payload that is missing', (guest) => guest.send('move'), WITH_ERROR, /./],
        ['a message of an unregistered type', (guest) => guest.send('nobody', 1), WITH_ERROR, /^room onMessage for "nobody" not registered\.$/],
        ['a message of an unregistered number', (guest) => guest.send(99, 1), WITH_ERROR, /^room onMessage for "99" not registered\.$/],
        ['a message above 4,096 bytes', (guest) => guest.send('echo', 'x'.repeat(5000)), 1009, /^/],
      ]) {
        test(`${what} closes that client only`, async () => {
          const ann = await create();
          const bob = await follow(ann);
          act(bob);
          const { code: seen, reason: text } = await bob.end();
          assert.equal(seen, code);
          assert.match(text ?? '', reason);
          await ann.until('bob gone', () => ann.state.players[bob.id] === undefined);
          assert.equal(await ann.ask('echo', 'still here'), 'still here');
        });
      }

      test('a message just below 4,096 bytes is fine', async () => {
        const guest = await create();
        assert.equal(await guest.ask('echo', 'x'.repeat(4000)), 'x'.repeat(4000));
      });

      test('a handler that fails changes nothing', async () => {
        const ann = await create();
        const bob = await follow(ann);
        bob.send('boom');
        assert.equal(await bob.ask('echo', 'still here'), 'still here');
        assert.equal(await ann.ask('echo', 'me too'), 'me too');
      });

      test('a handler that panics ends its room alone', async () => {
        const other = await create();
        const ann = await create();
        const bob = await follow(ann);
        ann.send('panic');
        for (const guest of [ann, bob]) assert.equal((await guest.end()).code, WITH_ERROR);
        await refused({ code: 522 }, 'joinById', ann.room.roomId);
        assert.equal(await other.ask('echo', 'alive'), 'alive');
        assert.notEqual((await create()).room.roomId, ann.room.roomId);
      });
    });
  });
}

test('all generations share one room', async () => {
  const [host, ...others] = sdks;
  const first = await (await Guest.enter(new host.Client(url), 'create', 'lab', { name: host.alias })).ready();
  const all = [first];
  for (const sdk of others) {
    all.push(await (await Guest.enter(new sdk.Client(url), 'joinById', first.room.roomId, { name: sdk.alias })).ready());
  }
  for (const guest of all) {
    guest.send('item', { op: 'push', name: 'sword', n: 7 });
    guest.send('push', guest.id);
    guest.send('score', { key: guest.id, value: 0.5 });
    guest.send('move', { dx: 1, dy: 2 });
  }
  const complete = ({ state }) =>
    state.log.length === all.length && Object.values(state.players).length === all.length && Object.values(state.players).every(({ items, y }) => items.length === 1 && y === 2);
  for (const guest of all) await guest.until('what all three did', () => complete(guest) && Object.keys(guest.state.scores).length === all.length);
  for (const guest of all) assert.deepEqual(guest.state, first.state);
  all[2].send('say', 'hi');
  for (const guest of all.slice(0, 2)) assert.equal((await guest.next('said')).text, 'hi');
  for (const guest of all) await guest.leave();
});

test('all generations see their own in one room', async () => {
  const all = [];
  for (const sdk of sdks) {
    const tap = await Tap.to(url);
    const [method, target] = all.length === 0 ? ['create', 'views'] : ['joinById', all[0].room.roomId];
    const guest = await Guest.enter(new sdk.Client(tap.url), method, target, { name: sdk.alias });
    all.push(Object.assign(await guest.ready(), { tap, alias: sdk.alias }));
  }
  for (const guest of all) guest.send('draw', `card of ${guest.alias}`);
  for (const guest of all) {
    await guest.until('its card', () => Object.values(guest.state.players[guest.id].hand ?? [])[0]?.name === `card of ${guest.alias}`);
    await guest.until('everybody', () => Object.keys(guest.state.players).length === all.length);
  }
  for (const guest of all) {
    for (const { alias } of all) {
      for (const what of ['secret', 'card']) assert.equal(guest.tap.heard(`${what} of ${alias}`), alias === guest.alias, `${guest.alias} and the ${what} of ${alias}`);
    }
    await guest.leave();
    guest.tap.close();
  }
});
