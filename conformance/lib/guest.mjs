// A client in a room, with everything that happened to it kept for the test to ask. Waiting ends with what is waited
// for, or fails after a deadline and says what was seen instead.

const DEADLINE_MS = 5_000;

export class Guest {
  /** Joins by one of `joinOrCreate`, `create`, `join`, `joinById`. */
  static async enter(client, method, target, options) {
    return new Guest(await within(client[method](target, options), () => `${method} ${target}`));
  }

  constructor(room) {
    this.room = room;
    this.messages = [];
    this.watchers = new Set();
    const wake = () => this.watchers.forEach((watcher) => watcher());
    this.closed = new Promise((resolve) => {
      room.onLeave((code, reason) => {
        this.left = { code, reason: reason?.toString() };
        resolve(this.left);
        wake();
      });
    });
    room.onError((code, message) => this.messages.push({ type: 'ERROR', payload: { code, message } }));
    room.onMessage('*', (type, payload) => {
      this.messages.push({ type, payload });
      wake();
    });
    room.onStateChange(wake);
  }

  get id() {
    return this.room.sessionId;
  }

  /** The state as plain data, without `tick`, which never rests. */
  get state() {
    const { state } = this.room;
    const { tick, ...rest } = state.toJSON?.() ?? structuredClone(state);
    return rest;
  }

  get me() {
    const players = this.room.state?.players;
    return typeof players?.get === 'function' ? players.get(this.id) : players?.[this.id];
  }

  send(type, payload) {
    this.room.send(type, payload);
  }

  /** Resolves with the first truthy result of `check`, which is tried now and after whatever happens. */
  until(what, check) {
    return within(
      new Promise((resolve, reject) => {
        const watcher = () => {
          try {
            const result = check();
            if (!result) return;
            resolve(result);
          } catch (error) {
            reject(error);
          }
          this.watchers.delete(watcher);
        };
        this.watchers.add(watcher);
        watcher();
      }),
      () => `${what}; the state is ${JSON.stringify(this.room.state)}, left: ${JSON.stringify(this.left)}`,
    );
  }

  /** Takes the oldest message of this type that was not taken yet. */
  async next(type) {
    let index = -1;
    await this.until(`message ${JSON.stringify(type)}`, () => {
      index = this.messages.findIndex((message) => message.type === type);
      return index !== -1;
    });
    return this.messages.splice(index, 1)[0].payload;
  }

  /** Sends a message and returns what comes back under the same type. */
  async ask(type, payload) {
    this.send(type, payload);
    return this.next(type);
  }

  /** Waits until the first full state is there. */
  async ready() {
    await this.until('the first state', () => this.me !== undefined);
    return this;
  }

  /** How the connection ended. */
  end() {
    return within(this.closed, () => 'the end of the connection');
  }

  async leave() {
    if (this.left === undefined) await within(this.room.leave(), () => 'leaving');
  }
}

/** The promise, or a failure if it takes too long. */
export function within(promise, what) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up waiting for ${what()}`)), DEADLINE_MS);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}
