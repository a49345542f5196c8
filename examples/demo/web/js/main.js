// Puts the parts together: connection → view → canvas, and input → connection.

import { Connection } from './connection.js';
import { Hud } from './hud.js';
import { Input } from './input.js';
import { Renderer } from './render.js';
import { View } from './view.js';

const canvas = document.getElementById('world');
const renderer = new Renderer(canvas);
const input = new Input(canvas);

let name = rememberedName();
let view = null;
let chatChanged = false;
let frames = 0;

const hud = new Hud({
  name,
  onName(wish) {
    name = wish.trim() || name;
    remember(name);
    connection.send('rename', name);
  },
  onSay(text) {
    connection.send('say', text);
    return connection.phase === 'online';
  },
  onRetry: () => connection.retry(),
});

const connection = new Connection({
  options: () => ({ name }),
  onRoom(room) {
    input.forget();
    view = new View(room, { onChat: () => { chatChanged = true; }, onRanking: showState });
    chatChanged = true;
  },
  onChange: () => queueMicrotask(() => hud.connection(connection)),
});

/** After every patch. */
function showState() {
  if (view.me) hud.me(view.me.player);
  hud.ranking(view.state, view.room.sessionId);
  if (chatChanged) hud.chat(view.state.chat);
  chatChanged = false;
}

function frame() {
  requestAnimationFrame(frame);
  frames += 1;
  input.tell((wish) => {
    connection.send('steer', wish);
    hud.hideHint();
  });
  if (!view) return;
  view.advance();
  renderer.draw(view, input.stick);
}
requestAnimationFrame(frame);

function rememberedName() {
  const wanted = new URLSearchParams(location.search).get('name') ?? stored();
  return wanted?.trim() || `Guest ${Math.floor(100 + Math.random() * 900)}`;
}

// Storage may be forbidden; then the name lasts as long as the page.
function stored() {
  try { return localStorage.getItem('tidewire-name'); } catch { return null; }
}

function remember(wish) {
  try { localStorage.setItem('tidewire-name', wish); } catch { /* See above. */ }
}

/** For tests and the curious: what this window knows, as plain data. */
window.__demo = {
  get phase() { return connection.phase; },
  get ping() { return connection.ping; },
  get sessionId() { return view?.room.sessionId ?? null; },
  get frames() { return frames; },
  get me() { return view ? this.player(view.room.sessionId) : null; },
  /** A player: the state, and where it is drawn. */
  player(id) {
    const entry = view?.players.get(id);
    if (!entry) return null;
    const { name, hue, score, isBot, place } = entry.player;
    return { id, name, hue, score, isBot, x: place.x, y: place.y, drawn: { x: entry.x, y: entry.y } };
  },
  get players() { return [...(view?.players.keys() ?? [])].map((id) => this.player(id)); },
  get sparks() {
    return [...(view?.sparks ?? [])].map(([id, { spark }]) => ({ id, worth: spark.worth, x: spark.place.x, y: spark.place.y }));
  },
  get sight() { return view?.state?.sight ?? null; },
  get chat() { return [...(view?.state?.chat ?? [])].map(({ author, text }) => ({ author, text })); },
  get camera() { return renderer.camera; },
};
