// The patch workloads on patchpack and, as MessagePack of whole patches, on notepack.io. Prints one JSON object a line,
// as the Rust bench does.

import notepack from "notepack.io";
import { PatchPack } from "patchpack";

import { measure, parted, timed } from "./measure.mjs";
import { VISITORS, moved, players, readme } from "./workload.mjs";

const PATCHPACK = "patchpack 0.4.2 (node)";
const NOTEPACK = "notepack.io 2.3 (node)";
const SIZES = [100, 1_000, 10_000];

function report(peer, workload, message, bytes, [mutate, encode], decode) {
  const tenths = (time) => (time === null ? null : Number(time.toFixed(1)));
  const [mutate_ns, encode_ns, decode_ns] = [mutate, encode, decode].map(tenths);
  console.log(JSON.stringify({ bench: "patch", peer, workload, message, mutate_ns, encode_ns, decode_ns, bytes }));
}

/** An encoder whose clients have the state. */
function encoder({ types }, state) {
  const pack = new PatchPack(types);
  pack.encodeState(state);
  return pack;
}

/** A client that has the state. */
function client(snapshot) {
  const pack = new PatchPack();
  pack.decodeState(snapshot);
  return pack;
}

/** A state and an encoder whose clients have it. */
function server(workload) {
  const state = workload.state();
  return { state, map: state[workload.map], pack: encoder(workload, state) };
}

const repeat = (call) => measure((count) => [timed(count, call)])[0];

function snapshot(name, workload) {
  const state = workload.state();
  const server = encoder(workload, state);
  const bytes = server.encodeState(state, true, false);
  const encode = repeat(() => server.encodeState(state, true, false));
  report(PATCHPACK, name, "snapshot", bytes.length, [null, encode], repeat(() => new PatchPack().decodeState(bytes)));
  const plain = notepack.encode(state);
  const encodePlain = repeat(() => notepack.encode(state));
  report(NOTEPACK, name, "snapshot", plain.length, [null, encodePlain], repeat(() => notepack.decode(plain)));
  return bytes;
}

/** What the state becomes, and the patch that says so: where patchpack is used, something else made that. */
const come = ({ map }, { key, path, value }) => {
  map[key] = { ...value };
  return { op: "add", path, value: map[key] };
};
const go = ({ map }, { key, path }) => {
  delete map[key];
  return { op: "remove", path };
};

/** Many come into a map, one after the other, and then go, on one encoder and one decoder. */
function visits(name, workload, snapshot) {
  const visitors = Array.from({ length: VISITORS }, (_, index) => workload.visitor(index));
  const each = (made, mutate) => (at) => made.pack.encodePatch(mutate(made, visitors[at]));
  const made = server(workload);
  const [added, removed] = [come, go].map((mutate) => visitors.map((_, at) => each(made, mutate)(at)));
  const together = () => {
    const made = server(workload);
    return [come, go].map((mutate) => timed(VISITORS, each(made, mutate)));
  };
  const apart = () => {
    const made = server(workload);
    return [come, go].map((mutate) =>
      parted(VISITORS, (at) => mutate(made, visitors[at]), (patch) => made.pack.encodePatch(patch)),
    );
  };
  const read = () => {
    const reader = client(snapshot);
    return [added, removed].map((patches) => timed(VISITORS, (at) => reader.decodePatch(patches[at])));
  };
  const passes = (run) => measure((count) => sums(Array.from({ length: count }, run))).map((time) => time / VISITORS);
  const sum = passes(together);
  const parts = passes(() => apart().flat());
  const decode = passes(read);
  [["add", added], ["remove", removed]].forEach(([message, patches], at) => {
    const size = patches.reduce((sum, patch) => sum + patch.length, 0) / VISITORS;
    report(PATCHPACK, name, message, size, shared(sum[at], parts.slice(2 * at, 2 * at + 2)), decode[at]);
  });
}

/** The sums of lists, place by place. */
const sums = (lists) => lists.reduce((sum, list) => sum.map((value, at) => value + list[at]));

/** A time, shared out as its parts were, which a look at the clock made longer. */
const shared = (sum, parts) => parts.map((part) => (sum * part) / (parts[0] + parts[1]));

/** The first addition, on an encoder and a decoder that were made for it. */
function first(name, workload, snapshot) {
  const visitor = workload.visitor(0);
  const made = (count) => Array.from({ length: count }, () => server(workload));
  const call = (made) => made.pack.encodePatch(come(made, visitor));
  const patch = call(server(workload));
  const [sum] = measure((count) => {
    const all = made(count);
    return [timed(count, (at) => call(all[at]))];
  });
  const parts = measure((count) => {
    const all = made(count);
    return parted(count, (at) => come(all[at], visitor), (patch, at) => all[at].pack.encodePatch(patch));
  });
  const [decode] = measure((count) => {
    const all = Array.from({ length: count }, () => client(snapshot));
    return [timed(count, (at) => all[at].decodePatch(patch))];
  });
  report(PATCHPACK, name, "first add", patch.length, shared(sum, parts), decode);
}

function replace(name, workload, mutate, snapshot) {
  const peers = [
    [PATCHPACK, (pack, patch) => pack.encodePatch(patch), (reader, patch) => reader.decodePatch(patch)],
    [NOTEPACK, (_, { path, value }) => notepack.encode([1, path, value]), (_, patch) => notepack.decode(patch)],
  ];
  const count = workload.moves?.length ?? 2;
  for (const [peer, encode, decode] of peers) {
    const { state, pack } = server(workload);
    const reader = client(snapshot);
    const patches = Array.from({ length: count }, (_, at) => encode(pack, mutate(state, at)));
    const size = patches.reduce((sum, patch) => sum + patch.length, 0) / count;
    const sum = repeat((at) => encode(pack, mutate(state, at)));
    const parts = measure((times) => parted(times, (at) => mutate(state, at), (patch) => encode(pack, patch)));
    report(peer, name, "replace", size, shared(sum, parts), repeat((at) => decode(reader, patches[at % count])));
  }
}

function benchReadme() {
  const bytes = snapshot("readme", readme);
  visits("readme", readme, bytes);
  first("readme", readme, bytes);
  const turn = (state) => {
    state.foo.baz = !state.foo.baz;
    return { op: "replace", path: "/foo/baz", value: state.foo.baz };
  };
  replace("readme", readme, turn, bytes);
}

function benchPlayers(count) {
  const name = `${count} players`;
  const workload = players(count);
  const bytes = snapshot(name, workload);
  visits(name, workload, bytes);
  const move = (state, at) => {
    const { key, path } = workload.moves[at % count];
    const player = state.players[key];
    player.x = moved(player.x);
    return { op: "replace", path, value: player.x };
  };
  replace(name, workload, move, bytes);
}

benchReadme();
SIZES.forEach(benchPlayers);
