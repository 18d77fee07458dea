/** What the first start makes, because nobody could ask for it without already having it. */
import { chmod, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Ids, RandomBytes } from '@fieldloop/core';
import { makeApiKey } from './key/make.ts';
import { apiKeyStore } from './key/store.ts';
import type { Db } from './store/db.ts';

export interface FirstKey {
  readonly key: string;
  /** Keeps the key, readable by this user alone. */
  readonly file: string;
}

/** A key with every right, unless a key was ever made. */
export async function firstKey(
  dataDir: string,
  deps: {
    readonly write: Db;
    readonly clock: Clock;
    readonly ids: Ids;
    readonly randomBytes: RandomBytes;
  },
): Promise<FirstKey | undefined> {
  if (await apiKeyStore(deps.write).any()) return undefined;
  const file = join(dataDir, 'admin.key');
  const { text } = await makeApiKey(deps, {
    name: 'admin',
    scopes: ['*:admin'],
    by: 'system',
    keep: async (key) => await writeSecret(file, `${key}\n`),
  });
  return { key: text, file };
}

/** Whole and synced under its name, or not there. */
async function writeSecret(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(part, 0o600);
  await rename(part, path);
  const folder = await open(dirname(path));
  await folder.sync();
  await folder.close();
}
