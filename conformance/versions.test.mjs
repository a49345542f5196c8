// Clients with class definitions of their own, of another version than the server: one knows fewer fields than it is sent,
// one more. The messages are what the encoder writes; a test of tidewire-schema keeps them so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { listen } from './lib/console.mjs';
import { libraries } from './lib/libraries.mjs';
import { define } from './lib/reference.mjs';

const { newServer, oldServer } = JSON.parse(readFileSync(new URL('vectors/versions.json', import.meta.url), 'utf8'));

function oldState(version) {
  const Player = define(version, { name: 'string', x: 'float32' }, 'Player');
  return define(version, { title: 'string', players: { map: Player } }, 'State');
}

function newState(version) {
  const Item = define(version, { label: 'string' }, 'Item');
  const Player = define(version, { name: 'string', x: 'float32', hp: 'uint8', items: [Item] }, 'Player');
  return define(version, { title: 'string', players: { map: Player }, round: 'uint16', by_name: { map: Item } }, 'State');
}

/** What both versions have. */
function seen(state) {
  const players = [...state.players.entries()].map(([key, { name, x }]) => [key, { name, x }]);
  return { title: state.title, players: Object.fromEntries(players) };
}

/** Decodes all; after each message the client has to see what both versions have. Returns what it printed. */
function run(version, State, session) {
  const { Decoder } = libraries[version].schema;
  const client = new Decoder(new State());
  const printed = [];
  for (const { hex, seen: expected } of session.messages) {
    const { error, warnings } = listen(() => client.decode(Buffer.from(hex, 'hex')));
    assert.equal(error, undefined);
    assert.deepEqual(seen(client.state), expected);
    printed.push(...warnings);
  }
  return printed;
}

for (const version of ['3', '4', '5']) {
  describe(`schema ${version}`, () => {
    test('an old client reads what it knows of what a new server sends', () => {
      const printed = run(version, oldState(version), newServer);
      // It says that it skips something, and nothing else.
      const skips = /definition mismatch|field not defined|"refId" not found|report this issue/;
      assert.ok(printed.length > 0);
      for (const line of printed) assert.match(line, skips);
    });

    test('a new client reads what an old server sends, in silence', () => {
      assert.deepEqual(run(version, newState(version), oldServer), []);
    });
  });
}
