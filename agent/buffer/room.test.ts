/**
 * Goal: what goes for want of room is what may go, as much as is needed, and only where it is kept.
 * Method: a real folder with a disk that says what it has free, and clips of chosen sizes.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BufferOptions } from './buffer.ts';
import { markGap } from '../limits.ts';
import { BufferFolder, event } from './buffer.cases.ts';
import { expectSound } from './check.cases.ts';
import { makeClip } from './clip-file.cases.ts';
import { type Disk, freeSpace, systemDisk } from './disk.ts';
import { openSqlite } from './sqlite.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => at.remove());

const held = (): string[] => at.buffer.clips.all().map(({ clipId }) => clipId);

/** A disk where each clip's file that goes frees one inode. */
function fewInodes(free: number): Disk {
  let inodes = free;
  return {
    ...systemDisk,
    async remove(path) {
      inodes += 1;
      await systemDisk.remove(path);
    },
    free: async () => await Promise.resolve({ bytes: 1e12, inodes }),
  };
}

test('a new clip of a class below its reserve stays, and others go for it', async () => {
  const size = (payloadBytes: number): number => makeClip(at.random, { payloadBytes }).bytes.length;
  const quotaBytes = 3 * size(10_000) + size(20_000) - 1;
  await at.reopen({ quotaBytes, reserve: { critical: size(30_000) } });
  for (let i = 0; i < 3; i += 1) await at.seal({ class: 'warning', payloadBytes: 10_000 });
  const { clip, cut } = await at.cut({ class: 'critical', payloadBytes: 20_000 });
  expect(await at.buffer.seal({ ...cut, priority: 0.1 })).toBe('sealed');
  expect(held()).toHaveLength(3);
  expect(held()).toContain(clip.clipId);
});

test('a clip that was pulled and then refused goes when room is needed', async () => {
  const { clipId } = await at.seal();
  expect(at.buffer.clips.pull(clipId)).toBe('wanted');
  at.listAll();
  at.buffer.clips.refuse(clipId, 'MALFORMED');
  await at.reopen({ quotaBytes: 1 });
  expect(at.buffer.counts()).toMatchObject({ clips: { refused: 0 }, ever: { evicted: 1 } });
});

test('short of inodes, clips go until others have theirs again', async () => {
  for (let i = 0; i < 4; i += 1) await at.seal();
  await at.reopen({ disk: fewInodes(7), headroomInodes: 10 });
  expect(held()).toHaveLength(1);
  await expectSound(at.dir, at.buffer);
});

test('with no inode at all everything goes that may', async () => {
  await at.seal({ class: 'critical' });
  await at.seal({ class: 'info' });
  await at.reopen({ disk: fewInodes(0), reserve: { critical: 1 } });
  expect(at.buffer.counts().ever).toMatchObject({ evicted: 1 });
  expect(await at.buffer.makeRoom(0)).toBe(false);
});

test('a new clip makes room for as many inodes as are missing, while others are worth less', async () => {
  for (let i = 0; i < 3; i += 1) await at.seal({ class: 'info' });
  let inodes = 1e6;
  const disk: Disk = {
    ...systemDisk,
    async remove(path) {
      inodes += 1;
      await systemDisk.remove(path);
    },
    free: async () => await Promise.resolve({ bytes: 1e12, inodes }),
  };
  await at.reopen({ disk, headroomInodes: 10 });
  inodes = 8;
  const clip = await at.seal({ class: 'critical' });
  expect(held()).toHaveLength(2);
  expect(held()).toContain(clip.clipId);
});

test('others that fill the disk cost what is worth least first, and a new clip last', async () => {
  const free = { bytes: 1e12 };
  const disk: Disk = { ...systemDisk, free: async () => await Promise.resolve({ ...free }) };
  await at.reopen({ disk, headroomBytes: 1e9 });
  const { clipId } = await at.seal({ class: 'critical', payloadBytes: 1e6 });
  for (let n = 0; n < 3; n += 1) await at.seal({ class: 'info', payloadBytes: 1e6 });
  // No clip of this robot makes up for what others took.
  free.bytes = 1e6;
  const { cut } = await at.cut({ class: 'warning', payloadBytes: 1e6 });
  expect(await at.buffer.seal(cut)).toBe('evicted');
  expect(held()).toEqual([clipId]);
  expect(await at.buffer.makeRoom(0)).toBe(false);
  expect(held()).toEqual([]);
});

test('a clip that goes into transfer while others are evicted stays, and more go for it', async () => {
  const moving: string[] = [];
  const disk: Disk = {
    ...systemDisk,
    async remove(path) {
      // The next that was chosen.
      const [next = ''] = held().filter((clipId) => !moving.includes(clipId));
      if (at.buffer.clips.hold(next)) moving.push(next);
      await systemDisk.remove(path);
    },
  };
  await at.reopen({ disk });
  const sizes: number[] = [];
  for (const priority of [1, 3, 5, 7]) sizes.push((await at.seal({ priority })).bytes.length);
  at.listAll();
  await at.buffer.resize({ quotaBytes: 2 * Math.max(...sizes), headroomBytes: 0 });
  expect(moving).toHaveLength(2);
  expect(held()).toEqual(moving);
});

