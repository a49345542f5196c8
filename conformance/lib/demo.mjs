// The demo's server as a process, and its windows in a browser.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** How long anything may take on a machine that has much else to do. */
export const PATIENCE = 20_000;

/** A port that nobody listens at. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts the server; resolves once it has said where it listens, or ended. */
export async function startServer({ binary, web, port }) {
  const process = spawn(binary, ['--port', String(port), '--web', web], { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { process, exited: once(process, 'exit'), stderr: '', line: null };
  process.stderr.on('data', (text) => { server.stderr += text; });
  const lines = createInterface(process.stdout);
  server.line = await Promise.race([once(lines, 'line').then(([line]) => line), server.exited.then(() => null)]);
  return server;
}

/** Ends the server by a signal, and waits for its end. */
export async function stopServer(server, signal) {
  if (server.process.exitCode !== null || server.process.signalCode !== null) return;
  server.process.kill(signal);
  await server.exited;
}

/** A page with what it complained about. Each window has its own storage, as two people have. */
export class Window {
  /** What the console and the page said of trouble. */
  complaints = [];
  /** All that came over its WebSockets, as bytes. */
  frames = [];

  static async open(browser, title, url, options) {
    const window = new Window();
    window.title = title;
    window.context = await browser.newContext(options);
    window.page = await window.context.newPage();
    window.page.setDefaultTimeout(PATIENCE);
    window.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) window.complaints.push(`${message.type()}: ${message.text()}`);
    });
    window.page.on('pageerror', (error) => window.complaints.push(`thrown: ${error.stack ?? error}`));
    window.page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => window.frames.push(Buffer.from(payload)));
    });
    await window.page.goto(url);
    await window.isOnline();
    return window;
  }

  /** What `window.__demo` gives, asked inside of the page. */
  ask(question, argument) {
    return this.page.evaluate(question, argument);
  }

  /** The sparks that any frame has named. */
  get sparksHeardOf() {
    return new Set(Buffer.concat(this.frames).toString('latin1').match(/spark-\d+/g));
  }

  /** Waits until a question asked inside of the page is answered with something truthy. */
  async until(what, question, argument, { timeout = PATIENCE } = {}) {
    try {
      const handle = await this.page.waitForFunction(question, argument, { timeout });
      return await handle.jsonValue();
    } catch (error) {
      const seen = await this.ask(() => JSON.stringify({ phase: __demo.phase, me: __demo.me, chat: __demo.chat.slice(-3) }));
      throw new Error(`${this.title} gave up waiting for ${what}; it sees ${seen}`, { cause: error });
    }
  }

  isOnline() {
    return this.until('being online', () => window.__demo?.phase === 'online' && __demo.me && document.getElementById('overlay').hidden);
  }
}
