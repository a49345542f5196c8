// One decoder of one client: built from a handshake as the SDKs build theirs, fed with messages, asked what it saw.
//
// Callbacks are registered through the public API on every collection, at whatever depth and whenever it arrives,
// which is what a careful game does. An instance is watched once in its life.

import { fieldsOf } from './libraries.mjs';
import { isInstance, print, token } from './print.mjs';

export class Judge {
  /** `handshake` holds the bytes of a reflection; throws if they are not one. */
  constructor(library, handshake) {
    this.library = library;
    const iterator = { offset: 0 };
    this.decoder = library.schema.Reflection.decode(handshake, iterator);
    expectEnd(iterator, handshake);
    this.callbacks = library.watcher(this.decoder);
    this.watched = new WeakSet();
    this.events = [];
    this.applied = 0;
    this.printed = print(this.decoder.state);
    this.watch(this.decoder.state);
  }

  /** Applies one full state or patch. Returns the JSON text of `{state, refs, adds, removes}` without its braces. */
  apply(bytes) {
    this.events = [];
    const iterator = { offset: 0 };
    this.decoder.decode(bytes, iterator);
    expectEnd(iterator, bytes);
    const before = this.printed;
    this.printed = print(this.decoder.state);
    if (this.applied === 0) this.leaveOutFillers();
    this.applied += 1;
    const list = (what) => this.events.filter((event) => event.what === what).map((event) => this.report(event, before)).join(',');
    return `"state":${this.printed.text},"refs":${this.decoder.root.refs.size},"adds":[${list('add')}],"removes":[${list('remove')}]`;
  }

  /** A full state makes 3.x and 4.x count the structs of a set that are gone by some that come and go within it. Who listened before the
   *  first state hears of those: they are not taken for entries. */
  leaveOutFillers() {
    const of = (what) => new Set(this.events.filter((event) => event.what === what && isInstance(event.value)).map((event) => event.value));
    const [came, went] = [of('add'), of('remove')];
    this.events = this.events.filter((event) => !(came.has(event.value) && went.has(event.value)));
  }

  watch(instance) {
    if (this.watched.has(instance)) return;
    this.watched.add(instance);
    for (const { name, kind, child } of fieldsOf(instance)) {
      if (kind === 'reference') {
        this.callbacks.onReference(instance, name, (value) => {
          if (isInstance(value)) this.watch(value);
        });
      } else if (kind !== 'primitive') {
        this.callbacks.onAdd(instance, name, (value, key) => {
          this.note('add', instance, name, key, value);
          if (child && isInstance(value)) this.watch(value);
        });
        this.callbacks.onRemove(instance, name, (value, key) => this.note('remove', instance, name, key, value));
      }
    }
  }

  /** The refId is read at once: what is removed loses it when the message ends. */
  note(what, owner, field, key, value) {
    const refId = isInstance(value) ? this.library.refIdOf(this.decoder, value) : undefined;
    this.events.push({ what, owner, field, key, value, refId });
  }

  report({ what, owner, field, key, value, refId }, before) {
    const pointer = this.printed.pointers.get(owner);
    const path = pointer === undefined ? 'null' : JSON.stringify(`${pointer}/${token(field)}`);
    if (refId === undefined) return `{"path":${path},"key":${JSON.stringify(key)},"value":${print.value(value)}}`;
    const items = (what === 'add' ? this.printed : before).lists.get(owner)?.[field];
    const place = items === undefined ? JSON.stringify(key) : items.indexOf(value);
    return `{"path":${path},"key":${place},"ref":${refId}}`;
  }
}

/** The decoders read past the end of a message in silence; a judge may not. */
function expectEnd(iterator, bytes) {
  if (iterator.offset !== bytes.length) {
    throw new Error(`the decoder stopped at byte ${iterator.offset} of ${bytes.length}`);
  }
}
