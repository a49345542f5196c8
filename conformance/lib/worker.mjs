// A decode.mjs process for tests: one request at a time, answered by a promise.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export class Worker {
  constructor() {
    this.process = spawn(process.execPath, [fileURLToPath(new URL('../decode.mjs', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.nextId = 1;
  }

  /** Sends a request without its id and returns the answer, parsed; fails if the answer is to another request. */
  async ask(request) {
    const text = await this.askText(request);
    return JSON.parse(text);
  }

  async askText(request) {
    const id = this.nextId++;
    this.process.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    const { value, done } = await this.lines.next();
    if (done || !value.startsWith(`{"id":${id}`)) throw new Error(`no answer to request ${id}: ${value}`);
    return value;
  }

  async close() {
    this.process.stdin.end();
    const [code] = await once(this.process, 'exit');
    return code;
  }
}
