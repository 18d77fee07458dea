/**
 * Goal: what the buffer took is there until the cloud has it, and what had to go is named.
 * Method: a real folder and database, driven through the doors that agent and uplink use.
 */
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, type Log, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { decodeEvents, decodeManifest, decodeReported } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder, event } from './buffer.cases.ts';
import { ledgerHours, maxPostponeMs } from '../limits.ts';
import { expectSound, waitingManifests } from './check.cases.ts';
import { makeClip, writePart } from './clip-file.cases.ts';
import { type Disk, systemDisk } from './disk.ts';
import { eventsMessage, manifestMessage } from './rows.ts';
import { openSqlite } from './sqlite.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => at.remove());

test('a sealed clip is a file with its hash, a row, and a manifest for the cloud', async () => {
  const clip = await at.seal({ class: 'critical', priority: 7 });
  expect(await expectSound(at.dir, at.buffer)).toEqual(new Map([[clip.clipId, clip.sha256]]));
  const [row] = at.buffer.rows.read('manifests', 0, { rows: 9, bytes: 1e6 });
  const manifest = decodeManifest(manifestMessage(77n, row ?? { seq: 0, count: 1, body: empty }));
  expect(manifest).toMatchObject({
    origin: 77n,
    seq: 1n,
    clipId: clip.clipId,
    sha256: clip.sha256,
    sizeBytes: clip.bytes.length,
    class: 'critical',
    priority: 7,
    state: 'held',
  });
  expect(JSON.parse(manifest.document)).toEqual(clip.manifest);
  await at.reopen();
  expect(await expectSound(at.dir, at.buffer)).toEqual(new Map([[clip.clipId, clip.sha256]]));
  expect(at.buffer.counts()).toMatchObject({ clips: { sealed: 1 }, ever: { sealed: 1 } });
});

const empty = new Uint8Array();

test('the same clip sealed twice is one clip', async () => {
  const { clip, cut } = await at.cut();
  expect(await at.buffer.seal(cut)).toBe('sealed');
  expect(await at.buffer.seal(await writePart(cut.partPath, clip))).toBe('sealed');
  expect(waitingManifests(at.buffer)).toHaveLength(1);
  await expectSound(at.dir, at.buffer);
});

test('a part that is shorter than said is refused and stays', async () => {
  const { cut } = await at.cut();
  await truncate(cut.partPath, 10);
  await expect(at.buffer.seal(cut)).rejects.toMatchObject({ code: 'corrupt' });
  expect(at.buffer.counts().clips.sealed).toBe(0);
});

