// Draws the world onto a canvas. Units are paces of the world, but for what stays on the screen.

import { STICK_RADIUS } from './input.js';
import { body, glow, ground, label, seeded } from './sprites.js';
import { EFFECT_MS } from './view.js';

const FULL = Math.PI * 2;
/** How much of the void around the world may be seen: at the sides in paces; above and below in CSS pixels, for the
 * panels there hide nobody who stands at the edge. */
const MARGIN = { side: 60, ends: 170 };
const MAP_WIDTH = 168;

export class Renderer {
  camera = { x: 0, y: 0, scale: 1 };
  #canvas;
  #context;
  #width = 0;
  #height = 0;
  #density = 1;
  #ground = ground();

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false });
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  draw(view, stick) {
    const { me, state } = view;
    if (!state?.width) return;
    // Moving a window to another screen changes the density without changing the size.
    if (this.#density !== density()) this.#resize();
    this.#follow(me, state);
    const context = this.#context;
    const { x, y, scale } = this.camera;
    context.setTransform(this.#density, 0, 0, this.#density, 0, 0);
    context.fillStyle = '#081119';
    context.fillRect(0, 0, this.#width, this.#height);
    context.translate(this.#width / 2, this.#height / 2);
    context.scale(scale, scale);
    context.translate(-x, -y);

    const now = performance.now();
    this.#drawGround(state);
    for (const [id, entry] of view.sparks) if (this.#sees(entry.spark.place)) this.#drawSpark(id, entry, now);
    state.stones.forEach((stone, index) => this.#drawStone(stone, index));
    for (const entry of view.players.values()) {
      if (entry.x !== undefined && this.#sees(entry)) this.#drawPlayer(entry, entry === me, now);
    }
    if (me?.x !== undefined) this.#drawMist(me, state);
    for (const effect of view.effects) this.#drawEffect(effect, now);

    context.setTransform(this.#density, 0, 0, this.#density, 0, 0);
    if (this.#width > 900 && this.#height > 560) this.#drawMap(view);
    if (stick) this.#drawStick(stick);
  }

  #resize() {
    this.#density = density();
    const { clientWidth, clientHeight } = this.#canvas;
    [this.#width, this.#height] = [clientWidth, clientHeight];
    this.#canvas.width = Math.round(clientWidth * this.#density);
    this.#canvas.height = Math.round(clientHeight * this.#density);
  }

  #follow(me, { width, height }) {
    const scale = Math.min(1.7, Math.max(0.66, Math.sqrt(this.#width * this.#height) / 1050));
    const [halfWidth, halfHeight] = [this.#width / 2 / scale, this.#height / 2 / scale];
    const within = (at, half, size, margin) =>
      half > size / 2 + margin ? size / 2 : Math.min(size + margin - half, Math.max(half - margin, at));
    const target = me?.x === undefined ? { x: width / 2, y: height / 2 } : me;
    const x = within(target.x, halfWidth, width, MARGIN.side);
    const y = within(target.y, halfHeight, height, Math.min(MARGIN.ends, this.#height / 5) / scale);
    this.camera = { x, y, scale };
  }

  #sees({ x, y }) {
    const { camera } = this;
    return Math.abs(x - camera.x) * camera.scale < this.#width / 2 + 90
      && Math.abs(y - camera.y) * camera.scale < this.#height / 2 + 90;
  }

  #drawGround({ width, height }) {
    const context = this.#context;
    context.save();
    context.beginPath();
    context.roundRect(0, 0, width, height, 40);
    context.clip();
    for (let x = 0; x < width; x += 512) {
      for (let y = 0; y < height; y += 512) {
        // A hair larger than its place, or seams show between the tiles.
        if (this.#overlaps(x, y)) context.drawImage(this.#ground, x, y, 512.6, 512.6);
      }
    }
    context.restore();
    context.strokeStyle = 'rgb(120 205 200 / 0.35)';
    context.lineWidth = 4;
    context.stroke();
  }

  #overlaps(x, y) {
    const { camera } = this;
    const [halfWidth, halfHeight] = [this.#width / 2 / camera.scale, this.#height / 2 / camera.scale];
    return x < camera.x + halfWidth && x + 512 > camera.x - halfWidth
      && y < camera.y + halfHeight && y + 512 > camera.y - halfHeight;
  }

  #drawSpark(id, { spark, bornAt }, now) {
    const context = this.#context;
    const phase = Number(id.slice('spark-'.length)) * 1.7;
    const grown = Math.min(1, (now - bornAt) / 300);
    const size = (spark.worth > 1 ? 9 : 5.5) * grown * (1 + 0.12 * Math.sin(now / 260 + phase));
    const [x, y] = [spark.place.x, spark.place.y + Math.sin(now / 500 + phase) * 3];
    stamp(context, glow(spark.worth > 1 ? 320 : 48), x, y, size * 8);
    context.fillStyle = spark.worth > 1 ? '#ffd3f0' : '#fff3c4';
    context.beginPath();
    if (spark.worth > 1) star(context, x, y, size * 1.35, now / 900 + phase);
    else context.arc(x, y, size, 0, FULL);
    context.fill();
  }

  #drawStone({ place: { x, y }, radius }, index) {
    if (!this.#sees({ x, y })) return;
    const context = this.#context;
    const random = seeded(index + 1);
    context.fillStyle = 'rgb(4 12 18 / 0.4)';
    context.beginPath();
    context.ellipse(x + radius * 0.08, y + radius * 0.14, radius * 1.03, radius, 0, 0, FULL);
    context.fill();
    context.fillStyle = '#3c5260';
    circle(context, x, y, radius);
    context.fillStyle = '#4d6775';
    circle(context, x - radius * 0.1, y - radius * 0.12, radius * 0.82);
    context.fillStyle = '#5f7c89';
    circle(context, x - radius * 0.22, y - radius * 0.26, radius * 0.5);
    context.fillStyle = 'rgb(74 140 104 / 0.75)';
    for (let patch = 0; patch < 3; patch += 1) {
      const angle = random() * FULL;
      const away = radius * (0.45 + random() * 0.25);
      circle(context, x + Math.cos(angle) * away, y + Math.sin(angle) * away, radius * (0.1 + random() * 0.12));
    }
  }

  #drawPlayer({ x, y, speed, facing, player, bornAt }, isMine, now) {
    const context = this.#context;
    const grown = Math.min(1, (now - bornAt) / 250);
    const [lookX, lookY] = [Math.cos(facing), Math.sin(facing)];
    stamp(context, glow(player.hue), x, y, (isMine ? 130 : 104) * grown);
    context.save();
    context.translate(x, y);
    context.scale(grown, grown);
    // The faster, the longer.
    const stretch = Math.min(0.14, speed / 2400);
    context.rotate(facing);
    context.scale(1 + stretch, 1 - stretch);
    context.rotate(-facing);
    context.drawImage(body(player.hue), -24, -24, 48, 48);
    const isBlinking = (now + bornAt * 7 + player.hue * 40) % 3700 < 120;
    for (const side of [-1, 1]) {
      // Eyes sit beside the direction that they look into, and go round the body with it.
      const [eyeX, eyeY] = [lookX * 5 + side * 7, lookY * 6 - 2];
      context.fillStyle = '#fff';
      context.beginPath();
      context.ellipse(eyeX, eyeY, 5, isBlinking ? 0.8 : 5.6, 0, 0, FULL);
      context.fill();
      if (isBlinking) continue;
      context.fillStyle = '#10222e';
      circle(context, eyeX + lookX * 2, eyeY + lookY * 2.2, 2.7);
    }
    if (isMine) {
      context.strokeStyle = 'rgb(255 255 255 / 0.85)';
      context.lineWidth = 2;
      context.beginPath();
      context.arc(0, 0, 23.5, 0, FULL);
      context.stroke();
    }
    context.restore();
    const { canvas, width, height } = label(JSON.stringify({ text: player.name, isMine, isBot: player.isBot }));
    const size = 1 / Math.min(1, this.camera.scale);
    context.drawImage(canvas, x - (width * size) / 2, y - 28 - height * size, width * size, height * size);
  }

  #drawEffect({ kind, x, y, hue, text, isMine, at }, now) {
    const context = this.#context;
    const age = Math.min(1, (now - at) / EFFECT_MS);
    context.globalAlpha = 1 - age;
    if (kind === 'points') {
      context.font = `700 ${isMine ? 22 : 15}px system-ui, sans-serif`;
      context.textAlign = 'center';
      context.fillStyle = `hsl(${hue} 90% 80%)`;
      context.fillText(text, x, y - age * 34);
    } else {
      context.fillStyle = `hsl(${hue} 95% 75%)`;
      for (let index = 0; index < 7; index += 1) {
        const angle = (index / 7) * FULL + x;
        const away = 10 + 36 * (1 - (1 - age) ** 2);
        circle(context, x + Math.cos(angle) * away, y + Math.sin(angle) * away, 3 * (1 - age));
      }
    }
    context.globalAlpha = 1;
  }

  #drawMap({ state, players, sparks, me }) {
    const context = this.#context;
    const scale = MAP_WIDTH / state.width;
    const height = state.height * scale;
    context.save();
    context.translate(this.#width - MAP_WIDTH - 14, this.#height - height - 14);
    context.fillStyle = 'rgb(9 22 33 / 0.72)';
    context.strokeStyle = 'rgb(160 210 220 / 0.2)';
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(0, 0, MAP_WIDTH, height, 10);
    context.fill();
    context.stroke();
    context.clip();
    if (me?.x !== undefined) {
      context.fillStyle = 'rgb(120 205 200 / 0.12)';
      circle(context, me.x * scale, me.y * scale, state.sight * scale);
    }
    context.fillStyle = '#3c5260';
    for (const { place, radius } of state.stones) circle(context, place.x * scale, place.y * scale, radius * scale);
    for (const { spark } of sparks.values()) {
      context.fillStyle = spark.worth > 1 ? '#ff9fdc' : 'rgb(255 226 140 / 0.8)';
      context.fillRect(spark.place.x * scale - 0.75, spark.place.y * scale - 0.75, 1.5, 1.5);
    }
    for (const entry of players.values()) {
      if (entry.x === undefined) continue;
      context.fillStyle = entry === me ? '#fff' : `hsl(${entry.player.hue} 75% 62%)`;
      circle(context, entry.x * scale, entry.y * scale, entry === me ? 3.2 : entry.player.isBot ? 1.8 : 2.6);
    }
    context.restore();
  }

  /** The mist beyond what one sees: sparks there are not known to this page. */
  #drawMist({ x, y }, { sight, width, height }) {
    const context = this.#context;
    const mist = context.createRadialGradient(x, y, sight * 0.72, x, y, sight * 1.1);
    mist.addColorStop(0, 'rgb(10 26 38 / 0)');
    mist.addColorStop(1, 'rgb(10 26 38 / 0.62)');
    context.fillStyle = mist;
    context.beginPath();
    context.roundRect(0, 0, width, height, 40);
    context.fill();
  }

  #drawStick({ from, to }) {
    const context = this.#context;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const shrink = Math.min(1, STICK_RADIUS / (Math.hypot(dx, dy) || 1));
    context.fillStyle = 'rgb(255 255 255 / 0.1)';
    circle(context, from.x, from.y, STICK_RADIUS);
    context.fillStyle = 'rgb(95 224 207 / 0.5)';
    circle(context, from.x + dx * shrink, from.y + dy * shrink, 24);
  }
}

/** Device pixels for each CSS pixel; more than two cost much and show little. */
function density() {
  return Math.min(2, window.devicePixelRatio || 1);
}

function circle(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, FULL);
  context.fill();
}

function stamp(context, image, x, y, size) {
  context.drawImage(image, x - size / 2, y - size / 2, size, size);
}

function star(context, x, y, radius, angle) {
  for (let point = 0; point < 10; point += 1) {
    const reach = point % 2 ? radius * 0.5 : radius;
    const at = angle + (point / 10) * FULL;
    context.lineTo(x + Math.cos(at) * reach, y + Math.sin(at) * reach);
  }
  context.closePath();
}
