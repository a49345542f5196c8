// The workloads on @colyseus/schema, through its public API. Prints one JSON object a line, as the
// Rust benches do. `node bench.mjs churn sort` runs those alone.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { Encoder, Reflection } from "@colyseus/schema";

import { arrayJobs } from "./arrays.mjs";
import { clockCost, lowerQuartile, now, warmUp } from "./clock.mjs";
import { mapJobs } from "./maps.mjs";
import { viewJobs } from "./views.mjs";

// Larger than any full state here, so that the buffer never grows while the clock runs.
Encoder.BUFFER_SIZE = 4 * 1024 * 1024;

/** Nanoseconds that mutate and encode take, one after the other, less those of the clock. */
function runClocked(job, ticks, clock) {
  let [mutate, encode] = [0, 0];
  for (let tick = 0; tick < ticks; tick++) {
    const start = now();
    job.mutate();
    const mutated = now();
    job.encode();
    const encoded = now();
    job.settle?.();
    mutate += mutated - start - clock;
    encode += encoded - mutated - clock;
  }
  return [mutate, encode].map((time) => Math.max(time, 0));
}

/** Nanoseconds that mutate and encode take together. */
function runUnclocked(job, ticks) {
  const start = now();
  for (let tick = 0; tick < ticks; tick++) {
    job.mutate();
    job.encode();
  }
  return now() - start;
}

/** What a client needs to live through two passes, there and back again; a copy of each message. */
function record(job) {
  const handshake = Reflection.encode(job.encoder).slice();
  const before = job.snapshot?.().slice();
  const patches = Array.from({ length: 2 * job.ticksPerPass }, () => {
    job.mutate();
    const patch = job.encode().slice();
    job.settle?.();
    return patch;
  });
  return { handshake, before, patches, again: job.again, final: JSON.parse(JSON.stringify(job.held())) };
}

async function measure(job, clock) {
  // The two loops are one where something has to happen between ticks that is nobody's time.
  const apart = job.settle === undefined;
  const pass = job.ticksPerPass;
  const { calls, samples } = warmUp(() => {
    runClocked(job, pass, clock);
    if (apart) runUnclocked(job, pass);
  });
  const ticks = pass * calls;

  const [mutates, encodes] = [[], []];
  for (let sample = 0; sample < samples; sample++) {
    const [mutate, encode] = runClocked(job, ticks, clock);
    // Reading the clock between the two costs as much as a small tick does. So their sum is taken
    // without it, and the clock says only what share of it each has.
    const total = (apart ? runUnclocked(job, ticks) : mutate + encode) / ticks;
    mutates.push((total * mutate) / (mutate + encode));
    encodes.push((total * encode) / (mutate + encode));
  }

  const recorded = record(job);
  const bytes = recorded.patches.reduce((sum, patch) => sum + patch.length, 0) / recorded.patches.length;
  const client = new Worker(new URL("./client.mjs", import.meta.url), { workerData: recorded });
  const [apply] = await once(client, "message");

  const tenths = (time) => Number(time.toFixed(1));
  return {
    bench: job.bench,
    peer: job.peer ?? "schema 5 (node)",
    entities: job.entities,
    changed: job.changed,
    mutate_ns: tenths(lowerQuartile(mutates)),
    encode_ns: tenths(lowerQuartile(encodes)),
    apply_ns: tenths(apply),
    bytes,
    // What the engine allocates cannot be counted from outside of it.
    allocs: null,
  };
}

const clock = clockCost();
const chosen = process.argv.slice(2);
for (const [bench, build] of [...mapJobs, ...arrayJobs, ...viewJobs]) {
  if (chosen.length === 0 || chosen.some((name) => bench.startsWith(name))) {
    console.log(JSON.stringify(await measure(build(), clock)));
  }
}
