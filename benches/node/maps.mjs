// Jobs over a map of entities: the ticks of the main table, names, churn, joins.
//
// A job has a state and its encoder; `mutate` and `encode` make a tick, and `encode` returns what one
// client is sent. `held` is what that client must hold then. Where `again` is set, a client may read
// the patches of a pass over and over; else each time it reads `snapshot` first, if there is one.

import { Encoder, schema, t } from "@colyseus/schema";

import { CASES, Visitors, Workload } from "./workload.mjs";

export const Player = schema({ x: t.float32(), y: t.float32(), hp: t.uint16(), name: t.string() }, "Player");
const Arena = schema({ players: t.map(Player) }, "Arena");

export const player = (values) => new Player().assign(values);

/** A world with all entities that stay, and move. */
class Ticks {
  bench = "tick";
  again = true;

  constructor(entities, changed) {
    Object.assign(this, { entities, changed });
    this.workload = new Workload(entities, changed);
    this.ticksPerPass = this.workload.ticksPerPass;
    this.state = new Arena();
    this.encoder = new Encoder(this.state);
    const { players } = this.state;
    this.workload.keys.forEach((key, index) => players.set(key, player(this.workload.initial(index))));
    this.patch();
    this.change = (key, dx, dy, hit) => {
      const player = players.get(key);
      player.x += dx;
      player.y += dy;
      if (hit) player.hp = (player.hp - 1) & 0xffff;
    };
  }

  mutate() {
    this.workload.tick(this.change);
  }

  /** A view of the encoder's own buffer, good until the next call. */
  patch() {
    const patch = this.encoder.encode();
    this.encoder.discardChanges();
    return patch;
  }

  encode() {
    return this.patch();
  }

  snapshot() {
    return this.encoder.encodeAll();
  }

  held() {
    return this.state;
  }
}

/** Entities get other names: all of their key in one pass, all but two letters in the next. */
class Names extends Ticks {
  bench = "names";

  constructor(entities, changed) {
    super(entities, changed);
    const { players } = this.state;
    const short = new Map(this.workload.keys.map((key) => [key, key.slice(2)]));
    this.change = (key, dx) => {
      players.get(key).name = dx > 0 ? key : short.get(key);
    };
  }
}

/** Entities leave, and as many come. */
class Churn extends Ticks {
  bench = "churn";
  again = false;

  constructor(entities, changed) {
    super(entities, changed);
    this.visitors = new Visitors(entities, changed);
  }

  mutate() {
    const { players } = this.state;
    this.visitors.turn(
      (key) => players.delete(key),
      (key, values) => players.set(key, player(values)),
    );
  }
}

/** One client joins a world that stands still. */
class Join extends Ticks {
  bench = "join";
  again = false;

  mutate() {}

  encode() {
    return super.snapshot();
  }

  snapshot = undefined;
}

/**
 * Many clients join within a tick, each with an entity of its own. A room of @colyseus/core writes the
 * full state anew for each of them, as long as changes are pending.
 */
class Storm extends Churn {
  bench = "storm";

  encode() {
    let snapshot;
    for (let joiner = 0; joiner < this.changed; joiner++) snapshot = this.encoder.encodeAll();
    return this.flushed(snapshot);
  }

  /** The others get their patch. It is written into the same buffer, so the snapshot comes first. */
  flushed(snapshot) {
    const copy = snapshot.slice();
    this.patch();
    return copy;
  }

  snapshot = undefined;
}

/** The same, by a room that writes one full state for all of them. */
class SharedStorm extends Storm {
  peer = "schema 5, one snapshot";

  encode() {
    return this.flushed(this.encoder.encodeAll());
  }
}

export const mapJobs = [
  ...CASES.map(([entities, changed]) => ["tick", () => new Ticks(entities, changed)]),
  ["names", () => new Names(1_000, 100)],
  ["join", () => new Join(1_000, 1_000)],
  ["join", () => new Join(10_000, 10_000)],
  ["storm", () => new Storm(1_000, 100)],
  ["storm", () => new SharedStorm(1_000, 100)],
  ["churn", () => new Churn(1_000, 10)],
  ["churn", () => new Churn(10_000, 100)],
];
