// The states of the patch benches. `benches/patches/src/workload.rs` builds the very same ones.

import { shuffled } from "../node/workload.mjs";

/** The example of patchpack's manual. */
export const readme = {
  types: {
    State: ["clients", "objects", "foo"],
    Client: ["name", "info"],
    Object: ["id", "name", "foo"],
    Foo: ["baz"],
  },
  state: () => ({
    clients: { 1: { name: "Foo", info: "" }, 2: { name: "Baz", info: "FooBaz" } },
    objects: [
      { id: 1, name: "Foo" },
      { id: 2, name: "Foo", foo: "Baz" },
    ],
    foo: { baz: false },
  }),
  map: "clients",
  visitor: (index) => ({ key: `${index + 3}`, path: `/clients/${index + 3}`, value: { name: "FooBaz", info: "test" } }),
};

/** A map of players, of which one moves at a time, in an order that jumps about. */
export function players(count) {
  const keys = Array.from({ length: count }, (_, index) => `player-${index}`);
  return {
    types: { State: ["players"], Player: ["x", "y", "hp", "name", "dir"] },
    state: () => ({ players: Object.fromEntries(keys.map((key, index) => [key, player(index)])) }),
    map: "players",
    visitor(index) {
      const key = `player-${count + index}`;
      return { key, path: `/players/${key}`, value: player(count + index) };
    },
    moves: shuffled(count).map((index) => ({ key: keys[index], path: `/players/${keys[index]}/x` })),
  };
}

function player(index) {
  return { x: (index * 7) % 1000, y: (index * 13) % 1000, hp: 100, name: `Player ${index}`, dir: index % 4 };
}

/** How many come into a map, one after the other, and go. */
export const VISITORS = 100;

/** Where a player is after a step. */
export const moved = (x) => (x + 1) % 1000;
