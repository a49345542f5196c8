// Does the judge judge right? Recorded messages that decoders in five languages read alike, hand-made ones whose
// callbacks are known, and damaged ones, which must not pass in silence.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { define, handshakeOf } from './lib/reference.mjs';
import { pinned, schemaVersions } from './lib/versions.mjs';
import { Worker } from './lib/worker.mjs';

const { cases } = JSON.parse(readFileSync(new URL('vectors/universal.json', import.meta.url), 'utf8'));
const seeds = groupBySeed(cases);

let worker;
before(() => {
  worker = new Worker();
});
after(async () => {
  assert.equal(await worker.close(), 0);
});

test('three generations are loaded, in the pinned versions', async () => {
  const expected = { 3: pinned('schema3'), 4: pinned('schema4'), 5: pinned('schema5') };
  assert.deepEqual(schemaVersions(), expected);
  const { versions } = await worker.ask({ op: 'versions' });
  assert.deepEqual(versions, expected);
});

for (const version of ['3', '4', '5']) {
  describe(`schema ${version}`, () => {
    const Leaf = define(version, { n: 'number' }, 'Leaf');
    const State = define(version, { log: ['string'], cards: [Leaf], players: { map: Leaf }, scores: { map: 'number' }, hero: Leaf }, 'State');
    const handshake = handshakeOf(version, State);
    const client = { version, client: 'vectors' };

    async function open() {
      assert.deepEqual((await worker.ask({ op: 'open', ...client, handshake })).warnings, []);
    }
    async function apply(hex) {
      const answer = await worker.ask({ op: 'apply', ...client, hex });
      assert.equal(answer.error, undefined);
      return answer;
    }

    for (const [seed, messages] of seeds) {
      test(`recorded messages of seed ${seed}`, async () => {
        await open();
        let previous = asWanted({});
        for (const { tick, hex, want } of messages) {
          const answer = await apply(hex);
          const { refs, ...state } = want;
          const seen = asWanted(answer.state);
          assert.deepEqual(seen, state, `state after tick ${tick}`);
          assert.equal(answer.refs, refs, `live references after tick ${tick}`);
          assert.deepEqual(answer.warnings, [], `tick ${tick}`);
          assertBalanced(previous, seen, answer, tick);
          previous = seen;
        }
      });
    }

    test('callbacks carry the pointer, the key and the entry', async () => {
      await open();
      // log 1, cards 2, players 3, scores 4; two cards (5, 6), one player "a/b" (7), one score
      const first = await apply('8001810282038304' + 'ff01' + '8000a178' + 'ff02' + '80000580' + '0106' + 'ff03' + '8000a3612f6207' + 'ff04' + '8000a17309' + 'ff058001' + 'ff068002' + 'ff078003');
      assert.deepEqual(first.state, { log: ['x'], cards: [{ n: 1 }, { n: 2 }], players: { 'a/b': { n: 3 } }, scores: { s: 9 } });
      assert.equal(first.refs, 8);
      assert.deepEqual(first.adds, [
        { path: '/log', key: 0, value: 'x' },
        { path: '/cards', key: 0, ref: 5 },
        { path: '/cards', key: 1, ref: 6 },
        { path: '/players', key: 'a/b', ref: 7 },
        { path: '/scores', key: 's', value: 9 },
      ]);
      assert.deepEqual(first.removes, []);

      // a new card (8) takes the slot of the first (5), then the two are exchanged; the player is removed
      const second = await apply('ff02' + 'c00008' + '200006' + '200108' + 'ff03' + '4000' + 'ff088007');
      assert.deepEqual(second.state.cards, [{ n: 2 }, { n: 7 }]);
      assert.deepEqual(second.adds, [{ path: '/cards', key: 1, ref: 8 }]);
      assert.deepEqual(second.removes, [
        { path: '/cards', key: 0, ref: 5 },
        { path: '/players', key: 'a/b', ref: 7 },
      ]);
      assert.equal(second.refs, 7);
    });

    test('64-bit integers come back digit by digit', async () => {
      const Wide = define(version, { big: 'bigint64', plain: 'uint64', tiny: 'float32' }, 'Wide');
      const name = { version, client: 'wide' };
      await worker.ask({ op: 'open', ...name, handshake: handshakeOf(version, Wide) });
      const text = await worker.askText({ op: 'apply', ...name, hex: '80ffffffffffffff7f' + '810000000000000080' + '82cdcccc3d' });
      assert.ok(text.includes('"state":{"big":9223372036854775807,"plain":9223372036854775808,"tiny":0.10000000149011612}'), text);
      await worker.ask({ op: 'close', ...name });
    });

    test('a batch answers each of its requests', async () => {
      const { results } = await worker.ask({ op: 'batch', items: [
        { op: 'open', id: 'a', ...client, handshake },
        { op: 'apply', id: 'b', ...client, hex: '8001810282038304' },
        { op: 'close', id: 'c', ...client },
        { op: 'apply', id: 'd', ...client, hex: '' },
      ] });
      assert.deepEqual(results.map(({ id }) => id), ['a', 'b', 'c', 'd']);
      assert.equal(results[1].refs, 5);
      assert.match(results[3].error, /no decoder/);
    });

    for (const [what, hex] of [
      ['an unknown reference', 'ff63' + '8001'],
      ['an unknown field', 'ff00' + '8901'],
      ['a message cut short', 'ff01' + '8000a5abcd'],
    ]) {
      test(`${what} is reported`, async () => {
        await open();
        await apply('8001810282038304');
        const answer = await worker.ask({ op: 'apply', ...client, hex });
        assert.ok(answer.error !== undefined || answer.warnings.length > 0, JSON.stringify(answer));
      });
    }
  });
}

/** The recorded form: instances by their n as a string, maps as lists of pairs, a missing hero as null. */
function asWanted({ log = [], cards = [], players = {}, scores = {}, hero }) {
  return {
    log,
    cards: cards.map(({ n }) => String(n)),
    players: Object.entries(players).map(([key, { n }]) => [key, String(n)]),
    scores: Object.entries(scores),
    hero: hero === undefined ? null : String(hero.n),
  };
}

/** What was there, less the removes, plus the adds, is what is there: in number for each collection. */
function assertBalanced(previous, seen, { adds, removes }, tick) {
  for (const name of ['log', 'cards', 'players', 'scores']) {
    const count = (records) => records.filter(({ path }) => path === `/${name}`).length;
    assert.equal(previous[name].length - count(removes) + count(adds), seen[name].length, `callbacks of ${name} in tick ${tick}`);
  }
  assert.ok([...adds, ...removes].every(({ path, key }) => path !== null && key !== -1), `places of the callbacks in tick ${tick}`);
}

function groupBySeed(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(entry.seed, [...(groups.get(entry.seed) ?? []), entry]);
  return groups;
}
