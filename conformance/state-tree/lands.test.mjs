// Lands over real sockets, in every encoding: those of examples/lands, which TIDEWIRE_LANDS is the address of.
//
// The state-tree client is the project's own, in client.mjs and decoder.mjs. The SwiftStateTree SDK is not on npm and does
// not run here. The Colyseus SDK is the real one.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { sdks } from '../lib/sdks.mjs';
import { LandClient, canonical } from './client.mjs';

const url = process.env.TIDEWIRE_LANDS;
assert.ok(url, 'TIDEWIRE_LANDS must hold the address of a running tidewire-lands, as in http://127.0.0.1:8080');

console.log("state-tree decoder: the project's own, conformance/state-tree/decoder.mjs; the SwiftStateTree SDK does not run in this suite");

const ENCODINGS = { json: 'json', jsonOpcode: 'json', opcode: 'opcodeJsonArray', messagepack: 'messagepack' };
const schema = await (await fetch(`${url}/schema`)).json();
const clients = [];
after(() => Promise.all(clients.map((client) => client.close())));

async function open(encoding, query = {}) {
  const client = await LandClient.open(url, schema, { encoding, ...query });
  clients.push(client);
  return client;
}

let instances = 0;
/** A land of one's own: a name that nobody else has. */
function instance() {
  instances += 1;
  return `test-${process.pid}-${instances}`;
}

/** Whether what `late` saw from its second state on is a run of what `early` saw. */
function follows(early, late, least) {
  const [, from] = late;
  const start = early.indexOf(from);
  assert.notEqual(start, -1, 'a state that the other has not seen');
  const count = Math.min(early.length - start, late.length - 1);
  assert.ok(count >= least, `${count} states in common, not ${least}`);
  assert.deepEqual(late.slice(1, 1 + count), early.slice(start, start + count));
}

test('what is told without a socket', async () => {
  assert.equal(await (await fetch(`${url}/health`)).text(), 'OK');
  const answer = await fetch(`${url}/schema`, { headers: { origin: 'https://example.com' } });
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://example.com');
  assert.match(answer.headers.get('content-type'), /json/);
  assert.deepEqual(Object.keys(schema.lands).sort(), ['auction', 'cookie', 'counter', 'hero-defense']);
  assert.match(schema.schemaHash, /^[0-9a-f]{16}$/);
  assert.equal(schema.lands['hero-defense'].pathHashes['players.*.position'], 3358665268);
});

