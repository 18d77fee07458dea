/**
 * Goal: what a backup holds comes back, row for row and byte for byte, into either database, and a
 * damaged backup says which file.
 * Method: rows in every table, real objects on disk; copies that are compared whole, files that are
 * changed by a byte, writers that never stop.
 */
import { appendFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Log, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCa } from '../../auth/ca.ts';
import type { BlobStore } from '../../blob/blob.ts';
import { openDiskBlobs } from '../../blob/disk.ts';
import { clipStore } from '../../clip/store.ts';
import { fillTables } from '../any-rows.sample.ts';
import { type Database, type DatabaseAddress, openDatabase } from '../database.ts';
import type { Db } from '../db.ts';
import { firstClip, nounRows, putFirstRows, wireRows } from '../first-rows.sample.ts';
import { sql } from '../kysely.ts';
import { migrate } from '../migrate.ts';
import { migrations } from '../migrations/list.ts';
import { putOutbox } from '../outbox.ts';
import { emptyPostgres, noPostgres } from '../postgres.sample.ts';
import { tablesOf } from '../tables.ts';
import { type BackupDone, blobPath, makeBackup } from './backup.ts';
import { filesBelow } from './files.ts';
import type { BackupProgress } from './format.ts';
import { demandEmpty, momentsIn, openMoment, restoreMoment, verifyMoment } from './restore.ts';

let folder = '';
const opened: AsyncDisposable[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-backup-'));
});
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Cloud {
  readonly dataDir: string;
  readonly database: Database;
  readonly blobs: BlobStore;
}

const log: Log = silentLog;
const clock = systemClock;

async function openCloud(name: string, kind: DatabaseAddress['kind']): Promise<Cloud> {
  const dataDir = join(folder, name);
  const blobs = await openDiskBlobs(dataDir);
  opened.push(blobs);
  const address: DatabaseAddress =
    kind === 'sqlite'
      ? { kind, path: join(dataDir, 'cloud.db') }
      : { kind, url: await emptyPostgres() };
  const database = await openDatabase(address, { clock, log });
  opened.push(database);
  return { dataDir, database, blobs };
}

/** A SQLite file with rows in every table, which each cloud begins as a copy of. */
let filled: Promise<string> | undefined;
async function fillOne(): Promise<string> {
  const kept = join(await mkdtemp(join(tmpdir(), 'fieldloop-backup-full-')), 'cloud.db');
  const database = await openDatabase({ kind: 'sqlite', path: kept }, { clock, log });
  await putRows(database.write);
  await database.write.transaction().execute(async (trx) => await fillTables(trx, 3));
  await database[Symbol.asyncDispose]();
  return kept;
}

async function putRows(write: Db): Promise<void> {
  await migrate(write, { now: () => 7 });
  await putFirstRows(write, { ...nounRows, ...wireRows });
}

/** Rows in every table, three objects that rows name, an authority. */
async function openFull(kind: DatabaseAddress['kind'] = 'sqlite'): Promise<Cloud> {
  if (kind === 'sqlite') {
    filled ??= fillOne();
    await cp(await filled, join(folder, 'full', 'cloud.db'));
  }
  const cloud = await openCloud('full', kind);
  if (kind === 'postgres') await putRows(cloud.database.write);
  for (const text of ['one', 'two', 'three'.repeat(100_000)]) await putBlob(cloud, text);
  await openCa({ folder: join(cloud.dataDir, 'ca'), clock });
  return cloud;
}

async function putBlob({ database, blobs }: Cloud, text: string): Promise<string> {
  const sha256 = sha256Hex(text);
  const part = await blobs.begin({ owner: 'amr-01', sha256 });
  await part.append([Buffer.from(text)]);
  await part.commit();
  await database.write
    .insertInto('blob')
    .values({ sha256, size_bytes: text.length, stored_at: 1 })
    .execute();
  return sha256;
}

const to = (): string => join(folder, 'backup');

