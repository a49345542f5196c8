// A way to a server that writes down what the server sends: for tests of what must never be sent.

import { createServer, connect } from 'node:net';
import { once } from 'node:events';

export class Tap {
  #chunks = [];
  #server;

  /** Opens a way to the server at this address; `url` is where it begins. */
  static async to(address) {
    const tap = new Tap();
    const { hostname, port } = new URL(address);
    tap.#server = createServer((client) => {
      const server = connect(Number(port), hostname);
      server.on('data', (chunk) => tap.#chunks.push(chunk));
      client.pipe(server).pipe(client);
      // Whoever goes first, the other learns of it.
      for (const [one, other] of [[client, server], [server, client]]) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    tap.#server.listen(0, '127.0.0.1');
    await once(tap.#server, 'listening');
    tap.url = `http://127.0.0.1:${tap.#server.address().port}`;
    return tap;
  }

  /** Whether a text was among all that the server sent. (Its frames are neither masked nor compressed.) */
  heard(text) {
    return Buffer.concat(this.#chunks).includes(text);
  }

  close() {
    this.#server.close();
  }
}