for (const [encoding, announced] of Object.entries(ENCODINGS)) {
  describe(encoding, () => {
    test('counter: an action and its answer', async () => {
      const client = await open(encoding);
      const land = instance();
      const joined = await client.join('counter', { instance: land, player: 'measure-player' });
      assert.deepEqual(joined, {
        requestID: joined.requestID, success: true, landType: 'counter', landInstanceId: land,
        landID: `counter:${land}`, playerID: 'measure-player', playerSlot: 628, encoding: announced,
      });
      assert.deepEqual(client.state, { count: 0 });
      assert.deepEqual(await client.action('Increment'), { newCount: 1 });
      assert.deepEqual(await client.action('incrementaction'), { newCount: 2 });
      await client.until(() => client.state.count === 2, 'count of 2');
    });

    test('cookie: events, actions and their errors', async () => {
      const client = await open(encoding);
      const land = instance();
      await client.join('cookie', { instance: land, player: 'ann', metadata: { username: 'Ann' } });
      assert.deepEqual(client.state.players, { ann: { name: 'Ann', cookies: 0, cookiesPerSecond: 0 } });
      client.event('ClickCookie', { amount: 20 });
      await client.until(() => client.state.totalCookies === 20, 'twenty cookies');
      const bought = await client.action('BuyUpgradeAction', { upgradeID: 'cursor' });
      assert.equal(bought.success, true);
      assert.equal(bought.upgradeLevel, 1);
      assert.equal(bought.newCookiesPerSecond, 1);
      await client.until(() => client.state.privateStates.ann.upgrades.cursor === 1, 'a cursor');
      await assert.rejects(client.action('NonExistentAction'), { code: 'ACTION_NOT_REGISTERED' });
      await assert.rejects(client.action('BuyUpgrade', { upgradeID: 7 }), { code: 'ACTION_INVALID_PAYLOAD' });
      client.event('Nothing');
      await client.until(() => client.errors.some(({ code }) => code === 'EVENT_NOT_REGISTERED'), 'an error');
      const guest = await open(encoding);
      const { playerID } = await guest.join('cookie', { instance: land });
      assert.equal(guest.state.players[playerID].name, `Guest-${playerID.slice(0, 4)}`);
      await client.until(() => playerID in client.state.players, 'a guest');
      await guest.close();
      await client.until(() => !(playerID in client.state.players), 'the guest gone');
    });

    test('cookie: each player sees their own state and no other', async () => {
      const land = instance();
      const players = {};
      for (const player of ['ann', 'bob', 'cat']) {
        players[player] = await open(encoding);
        await players[player].join('cookie', { instance: land, player });
      }
      const clicks = { ann: 11, bob: 44, cat: 33 };
      for (const [player, amount] of Object.entries(clicks)) {
        players[player].event('ClickCookie', { amount });
        await players[player].until(() => players[player].state.privateStates?.[player]?.totalClicks === amount, 'clicks');
        const bought = await players[player].action('BuyUpgrade', { upgradeID: `thing-of-${player}` });
        assert.equal(bought.success, player !== 'ann');
      }
      await players.bob.until(() => players.bob.state.privateStates.bob.upgrades['thing-of-bob'] === 1, 'a thing');
      // Who comes late, and who comes again, see theirs from the first frame on.
      const late = await open(encoding);
      await late.join('cookie', { instance: land, player: 'cat' });
      assert.deepEqual(late.state.privateStates, { cat: { totalClicks: 0, upgrades: {} } });
      await players.cat.until(() => players.cat.closed !== undefined, 'close');
      players.cat = late;
      for (const [player, client] of Object.entries(players)) {
        await client.until(() => Object.keys(client.state.players).length === 3, 'all players');
        assert.deepEqual(Object.keys(client.state.privateStates), [player]);
        assert.deepEqual(client.errors, []);
        const others = Object.keys(clicks).filter((other) => other !== player);
        for (const other of others) assert.equal(client.text.includes(`thing-of-${other}`), false);
        assert.equal(client.text.includes(`thing-of-${player}`), player === 'bob');
      }
    });

    test('auction: each is told their own of the same fields', async () => {
      const land = instance();
      const players = {};
      const bids = { ann: { amount: 90, note: 'mine of ann' }, bob: { amount: 60, note: 'ah, bob!' } };
      const worth = { ann: 1230, bob: 1200 };
      for (const player of Object.keys(bids)) {
        players[player] = await open(encoding);
        await players[player].join('auction', { instance: land, player });
        assert.equal(players[player].state.worth ?? null, null);
      }
      for (const [player, bid] of Object.entries(bids)) players[player].event('Bid', bid);
      const seen = (client, player) => client.state.bidders[player] ?? {};
      const masked = (client, player) => seen(client, player).note === '*'.repeat(bids[player].note.length);
      const knows = (client, player) => seen(client, player).bid === bids[player].amount && seen(client, player).note === bids[player].note;
      for (const [player, other] of [['ann', 'bob'], ['bob', 'ann']]) {
        const client = players[player];
        await client.until(() => knows(client, player) && masked(client, other), 'own bid, and a masked note');
        assert.equal(client.state.worth, worth[player]);
        assert.equal(seen(client, other).bid ?? null, null);
      }
      // From the first frame on, whoever comes late or again.
      const late = await open(encoding);
      await late.join('auction', { instance: land, player: 'cat' });
      assert.ok(masked(late, 'ann') && masked(late, 'bob'));
      assert.equal(late.state.worth ?? null, null);
      for (const [player, client] of [...Object.entries(players), ['cat', late]]) {
        for (const other of Object.keys(bids)) assert.equal(client.text.includes(bids[other].note), player === other);
      }
      assert.deepEqual(await late.action('Reveal'), { bids: 2 });
      for (const client of [...Object.values(players), late]) {
        await client.until(() => knows(client, 'ann') && knows(client, 'bob'), 'all bids');
        assert.deepEqual(client.errors, []);
      }
      // A new bid is a secret again, and what was told is taken back.
      players.bob.event('Bid', { amount: 99, note: 'more' });
      await players.ann.until(() => seen(players.ann, 'bob').note === '****' && (seen(players.ann, 'bob').bid ?? null) === null, 'a secret');
      await players.bob.until(() => players.bob.state.worth === 1234, 'the worth');
      assert.equal(players.ann.state.worth, 1230);
      assert.equal(players.ann.text.includes('more'), false);
    });

    test('a player of a full land takes over too', async () => {
      const land = instance();
      const all = [];
      for (let player = 0; player < 10; player += 1) {
        all.push(await open(encoding));
        await all[player].join('counter', { instance: land, player: `p${player}` });
      }
      await assert.rejects((await open(encoding)).join('counter', { instance: land }), { code: 'JOIN_ROOM_FULL' });
      const again = await open(encoding);
      assert.equal((await again.join('counter', { instance: land, player: 'p3' })).success, true);
      await all[3].until(() => all[3].closed !== undefined, 'close');
      assert.equal(all[3].closed.code, 4000);
      assert.deepEqual(await again.action('Increment'), { newCount: 1 });
    });

    test('hero-defense: late joiners follow, everybody hears of shots', async () => {
      const early = await open(encoding);
      const land = instance();
      await early.join('hero-defense', { instance: land, player: 'early' });
      await early.until(() => early.frames > 30, 'thirty frames');
      early.event('MoveTo', { target: { v: { x: 30_000, y: 60_000 } } });
      const late = await open(encoding);
      await late.join('hero-defense', { instance: land, player: 'late' });
      await late.until(() => late.frames > 60, 'sixty frames');
      assert.deepEqual(await late.action('Play'), { newScore: 1 });
      for (const client of [early, late]) {
        await client.until(() => client.events.some(({ name }) => name === 'PlayerShoot'), 'a shot');
        const { payload, short, number } = client.events.find(({ name }) => name === 'PlayerShoot');
        assert.deepEqual(Object.keys(payload).sort(), ['from', 'playerID', 'to']);
        assert.ok(['early', 'late'].includes(payload.playerID));
        assert.equal(Number.isInteger(payload.to.v.x), true);
        assert.deepEqual([short, number], announced === 'json' ? [false, false] : [true, true]);
        await client.until(() => client.state.score === 1, 'the score');
      }
      follows(early.states, late.states, 50);
      assert.deepEqual([early.errors, late.errors], [[], []]);
    });

    test('a player who joins again takes over', async () => {
      const [first, second] = [await open(encoding), await open(encoding)];
      const land = instance();
      await first.join('counter', { instance: land, player: 'ann' });
      await second.join('counter', { instance: land, player: 'ann' });
      await first.until(() => first.closed !== undefined, 'close');
      assert.equal(first.closed.code, 4000);
      assert.deepEqual(await second.action('Increment'), { newCount: 1 });
    });
  });
}

