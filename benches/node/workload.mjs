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
    // In the order in which they change: a server has the key of a message at hand. Twice, as a tick
    // may go on from the beginning where it comes to the end.
    const changes = shuffled(entities).map((index) => this.keys[index]);
    this.changes = [...changes, ...changes];
    this.start = 0;
    this.step = 0.5;
  }

  /** Ticks until every entity has changed as often as any other. */
  get ticksPerPass() {
    return this.entities / commonDivisor(this.entities, this.changed);
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
    if (this.start >= this.entities) this.start -= this.entities;
    if (this.start === 0) this.step = -step;
  }
}

/** Who comes and who goes, from twice as many entities as there are at a time. */
export class Visitors {
  constructor(entities, changed) {
    Object.assign(this, { entities, changed, next: entities });
    const twice = new Workload(2 * entities, changed);
    this.all = twice.keys.map((key, index) => [key, twice.initial(index)]);
  }

  /** Calls `leave(key)` for those who were there for the longest, then `come(key, values)` for others. */
  turn(leave, come) {
    const { all, next, entities, changed } = this;
    for (let nth = next; nth < next + changed; nth++) leave(all[(nth - entities) % all.length][0]);
    for (let nth = next; nth < next + changed; nth++) come(...all[nth % all.length]);
    this.next = entities + ((next + changed - entities) % all.length);
  }
}

/** Cells of the tables of views: how many clients, and how many entities each of them sees. */
export const VIEW_CASES = [
  ...[10, 100, 300].flatMap((views) =>
    [100, 300].map((changed) => ({ entities: 1_000, changed, views, visible: 60 })),
  ),
  { entities: 100, changed: 100, views: 100, visible: 100 },
];

/** The cell in which views change: each loses as many entities as it gains others. */
export const VIEW_CHURN = { entities: 1_000, changed: 6, views: 100, visible: 60 };

/** What the rows of a number of views are called. */
export const viewBench = (prefix, views, visible) => `${prefix} ${views}x${visible}`;

/** The entities that each client sees: the beginnings of shuffles that go on where the last one stopped. */
export function holdings(entities, views, visible) {
  const order = Array.from({ length: entities }, (_, index) => index);
  const random = xorshift();
  return Array.from({ length: views }, () => {
    for (let nth = 0; nth < visible; nth++) {
      const other = nth + (random() % (entities - nth));
      [order[nth], order[other]] = [order[other], order[nth]];
    }
    return order.slice(0, visible);
  });
}

/** The numbers below `count` in an order that jumps about (Fisher–Yates over xorshift32). */
export function shuffled(count) {
  const order = Array.from({ length: count }, (_, index) => index);
  const random = xorshift();
  for (let last = count - 1; last > 0; last--) {
    const other = random() % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function xorshift() {
  let random = 2463534242;
  return () => {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return random >>> 0;
  };
}

function commonDivisor(one, other) {
  return other === 0 ? one : commonDivisor(other, one % other);
}