const backup = async ({ database, blobs, dataDir }: Cloud, hear?: (p: BackupProgress) => void) =>
  await makeBackup(
    {
      read: database.read,
      blobs,
      dataDir,
      clock,
      version: '0.1.0',
      ...(hear && { onProgress: hear }),
    },
    to(),
  );

async function restore({ database, blobs, dataDir }: Cloud, at?: string): Promise<void> {
  const moment = await openMoment(to(), at);
  await verifyMoment(moment);
  await restoreMoment({ write: database.write, blobs, dataDir, clock }, moment);
}

/** Every row of every table, and how far each counter is. */
async function rowsOf(db: Db): Promise<Readonly<Record<string, unknown>>> {
  const found: Record<string, unknown> = {};
  for (const { name, columns } of await tablesOf(db)) {
    const list = sql.join(columns.map((column) => sql.ref(column.name)));
    const query = sql`select ${list} from ${sql.table(name)} order by ${list}`;
    found[name] = (await query.execute(db)).rows;
  }
  return found;
}

async function bytesOf(blobs: BlobStore): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const sha256 of await blobs.list({ limit: 100 })) {
    const pieces: Uint8Array[] = [];
    for await (const piece of blobs.read(sha256)) pieces.push(piece);
    found[sha256] = sha256Hex(Buffer.concat(pieces));
  }
  return found;
}

async function secretsOf(dataDir: string): Promise<Readonly<Record<string, string>>> {
  const paths = await filesBelow(dataDir, (path) =>
    /^(cloud\.db.*|blobs|parts|drafts)$/.test(path),
  );
  const texts = await Promise.all(paths.map(async (path) => await readFile(join(dataDir, path))));
  return Object.fromEntries(paths.map((path, at) => [path, texts[at]?.toString('hex') ?? '']));
}

async function expectSame(copy: Cloud, cloud: Cloud): Promise<void> {
  const rows = await rowsOf(cloud.database.write);
  expect(await rowsOf(copy.database.write)).toEqual(rows);
  expect(await bytesOf(copy.blobs)).toEqual(await bytesOf(cloud.blobs));
  expect(await secretsOf(copy.dataDir)).toEqual(await secretsOf(cloud.dataDir));
}

test('a cloud on SQLite comes back whole', async () => {
  const cloud = await openFull();
  const seen: BackupProgress[] = [];
  const { manifest, copied } = await backup(cloud, (progress) => seen.push(progress));
  expect(copied).toBe(3);
  expect(manifest.tables.every(({ rows }) => rows >= 3)).toBe(true);
  expect(manifest.files.map((file) => file.path)).toContain('ca/root-key.pem');
  expect(seen.find((one) => one.step === 'rows' && one.what === 'clip')).toMatchObject({
    done: expect.any(Number),
  });
  const copy = await openCloud('copy', 'sqlite');
  await restore(copy);
  await expectSame(copy, cloud);
  const steps = await sql`select name, at from migration`.execute(copy.database.write);
  expect(steps.rows).toHaveLength(migrations.length);
  expect(steps.rows[0]).toEqual({ name: '0001-nouns', at: 7n });
});

describe.skipIf(noPostgres)('both databases (needs apt-get install postgresql)', () => {
  test('a backup of SQLite restores into PostgreSQL, and a backup of that into SQLite', async () => {
    const cloud = await openFull();
    await backup(cloud);
    const copy = await openCloud('copy', 'postgres');
    await restore(copy);
    await expectSame(copy, cloud);
    await backup(copy);
    const back = await openCloud('back', 'sqlite');
    await restore(back);
    await expectSame(back, cloud);
    for (const { database } of [copy, back]) {
      await putOutbox(database.write, { kind: 'clip.stored', subject: 's', at: 1, body: null });
    }
    expect(await rowsOf(copy.database.write)).toEqual(await rowsOf(back.database.write));
  });

  test('references hold again after a restore into PostgreSQL', async () => {
    await backup(await openFull());
    const copy = await openCloud('copy', 'postgres');
    await restore(copy);
    const orphan = copy.database.write
      .insertInto('clip_value')
      .values({ clip_id: 'clp_none', key: 'k', num: 1 })
      .execute();
    await expect(orphan).rejects.toThrow(/foreign key/);
  });

  writesGoOn('postgres');
});