test('clips go up critical first, then by age, once their manifest is stored', async () => {
  const baseline = await at.seal({ class: 'baseline' });
  const warning = await at.seal({ class: 'warning' });
  const late = await at.seal({ class: 'critical' });
  expect(at.buffer.clips.turn(9)).toEqual([]);
  at.listAll();
  const order = at.buffer.clips.turn(9).map((clip) => clip.clipId);
  expect(order).toEqual([late.clipId, warning.clipId, baseline.clipId]);
  expect(at.buffer.clips.hold(late.clipId)).toBe(true);
  at.buffer.clips.postpone(warning.clipId, 60_000, 1);
  expect(at.buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([baseline.clipId]);
});

test('a clip that waits for its turn does not wait for a clock that was set back', async () => {
  let nowMs = Date.UTC(2036, 0, 1);
  await at.reopen({ clock: { ...systemClock, now: () => nowMs } });
  const { clipId } = await at.seal();
  at.listAll();
  at.buffer.clips.postpone(clipId, 7 * maxPostponeMs, 1);
  expect(at.buffer.clips.turn(1)).toEqual([]);
  nowMs += maxPostponeMs;
  expect(at.buffer.clips.turn(1)).toHaveLength(1);
  at.buffer.clips.postpone(clipId, 10_000, 2);
  expect(at.buffer.clips.turn(1)).toEqual([]);
  nowMs = Date.UTC(2026, 0, 1);
  expect(at.buffer.clips.turn(1)).toHaveLength(1);
});

test('a file goes only with an acknowledgement of its own hash', async () => {
  const clip = await at.seal();
  at.listAll();
  at.buffer.clips.hold(clip.clipId);
  await expect(at.buffer.clips.acknowledged(clip.clipId, 'ab'.repeat(32))).rejects.toThrow(
    'other bytes',
  );
  expect(await readFile(at.filePath(clip))).toEqual(Buffer.from(clip.bytes));
  await at.buffer.clips.acknowledged(clip.clipId, clip.sha256);
  expect(await expectSound(at.dir, at.buffer)).toEqual(new Map());
  expect(at.buffer.counts().ever).toMatchObject({ acknowledged: 1, evicted: 0 });
  // What comes again after that is known to be done.
  expect(await at.buffer.seal(await writePart(at.buffer.partPath(clip.clipId), clip))).toBe(
    'deleted',
  );
  await expectSound(at.dir, at.buffer);
});

test('rows stay until Stored names their origin, and then exactly those go', async () => {
  for (const name of ['a', 'b', 'c']) at.buffer.addEvent(event(name));
  const [range] = at.buffer.rows.ranges();
  expect(range).toMatchObject({ lane: 'events', lowest: 1, highest: 3 });
  const origin = range?.origin ?? 0n;
  expect(at.buffer.rows.stored('events', origin + 1n, { through: 3 })).toBe(false);
  expect(at.buffer.rows.stored('events', origin, { through: 99 })).toBe(false);
  expect(at.buffer.rows.stored('events', origin, { through: 2 })).toBe(true);
  await at.reopen();
  const rows = at.buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => row.seq)).toEqual([3]);
  const message = decodeEvents(eventsMessage(origin, rows));
  expect(message).toMatchObject({ origin, firstSeq: 3n });
  expect(message.rows[0]?.row).toMatchObject({ kind: 'event', event: { name: 'c' } });
});

test('a reported section is a row when its digest changed', async () => {
  at.buffer.report('agent', { digest: 'aa'.repeat(32), version: '0.1.0' });
  at.buffer.report('agent', { digest: 'aa'.repeat(32), version: '0.1.0' });
  at.buffer.report('agent', { digest: 'bb'.repeat(32), version: '0.2.0' });
  const rows = at.buffer.rows.read('reported', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => decodeReported(row.body).generation)).toEqual([1n, 2n]);
  expect(() => at.buffer.report('agent', { digest: 'no' })).toThrow('not 64 hex digits');
});

test('positions and the ledger outlive a restart', async () => {
  await at.seal({ class: 'critical' });
  at.buffer.savePosition('main', { file: 'a.mcap', offset: 12 });
  at.buffer.noteTrigger('near-miss', 'cooldown', { atNs: 7n, count: 3 });
  await at.reopen();
  expect(at.buffer.position('main')).toEqual({ file: 'a.mcap', offset: 12 });
  expect(at.buffer.position('other')).toBeUndefined();
  expect(at.buffer.ledger(0)).toEqual([
    { rule: 'near-miss', outcome: 'cooldown', count: 3, bytes: 0 },
    expect.objectContaining({ rule: 'rule-critical', outcome: 'clip', count: 1 }),
  ]);
});

test('the ledger goes by hours of log time, and a wrong clock costs one hour of it', async () => {
  const hourMs = 3_600_000;
  const tell = (hour: number): void => {
    const atNs = BigInt(hour * hourMs) * 1_000_000n;
    at.buffer.noteTrigger('near-miss', 'cooldown', { atNs, count: 1 });
  };
  const told = (hour: number): number => at.buffer.ledger(hour * hourMs)[0]?.count ?? 0;
  for (const hour of [10, 10, 11, 1_000_000]) tell(hour);
  expect([told(10), told(11), told(12)]).toEqual([4, 2, 1]);
  for (let hour = 100; hour < 100 + ledgerHours - 2; hour += 1) tell(hour);
  expect([told(0), told(11), told(100)]).toEqual([ledgerHours, ledgerHours, ledgerHours - 1]);
});

