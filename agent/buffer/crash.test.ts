/**
 * Goal: whatever step of a seal, a delete, an eviction or a start a crash falls between, the next
 * start finds every clip on one side of it, whole and once.
 * Method: disk and database ports that stop for good after step k, for some k drawn anew each time
 * and for every k with FIELDLOOP_TESTS=long, also while the start after a first crash is under way;
 * then a start on the real disk and the invariants.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLog } from '@fieldloop/core';
import { isLongRun, systemClock, systemIds } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentBuffer, openBuffer } from './buffer.ts';
import { expectSound, waitingManifests } from './check.cases.ts';
import { makeClip, type MadeClip, writePart } from './clip-file.cases.ts';
import { type Disk, systemDisk } from './disk.ts';
import { openSqlite, type Sqlite } from './sqlite.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fieldloop-crash-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** Counts durable steps; at `crashAt` that step and everything after it fails. */
class Crash extends Error {}

interface World {
  steps: number;
  readonly crashAt: number;
  readonly databases: Sqlite[];
}

function step(world: World): void {
  world.steps += 1;
  if (world.steps >= world.crashAt) throw new Crash(`crash at step ${world.steps}`);
}

function crashingDisk(world: World): Disk {
  const before =
    <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      step(world);
      return work(...args);
    };
  return {
    makeFolders: before(async (paths: readonly string[]) => systemDisk.makeFolders(paths)),
    rename: before(async (from: string, to: string) => systemDisk.rename(from, to)),
    syncFile: before(async (path: string) => systemDisk.syncFile(path)),
    syncFolder: before(async (path: string) => systemDisk.syncFolder(path)),
    remove: before(async (path: string) => systemDisk.remove(path)),
    replaceFile: before(async (path: string, bytes: Uint8Array | string) =>
      systemDisk.replaceFile(path, bytes),
    ),
    replaceFileNow(path, bytes) {
      step(world);
      systemDisk.replaceFileNow(path, bytes);
    },
    free: async (path) => systemDisk.free(path),
  };
}

/** A crash before the commit rolls back; one after it keeps what was committed. */
function crashingSqlite(world: World): (path: string) => Sqlite {
  return (path) => {
    const db = openSqlite(path);
    world.databases.push(db);
    return {
      ...db,
      transaction: (body) => {
        step(world);
        const result = db.transaction(body);
        step(world);
        return result;
      },
    };
  };
}

const size = makeClip(seededRandom('size'), { payloadBytes: 5_000 }).bytes.length;

function open(world?: World): Promise<AgentBuffer> {
  return openBuffer({
    dir,
    // Room for three clips, so that the fourth evicts.
    quotaBytes: Math.floor(size * 3.5),
    headroomBytes: 0,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
    ...(world === undefined
      ? {}
      : { disk: crashingDisk(world), openSqlite: crashingSqlite(world) }),
  });
}

interface Told {
  /** Clips whose part was whole on the disk. */
  readonly cut: MadeClip[];
  readonly sealed: string[];
  readonly acknowledging: string[];
  readonly acknowledged: string[];
}

/** Seals four clips, uploads one, then seals more than there is room for. */
async function live(buffer: AgentBuffer, told: Told): Promise<void> {
  const random = seededRandom('live');
  for (const wish of ['warning', 'info', 'critical', 'critical'] as const) {
    const clip = makeClip(random, { class: wish, payloadBytes: 5_000 });
    const cut = await writePart(buffer.partPath(clip.clipId), clip);
    told.cut.push(clip);
    await buffer.seal(cut);
    told.sealed.push(clip.clipId);
    if (told.sealed.length !== 1) continue;
    const range = buffer.rows.ranges().find((one) => one.lane === 'manifests');
    buffer.rows.stored('manifests', range?.origin ?? 0n, { through: range?.highest ?? 0 });
    buffer.clips.hold(clip.clipId);
    told.acknowledging.push(clip.clipId);
    await buffer.clips.acknowledged(clip.clipId, clip.sha256);
    told.acknowledged.push(clip.clipId);
  }
  // The first of these pushes out the clip of least value, the second gives way itself.
  for (const wish of ['critical', 'baseline'] as const) {
    const clip = makeClip(random, { class: wish, payloadBytes: 5_000 });
    const cut = await writePart(buffer.partPath(clip.clipId), clip);
    told.cut.push(clip);
    await buffer.seal(cut);
    told.sealed.push(clip.clipId);
  }
}

/** Runs `work` until it ends or crashes; gives the steps taken when it ended. */
async function crashing(crashAt: number, work: (world: World) => Promise<void>): Promise<boolean> {
  const world: World = { steps: 0, crashAt, databases: [] };
  try {
    await work(world);
    return false;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return true;
  } finally {
    for (const db of world.databases) db.close();
  }
}

async function expectNothingLost(told: Told): Promise<void> {
  const buffer = await open();
  const held = await expectSound(dir, buffer);
  const evicted = waitingManifests(buffer)
    .filter((one) => one.state === 'evicted')
    .map((one) => one.clipId);
  for (const clip of told.cut) {
    const places = [
      held.get(clip.clipId) === clip.sha256,
      evicted.includes(clip.clipId),
      told.acknowledging.includes(clip.clipId) && !held.has(clip.clipId),
    ];
    expect(places.filter(Boolean)).toHaveLength(1);
  }
  for (const clipId of told.acknowledged) expect(held.has(clipId)).toBe(false);
  expect(new Set(evicted).size).toBe(evicted.length);
  expect(buffer.counts().ever).toMatchObject({ lost: 0, quarantined: 0 });
  // The next start finds nothing to do.
  await buffer.close();
  const again = await open();
  expect(Object.values(again.recovery).every((found) => !found)).toBe(true);
  expect(await expectSound(dir, again)).toEqual(held);
  await again.close();
}

const fresh = (): Told => ({ cut: [], sealed: [], acknowledging: [], acknowledged: [] });

const seed = process.env['FIELDLOOP_SEED'] ?? String(randomInt(1_000_000));
const atSome = isLongRun ? '' : ` (at some, FIELDLOOP_SEED=${seed})`;

test(`a crash between any two durable steps loses no clip and doubles none${atSome}`, async () => {
  const random = seededRandom(seed);
  const stride = (): number => (isLongRun ? 1 : 1 + random.integer(5));
  let crashed = true;
  let points = 0;
  for (let crashAt = stride(); crashed; crashAt += stride()) {
    await rm(dir, { recursive: true, force: true });
    const told = fresh();
    crashed = await crashing(crashAt, async (world) => live(await open(world), told));
    await expectNothingLost(told);
    points = crashAt;
  }
  // Folders, marks, schema, and every step of six seals and two deletes on its own.
  expect(points).toBeGreaterThan(45);
});

test('a crash inside the start after a crash is no worse', async () => {
  const random = seededRandom('second');
  for (let round = 0; round < 12; round += 1) {
    await rm(dir, { recursive: true, force: true });
    const told = fresh();
    const first = 10 + random.integer(44);
    await crashing(first, async (world) => live(await open(world), told));
    let crashed = true;
    for (let crashAt = 1 + random.integer(4); crashed; crashAt += 1 + random.integer(6)) {
      crashed = await crashing(crashAt, async (world) => {
        await open(world);
      });
    }
    await expectNothingLost(told);
  }
});
