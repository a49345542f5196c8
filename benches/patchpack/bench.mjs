// The patch workloads on patchpack and, as MessagePack of whole patches, on notepack.io. Prints one JSON object a line,
// as the Rust bench does.

import notepack from "notepack.io";
import { PatchPack } from "patchpack";

import { lowerQuartile, now } from "../node/clock.mjs";
import { moved, players, readme } from "./workload.mjs";

const PATCHPACK = "patchpack 0.4.2 (node)";
const NOTEPACK = "notepack.io 2.3 (node)";
const SAMPLES = 101;
const SIZES = [100, 1_000, 10_000];
const WARM_UP_NS = 300e6;
const SAMPLE_NS = 1e6;

/** What the calls return goes here, so that none is left out. */
let sink;

/** Nanoseconds of a call, of which `run` makes as many as it is told and returns how long they took. */
function measure(run) {
  const start = now();
  let [calls, count] = [0, 1];
  while (calls < 2 || now() - start < WARM_UP_NS) {
    run(count);
    calls += count;
    if (count < 256 && now() - start < WARM_UP_NS / 4) count *= 2;
  }
  const fitting = Math.max(1, Math.floor((SAMPLE_NS * calls) / (now() - start)));
  // Where a single call takes longer than a sample should, a few of them must do.
  const samples = fitting > 1 ? SAMPLES : 5;
  return lowerQuartile(Array.from({ length: samples }, () => run(fitting) / fitting));
}

function timed(count, call) {
  const start = now();
  for (let at = 0; at < count; at++) sink = call(at);
  return now() - start;
}

function report(peer, workload, message, bytes, encode, decode) {
  const tenths = (time) => Number(time.toFixed(1));
  const [encode_ns, decode_ns] = [encode, decode].map((run) => tenths(measure(run)));
  console.log(JSON.stringify({ bench: "patch", peer, workload, message, encode_ns, decode_ns, bytes, allocs: null }));
}

/** An encoder whose clients have the state. */
function encoder({ types, state }) {
  const pack = new PatchPack(types);
  pack.encodeState(state());
  return pack;
}

/** A client that has the state. */
function client(snapshot) {
  const pack = new PatchPack();
  pack.decodeState(snapshot);
  return pack;
}

/** As often as wanted, a call on something that was made for it while no clock ran. */
const fresh = (make, call) => (count) => {
  const made = Array.from({ length: count }, make);
  return timed(count, (at) => call(made[at]));
};

function snapshot(name, workload) {
  const state = workload.state();
  const server = encoder(workload);
  const bytes = server.encodeState(state, true, false);
  report(
    PATCHPACK, name, "snapshot", bytes.length,
    (count) => timed(count, () => server.encodeState(state, true, false)),
    (count) => timed(count, () => new PatchPack().decodeState(bytes)),
  );
  const plain = notepack.encode(state);
  report(
    NOTEPACK, name, "snapshot", plain.length,
    (count) => timed(count, () => notepack.encode(state)),
    (count) => timed(count, () => notepack.decode(plain)),
  );
  return bytes;
}

function benchReadme() {
  const bytes = snapshot("readme", readme);
  const add = encoder(readme).encodePatch(readme.add);
  report(
    PATCHPACK, "readme", "add", add.length,
    fresh(() => encoder(readme), (server) => server.encodePatch(readme.add)),
    fresh(() => client(bytes), (reader) => reader.decodePatch(add)),
  );
  const state = readme.state();
  const server = encoder(readme);
  const replace = () => {
    state.foo.baz = !state.foo.baz;
    return server.encodePatch(readme.replace(state.foo.baz));
  };
  const patch = replace();
  const reader = client(bytes);
  report(
    PATCHPACK, "readme", "replace", patch.length,
    (count) => timed(count, replace),
    (count) => timed(count, () => reader.decodePatch(patch)),
  );
  const array = () => {
    state.foo.baz = !state.foo.baz;
    return notepack.encode([1, "/foo/baz", state.foo.baz]);
  };
  const plain = array();
  report(
    NOTEPACK, "readme", "replace", plain.length,
    (count) => timed(count, array),
    (count) => timed(count, () => notepack.decode(plain)),
  );
}

function benchPlayers(count) {
  const name = `${count} players`;
  const workload = players(count);
  const bytes = snapshot(name, workload);
  const state = workload.state();
  const server = encoder(workload);
  const move = (encode) => (at) => {
    const { key, path } = workload.moves[at % count];
    const player = state.players[key];
    player.x = moved(player.x);
    return encode(path, player.x);
  };
  const peers = [
    [PATCHPACK, move((path, value) => server.encodePatch({ op: "replace", path, value })), client(bytes), "decodePatch"],
    [NOTEPACK, move((path, value) => notepack.encode([1, path, value])), notepack, "decode"],
  ];
  for (const [peer, encode, reader, decode] of peers) {
    const patches = workload.moves.map((_, at) => encode(at));
    const size = patches.reduce((sum, patch) => sum + patch.length, 0) / count;
    report(
      peer, name, "replace", size,
      (times) => timed(times, encode),
      (times) => timed(times, (at) => reader[decode](patches[at % count])),
    );
  }
}

benchReadme();
SIZES.forEach(benchPlayers);
