// The clock: many calls a sample, lower quartiles.

import { clockCost, lowerQuartile, now } from "../node/clock.mjs";

const SAMPLES = 101;
const WARM_UP_NS = 300e6;
const SAMPLE_NS = 1e6;
const SAMPLES_NS = 400e6;
const CLOCK = clockCost();

/** What the calls return goes here, so that none is left out. */
let sink;

/**
 * Nanoseconds of a call, in parts: `run` makes as many calls as it is told and returns how long their parts took. It may
 * do more than that while it looks at no clock.
 */
export function measure(run) {
  const start = now();
  let [calls, count] = [0, 1];
  while (calls < 2 || now() - start < WARM_UP_NS) {
    run(count);
    calls += count;
    if (count < 256 && now() - start < WARM_UP_NS / 4) count *= 2;
  }
  const each = (now() - start) / calls;
  const fitting = Math.max(1, Math.floor(SAMPLE_NS / each));
  // Where a single call takes longer than a sample should, fewer of them must do.
  const samples = Math.max(5, Math.min(SAMPLES, Math.floor(SAMPLES_NS / (each * fitting))));
  const all = Array.from({ length: samples }, () => run(fitting).map((time) => time / fitting));
  return all[0].map((_, part) => lowerQuartile(all.map((sample) => sample[part])));
}

/** How long so many calls take. */
export function timed(count, call) {
  const start = now();
  for (let at = 0; at < count; at++) sink = call(at);
  return now() - start;
}

/** How long the two parts of so many calls take, of which the second is handed what the first returns. */
export function parted(count, first, second) {
  let parts = [0, 0];
  for (let at = 0; at < count; at++) {
    const start = now();
    const between = first(at);
    const middle = now();
    sink = second(between, at);
    const end = now();
    parts[0] += Math.max(middle - start - CLOCK, 0.1);
    parts[1] += Math.max(end - middle - CLOCK, 0.1);
  }
  return parts;
}
