// What a user registers with an SDK so that it joins rooms of other serializers. The decoders are the npm libraries, but for
// `light`, of which there is none.

import { jsonPatch, notepack } from '../mosx/lib/libraries.mjs';
import { clientOf } from '../mosx/lib/clients.mjs';
import { LightClient } from '../mosx/lib/light.mjs';

/** What every serializer of an SDK has. */
class Plain {
  setState(bytes, it) {
    this.client = this.open(rest(bytes, it));
  }

  patch(bytes, it) {
    for (const message of this.messages(rest(bytes, it))) this.client.apply(message);
  }

  getState() {
    return this.client?.state;
  }

  teardown() {}
}

/** The messages of a tick come as a MessagePack array of byte strings. */
class Bundled extends Plain {
  messages(bytes) {
    return notepack.decode(bytes);
  }
}

class Json extends Plain {
  open = (bytes) => clientOf('json', bytes);
  messages = (bytes) => [bytes];
}

class Mpack extends Bundled {
  open = (bytes) => clientOf('mpack', bytes);
}

class Light extends Bundled {
  open = (bytes) => new LightClient(bytes);
}

class Patchpack extends Bundled {
  open = (bytes) => clientOf('patchpack', bytes);
}

/** That of the lab's own: a JSON text, then a change on each line. */
class Lines extends Plain {
  open = (bytes) => {
    const client = { state: JSON.parse(bytes) };
    client.apply = (line) => (client.state = jsonPatch.applyOperation(client.state, JSON.parse(line), true).newDocument);
    return client;
  };
  messages = (bytes) => bytes.toString().split('\n').filter(Boolean);
}

/** By the id that a room names. */
export const serializers = { json: Json, mpack: Mpack, light: Light, patchpack: Patchpack, lines: Lines };

function rest(bytes, it) {
  return Buffer.from(bytes.subarray(it.offset));
}
