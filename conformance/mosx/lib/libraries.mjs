// The libraries, for who does not lie beside them.

export { default as jsonPatch } from 'fast-json-patch';
export { default as notepack } from 'notepack.io';
