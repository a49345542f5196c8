// A client of `light`, written from the description of its format: there is no library that reads it.

import notepack from 'notepack.io';

import { applyMosx } from './clients.mjs';

const OPS = ['add', 'replace', 'remove'];
const KEY = 0xff;

export class LightClient {
  constructor(snapshot) {
    const [table, state] = notepack.decode(snapshot);
    this.state = state;
    this.props = new Map(Object.values(table).map(({ index, props }) => [index, props]));
  }

  apply(message) {
    const op = OPS[message[0]];
    const end = 2 + message[1];
    const body = notepack.decode(message.subarray(end));
    const segments = [];
    for (let at = 2; at < end; at++) {
      segments.push(message[at] === KEY ? body.shift() : this.props.get(message[at])[message[++at]]);
    }
    if (op === undefined || segments.includes(undefined)) throw new Error(`${op} of /${segments.join('/')}`);
    const value = op === 'remove' ? undefined : body.shift();
    if (body.length > 0) throw new Error(`${body.length} values too many`);
    if (segments.length === 0) this.state = value;
    else applyMosx(this.state, { op, value }, segments);
  }
}
