// Jobs over an array of entities: a splice in the middle, a shift with a push, a sort.

import { Encoder, schema, t } from "@colyseus/schema";

import { Player, player } from "./maps.mjs";
import { Workload, shuffled } from "./workload.mjs";

const Queue = schema({ items: t.array(Player) }, "Queue");

class Arrays {
  again = false;

  constructor(entities, changed) {
    Object.assign(this, { entities, changed });
    const workload = new Workload(entities, changed);
    this.ticksPerPass = Math.max(workload.ticksPerPass, 2);
    const ranks = shuffled(entities);
    this.newcomers = ranks.map((rank, index) => ({ ...workload.initial(index), hp: rank }));
    this.tick = 0;
    this.state = new Queue();
    this.encoder = new Encoder(this.state);
    this.newcomers.forEach((values) => this.state.items.push(player(values)));
    this.encode();
  }

  mutate() {
    const first = (this.tick * this.changed) % this.newcomers.length;
    this.edit(this.state.items, first);
    this.tick++;
  }

  encode() {
    const patch = this.encoder.encode();
    this.encoder.discardChanges();
    return patch;
  }

  snapshot() {
    return this.encoder.encodeAll();
  }

  held() {
    return this.state;
  }
}

class Splice extends Arrays {
  bench = "splice";

  edit(items, first) {
    const fresh = this.newcomers.slice(first, first + this.changed).map(player);
    items.splice(items.length >> 1, this.changed, ...fresh);
  }
}

class Shift extends Arrays {
  bench = "shift";

  edit(items, first) {
    items.shift();
    items.push(player(this.newcomers[first]));
  }
}

class Sort extends Arrays {
  bench = "sort";

  edit(items) {
    items.sort(this.tick % 2 === 0 ? (one, other) => one.hp - other.hp : (one, other) => one.x - other.x);
  }
}

export const arrayJobs = [
  ["splice", () => new Splice(1_000, 10)],
  ["shift", () => new Shift(1_000, 1)],
  ["sort", () => new Sort(1_000, 1_000)],
];