test('short of room, the clip of least value goes and the cloud is told', async () => {
  const size = makeClip(at.random, { payloadBytes: 10_000 }).bytes.length;
  await at.reopen({ quotaBytes: Math.floor(size * 2.5) });
  const critical = await at.seal({ class: 'critical', payloadBytes: 10_000 });
  const info = await at.seal({ class: 'info', payloadBytes: 10_000 });
  const warning = await at.seal({ class: 'warning', payloadBytes: 10_000 });
  const held = await expectSound(at.dir, at.buffer);
  expect([...held.keys()].sort()).toEqual([critical.clipId, warning.clipId].sort());
  expect(waitingManifests(at.buffer)).toContainEqual({ clipId: info.clipId, state: 'evicted' });
  // A newcomer of less value than everything held gives way itself.
  const { clip: late, cut } = await at.cut({ class: 'baseline', payloadBytes: 10_000 });
  expect(await at.buffer.seal(cut)).toBe('evicted');
  expect(waitingManifests(at.buffer)).toContainEqual({ clipId: late.clipId, state: 'evicted' });
  expect(await expectSound(at.dir, at.buffer)).toEqual(held);
  expect(at.buffer.counts().ever).toMatchObject({ evicted: 2, sealed: 3 });
});

test('a clip whose manifest nobody can take goes all the same, and the next start works', async () => {
  const size = makeClip(at.random, { payloadBytes: 10_000 }).bytes.length;
  await at.reopen({ quotaBytes: Math.floor(size * 1.5) });
  const { clip, cut } = await at.cut({ class: 'info', payloadBytes: 10_000 });
  const dropped = Array.from({ length: 65 }, (_, i) => ({
    topic: `/t${i}`,
    messages: 0,
    why: 'redaction_failed' as const,
  }));
  await at.buffer.seal({ ...cut, manifest: { ...cut.manifest, dropped } });
  const critical = await at.seal({ class: 'critical', payloadBytes: 10_000 });
  expect(at.buffer.clips.get(clip.clipId)).toBeUndefined();
  await at.reopen();
  expect(at.buffer.clips.all().map(({ clipId }) => clipId)).toEqual([critical.clipId]);
});

test('a clip in transfer is never evicted', async () => {
  const size = makeClip(at.random, { payloadBytes: 10_000 }).bytes.length;
  await at.reopen({ quotaBytes: Math.floor(size * 1.5) });
  const moving = await at.seal({ class: 'baseline', payloadBytes: 10_000 });
  at.listAll();
  at.buffer.clips.hold(moving.clipId);
  const critical = makeClip(at.random, { class: 'critical', payloadBytes: 10_000 });
  expect(await at.buffer.seal(await writePart(at.buffer.partPath(critical.clipId), critical))).toBe(
    'evicted',
  );
  at.buffer.clips.release(moving.clipId);
  const next = await at.seal({ class: 'critical', payloadBytes: 10_000 });
  expect([...(await expectSound(at.dir, at.buffer)).keys()]).toEqual([next.clipId]);
});

test('headroom for others is kept by eviction', async () => {
  const first = await at.seal();
  let freeBytes = 1e6;
  const disk: Disk = { ...systemDisk, free: async () => ({ bytes: freeBytes, inodes: 1e6 }) };
  await at.reopen({ headroomBytes: 1e6, disk });
  freeBytes = 1e6 - 1;
  const second = await at.seal({ class: 'critical' });
  expect([...(await expectSound(at.dir, at.buffer)).keys()]).toEqual([second.clipId]);
  expect(waitingManifests(at.buffer)).toContainEqual({ clipId: first.clipId, state: 'evicted' });
});

