// Which versions are really loaded. Aliases and nested node_modules make it easy to test one generation thrice.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = createRequire(import.meta.url);
const pins = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')).dependencies;

/** Versions of @colyseus/schema by generation, as they lie on disk: `{"3": "3.0.76", …}`. */
export function schemaVersions() {
  return Object.fromEntries(['3', '4', '5'].map((generation) => [generation, manifestOf(here.resolve(`schema${generation}`)).version]));
}

/** Of each SDK its own version and that of the @colyseus/schema which it imports: `{"sdk16": {sdk, schema}, …}`. */
export function sdkVersions() {
  return Object.fromEntries(
    ['sdk16', 'sdk17', 'sdk18'].map((alias) => {
      const entry = here.resolve(alias);
      return [alias, { sdk: manifestOf(entry).version, schema: manifestOf(createRequire(entry).resolve('@colyseus/schema')).version }];
    }),
  );
}

/** The exact version that package.json pins an alias to. */
export function pinned(alias) {
  return pins[alias].replace(/^npm:.*@/, '');
}

/** The module that an SDK itself imports as @colyseus/schema; its `Decoder` class tells decoders apart. */
export async function schemaModuleOf(alias) {
  const folder = folderOf(createRequire(here.resolve(alias)).resolve('@colyseus/schema'));
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return import(join(folder, exports['.'].import));
}

const manifestOf = (file) => JSON.parse(readFileSync(join(folderOf(file), 'package.json'), 'utf8'));

function folderOf(file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json')) || !('version' in JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))) {
    folder = dirname(folder);
  }
  return folder;
}
