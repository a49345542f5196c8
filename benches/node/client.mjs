// The client's side of bench.mjs, on a thread of its own: on one thread the engine would fit its
// code to both sides at once, and each would be slower than it is in a real server or browser.

import { isDeepStrictEqual } from "node:util";
import { parentPort, workerData } from "node:worker_threads";

import { Decoder, Reflection } from "@colyseus/schema";

import { lowerQuartile, now, warmUp } from "./clock.mjs";

const { handshake, before, patches, again, final } = workerData;
const described = Reflection.decode(handshake);
let decoder;

/** A client that knows nothing reads what it is sent first. */
function join() {
  decoder = new Decoder(new described.state.constructor(), described.context);
  if (before !== undefined) decoder.decode(before);
}

function applyAll() {
  for (const patch of patches) {
    if (before === undefined) join();
    decoder.decode(patch);
  }
}

join();
applyAll();
if (!isDeepStrictEqual(JSON.parse(JSON.stringify(decoder.state)), final)) {
  throw new Error("the client's copy is not the server's");
}

/** Nanoseconds that all patches take. */
function sample(rounds) {
  let time = 0;
  for (let round = 0; round < rounds; round++) {
    if (!again) join();
    const start = now();
    applyAll();
    time += now() - start;
  }
  return time;
}

// Where patches lead back to where they begin but for `hp`, they may be applied again and again.
const { calls, samples } = warmUp(() => sample(1));
const times = Array.from({ length: samples }, () => sample(calls) / calls / patches.length);
parentPort.postMessage(lowerQuartile(times));
