// The three SDKs behind the few differences between them that a user has to know.

import * as sdk16 from 'sdk16';
import * as sdk17 from 'sdk17';
import * as sdk18 from 'sdk18';

import { pinned } from './versions.mjs';

const named = (sdk) => (room) => {
  const callbacks = sdk.Callbacks.get(room);
  return {
    onAdd: (instance, field, callback) => callbacks.onAdd(instance, field, callback),
    onRemove: (instance, field, callback) => callbacks.onRemove(instance, field, callback),
    onChange: (instance, callback) => callbacks.onChange(instance, callback),
    listen: (instance, field, callback) => callbacks.listen(instance, field, callback),
  };
};

const proxied = (sdk) => (room) => {
  const $ = sdk.getStateCallbacks(room);
  return {
    onAdd: (instance, field, callback) => $(instance)[field].onAdd(callback),
    onRemove: (instance, field, callback) => $(instance)[field].onRemove(callback),
    onChange: (instance, callback) => $(instance).onChange(callback),
    listen: (instance, field, callback) => $(instance).listen(field, callback),
  };
};

/**
 * `callbacks(room)` gives the state callbacks in one form; `pings` and `requests` say what the SDK can do at all;
 * `schema` is the generation of @colyseus/schema that it must have loaded.
 */
export const sdks = [
  { alias: 'sdk16', title: `colyseus.js ${pinned('sdk16')}`, Client: sdk16.Client, registerSerializer: sdk16.registerSerializer, callbacks: proxied(sdk16), schema: 'schema3', pings: false, requests: false },
  { alias: 'sdk17', title: `@colyseus/sdk ${pinned('sdk17')}`, Client: sdk17.Client, registerSerializer: sdk17.registerSerializer, callbacks: named(sdk17), schema: 'schema4', pings: true, requests: false },
  { alias: 'sdk18', title: `@colyseus/sdk ${pinned('sdk18')}`, Client: sdk18.Client, registerSerializer: sdk18.registerSerializer, callbacks: named(sdk18), schema: 'schema5', pings: true, requests: true },
];
