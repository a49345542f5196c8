// The page of the demo in headless Chromium: windows that see each other, and a server that goes away and comes back.
//
// TIDEWIRE_DEMO is the server's binary, TIDEWIRE_WEB the directory of the page. Screenshots are left in target/page.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { PATIENCE, Window, freePort, startServer, stopServer } from './lib/demo.mjs';

const { TIDEWIRE_DEMO: binary, TIDEWIRE_WEB: web } = process.env;
assert.ok(binary && web, 'TIDEWIRE_DEMO must hold the path of the built tidewire-demo, TIDEWIRE_WEB that of its page');

const CHROMIUM = '/usr/bin/chromium';
assert.ok(existsSync(CHROMIUM), `${CHROMIUM} is missing: apt-get install chromium`);

const SCREENSHOTS = fileURLToPath(new URL('../target/page/', import.meta.url));
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
];
/** What a browser and the SDK say of a server that is not there. */
const OF_AN_OUTAGE = /WebSocket connection to|Failed to load resource|net::ERR_|closed unexpectedly/;

test('the page', { timeout: 300_000 }, async (t) => {
  await mkdir(SCREENSHOTS, { recursive: true });
  const port = await freePort();
  const url = `http://localhost:${port}/`;
  let server = await startServer({ binary, web, port });
  assert.equal(server.line, `Tidewire demo: http://localhost:${port}`, server.stderr);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  t.after(async () => {
    await browser.close();
    await stopServer(server, 'SIGKILL');
  });
  const picture = ({ page }, name) => page.screenshot({ path: `${SCREENSHOTS}${name}.png` });

  const ada = await Window.open(browser, 'Ada', url, { viewport: { width: 1280, height: 800 } });
  const grace = await Window.open(browser, 'Grace', `${url}?name=Grace`, { viewport: { width: 1024, height: 700 } });
  const windows = [ada, grace];
  const idOf = (window) => window.ask(() => __demo.sessionId);
  const noComplaints = () => {
    for (const { title, complaints } of windows) assert.deepEqual(complaints, [], `the console of ${title}`);
  };

  await t.test('a port in use is said, with the way out', async () => {
    const second = await startServer({ binary, web, port });
    const [code] = await second.exited;
    assert.equal(second.line, null);
    assert.notEqual(code, 0);
    assert.match(second.stderr, new RegExp(`port ${port}.*--port`));
  });

  await t.test('each window sees the other, and the wanderers', async () => {
    for (const [window, other] of [[ada, grace], [grace, ada]]) {
      await window.until('the other', (id) => __demo.player(id)?.drawn.x !== undefined, await idOf(other));
      assert.equal(await window.ask(() => __demo.players.filter((player) => player.isBot).length), 20);
      await window.until('the number of people', () => document.getElementById('people').textContent.startsWith('2 people'));
      await window.until('a ping', () => /^\d+ ms$/.test(document.getElementById('ping').textContent));
    }
  });

  await t.test('sparks that are far are in the mist: not drawn, not known, not sent', async () => {
    for (const window of windows) await window.until('sparks', () => __demo.sparks.length > 0);
    const deadline = performance.now() + PATIENCE;
    let hidden = [];
    while (hidden.length === 0 && performance.now() < deadline) {
      const near = await ada.ask(() => __demo.sparks.map(({ id }) => id));
      hidden = near.filter((id) => !grace.sparksHeardOf.has(id));
    }
    assert.ok(hidden.length > 0, 'Ada sees no spark that Grace was never told of');
    for (const window of windows) {
      const { known, me, sight } = await window.ask(() => ({ known: __demo.sparks, me: __demo.me, sight: __demo.sight }));
      assert.ok(known.length < 90, `${window.title} knows ${known.length} sparks`);
      for (const { id, x, y } of known) {
        assert.ok(Math.hypot(x - me.x, y - me.y) <= sight + 1, `${window.title} knows ${id}, which is far`);
        assert.ok(window.sparksHeardOf.has(id), `${window.title} never heard of ${id}`);
      }
    }
  });

  await t.test('a new name reaches the other', async () => {
    await ada.page.fill('#name', 'Ada');
    await ada.page.keyboard.press('Enter');
    await grace.until('the name', (id) => __demo.player(id).name === 'Ada', await idOf(ada));
  });

  await t.test('the wanderers wander', async () => {
    const before = await grace.ask(() => __demo.players);
    await grace.until('most of them elsewhere', (before) => {
      const moved = before.filter(({ id, isBot, drawn }) => {
        const now = isBot && __demo.player(id)?.drawn;
        return now && Math.hypot(now.x - drawn.x, now.y - drawn.y) > 40;
      });
      return moved.length >= 15;
    }, before);
  });

  await t.test('one moves by keys, and the other sees it', async () => {
    const hold = (key) => ada.page.keyboard.down(key);
    const release = (key) => ada.page.keyboard.up(key);
    const directions = [['KeyD', 'ArrowLeft'], ['KeyS', 'ArrowUp']];
    await moves({ mover: ada, watchers: windows, directions, hold, release });
  });

  await t.test('what is picked up counts, for everybody', async () => {
    const score = await gather(ada);
    await ada.until('the score', (score) => Number(document.getElementById('score').textContent) >= score, score);
    await grace.until('the score', ({ id, score }) => __demo.player(id).score >= score, { id: await idOf(ada), score });
    const ranked = await grace.page.locator('#ranking li').count();
    assert.ok(ranked > 0 && ranked <= 8, `${ranked} are ranked`);
  });

  await t.test('what is said arrives, as text', async () => {
    const text = 'Hello, <img src=x onerror=alert(1)> & all!';
    await ada.page.keyboard.press('Enter');
    await ada.page.keyboard.type(text);
    await ada.page.keyboard.press('Enter');
    for (const window of windows) {
      await window.until('the line', (text) => document.querySelector('#lines li:last-child')?.textContent === `Ada${text}`, text);
      assert.equal(await window.page.locator('#lines img').count(), 0);
    }
  });

  await t.test('a phone steers by touch', async () => {
    const phone = await Window.open(browser, 'the phone', `${url}?name=Hedy`, {
      viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true,
    });
    windows.push(phone);
    assert.equal(await phone.ask(() => document.getElementById('world').width), 780, 'twice as dense as CSS pixels');
    await grace.until('the phone', (id) => __demo.player(id), await idOf(phone));
    const finger = await phone.context.newCDPSession(phone.page);
    const touch = (type, ...touchPoints) => finger.send('Input.dispatchTouchEvent', { type, touchPoints });
    const from = { x: 195, y: 420 };
    const hold = async ([dx, dy]) => {
      await touch('touchStart', from);
      await touch('touchMove', { x: from.x + dx, y: from.y + dy });
    };
    const directions = [[[70, 0], [-70, 0]], [[0, 70], [0, -70]]];
    await moves({ mover: phone, watchers: [phone, grace], directions, hold, release: () => touch('touchEnd') });
    const { height, width } = await phone.ask(() => ({ width: document.body.scrollWidth, height: document.body.scrollHeight }));
    assert.deepEqual({ width, height }, { width: 390, height: 844 }, 'nothing stands outside of the screen');
    await picture(phone, 'phone');
  });

  await t.test('a window follows its size', async () => {
    await grace.page.setViewportSize({ width: 900, height: 600 });
    await grace.until('the size', () => {
      const { width, height } = document.getElementById('world');
      return width === 900 && height === 600;
    });
  });

  await picture(ada, 'ada');
  await picture(grace, 'grace');
  await t.test('nobody complains', noComplaints);

  await t.test('a server that is silent is noticed, and that it speaks again', async () => {
    const link = (window, words) => window.until(words, (words) => document.getElementById('ping').textContent.match(words), words);
    server.process.kill('SIGSTOP');
    for (const window of windows) await link(window, 'no answer');
    server.process.kill('SIGCONT');
    for (const window of windows) await link(window, ' ms');
    noComplaints();
  });

  /** After an outage: online in a room of the new server, and nothing said but what an outage brings about. */
  async function areBack(before) {
    for (const window of windows) {
      await window.until('a new session', (before) => !before.includes(__demo.sessionId), before);
      await window.isOnline();
    }
    for (const window of windows) {
      await window.until('all by name', () => ['Ada', 'Grace', 'Hedy'].every((name) => __demo.players.some((player) => player.name === name)));
      const strange = window.complaints.filter((complaint) => !OF_AN_OUTAGE.test(complaint));
      assert.deepEqual(strange, [], `the console of ${window.title}`);
      window.complaints = [];
    }
  }

  for (const [signal, title] of [['SIGKILL', 'The server went away'], ['SIGTERM', 'The server was stopped']]) {
    await t.test(`after ${signal} all say so, and come back with the server`, async () => {
      const before = await Promise.all(windows.map(idOf));
      await stopServer(server, signal);
      for (const window of windows) {
        await window.until('the overlay', (title) => {
          const overlay = document.getElementById('overlay');
          return !overlay.hidden && document.getElementById('trouble').textContent === title;
        }, title);
        await window.until('the reason', () => document.getElementById('reason').textContent.includes('Nobody answers'));
        await window.until('the countdown', () => /^Trying again in \d s$/.test(document.getElementById('countdown').textContent));
      }
      await picture(windows[0], `${signal.toLowerCase()}-desktop`);
      await picture(windows.at(-1), `${signal.toLowerCase()}-phone`);

      server = await startServer({ binary, web, port });
      assert.ok(server.line, server.stderr);
      await areBack(before);
    });
  }

  await t.test('a server that comes back before anybody could look is joined anew', async () => {
    const before = await Promise.all(windows.map(idOf));
    await stopServer(server, 'SIGKILL');
    server = await startServer({ binary, web, port });
    assert.ok(server.line, server.stderr);
    await areBack(before);
  });

  await t.test('after all that they still move and talk', async () => {
    await moves({
      mover: ada, watchers: windows, directions: [['KeyA', 'KeyD'], ['KeyW', 'KeyS']],
      hold: (key) => ada.page.keyboard.down(key), release: (key) => ada.page.keyboard.up(key),
    });
    await grace.page.fill('#text', 'back again');
    await grace.page.press('#text', 'Enter');
    await ada.until('the line', () => __demo.chat.some(({ author, text }) => author === 'Grace' && text === 'back again'));
    await picture(ada, 'back');
    noComplaints();
  });
});

