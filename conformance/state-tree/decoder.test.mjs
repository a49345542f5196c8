// The stand-in for the state-tree SDK reads the protocol's golden frames.

import assert from 'node:assert/strict';
import test from 'node:test';

import { Decoder } from './decoder.mjs';
import { decode, encode } from './message-pack.mjs';

const PATTERNS = {
  score: 653805326,
  players: 2159421276,
  'players.*.health': 2520354134,
  'players.*.position': 3358665268,
  'monsters.*': 2014447693,
  'players.*.inventory.*.itemId': 1776314749,
};

function read(...frames) {
  const decoder = new Decoder(PATTERNS);
  for (const frame of frames) decoder.receive(Buffer.from(frame, /^[0-9a-f]+$/.test(frame) ? 'hex' : 'utf8'));
  return decoder;
}

test('JSON and MessagePack say the same', () => {
  const text = read(
    '[1,[653805326,null,1,0],[2159421276,null,1,{}]]',
    '[2,[2520354134,[0,"p1"],1,90]]',
    '[2,[3358665268,0,1,{"v":{"x":64000,"y":36000}}],[2014447693,[1,"7"],2]]',
    '[0]',
  );
  const packed = read(
    '930194ce26f8470ec0010094ce80b6275cc00180',
    '920294ce96398d569200a27031015a',
    '930294cec8312a34000181a17682a178cdfa00a179cd8ca093ce7812084d9201a13702',
    '9100',
  );
  const expected = { score: 0, players: { p1: { health: 90, position: { v: { x: 64000, y: 36000 } } } }, monsters: {} };
  assert.deepEqual(text.state, expected);
  assert.deepEqual(packed.state, expected);
});

test('a merged frame has its own slots, and events', () => {
  const packed = '936b920294ce26f8470ec00105919301019381a17682a178cdfa00a179cd8ca0a2703181a17682a17801a179fe';
  const decoder = read('[107,[2,[2520354134,[0,"p1"],1,90]],[]]', packed);
  assert.deepEqual(decoder.state, { players: { p1: { health: 90 } }, score: 5 });
  assert.equal(decoder.events.length, 1);
  assert.equal(decoder.events[0].payload[1], 'p1');
  assert.throws(() => decoder.receive(Buffer.from('[2,[2520354134,0,1,80]]')), /slot 0 was used before/);
  decoder.receive(Buffer.from('[107,[2,[2520354134,0,1,80]],[]]'));
  assert.equal(decoder.state.players.p1.health, 80);
  decoder.receive(Buffer.from('[107,[1],[]]'));
  assert.throws(() => decoder.receive(Buffer.from('[107,[2,[2520354134,0,1,70]],[]]')), /slot 0/);
});

test('two keys', () => {
  const decoder = read(
    '[2,[1776314749,[[0,"p1"],[1,"gold"]],1,5]]',
    '[2,[1776314749,[0,[2,"wood"]],1,6]]',
    '[2,[1776314749,["p1","salt"],1,7]]',
    '[2,[1776314749,[0,1],1,8]]',
  );
  const items = { gold: { itemId: 8 }, wood: { itemId: 6 }, salt: { itemId: 7 } };
  assert.deepEqual(decoder.state, { players: { p1: { inventory: items } } });
});

test('JSON objects, plain paths, and what the real client gets wrong', () => {
  const decoder = read(
    '{"type":"firstSync","patches":[{"path":"\\/a","op":"replace","value":{"b":1,"c":2}}]}',
    '{"type":"diff","patches":[{"path":"/a/b","op":"remove"},{"path":"/x/y","op":"add","value":[1]}]}',
    '[2,["/a/c",1]]',
    '[2,[2520354134,"p.1",1,9]]',
  );
  assert.deepEqual(decoder.state, { a: { c: null }, x: { y: [1] }, players: { p: { 1: { health: 9 } } } });
});

test('what is wrong throws', () => {
  for (const frame of ['[2,[7,null,1,0]]', '[3]', '[2,["/a",9,1]]', '[107,[],[]]', '{"type":"noChange"}', '7', '[2,["",1,0]]']) {
    assert.throws(() => read(frame), undefined, frame);
  }
});

test('what is written can be read', () => {
  const values = [0, 127, 128, -1, -32, -33, 70_000, 1e12, 0.5, '', 'a'.repeat(40), 'b'.repeat(300), true, null, [1, [2]]];
  for (const value of [...values, { a: null, b: { c: Array(20).fill(1) } }]) {
    assert.deepEqual(decode(encode(value)), value);
  }
  assert.equal(encode([101, 'action-2', 'Play', {}]).toString('hex'), '9465a8616374696f6e2d32a4506c617980');
});
