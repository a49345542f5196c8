// The clock: many ticks a sample, lower quartiles.

export const SAMPLES = 31;
export const SAMPLE_NS = 10e6;

// Of a pass that takes many times as long as a sample should, fewer have to do.
const SLOW = 0.1;
const SAMPLES_OF_SLOW = 7;
export const WARM_UP_NS = 400e6;

/** Nanoseconds since some moment. */
export const now = () => Number(process.hrtime.bigint());

/** The value that a quarter of all are below: what disturbs a sample only ever adds to it. */
export function lowerQuartile(values) {
  return values.sort((a, b) => a - b)[values.length >> 2];
}

/** What reading the clock costs, in nanoseconds. */
export function clockCost() {
  const costs = Array.from({ length: SAMPLES }, () => {
    const start = now();
    for (let reading = 0; reading < 10_000; reading++) now();
    return (now() - start) / 10_000;
  });
  return lowerQuartile(costs);
}

/** Calls `pass` until everything is warm, and returns how many calls make a sample and how many samples to take. */
export function warmUp(pass) {
  const start = now();
  let passes = 0;
  while (passes < 2 || now() - start < WARM_UP_NS) {
    pass();
    passes++;
  }
  const fit = (SAMPLE_NS * passes) / (now() - start);
  return { calls: Math.max(1, Math.floor(fit)), samples: fit < SLOW ? SAMPLES_OF_SLOW : SAMPLES };
}
