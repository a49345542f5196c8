// The three generations of @colyseus/schema behind one small interface, so that a judge is written once.
//
// Each library says how a program is told of additions and removals (`watcher`) and what refId an instance has
// (`refIdOf`). Only what the packages export to their users is used for the callbacks.

import * as schema3 from 'schema3';
import * as schema4 from 'schema4';
import * as schema5 from 'schema5';

/** A watcher registers callbacks; `immediate` is always off, because what a message brings is reported by its own changes. */
const proxyWatcher = (schema) => (decoder) => {
  const $ = schema.getDecoderStateCallbacks(decoder);
  return {
    onAdd: (instance, field, callback) => $(instance)[field].onAdd(callback, false),
    onRemove: (instance, field, callback) => $(instance)[field].onRemove(callback),
    onReference: (instance, field, callback) => $(instance).listen(field, callback, false),
  };
};

const namedWatcher = (schema) => (decoder) => {
  const callbacks = schema.Callbacks.get(decoder);
  return {
    onAdd: (instance, field, callback) => callbacks.onAdd(instance, field, callback, false),
    onRemove: (instance, field, callback) => callbacks.onRemove(instance, field, callback),
    onReference: (instance, field, callback) => callbacks.listen(instance, field, callback, false),
  };
};

export const libraries = {
  3: {
    schema: schema3,
    watcher: proxyWatcher(schema3),
    refIdOf: (decoder, instance) => decoder.root.refIds.get(instance),
  },
  4: {
    schema: schema4,
    watcher: namedWatcher(schema4),
    refIdOf: (_, instance) => instance[schema4.$refId],
  },
  5: {
    schema: schema5,
    watcher: namedWatcher(schema5),
    refIdOf: (_, instance) => instance[schema5.$refId],
  },
};

/**
 * The fields of an instance's class in index order, as `{ name, kind, child }`: `kind` is `primitive`, `reference`,
 * `map`, `array`, `set`, `collection` or `stream`; `child` tells whether a collection holds instances.
 */
export function fieldsOf(instance) {
  const type = instance.constructor;
  let fields = fieldsByClass.get(type);
  if (fields === undefined) {
    fields = [];
    const metadata = type[Symbol.metadata];
    for (let index = 0; index < 64; index++) {
      if (metadata[index] !== undefined) fields.push(describe(metadata[index]));
    }
    fieldsByClass.set(type, fields);
  }
  return fields;
}

const fieldsByClass = new WeakMap();

function describe({ name, type }) {
  if (typeof type === 'string' || type.quantized !== undefined) return { name, kind: 'primitive', child: false };
  if (typeof type === 'function') return { name, kind: 'reference', child: true };
  const [kind, element] = Object.entries(type)[0];
  return { name, kind, child: typeof element === 'function' };
}
