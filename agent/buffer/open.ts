/**
 * Opens `buffer.db`, or moves a damaged one aside and begins a new one whose numbers continue
 * above everything the old one can have handed out.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { asFault, type Clock, Fault, type Ids, type Log } from '@fieldloop/core';
import { markGap, maxDamagedDatabases } from '../limits.ts';
import { type Disk, fileSize, names } from './disk.ts';
import { renumber, seedLanes, storedMarks } from './lanes.ts';
import { counterNames, type MarkSet, readMarks } from './marks.ts';
import { clipFolders, type Places } from './places.ts';
import { migrate } from './schema.ts';
import type { Sqlite } from './sqlite.ts';

export interface OpenDeps {
  readonly disk: Disk;
  readonly openSqlite: (path: string) => Sqlite;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export interface OpenedDatabase {
  readonly db: Sqlite;
  /** What `marks.json` said; absent when it was not there or not readable. */
  readonly marks: MarkSet | undefined;
  /** True when an older database was lost. */
  readonly rebuilt: boolean;
}

export async function openDatabase(deps: OpenDeps, places: Places): Promise<OpenedDatabase> {
  await makeAll(deps.disk, places);
  const marks = await readMarks(places.marks);
  const opened = await openOrReplace(deps, places);
  const stored = storedMarks(opened.db);
  if (stored !== undefined) {
    // An older copy of the database (a restored backup, a lost WAL) knows less than was handed out.
    const stale =
      marks?.origin === stored.origin &&
      counterNames.some((name) => stored.floors[name] < marks.floors[name]);
    if (stale) {
      const { conn } = above(marks).floors;
      seedLanes(opened.db, { origin: stored.origin, floors: { ...stored.floors, conn } });
      renumber(opened.db, freshOrigin(deps.ids));
    }
    return { ...opened, rebuilt: opened.rebuilt || stale, marks };
  }
  // Marks without a database that knows them: the database was lost, by whatever hand.
  const rebuilt = marks !== undefined;
  const start = marks === undefined ? fresh(deps.ids) : above(marks);
  seedLanes(opened.db, start);
  return { db: opened.db, marks, rebuilt };
}

/** All folders at the first start, so that a seal has one name to make durable and no more. */
async function makeAll(disk: Disk, places: Places): Promise<void> {
  const { root, parts, quarantine, clips } = places;
  const known = new Set(await names(clips));
  const missing = clipFolders(places).filter((path) => !known.has(basename(path)));
  await disk.makeFolders([root, parts, quarantine, ...missing]);
  // Always: an earlier start may have ended before it came to this.
  await disk.syncFolder(clips);
  await disk.syncFolder(root);
  try {
    await disk.syncFolder(dirname(root));
  } catch (error) {
    // A parent of another user is that user's to keep.
    if (asFault(error).code !== 'forbidden') throw error;
  }
}

async function openOrReplace(
  deps: OpenDeps,
  places: Places,
): Promise<{ db: Sqlite; rebuilt: boolean }> {
  try {
    return { db: openMigrated(deps, places), rebuilt: false };
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'corrupt') throw error;
    const size = await fileSize(places.database);
    const aside = await moveAside(deps, places);
    deps.log.error('the buffer database was damaged and is rebuilt from the clip files', {
      error: new Fault('corrupt', fault.message, {
        place: aside,
        remedy: 'Clips are kept; events that the cloud had not stored are lost. Check the disk.',
        cause: error,
      }),
      sizeBytes: size,
    });
    return { db: openMigrated(deps, places), rebuilt: true };
  }
}

function openMigrated(deps: OpenDeps, places: Places): Sqlite {
  const db = deps.openSqlite(places.database);
  try {
    migrate(db, places.database);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

async function moveAside(deps: OpenDeps, places: Places): Promise<string> {
  const aside = `${places.database}.damaged-${deps.clock.now()}`;
  for (const tail of ['-wal', '-shm', '']) {
    const path = `${places.database}${tail}`;
    if ((await fileSize(path)) === undefined) continue;
    await deps.disk.rename(path, `${aside}${tail}`);
  }
  await deps.disk.syncFolder(places.root);
  const prefix = 'buffer.db.damaged-';
  const stamps = (await names(places.root))
    .filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name))
    .slice(0, -maxDamagedDatabases);
  for (const name of stamps) {
    for (const tail of ['-wal', '-shm', '']) {
      await deps.disk.remove(join(places.root, `${name}${tail}`));
    }
  }
  return aside;
}

/** 64 random bits: a wiped robot must not collide with its own past. */
export function freshOrigin(ids: Ids): string {
  const hash = createHash('sha256').update(ids.uuid()).update(ids.uuid());
  return hash.digest('hex').slice(0, 16);
}

function fresh(ids: Ids): MarkSet {
  const floors = { events: 0, manifests: 0, reported: 0, conn: 0 };
  return { origin: freshOrigin(ids), floors };
}

function above(marks: MarkSet): MarkSet {
  const floors = { ...marks.floors };
  for (const name of counterNames) floors[name] += markGap;
  return { origin: marks.origin, floors };
}