writesGoOn('sqlite');

/** Each transaction writes one clip with its two tags and an outbox row: whole or not at all. */
function writesGoOn(kind: DatabaseAddress['kind']): void {
  test(`${kind}: a backup that is taken while writes go on is one moment`, async () => {
    const cloud = await openFull(kind);
    const { write } = cloud.database;
    let count = 0;
    const stop = new AbortController();
    const writing = (async () => {
      for (; !stop.signal.aborted; count += 1) {
        const n = 1000 + count;
        await write.transaction().execute(async (trx) => {
          const manifest = { ...firstClip.manifest, clipId: uuid(n), sha256: sha256Hex(`${n}`) };
          await clipStore(trx).putManifest('amr-01', manifest, n);
        });
        // SQLite answers at once: others have their turn too.
        await setImmediate();
      }
    })();
    await expect.poll(() => count, { timeout: 20_000 }).toBeGreaterThan(3);
    const before = count;
    let done: BackupDone | undefined;
    try {
      done = await backup(cloud);
    } finally {
      stop.abort();
    }
    await writing;
    const rows = (name: string): number =>
      done?.manifest.tables.find((table) => table.name === name)?.rows ?? -1;
    expect(count).toBeGreaterThan(before);
    const copy = await openCloud('copy', 'sqlite');
    await restore(copy);
    const db = copy.database.write;
    const clips = await sql<{ n: bigint }>`select count(*) as n from clip
      where id in (select subject from outbox where kind = 'clip.known')
      and id in (select clip_id from clip_term where term = 'rain')`.execute(db);
    expect(Number(clips.rows[0]?.n)).toBeGreaterThan(before);
    const torn = await sql<{ n: bigint }>`select count(*) as n from clip where received_at >= 1000
      and received_at < 1000000 and (id not in (select subject from outbox) or id not in
      (select clip_id from clip_term where term = 'rain'))`.execute(db);
    expect(torn.rows).toEqual([{ n: 0n }]);
    expect(rows('outbox')).toBeGreaterThanOrEqual(before);
  });
}

const uuid = (n: number): string => `01900000-0000-7000-9000-${n.toString(16).padStart(12, '0')}`;

test('a second backup copies only what is new, and each moment is its own', async () => {
  const cloud = await openFull();
  const first = await backup(cloud);
  await putBlob(cloud, 'four');
  await cloud.database.write.updateTable('device').set({ site: 'moved' }).execute();
  const second = await backup(cloud);
  expect([first.copied, second.copied]).toEqual([3, 1]);
  const copy = await openCloud('copy', 'sqlite');
  await restore(copy, first.folder.split('/').at(-1));
  const sites = await copy.database.write.selectFrom('device').select('site').execute();
  expect(sites.map((row) => row.site)).not.toContain('moved');
  expect(Object.keys(await bytesOf(copy.blobs))).toHaveLength(3);
});

test('an object that was removed meanwhile is told of, and the rest comes back', async () => {
  const cloud = await openFull();
  const sha256 = sha256Hex('two');
  await cloud.blobs.remove(sha256);
  const { manifest } = await backup(cloud);
  expect(manifest.absent).toContain(sha256);
  const copy = await openCloud('copy', 'sqlite');
  await restore(copy);
  expect(Object.keys(await bytesOf(copy.blobs))).toHaveLength(2);
});

test('a damaged object of the cloud itself does not get into a backup unseen', async () => {
  const cloud = await openFull();
  const sha256 = sha256Hex('two');
  const [one, two] = [sha256.slice(0, 2), sha256.slice(2, 4)];
  const path = join(cloud.dataDir, 'blobs', 'sha256', one, two, sha256);
  await writeFile(path, 'too');
  await expect(backup(cloud)).rejects.toMatchObject({
    code: 'corrupt',
    place: expect.stringContaining(sha256),
  });
});

