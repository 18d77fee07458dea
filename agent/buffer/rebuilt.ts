/**
 * The loss of the database: what it must not undo, of which a copy stands beside it, and how the
 * cloud hears of it.
 */
import { readFile } from 'node:fs/promises';
import { type Clock, type Ids, uuidText } from '@fieldloop/core';
import type { WireEvent } from '@fieldloop/proto';
import { isDiskRefusal } from './disk.ts';
import type { Inside } from './inside.ts';
import { meta, setMeta } from './lanes.ts';
import type { Sqlite } from './sqlite.ts';

/** The pause of this robot, and the bytes that its network gave today. */
const keptKeys = ['paused', 'uplink.spent'] as const;

/** Durable when it returns; where the disk refuses the copy alone, the next one has it too. */
export function keep(
  { db, disk, places, log }: Pick<Inside, 'db' | 'disk' | 'places' | 'log'>,
  key: (typeof keptKeys)[number],
  value: string,
): void {
  setMeta(db, key, value);
  const copy = Object.fromEntries(keptKeys.map((each) => [each, meta(db, each)]));
  try {
    disk.replaceFileNow(places.kept, JSON.stringify(copy));
  } catch (error) {
    if (!isDiskRefusal(error)) throw error;
    log.warn('the copy of what outlives the database could not be written', { key, error });
  }
}

/** Into a database that was rebuilt. */
export async function recall(db: Sqlite, path: string): Promise<void> {
  const copy = await readCopy(path);
  for (const key of keptKeys) {
    const value = copy[key];
    if (typeof value === 'string') setMeta(db, key, value);
  }
}

async function readCopy(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const found: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof found === 'object' && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}

export const rebuiltEvent = (deps: { readonly clock: Clock; readonly ids: Ids }): WireEvent => ({
  id: uuidText(deps.ids.uuid()),
  name: 'buffer_rebuilt',
  severity: 'warning',
  atNs: BigInt(deps.clock.now()) * 1_000_000n,
  synced: false,
  // It belongs to no session.
  sessionId: uuidText(deps.ids.uuid()),
  values: [],
  text: 'the index of the buffer was lost and is rebuilt from its clips; events may be missing',
  tags: [],
});
