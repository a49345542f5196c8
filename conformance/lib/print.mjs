// A decoded state as JSON text, exactly: field by field from the types, not by way of `toJSON`, which rounds,
// renames and drops on its own.
//
// Numbers are printed with every digit that a reader needs to get the same double; integers and bigints as integer
// literals. -0 is `-0.0`. What JSON cannot say (NaN, infinities) is printed as a string, so that it equals nothing.
// A hole or an unset element of an array is `null`, for the same reason. Fields that are not set are left out.

import { fieldsOf } from './libraries.mjs';

/**
 * Prints the tree below `root`. Returns `text`, `pointers` (Map of instance to its JSON pointer, the first one met
 * where an instance has several) and `lists` (Map of instance to `{field: [items]}` for what of it holds instances but is no
 * map).
 */
export function print(root) {
  const walk = { pointers: new Map(), lists: new Map(), left: 1_000_000 };
  return { text: printInstance(root, '', walk), pointers: walk.pointers, lists: walk.lists };
}

print.value = printPrimitive;

function printInstance(instance, pointer, walk) {
  if (walk.left-- === 0) throw new Error('the state has more than a million instances');
  if (!walk.pointers.has(instance)) walk.pointers.set(instance, pointer);
  let text = '';
  for (const field of fieldsOf(instance)) {
    const value = instance[field.name];
    if (value === undefined || value === null) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(field.name)}:${printField(instance, field, value, pointer, walk)}`;
  }
  return `{${text}}`;
}

function printField(owner, { name, kind, child }, value, pointer, walk) {
  switch (kind) {
    case 'primitive':
      return printPrimitive(value);
    case 'reference':
      return printInstance(value, `${pointer}/${token(name)}`, walk);
    case 'map':
      return printMap(value, child, `${pointer}/${token(name)}`, walk);
    default:
      return printList(owner, name, value, child, `${pointer}/${token(name)}`, walk);
  }
}

function printMap(map, child, pointer, walk) {
  let text = '';
  map.forEach((value, key) => {
    const item = child && isInstance(value) ? printInstance(value, `${pointer}/${token(key)}`, walk) : printPrimitive(value);
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${item}`;
  });
  return `{${text}}`;
}

function printList(owner, name, list, child, pointer, walk) {
  const items = Array.from(list.values());
  if (child) {
    if (!walk.lists.has(owner)) walk.lists.set(owner, {});
    walk.lists.get(owner)[name] = items;
  }
  const print = (value, index) => (child && isInstance(value) ? printInstance(value, `${pointer}/${index}`, walk) : printPrimitive(value));
  return `[${items.map(print).join(',')}]`;
}

function printPrimitive(value) {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'bigint':
      return value.toString();
    case 'number':
      return printNumber(value);
    default:
      return 'null';
  }
}

function printNumber(value) {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  if (Object.is(value, -0)) return '-0.0';
  const wide = Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 2 ** 64;
  return wide ? BigInt(value).toString() : String(value);
}

export const isInstance = (value) => typeof value === 'object' && value !== null;

/** One reference token of a JSON pointer. */
export const token = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');
