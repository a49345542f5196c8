// Does encode.mjs print what the reference encoder writes? Its decoder must come to the workload's own end.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Workload } from '../benches/node/workload.mjs';
import { Worker } from './lib/worker.mjs';

const script = fileURLToPath(new URL('encode.mjs', import.meta.url));

test('the patches lead where the workload leads', async () => {
  const [entities, changed, ticks] = [100, 10, 25];
  const run = (...more) => execFileSync(process.execPath, [script, entities, changed, ticks, ...more].map(String), { encoding: 'utf8' });
  const lines = run('--hex').trim().split('\n').map(JSON.parse);
  assert.deepEqual(lines.map(({ tick }) => tick), Array.from({ length: ticks + 1 }, (_, index) => index - 1));
  assert.deepEqual(lines.map(({ bytes }) => bytes), lines.map(({ hex }) => hex.length / 2));
  assert.equal(run(), lines.map(({ tick, bytes }) => `${JSON.stringify({ tick, bytes })}\n`).join(''));

  const client = { version: '5', client: 'encode' };
  const worker = new Worker();
  await worker.ask({ op: 'open', ...client, handshake: lines[0].handshake });
  let answer;
  for (const { hex } of lines) {
    answer = await worker.ask({ op: 'apply', ...client, hex });
    assert.deepEqual([answer.error, answer.warnings], [undefined, []]);
  }
  await worker.close();

  const workload = new Workload(entities, changed);
  const players = Object.fromEntries(workload.keys.map((key, index) => [key, workload.initial(index)]));
  for (let tick = 0; tick < ticks; tick++) {
    workload.tick((key, dx, dy, hit) => {
      players[key].x += dx;
      players[key].y += dy;
      if (hit) players[key].hp -= 1;
    });
  }
  // the first y is -0, which a float32 keeps and a comparison of games should not care about
  const plain = (state) => JSON.parse(JSON.stringify(state));
  assert.deepEqual(plain(answer.state), plain({ players }));
});

test('a wrong call is refused with the way out', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [script, '10', '3', '1'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /^usage: node encode\.mjs ENTITIES CHANGED TICKS/);
  assert.equal(stdout, '');
});
