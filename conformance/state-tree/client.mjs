// A client of a land over a real socket, written from the protocol's description around the decoder beside it.

import { WebSocket } from 'ws';

import { Decoder } from './decoder.mjs';
import { encode } from './message-pack.mjs';

const DEADLINE_MS = 10_000;

export class LandClient {
  /** Opens a socket; it joins nothing yet. `schema` is the server's `schema.json`. */
  static async open(url, schema, query = {}) {
    const address = new URL('/game/somewhere', url.replace(/^http/, 'ws'));
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const client = new LandClient(new WebSocket(address), schema);
    await client.until(() => client.socket.readyState === WebSocket.OPEN, 'an open socket');
    return client;
  }

  constructor(socket, schema) {
    this.socket = socket;
    this.schema = schema;
    this.watchers = new Set();
    this.answers = new Map();
    this.errors = [];
    this.events = [];
    /** The state after each frame that changed it, as text. */
    this.states = [];
    this.frames = 0;
    /** All that came, for a look at the texts in it. */
    this.text = '';
    this.requests = 0;
    socket.on('open', () => this.wake());
    socket.on('message', (bytes) => {
      this.receive(bytes);
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
  }

  /** Joins, and waits for the first state. Throws the error of the server if there is one. */
  async join(landType, { instance = null, player, metadata = {} } = {}) {
    this.land = this.schema.lands[landType] ?? { pathHashes: {} };
    this.decoder = new Decoder(this.land.pathHashes);
    const join = { requestID: this.request(), landType, landInstanceId: instance, playerID: player };
    join.metadata = { ...metadata, schemaHash: this.schema.schemaHash };
    this.socket.send(JSON.stringify({ kind: 'join', payload: { join } }));
    this.joined = await this.answer(join.requestID);
    this.encoding = this.joined.encoding;
    await this.until(() => this.frames > 0, 'a first state');
    return this.joined;
  }

  /** The answer to an action, or its error. */
  async action(name, payload = {}) {
    const request = this.request();
    if (this.encoding === 'json') {
      this.socket.send(JSON.stringify({ kind: 'action', payload: { requestID: request, typeIdentifier: name, payload } }));
    } else {
      this.sendArray([101, request, name, payload]);
    }
    return this.answer(request);
  }

  event(name, payload = {}) {
    if (this.encoding === 'json') {
      this.socket.send(JSON.stringify({ kind: 'event', payload: { fromClient: { type: name, payload } } }));
    } else {
      this.sendArray([103, 0, name, payload]);
    }
  }

  get state() {
    return this.decoder.state;
  }

  async close() {
    this.socket.close();
    await this.until(() => this.closed !== undefined, 'the end');
  }

  async until(condition, what) {
    let watcher;
    let timer;
    try {
      await new Promise((resolve, reject) => {
        watcher = () => condition() && resolve();
        timer = setTimeout(() => reject(new Error(`no ${what} within ${DEADLINE_MS} ms; errors: ${JSON.stringify(this.errors)}`)), DEADLINE_MS);
        this.watchers.add(watcher);
        watcher();
      });
    } finally {
      clearTimeout(timer);
      this.watchers.delete(watcher);
    }
  }

  wake() {
    this.watchers.forEach((watcher) => watcher());
  }

  request() {
    this.requests += 1;
    return `request-${this.requests}`;
  }

  sendArray(array) {
    this.socket.send(this.encoding === 'messagepack' ? encode(array) : JSON.stringify(array));
  }

  async answer(request) {
    await this.until(() => this.answers.has(request), `answer to ${request}`);
    const { error, ...answer } = this.answers.get(request);
    if (error !== undefined) throw Object.assign(new Error(error.message), error);
    return answer.value;
  }

  receive(bytes) {
    this.text += bytes.toString('latin1');
    // Errors before a join come to a client that does not know its land yet.
    const decoder = this.decoder ?? new Decoder({});
    const { messages, events } = decoder;
    const before = messages.length;
    decoder.receive(bytes);
    messages.splice(before).forEach((message) => this.message(message));
    events.splice(0).forEach(({ type, payload }) => this.heard(type, payload));
    if (messages.length === before && this.decoder !== undefined && isState(bytes)) {
      this.frames += 1;
      const text = canonical(decoder.state);
      if (this.states.at(-1) !== text) this.states.push(text);
    }
  }

  message(message) {
    if (Array.isArray(message)) {
      const [opcode, ...rest] = message;
      if (opcode === 102) this.answers.set(rest[0], { value: rest[1] });
      if (opcode === 103) this.heard(rest[1], rest[2]);
      if (opcode === 106) this.failed({ code: rest[0], message: rest[1], details: rest[2] });
      return;
    }
    const { kind, payload } = message;
    if (kind === 'joinResponse') this.answers.set(payload.joinResponse.requestID, { value: payload.joinResponse });
    if (kind === 'actionResponse') {
      const { requestID, response } = payload.actionResponse;
      this.answers.set(requestID, { value: response });
    }
    if (kind === 'event') this.heard(payload.fromServer.type, payload.fromServer.payload);
    if (kind === 'error') this.failed(payload.error);
  }

  failed(error) {
    this.errors.push(error);
    const request = error.details?.requestID;
    if (request !== undefined) this.answers.set(request, { error });
  }

  /** An event may come as a number, its payload as the values of the fields in the order of their names. */
  heard(type, payload) {
    const numbers = Object.entries(this.land.eventHashes);
    const name = typeof type === 'number' ? numbers.find(([, number]) => number === type)[0] : type;
    const short = Array.isArray(payload);
    const definition = short && this.schema.defs[this.land.events[name].$ref.replace('#/defs/', '')];
    const fields = short && Object.fromEntries(definition.required.map((field, at) => [field, payload[at]]));
    this.events.push({ name, payload: short ? fields : payload, short, number: typeof type === 'number' });
  }
}

function isState(bytes) {
  const text = bytes[0] === 0x7b ? bytes.toString('utf8', 0, 16) : '';
  return bytes[0] !== 0x7b || !text.startsWith('{"kind"');
}

/** A state as text that is the same for all clients: names sorted, and no difference between null and absent. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort().filter((name) => value[name] !== null && value[name] !== undefined);
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}
