// The workload on @colyseus/schema, through its public API. Prints one JSON object a line, as the
// Rust benches do.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { Encoder, Reflection, schema, t } from "@colyseus/schema";

import { SAMPLES, clockCost, lowerQuartile, now, warmUp } from "./clock.mjs";
import { CASES, Workload } from "./workload.mjs";

// Larger than any full state here, so that the buffer never grows while the clock runs.
Encoder.BUFFER_SIZE = 4 * 1024 * 1024;

const Player = schema({ x: t.float32(), y: t.float32(), hp: t.uint16(), name: t.string() }, "Player");
const Arena = schema({ players: t.map(Player) }, "Arena");

class Server {
  constructor(workload) {
    this.workload = workload;
    this.state = new Arena();
    this.encoder = new Encoder(this.state);
    const { players } = this.state;
    workload.keys.forEach((key, index) => {
      players.set(key, new Player().assign(workload.initial(index)));
    });
    this.encode();
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
  encode() {
    const patch = this.encoder.encode();
    this.encoder.discardChanges();
    return patch;
  }

  /** Nanoseconds that mutate and encode take, one after the other, less those of the clock. */
  runClocked(ticks, clock) {
    let [mutate, encode] = [0, 0];
    for (let tick = 0; tick < ticks; tick++) {
      const start = now();
      this.mutate();
      const mutated = now();
      this.encode();
      const encoded = now();
      mutate += mutated - start - clock;
      encode += encoded - mutated - clock;
    }
    return [mutate, encode].map((time) => Math.max(time, 0));
  }

  /** Nanoseconds that mutate and encode take together. */
  runUnclocked(ticks) {
    const start = now();
    for (let tick = 0; tick < ticks; tick++) {
      this.mutate();
      this.encode();
    }
    return now() - start;
  }

  /** All that a client needs to live through two passes: there and back again. */
  record() {
    const handshake = Reflection.encode(this.encoder).slice();
    const snapshot = this.encoder.encodeAll().slice();
    const patches = Array.from({ length: 2 * this.workload.ticksPerPass }, () => {
      this.mutate();
      return this.encode().slice();
    });
    return { handshake, snapshot, patches, final: JSON.parse(JSON.stringify(this.state)) };
  }
}

async function measure(entities, changed, clock) {
  const workload = new Workload(entities, changed);
  const server = new Server(workload);
  const pass = workload.ticksPerPass;
  const ticks = pass * warmUp(() => {
    server.runClocked(pass, clock);
    server.runUnclocked(pass);
  });

  const [mutates, encodes] = [[], []];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [mutate, encode] = server.runClocked(ticks, clock);
    // Reading the clock between the two costs as much as a small tick does. So their sum is taken
    // without it, and the clock says only what share of it each has.
    const total = server.runUnclocked(ticks) / ticks;
    mutates.push((total * mutate) / (mutate + encode));
    encodes.push((total * encode) / (mutate + encode));
  }

  const record = server.record();
  const bytes = record.patches.reduce((sum, patch) => sum + patch.length, 0) / record.patches.length;
  const client = new Worker(new URL("./client.mjs", import.meta.url), { workerData: record });
  const [apply] = await once(client, "message");

  const tenths = (time) => Number(time.toFixed(1));
  return {
    bench: "tick",
    peer: "schema 5 (node)",
    entities,
    changed,
    mutate_ns: tenths(lowerQuartile(mutates)),
    encode_ns: tenths(lowerQuartile(encodes)),
    apply_ns: tenths(apply),
    bytes,
    // What the engine allocates cannot be counted from outside of it.
    allocs: null,
  };
}

const clock = clockCost();
for (const [entities, changed] of CASES) {
  console.log(JSON.stringify(await measure(entities, changed, clock)));
}