test('a full disk changes nothing, and the seal is tried again after eviction', async () => {
  const old = await at.seal({ class: 'info', payloadBytes: 100_000 });
  let failures = 1;
  const disk: Disk = {
    ...systemDisk,
    rename: async (from, to) => {
      if (failures > 0 && to.includes('/clips/')) {
        failures -= 1;
        throw new Fault('limited', 'the disk is full');
      }
      return systemDisk.rename(from, to);
    },
    free: async () => ({ bytes: 1e9, inodes: 1e6 }),
  };
  await at.reopen({ disk, headroomBytes: 100 });
  const fresh = await at.seal({ class: 'critical' });
  expect([...(await expectSound(at.dir, at.buffer)).keys()]).toEqual([fresh.clipId]);
  expect(waitingManifests(at.buffer)).toContainEqual({ clipId: old.clipId, state: 'evicted' });
  failures = 9;
  const { clip: stuck, cut } = await at.cut({ class: 'critical' });
  await expect(at.buffer.seal(cut)).rejects.toMatchObject({ code: 'limited' });
  expect(await readFile(cut.partPath)).toEqual(Buffer.from(stuck.bytes));
  expect(at.buffer.counts().degraded).toBe('the disk is full');
  failures = 0;
  expect(await at.buffer.seal(cut)).toBe('sealed');
  expect(at.buffer.counts().degraded).toBeUndefined();
});

test('a clip whose manifest was refused keeps its bytes and tells of it', async () => {
  const first = await at.seal();
  await systemClock.sleep(5);
  const second = await at.seal();
  const said: unknown[] = [];
  const log: Log = {
    ...silentLog,
    warn: (phrase, fields) => said.push([phrase, fields]),
    child: () => log,
  };
  await at.reopen({ log });
  const origin = at.buffer.rows.ranges()[1]?.origin ?? 0n;
  const refused = [{ seq: 1, code: 'MALFORMED' as const }];
  for (const through of [1, 1, 2]) at.buffer.rows.stored('manifests', origin, { through, refused });
  expect(at.buffer.clips.get(first.clipId)).toMatchObject({ state: 'refused', code: 'MALFORMED' });
  expect(at.buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([second.clipId]);
  expect(at.buffer.clips.hold(first.clipId)).toBe(false);
  const counts = { sealed: 0, offered: 0, uploading: 1, refused: 1 };
  const oldestMs = at.buffer.clips.get(second.clipId)?.sealedMs;
  expect(at.buffer.counts()).toMatchObject({ clips: counts, oldestMs, ever: { acknowledged: 0 } });
  const rows = at.buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 });
  expect(rows).toHaveLength(1);
  const [told] = decodeEvents(eventsMessage(1n, rows)).rows;
  const { clipId } = first;
  expect(told?.row).toMatchObject({ event: { name: 'clip_refused', severity: 'warning', clipId } });
  expect(said).toEqual([
    [
      'the cloud refused the manifest of a clip',
      { clipId, code: 'MALFORMED', remedy: expect.any(String) },
    ],
  ]);
  await at.reopen();
  expect(at.buffer.clips.get(clipId)?.state).toBe('refused');
  expect((await readFile(at.filePath(first))).equals(first.bytes)).toBe(true);
});

test('a refused clip is not freed by a late Done, and goes when room is needed', async () => {
  const clip = await at.seal();
  at.listAll();
  expect(at.buffer.clips.hold(clip.clipId)).toBe(true);
  const origin = at.buffer.rows.ranges()[1]?.origin ?? 0n;
  const refused = [{ seq: 1, code: 'MALFORMED' as const }];
  at.buffer.rows.stored('manifests', origin, { through: 1, refused });
  await at.buffer.clips.acknowledged(clip.clipId, clip.sha256);
  expect((await readFile(at.filePath(clip))).equals(clip.bytes)).toBe(true);
  await at.reopen({ quotaBytes: 1 });
  expect(at.buffer.counts()).toMatchObject({ clips: { refused: 0 }, ever: { evicted: 1 } });
});

test('a new name offers again what the cloud had answered, once, and a first name nothing', async () => {
  const clips = [await at.seal(), await at.seal(), await at.seal()];
  await at.buffer.rows.belongTo('amr-01');
  expect(waitingManifests(at.buffer)).toHaveLength(3);
  const origin = at.buffer.rows.ranges()[1]?.origin ?? 0n;
  const refused = [{ seq: 1, code: 'MALFORMED' as const }];
  at.buffer.rows.stored('manifests', origin, { through: 2, refused });
  for (const name of ['amr-01', 'amr-02', 'amr-02']) await at.buffer.rows.belongTo(name);
  const numbers = clips.map((clip) => at.buffer.clips.get(clip.clipId)?.manifestSeq);
  expect(numbers).toEqual([4, 5, 3]);
  expect(at.buffer.counts().clips).toMatchObject({ sealed: 3, uploading: 0, refused: 0 });
  expect(waitingManifests(at.buffer)).toHaveLength(3);
});