/** One backup that every test of damage copies. */
let whole: string | undefined;
async function makeWhole(): Promise<string> {
  await backup(await openFull());
  const kept = await mkdtemp(join(tmpdir(), 'fieldloop-backup-whole-'));
  await cp(to(), kept, { recursive: true });
  await rm(to(), { recursive: true });
  return kept;
}
afterAll(async () => {
  if (whole !== undefined) await rm(whole, { recursive: true });
  if (filled !== undefined) await rm(dirname(await filled), { recursive: true });
});

const changes = {
  'a byte more': async (path: string) => await appendFile(path, '0'),
  'a byte less': async (path: string) => await truncate(path, 10),
  'no file': async (path: string) => await rm(path),
};

test.each(
  (['rows/clip.ndjson', 'files/ca/root.pem', 'blobs', 'manifest.json'] as const).flatMap((file) =>
    Object.entries(changes).map(([what, change]) => ({ file, what, change })),
  ),
)('$file with $what is named before anything is restored', async ({ file, change }) => {
  whole ??= await makeWhole();
  await cp(whole, to(), { recursive: true });
  const [name = ''] = await momentsIn(to());
  const path = file === 'blobs' ? blobPath(to(), sha256Hex('one')) : join(to(), name, file);
  await change(path);
  const copy = await openCloud('copy', 'sqlite');
  await expect(restore(copy)).rejects.toMatchObject({
    place: path,
    remedy: expect.stringMatching(/--at|path is right/),
  });
  expect(await tablesOf(copy.database.write)).toEqual([]);
});

test('a backup of an older cloud comes forward', async () => {
  const cloud = await openCloud('old', 'sqlite');
  const { write } = cloud.database;
  await migrate(write, { now: () => 7, steps: migrations.slice(0, 2) });
  await putFirstRows(write, { ...nounRows, ...wireRows });
  await backup(cloud);
  const copy = await openCloud('copy', 'sqlite');
  await restore(copy);
  expect(await clipStore(copy.database.write).get(firstClip.id)).toMatchObject({
    manifest: firstClip.manifest,
  });
  expect(await migrate(copy.database.write, { now: () => 1 })).toEqual([]);
});

test('a backup of a newer cloud is refused', async () => {
  const cloud = await openFull();
  await sql`insert into migration (name, at) values ('9999-later', 3)`.execute(
    cloud.database.write,
  );
  await backup(cloud);
  const copy = await openCloud('copy', 'sqlite');
  await expect(restore(copy)).rejects.toMatchObject({
    code: 'conflict',
    message: 'the backup has the step "9999-later" that this cloud lacks',
  });
});

test('a cloud that is there already is not overwritten unasked', async () => {
  const cloud = await openFull();
  await backup(cloud);
  const { dataDir, database } = cloud;
  await expect(demandEmpty(database.write, dataDir, database.place)).rejects.toMatchObject({
    code: 'conflict',
    remedy: expect.stringContaining('--force'),
  });
  const empty = await openCloud('copy', 'sqlite');
  await demandEmpty(empty.database.write, empty.dataDir, empty.database.place);
  const before = await rowsOf(database.write);
  await database.write.deleteFrom('clip_term').execute();
  await restore(cloud);
  expect(await rowsOf(database.write)).toEqual(before);
});

test('a backup does not go into the data folder', async () => {
  const { database, blobs, dataDir } = await openCloud('full', 'sqlite');
  const deps = { read: database.read, blobs, dataDir, clock, version: '0.1.0' };
  for (const inside of [dataDir, join(dataDir, 'backups')]) {
    await expect(makeBackup(deps, inside)).rejects.toMatchObject({ code: 'invalid' });
  }
});

test('a folder without a backup and a database without a cloud are told apart', async () => {
  const empty = await openCloud('empty', 'sqlite');
  await expect(backup(empty)).rejects.toMatchObject({ code: 'not_found' });
  await expect(openMoment(join(folder, 'nowhere'))).rejects.toMatchObject({
    place: join(folder, 'nowhere'),
  });
  await expect(openMoment(to())).rejects.toMatchObject({
    code: 'not_found',
    remedy: expect.stringContaining('--to'),
  });
});
