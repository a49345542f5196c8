// The workload of benches/harness/src/workload.rs, change for change: the two have to agree, or the
// figures of node and of Rust cannot stand in one table.

/** Cells of the table: [entities, changed each tick]. */
export const CASES = [100, 1_000, 10_000].flatMap((entities) =>
  [100, 10, 1].map((part) => [entities, entities / part]),
);

export class Workload {
  constructor(entities, changed) {
    this.entities = entities;
    this.changed = changed;
    this.keys = Array.from({ length: entities }, (_, index) => `entity-${`${index}`.padStart(5, "0")}`);
    // In the order in which they change: a server has the key of a message at hand.
    this.changes = shuffled(entities).map((index) => this.keys[index]);
    this.start = 0;
    this.step = 0.5;
  }

  /** Ticks until every entity has changed once. */
  get ticksPerPass() {
    return this.entities / this.changed;
  }

  /** What an entity is to begin with. */
  initial(index) {
    return { x: index, y: -index, hp: 65535, name: `name ${index}` };
  }

  /** Calls `change(key, dx, dy, hit)` for each entity that the next tick changes. */
  tick(change) {
    const { changes, start, step, changed } = this;
    for (let nth = 0; nth < changed; nth++) {
      change(changes[start + nth], step, -step, nth % 8 === 0);
    }
    this.start += changed;
    if (this.start === this.changes.length) {
      this.start = 0;
      this.step = -step;
    }
  }
}

/** The numbers below `count` in an order that jumps about (Fisher–Yates over xorshift32). */
export function shuffled(count) {
  const order = Array.from({ length: count }, (_, index) => index);
  let random = 2463534242;
  for (let last = count - 1; last > 0; last--) {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    const other = (random >>> 0) % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