/**
 * Moves until every watcher sees it: along one axis or, if a stone is in the way, the other. `directions` are those of
 * larger and of smaller coordinates for x and y; the one towards the middle of the world is taken.
 */
async function moves({ mover, watchers, directions, hold, release }) {
  const start = await mover.ask(() => __demo.me);
  const isFar = ({ id, x, y }) => {
    const { drawn } = __demo.player(id);
    return Math.hypot(drawn.x - x, drawn.y - y) > 90;
  };
  const [alongX, alongY] = directions;
  const choices = [alongX[start.x > 1200 ? 1 : 0], alongY[start.y > 800 ? 1 : 0]];
  for (const [index, choice] of choices.entries()) {
    await hold(choice);
    try {
      const timeout = index === 0 ? PATIENCE / 4 : PATIENCE;
      await mover.until('moving', isFar, start, { timeout });
      break;
    } catch (error) {
      if (index > 0) throw error;
    } finally {
      await release(choice);
    }
  }
  for (const watcher of watchers) await watcher.until(`${mover.title} moving`, isFar, start);
}

/** Steers to sparks by keys until one is picked up; gives the score. */
async function gather({ page }) {
  const held = new Set();
  const hold = async (keys) => {
    for (const key of ['KeyW', 'KeyA', 'KeyS', 'KeyD']) {
      if (keys.includes(key) === held.has(key)) continue;
      await (held.has(key) ? page.keyboard.up(key) : page.keyboard.down(key));
      held[held.has(key) ? 'delete' : 'add'](key);
    }
  };
  const look = (skipped) => page.evaluate((skipped) => {
    const { me, sparks } = __demo;
    const away = ({ x, y }) => Math.hypot(x - me.x, y - me.y);
    if (sparks.length === 0) return { me, dx: 1200 - me.x, dy: 800 - me.y };
    const spark = sparks.sort((one, other) => away(one) - away(other))[skipped % sparks.length];
    return { me, dx: spark.x - me.x, dy: spark.y - me.y };
  }, skipped);
  const before = (await look(0)).me.score;
  const deadline = performance.now() + 2 * PATIENCE;
  let skipped = 0;
  try {
    while (performance.now() < deadline) {
      const { me, dx, dy } = await look(skipped);
      if (me.score > before) return me.score;
      const keys = [];
      if (Math.abs(dx) > 15) keys.push(dx > 0 ? 'KeyD' : 'KeyA');
      if (Math.abs(dy) > 15) keys.push(dy > 0 ? 'KeyS' : 'KeyW');
      await hold(keys);
      const isOn = ({ x, y, score }) => {
        const { me } = __demo;
        return me.score > score || Math.hypot(me.x - x, me.y - y) > 15;
      };
      // Whoever does not get on stands at a stone, and had better go for another spark.
      const gotOn = await page.waitForFunction(isOn, me, { timeout: 1500 }).then(() => true, () => false);
      if (!gotOn) skipped += 3;
    }
  } finally {
    await hold([]);
  }
  throw new Error('no spark was picked up in time');
}
