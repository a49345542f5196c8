// The handshakes and patches of the reference encoders themselves.

import { libraries } from './libraries.mjs';

/** Defines a class in the way in which each generation wants it: `fields` maps names to primitives, classes, `[x]` or `{map: x}`. */
export function define(version, fields, name) {
  const { schema, t } = libraries[version].schema;
  if (t === undefined) return schema(fields, name);
  const field = (type) => {
    if (Array.isArray(type)) return t.array(type[0]);
    if (typeof type === 'object') return t.map(type.map);
    return typeof type === 'string' ? t[type]() : t.ref(type).optional();
  };
  return schema(Object.fromEntries(Object.entries(fields).map(([key, type]) => [key, field(type)])), name);
}

/** The reflection that a server of this generation sends for a root class, as hex. */
export function handshakeOf(version, root) {
  const { Encoder, Reflection } = libraries[version].schema;
  return Buffer.from(Reflection.encode(new Encoder(new root()))).toString('hex');
}