test('a file system without a limit of inodes is short of none; who only looks evicts nothing', async () => {
  const statfs = { bavail: 5, bsize: 2, ffree: 0 };
  expect(freeSpace({ ...statfs, files: 0 })).toEqual({ bytes: 10 });
  expect(freeSpace({ ...statfs, files: 9 })).toEqual({ bytes: 10, inodes: 0 });
  await at.seal();
  await at.reopen({ disk: { ...systemDisk, free: async () => ({ bytes: 1e12 }) } });
  expect(held()).toHaveLength(1);
  await at.reopen({ disk: fewInodes(5), headroomInodes: 0 });
  expect(held()).toHaveLength(1);
});

/** A disk without room for one row until a file of a clip goes, which others use up or do not. */
function fullDisk(others: 'calm' | 'greedy', state = { isFull: true }): Partial<BufferOptions> {
  const disk: Disk = {
    ...systemDisk,
    async remove(path) {
      await systemDisk.remove(path);
      state.isFull = others === 'greedy';
    },
    free: async () => await Promise.resolve({ bytes: state.isFull ? 0 : 1e12, inodes: 1e6 }),
  };
  return {
    disk,
    headroomBytes: 1e6,
    openSqlite: (path) => {
      const db = openSqlite(path);
      return {
        ...db,
        transaction: (body) =>
          db.transaction(() => {
            const result = body();
            if (state.isFull) throw new Fault('limited', 'the disk is full');
            return result;
          }),
      };
    },
  };
}

test('a start on a disk too full for one row lets go of a clip for it, and tells of it', async () => {
  const keptId = (await at.seal({ class: 'critical' })).clipId;
  await at.seal({ class: 'info', payloadBytes: 2_000_000 });
  await at.reopen(fullDisk('calm'));
  expect(held()).toEqual([keptId]);
  expect(at.buffer.counts().ever).toMatchObject({ evicted: 1, lost: 0 });
  await expectSound(at.dir, at.buffer);
});

test('a disk that stays full keeps no buffer from its start', async () => {
  const { clipId } = await at.seal({ payloadBytes: 2_000_000 });
  await at.reopen(fullDisk('greedy'));
  expect(at.buffer.degraded).toBe('the disk is full');
  await at.reopen();
  expect(held()).toEqual([]);
  expect(at.buffer.counts().ever).toMatchObject({ sealed: 1, lost: 1 });
  expect(at.buffer.clips.knows(clipId)).toBe(true);
});

test('without room for its marks a buffer starts, and uses no number twice', async () => {
  const replaceFileNow = (): void => {
    throw new Fault('limited', 'the disk is full');
  };
  const full = { disk: { ...systemDisk, replaceFileNow } };
  await at.buffer.close();
  const db = openSqlite(join(at.dir, 'buffer.db'));
  db.run("UPDATE meta SET value = ? WHERE key = 'last.events'", String(markGap));
  db.close();
  await at.open(full);
  const [before] = at.buffer.rows.ranges();
  at.buffer.addEvent(event('beyond'));
  expect(at.buffer.counts()).toMatchObject({ rows: { events: 0 }, pendingRows: 1 });
  await at.buffer.close();
  await rm(join(at.dir, 'buffer.db'));
  await at.open(full);
  at.buffer.addEvent(event('after'));
  expect(at.buffer.counts()).toMatchObject({ rows: { events: 0 }, pendingRows: 2 });
  await at.reopen();
  at.buffer.addEvent(event('after'));
  const next = { lowest: markGap + 1, highest: markGap + 1 };
  expect(at.buffer.rows.ranges()[0]).toEqual({ ...before, ...next });
});

test('on a disk that fills up, rows that wait have room made for them', async () => {
  const state = { isFull: false };
  await at.reopen(fullDisk('calm', state));
  const { clipId } = await at.seal({ class: 'critical' });
  await at.seal({ class: 'info', payloadBytes: 2_000_000 });
  state.isFull = true;
  at.buffer.addEvent(event('waits'));
  expect(at.buffer.degraded).toBe('the disk is full');
  expect(await at.buffer.makeRoom(0)).toBe(true);
  expect(held()).toEqual([clipId]);
  expect(at.buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 })).toHaveLength(1);
  expect(at.buffer.degraded).toBeUndefined();
});

test('a full disk is relieved of a clip that the cloud has', async () => {
  const state = { isFull: false };
  await at.reopen(fullDisk('calm', state));
  const { clipId, sha256 } = await at.seal();
  at.listAll();
  state.isFull = true;
  await at.buffer.clips.acknowledged(clipId, sha256);
  await expectSound(at.dir, at.buffer);
  expect(at.buffer.counts().ever).toMatchObject({ acknowledged: 1, evicted: 0 });
});

test('what a start cannot note for want of room, the next one does', async () => {
  const clip = await at.seal();
  await rm(at.filePath(clip));
  await at.reopen({ ...fullDisk('greedy'), headroomBytes: 0 });
  expect(at.buffer.counts().ever).toMatchObject({ lost: 0 });
  await at.reopen();
  expect(at.buffer.counts().ever).toMatchObject({ lost: 1 });
});
