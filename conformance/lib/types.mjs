// The types of a scenario as classes of any generation of @colyseus/schema.

const PRIMITIVES = new Set('string boolean number int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64'.split(' '));
const KINDS = ['type', 'map', 'array', 'set', 'collection', 'quantized'];

export const isPrimitive = (name) => PRIMITIVES.has(name);

/**
 * Defines the types of a scenario file. Returns `classes` by name and `fieldsOf(name)`: the fields of a type, its base's
 * first, as `[name, {kind, of, optional, view}]`, where `kind` is `type` for a primitive or a reference.
 */
export function defineTypes({ Schema, type, view }, types) {
  const classes = {};
  for (const [name, { extends: base }] of Object.entries(types)) {
    classes[name] = { [name]: class extends (base === undefined ? Schema : classes[base]) {} }[name];
  }
  const named = (name) => (isPrimitive(name) ? name : classes[name]);

  function fieldsOf(name) {
    const { extends: base, fields } = types[name];
    const own = Object.entries(fields).map(([field, definition]) => {
      if (typeof definition === 'string') return [field, { kind: 'type', of: definition }];
      const kind = KINDS.find((kind) => kind in definition);
      return [field, { kind, of: definition[kind], optional: definition.optional === true, view: definition.view }];
    });
    return base === undefined ? own : [...fieldsOf(base), ...own];
  }

  for (const [name, { extends: base }] of Object.entries(types)) {
    const inherited = base === undefined ? 0 : fieldsOf(base).length;
    for (const [field, { kind, of, view: tag }] of fieldsOf(name).slice(inherited)) {
      const definition = kind === 'type' ? named(of) : { [kind]: kind === 'quantized' ? of : named(of) };
      type(definition)(classes[name].prototype, field);
      if (tag !== undefined) view(tag)(classes[name].prototype, field);
    }
  }
  return { classes, fieldsOf };
}
