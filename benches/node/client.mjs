// The client's side of bench.mjs, on a thread of its own: on one thread the engine would fit its
// code to both sides at once, and each would be slower than it is in a real server or browser.

import { isDeepStrictEqual } from "node:util";
import { parentPort, workerData } from "node:worker_threads";

import { Reflection } from "@colyseus/schema";

import { SAMPLES, lowerQuartile, now, warmUp } from "./clock.mjs";

const { handshake, snapshot, patches, final } = workerData;
const decoder = Reflection.decode(handshake);
decoder.decode(snapshot);

function applyAll() {
  for (const patch of patches) decoder.decode(patch);
}

applyAll();
if (!isDeepStrictEqual(JSON.parse(JSON.stringify(decoder.state)), final)) {
  throw new Error("the client's copy is not the server's");
}

// The patches lead back to where they begin but for `hp`, so they may be applied again and again.
const rounds = warmUp(applyAll);
const samples = Array.from({ length: SAMPLES }, () => {
  const start = now();
  for (let round = 0; round < rounds; round++) applyAll();
  return (now() - start) / rounds / patches.length;
});
parentPort.postMessage(lowerQuartile(samples));