test('while the disk refuses rows they wait in memory and are written later', async () => {
  let refuse = false;
  await at.reopen({
    openSqlite: (path) => {
      const db = openSqlite(path);
      return {
        ...db,
        transaction: (body) => {
          if (refuse) throw new Fault('unavailable', 'the disk is read-only');
          return db.transaction(body);
        },
      };
    },
  });
  refuse = true;
  at.buffer.addEvent(event('during'));
  expect(at.buffer.counts()).toMatchObject({ pendingRows: 1, degraded: 'the disk is read-only' });
  refuse = false;
  at.buffer.addEvent(event('after'));
  expect(at.buffer.counts()).toMatchObject({ pendingRows: 0, rows: { events: 2 } });
  expect(() => at.buffer.addEvent(event('x'.repeat(100)))).toThrow('event/name');
});

test('a row that cannot be sent leaves a gap, and the rest its numbers', async () => {
  for (const name of ['a', 'b', 'c']) at.buffer.addEvent(event(name));
  at.buffer.rows.drop('events', { seq: 2, count: 1 });
  await at.buffer.rows.renewOrigin();
  await expectSound(at.dir, at.buffer);
  const rows = decodeEvents(eventsMessage(1n, at.buffer.rows.read('events', 0, all))).rows;
  expect(rows.map(({ row }) => (row?.kind === 'event' ? row.event.name : row))).toEqual([
    'a',
    'c',
    { kind: 'gap', gap: { count: 1n, reason: 'lost' } },
  ]);
});

const all = { rows: 99, bytes: 1e6 };

test('a new origin numbers every row again and keeps clips with their manifests', async () => {
  for (const name of ['a', 'b', 'c']) at.buffer.addEvent(event(name));
  const one = await at.seal();
  const two = await at.seal();
  const [events, manifests] = at.buffer.rows.ranges();
  at.buffer.rows.stored('events', events?.origin ?? 0n, { through: 1 });
  at.buffer.rows.stored('manifests', manifests?.origin ?? 0n, { through: 1 });
  await at.buffer.rows.renewOrigin();
  expect(at.buffer.rows.ranges().map((r) => [r.lane, r.lowest, r.highest])).toEqual([
    ['events', 1, 2],
    ['manifests', 1, 1],
    ['reported', 1, 0],
  ]);
  const renewed = at.buffer.rows.ranges()[0]?.origin ?? 0n;
  expect(renewed).not.toBe(events?.origin);
  expect(at.buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([one.clipId]);
  at.buffer.rows.stored('manifests', renewed, { through: 1 });
  expect(at.buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([one.clipId, two.clipId]);
});

test('a clip whose bytes changed on the disk is put aside when they are checked', async () => {
  const clip = await at.seal();
  at.listAll();
  at.buffer.clips.hold(clip.clipId);
  expect(await at.buffer.clips.recheck(clip.clipId)).toBe(true);
  const bytes = Buffer.from(clip.bytes);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await writeFile(at.filePath(clip), bytes);
  expect(await at.buffer.clips.recheck(clip.clipId)).toBe(false);
  expect(await expectSound(at.dir, at.buffer)).toEqual(new Map());
  expect(await readdir(join(at.dir, 'quarantine'))).toHaveLength(1);
  expect(at.buffer.counts().ever).toMatchObject({ quarantined: 1 });
  await expect(at.buffer.clips.open(clip.clipId)).rejects.toMatchObject({ code: 'not_found' });
});

test('those who wait are told of every durable change', async () => {
  let changes = 0;
  const stop = at.buffer.onChange(() => (changes += 1));
  at.buffer.addEvent(event('a'));
  await at.seal();
  expect(changes).toBe(2);
  stop();
  at.buffer.addEvent(event('b'));
  expect(changes).toBe(2);
});
