// Where the player wants to go: by keys, or by dragging anywhere on the world.

const KEYS = {
  KeyW: [0, -1], ArrowUp: [0, -1],
  KeyS: [0, 1], ArrowDown: [0, 1],
  KeyA: [-1, 0], ArrowLeft: [-1, 0],
  KeyD: [1, 0], ArrowRight: [1, 0],
};

/** How far a drag goes until it is full speed, in CSS pixels. */
export const STICK_RADIUS = 56;
/** How often the server hears of a drag that goes on. */
const SEND_EVERY = 50;

export class Input {
  /** The drag under way, in CSS pixels: `{id, from: {x, y}, to: {x, y}}`. */
  stick = null;
  #held = new Set();
  #sent = { x: 0, y: 0 };
  #sentAt = 0;

  constructor(canvas) {
    addEventListener('keydown', (event) => {
      if (!(event.code in KEYS) || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      event.preventDefault();
      this.#held.add(event.code);
    });
    addEventListener('keyup', (event) => this.#held.delete(event.code));
    // Keys that go up elsewhere are never heard of.
    addEventListener('blur', () => this.#letGo());
    addEventListener('focusin', (event) => isTyping(event) && this.#letGo());
    document.addEventListener('visibilitychange', () => document.hidden && this.#letGo());

    canvas.addEventListener('pointerdown', (event) => {
      document.activeElement?.blur();
      if (this.stick) return;
      // A finger that leaves the canvas still steers. The pointer may be gone already.
      try { canvas.setPointerCapture(event.pointerId); } catch { return; }
      const place = { x: event.clientX, y: event.clientY };
      this.stick = { id: event.pointerId, from: place, to: place };
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.stick?.id === event.pointerId) this.stick.to = { x: event.clientX, y: event.clientY };
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      canvas.addEventListener(end, (event) => {
        if (this.stick?.id === event.pointerId) this.stick = null;
      });
    }
    canvas.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  /** The direction wished for, at most 1 long. */
  direction() {
    let [x, y] = [0, 0];
    if (this.stick) {
      const { from, to } = this.stick;
      [x, y] = [(to.x - from.x) / STICK_RADIUS, (to.y - from.y) / STICK_RADIUS];
    } else {
      for (const key of this.#held) [x, y] = [x + KEYS[key][0], y + KEYS[key][1]];
    }
    const length = Math.hypot(x, y);
    if (length < 0.12) return { x: 0, y: 0 };
    return length > 1 ? { x: x / length, y: y / length } : { x, y };
  }

  /** Gives the direction to `send`, if the server does not know it and did not just hear another. */
  tell(send) {
    const wish = this.direction();
    const isStop = wish.x === 0 && wish.y === 0;
    const difference = Math.hypot(wish.x - this.#sent.x, wish.y - this.#sent.y);
    const now = performance.now();
    if (difference === 0 || (difference < 0.02 && !isStop)) return;
    if (!isStop && now - this.#sentAt < SEND_EVERY) return;
    [this.#sent, this.#sentAt] = [wish, now];
    send(wish);
  }

  /** Another room: nobody there knows what was sent. */
  forget() {
    this.#sent = { x: 0, y: 0 };
  }

  #letGo() {
    this.#held.clear();
    this.stick = null;
  }
}

function isTyping(event) {
  return event.target instanceof HTMLInputElement;
}