describe('refusals', () => {
  test('come before and instead of a join, and the client may try again', async () => {
    const client = await open('messagepack');
    await assert.rejects(client.join('desert'), { code: 'JOIN_LAND_TYPE_NOT_FOUND' });
    await assert.rejects(client.join('counter', { player: '__proto__' }), { code: 'JOIN_DENIED' });
    client.sendArray([101, 'action-1', 'Increment', {}]);
    await client.until(() => client.errors.some(({ code }) => code === 'JOIN_SESSION_NOT_CONNECTED'), 'an error');
    const land = instance();
    assert.equal((await client.join('counter', { instance: land })).success, true);
    await assert.rejects(client.join('counter', { instance: land }), { code: 'JOIN_ALREADY_JOINED' });
  });

  test('the eleventh player of a counter finds it full', async () => {
    const land = instance();
    for (let player = 0; player < 10; player += 1) {
      await (await open('json')).join('counter', { instance: land });
    }
    await assert.rejects((await open('json')).join('counter', { instance: land }), { code: 'JOIN_ROOM_FULL' });
  });
});

for (const sdk of sdks) {
  test(`one room, two worlds: ${sdk.title} and every encoding agree`, async () => {
    const land = instance();
    const room = await new sdk.Client(url).create('hero-defense', { landInstanceId: land });
    const states = [];
    const heard = [];
    room.onMessage('*', (type, payload) => heard.push([type, payload]));
    room.onStateChange((state) => {
      const text = canonical(state.toJSON());
      if (states.at(-1) !== text) states.push(text);
    });
    const all = [];
    for (const encoding of Object.keys(ENCODINGS)) {
      const client = await open(encoding);
      const joined = await client.join('hero-defense', { instance: land, player: encoding });
      assert.equal(joined.landInstanceId, land);
      all.push(client);
    }
    room.send('MoveTo', { target: { v: { x: 10_000, y: 10_000 } } });
    all[0].event('MoveTo', { target: { v: { x: 90_000, y: 10_000 } } });
    const [, , , last] = all;
    await last.until(() => last.frames > 100 && last.events.length > 0, 'a hundred frames and a shot');
    await room.leave();
    await last.until(() => last.state.players[room.sessionId] === undefined, 'the room client gone');
    for (const client of all) follows(states, client.states, 50);
    assert.equal(new Set(all.map((client) => client.states.length > 100)).size, 1);
    assert.ok(heard.some(([type, payload]) => type === 'PlayerShoot' && payload.to.v.x !== undefined));
  });
}

