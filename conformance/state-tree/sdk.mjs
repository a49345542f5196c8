// The real SDK in the place of `decoder.mjs`. It is not on npm: `STATE_TREE_SDK` names a bundle of its `src/core/protocol.ts` and
// `src/core/view.ts`. See README.md.

import { pathToFileURL } from 'node:url';

/** The class of a client that reads with the SDK in this file, with the face of `Decoder`. */
export async function clientOf(bundle) {
  const { decodeMessage, StateTreeView } = await import(pathToFileURL(bundle));
  // It tells on the console of types that it does not know; the answers go there too.
  for (const level of ['debug', 'info', 'log', 'warn']) console[level] = () => {};
  return class {
    constructor(patterns) {
      // No types: all values stay what they are on the wire.
      const schema = { lands: { land: { stateType: 'State', pathHashes: patterns } }, defs: { State: { properties: {} } } };
      this.view = new StateTreeView({}, 'land', { schema });
      this.slots = { broadcast: new Map(), perPlayer: new Map() };
      this.events = [];
    }

    get state() {
      return this.view.getState();
    }

    receive(bytes) {
      const frame = decodeMessage(new Uint8Array(bytes), undefined, this.slots);
      if (frame.type === 'stateUpdateWithEvents') {
        this.events.push(...frame.events);
        this.view.handleStateUpdate(frame.stateUpdate);
      } else if ('patches' in frame) {
        this.view.handleStateUpdate(frame);
      } else {
        throw new Error(`no update: ${JSON.stringify(frame)}`);
      }
    }
  };
}
