// What is drawn: the state of the room, a moment late and therefore smooth.
//
// Patches bring places in steps. Each is kept with the server's time, and what is drawn is between two of them.

/** How far behind the server is drawn, in milliseconds: two patches and some, so that one may be late. */
const DELAY = 110;
const KEPT_SAMPLES = 12;
/** How long an effect lasts, in milliseconds. */
export const EFFECT_MS = 900;

export class View {
  /** By id: `{player, track, facing, bornAt}`. */
  players = new Map();
  /** By id: `{spark, bornAt}`. */
  sparks = new Map();
  /** Things that happened and fade: `{kind, x, y, hue, text, at}`. */
  effects = [];
  clock = new Clock();

  constructor(room, { onChat, onRanking }) {
    this.room = room;
    const callbacks = Colyseus.Callbacks.get(room);
    callbacks.onAdd('players', (player, id) => {
      this.players.set(id, { player, track: new Track(), facing: Math.PI / 2, bornAt: performance.now() });
      callbacks.listen(player, 'score', (score, before) => this.#scored(id, score - (before ?? 0)), false);
    });
    callbacks.onRemove('players', (_, id) => this.players.delete(id));
    callbacks.onAdd('sparks', (spark, id) => this.sparks.set(id, { spark, bornAt: performance.now() }));
    callbacks.onRemove('sparks', (spark, id) => {
      this.sparks.delete(id);
      // What only went out of sight bursts not.
      if (this.#isFar(spark.place)) return;
      this.#happen({ kind: 'burst', x: spark.place.x, y: spark.place.y, hue: spark.worth > 1 ? 320 : 48 });
    });
    callbacks.onAdd('chat', onChat);
    callbacks.onRemove('chat', onChat);
    room.onStateChange((state) => {
      this.clock.hear(state.time);
      for (const { player, track } of this.players.values()) track.push(state.time, player.place);
      onRanking();
    });
  }

  get state() {
    return this.room.state;
  }

  get me() {
    return this.players.get(this.room.sessionId);
  }

  /** Moves everything to where it is to be drawn now: `x`, `y` and `speed` of each player. */
  advance() {
    const time = this.clock.now() - DELAY;
    for (const entry of this.players.values()) {
      const { x, y, speed, angle } = entry.track.at(time);
      Object.assign(entry, { x, y, speed });
      if (speed > 15) entry.facing = turned(entry.facing, angle, 0.2);
    }
    const now = performance.now();
    this.effects = this.effects.filter((effect) => now - effect.at < EFFECT_MS);
  }

  /** Whether a place is at the edge of what one sees. */
  #isFar({ x, y }) {
    const place = this.me?.player.place;
    return !place || Math.hypot(x - place.x, y - place.y) > this.state.sight - 40;
  }

  #scored(id, points) {
    const entry = this.players.get(id);
    if (points > 0 && entry?.x !== undefined) {
      const { x, y, player } = entry;
      this.#happen({ kind: 'points', x, y: y - 26, hue: player.hue, text: `+${points}`, isMine: entry === this.me });
    }
  }

  #happen(effect) {
    if (this.effects.length < 60) this.effects.push({ ...effect, at: performance.now() });
  }
}

/** The server's time, as far as it can be told from when patches come. */
class Clock {
  #offset = null;

  hear(time) {
    const offset = performance.now() - time;
    // Little by little, so that a patch that was late does not move everything.
    const isFar = this.#offset === null || Math.abs(offset - this.#offset) > 400;
    this.#offset = isFar ? offset : this.#offset + (offset - this.#offset) * 0.05;
  }

  now() {
    return performance.now() - (this.#offset ?? 0);
  }
}

/** Where somebody was, lately. */
class Track {
  #samples = [];

  push(time, { x, y }) {
    if (this.#samples.at(-1)?.time === time) return;
    this.#samples.push({ time, x, y });
    if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
  }

  /** The place at a time, the speed in paces a second, and the angle of the movement. */
  at(time) {
    const samples = this.#samples;
    const next = samples.findIndex((sample) => sample.time >= time);
    // Before the first sample or after the last one there is nothing to go by.
    if (next <= 0) return { ...samples.at(next), speed: 0, angle: 0 };
    const [from, to] = [samples[next - 1], samples[next]];
    const part = (time - from.time) / (to.time - from.time);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    return {
      x: from.x + dx * part,
      y: from.y + dy * part,
      speed: (Math.hypot(dx, dy) * 1000) / (to.time - from.time),
      angle: Math.atan2(dy, dx),
    };
  }
}

/** An angle, turned a part of the way to another. */
function turned(angle, towards, part) {
  const difference = Math.atan2(Math.sin(towards - angle), Math.cos(towards - angle));
  return angle + difference * part;
}