for (const sdk of sdks) {
  test(`one room, and each sees their own: ${sdk.title} and every encoding`, async () => {
    const land = instance();
    const room = await new sdk.Client(url).create('cookie', { landInstanceId: land, username: 'sdk' });
    const all = [];
    for (const encoding of Object.keys(ENCODINGS)) {
      const client = await open(encoding);
      await client.join('cookie', { instance: land, player: encoding });
      all.push([encoding, client]);
    }
    room.send('ClickCookie', { amount: 7 });
    all.forEach(([, client], at) => client.event('ClickCookie', { amount: 10 + at }));
    const own = () => room.state.toJSON().privateStates?.[room.sessionId]?.totalClicks;
    for (const [at, [encoding, client]] of all.entries()) {
      await client.until(() => client.state.privateStates[encoding].totalClicks === 10 + at, 'clicks');
      await client.until(() => client.state.players[room.sessionId].cookies === 7, 'cookies of the other');
      assert.deepEqual(Object.keys(client.state.privateStates), [encoding]);
    }
    // What the others were told in that tick has come here as well, or comes with the next.
    await all[0][1].until(() => own() === 7, 'clicks of the room client');
    assert.deepEqual(Object.keys(room.state.toJSON().privateStates), [room.sessionId]);
    assert.equal(Object.keys(room.state.toJSON().players).length, 5);
    await room.leave();
  });
}

for (const sdk of sdks) {
  test(`one room, and each is told their own of the same fields: ${sdk.title} and every encoding`, async () => {
    const land = instance();
    const room = await new sdk.Client(url).create('auction', { landInstanceId: land });
    const all = [];
    for (const encoding of Object.keys(ENCODINGS)) {
      const client = await open(encoding);
      await client.join('auction', { instance: land, player: encoding });
      all.push([encoding, client]);
    }
    room.send('Bid', { amount: 90, note: 'by the room' });
    all.forEach(([encoding, client]) => client.event('Bid', { amount: 75, note: `by ${encoding}` }));
    for (const [encoding, client] of all) {
      await client.until(() => client.state.bidders[encoding].bid === 75, 'own bid');
      await client.until(() => client.state.bidders[room.sessionId].note === '***********', 'a masked note');
      assert.equal(client.state.worth, 1225);
      assert.equal(client.state.bidders[room.sessionId].bid ?? null, null);
    }
    const state = () => room.state.toJSON();
    await all[0][1].until(() => all.every(([encoding]) => state().bidders?.[encoding]?.note?.startsWith('***')), 'masked notes of the room client');
    assert.equal(state().worth, 1230);
    assert.deepEqual([state().bidders[room.sessionId].bid, state().bidders[room.sessionId].note], [90, 'by the room']);
    for (const [encoding, client] of all) {
      assert.equal(state().bidders[encoding].bid, undefined);
      assert.equal(client.text.includes('by the room'), false);
    }
    await room.leave();
  });
}
