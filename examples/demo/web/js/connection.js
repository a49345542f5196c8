// Getting into the room, staying there, and coming back.
//
// The SDK dials again by itself when a connection is lost, which succeeds if the server still knows the seat. A server
// that was restarted knows nothing, so after that this joins anew, for as long as it takes.

const ROOM = 'world';

/** How often the round trip is measured. */
const PING_EVERY = 2_000;
/** Patches come many times a second; after this long without any, something is wrong, */
const SILENT_AFTER = 2_000;
/** and after this long it is given up. */
const DEAD_AFTER = 10_000;
/** How long getting in may take. */
const JOIN_WITHIN = 10_000;
const [FIRST_DELAY, LONGEST_DELAY] = [500, 5_000];

export class Connection {
  /** One of `joining`, `online`, `silent`, `lost`. */
  phase = 'joining';
  /** Why the connection was lost, as `{title, detail}`. */
  trouble = null;
  /** When the next try is due, by `performance.now()`; `null` while one is under way. */
  retryAt = null;
  /** The last round trip in milliseconds. */
  ping = null;
  room = null;

  #client = new Colyseus.Client(location.origin);
  #options;
  #onRoom;
  #onChange;
  #heardAt = 0;
  #tries = 0;
  #timer;
  #lastError = null;

  /**
   * `options()` gives what to join with; `onRoom(room)` is called for every room entered, before its first state;
   * `onChange()` whenever one of the fields above changed.
   */
  constructor({ options, onRoom, onChange }) {
    this.#options = options;
    this.#onRoom = onRoom;
    this.#onChange = onChange;
    setInterval(() => this.#watch(), 500);
    setInterval(() => this.#measure(), PING_EVERY);
    addEventListener('online', () => this.retry());
    this.#join();
  }

  /** Tries now rather than later. */
  retry() {
    if (this.retryAt !== null) this.#join();
  }

  send(type, message) {
    // What is sent while the connection is away would be queued, and be stale when it is back.
    if (this.phase === 'online') this.room.send(type, message);
  }

  async #join() {
    clearTimeout(this.#timer);
    this.#change({ retryAt: null });
    const joining = this.#client.joinOrCreate(ROOM, this.#options());
    let isLate = false;
    joining.then((room) => isLate && room.leave(), () => {});
    try {
      this.#enter(await within(joining, JOIN_WITHIN));
    } catch (error) {
      isLate = true;
      this.#lose({ title: this.trouble?.title ?? 'Cannot join', detail: refusal(error) });
    }
  }

  #enter(room) {
    this.room = room;
    this.#lastError = null;
    this.#heardAt = performance.now();
    // Two quick tries for the seat; for anything longer, joining anew is the better way.
    room.reconnection.maxRetries = 2;
    room.onStateChange(() => {
      this.#heardAt = performance.now();
      if (this.phase !== 'online') {
        this.#tries = 0;
        this.#change({ phase: 'online', trouble: null });
      }
    });
    room.onError((code, message) => {
      if (message) this.#lastError = message;
    });
    room.onDrop((code) => this.#change({ phase: 'lost', trouble: this.trouble ?? describe(code), ping: null }));
    room.onLeave((code, reason) => this.#lose(this.trouble ?? describe(code, reason || this.#lastError)));
    this.#onRoom(room);
    this.#measure();
  }

  #lose(trouble) {
    this.room = null;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#tries++) * (1 + Math.random() * 0.2);
    this.#timer = setTimeout(() => this.#join(), delay);
    this.#change({ phase: 'lost', trouble, ping: null, retryAt: performance.now() + delay });
  }

  /** Notices a server that is connected and says nothing. */
  #watch() {
    if (this.phase !== 'online' && this.phase !== 'silent') return;
    const silence = performance.now() - this.#heardAt;
    if (silence > DEAD_AFTER) {
      const room = this.room;
      room.removeAllListeners();
      room.reconnection.enabled = false;
      room.leave(false);
      this.#lose({ title: 'The server does not answer', detail: 'It is connected, but has been silent for too long.' });
    } else if (silence > SILENT_AFTER) {
      this.#change({ phase: 'silent', ping: null });
    }
  }

  #measure() {
    this.room?.ping((ping) => this.#change({ ping }));
  }

  #change(fields) {
    Object.assign(this, fields);
    this.#onChange();
  }
}

/** What a close code means to who reads it. */
function describe(code, reason) {
  switch (code) {
    case 4000: return { title: 'You were asked to leave', detail: reason || 'The server closed the room.' };
    case 4001: return { title: 'The server was stopped', detail: 'Its world has ended. You will be back as soon as it is.' };
    case 4002: return { title: 'The server ended the connection', detail: reason || 'It could not go on (4002).' };
    case 4003: return { title: 'The server went away', detail: 'The seat in its world is gone; joining anew.' };
    case 1001: return { title: 'The server went away', detail: 'It closed the connection (1001).' };
    default: return { title: 'The server went away', detail: `The connection broke off without a word (${code}).` };
  }
}

/** Why a try to join failed. */
function refusal(error) {
  if (error instanceof TimedOut) return 'The server takes too long to answer.';
  if (error.message && error.code >= 500 && error.code < 600) return `The server says: ${error.message}`;
  return `Nobody answers at ${location.host}. Is the server running?`;
}

class TimedOut extends Error {}

function within(promise, milliseconds) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new TimedOut()), milliseconds)),
  ]);
}
