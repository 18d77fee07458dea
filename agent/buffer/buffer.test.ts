/**
 * Goal: what the buffer took is there until the cloud has it, and what had to go is named.
 * Method: a real folder and database, driven through the doors that agent and uplink use.
 */
import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { decodeEvents, decodeManifest, decodeReported, type WireEvent } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markGap } from '../limits.ts';
import { type AgentBuffer, type BufferOptions, openBuffer } from './buffer.ts';
import { expectSound, waitingManifests } from './check.cases.ts';
import { type ClipWish, type MadeClip, makeClip, writePart } from './clip-file.cases.ts';
import { type Disk, systemDisk } from './disk.ts';
import { eventsMessage, manifestMessage } from './rows.ts';
import { openSqlite as openSqliteFor } from './sqlite.ts';

const random = seededRandom(5);
let dir = '';
let buffer: AgentBuffer;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fieldloop-buffer-'));
  buffer = await open();
});

afterEach(async () => {
  await buffer.close();
  await rm(dir, { recursive: true, force: true });
});

const open = (options: Partial<BufferOptions> = {}): Promise<AgentBuffer> =>
  openBuffer({
    dir,
    quotaBytes: 1e9,
    headroomBytes: 0,
    clock: systemClock,
    ids: systemIds,
    log: silentLog,
    ...options,
  });

async function reopen(options: Partial<BufferOptions> = {}): Promise<void> {
  await buffer.close();
  buffer = await open(options);
}

async function seal(wish: ClipWish = {}): Promise<MadeClip> {
  const clip = makeClip(random, wish);
  await buffer.seal(await writePart(buffer.partPath(clip.clipId), clip));
  return clip;
}

const filePath = (clip: MadeClip): string =>
  join(dir, 'clips', clip.sha256.slice(0, 2), `${clip.sha256}.mcap`);

function listAll(): void {
  const { origin, highest } = buffer.rows.ranges().find((r) => r.lane === 'manifests') ?? {
    origin: 0n,
    highest: 0,
  };
  buffer.rows.stored('manifests', origin, highest);
}

const event = (name: string): WireEvent => ({
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  name,
  severity: 'info',
  atNs: 1_700_000_000_000_000_000n,
  synced: true,
  sessionId: '01890a5d-ac96-774b-bcce-b302099a8057',
  values: [],
  text: '',
  tags: [],
});

test('a sealed clip is a file with its hash, a row, and a manifest for the cloud', async () => {
  const clip = await seal({ class: 'critical', priority: 7 });
  expect(await expectSound(dir, buffer)).toEqual(new Map([[clip.clipId, clip.sha256]]));
  const [row] = buffer.rows.read('manifests', 0, { rows: 9, bytes: 1e6 });
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
  await reopen();
  expect(await expectSound(dir, buffer)).toEqual(new Map([[clip.clipId, clip.sha256]]));
  expect(buffer.counts()).toMatchObject({ clips: { sealed: 1 }, ever: { sealed: 1 } });
});

const empty = new Uint8Array();

test('the same clip sealed twice is one clip', async () => {
  const clip = makeClip(random);
  const cut = await writePart(buffer.partPath(clip.clipId), clip);
  expect(await buffer.seal(cut)).toBe('sealed');
  expect(await buffer.seal(await writePart(cut.partPath, clip))).toBe('sealed');
  expect(waitingManifests(buffer)).toHaveLength(1);
  await expectSound(dir, buffer);
});

test('a part that is shorter than said is refused and stays', async () => {
  const clip = makeClip(random);
  const cut = await writePart(buffer.partPath(clip.clipId), clip);
  await truncate(cut.partPath, 10);
  await expect(buffer.seal(cut)).rejects.toMatchObject({ code: 'corrupt' });
  expect(buffer.counts().clips.sealed).toBe(0);
});

test('clips go up critical first, then by age, once their manifest is stored', async () => {
  const baseline = await seal({ class: 'baseline' });
  const warning = await seal({ class: 'warning' });
  const late = await seal({ class: 'critical' });
  expect(buffer.clips.turn(9)).toEqual([]);
  listAll();
  const order = buffer.clips.turn(9).map((clip) => clip.clipId);
  expect(order).toEqual([late.clipId, warning.clipId, baseline.clipId]);
  expect(buffer.clips.hold(late.clipId)).toBe(true);
  buffer.clips.postpone(warning.clipId, Date.now() + 60_000, 1);
  expect(buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([baseline.clipId]);
  expect(buffer.clips.nextTurnMs()).toBeGreaterThan(Date.now());
});

test('a file goes only with an acknowledgement of its own hash', async () => {
  const clip = await seal();
  listAll();
  buffer.clips.hold(clip.clipId);
  await expect(buffer.clips.acknowledged(clip.clipId, 'ab'.repeat(32))).rejects.toThrow(
    'other bytes',
  );
  expect(await readFile(filePath(clip))).toEqual(Buffer.from(clip.bytes));
  await buffer.clips.acknowledged(clip.clipId, clip.sha256);
  expect(await expectSound(dir, buffer)).toEqual(new Map());
  expect(buffer.counts().ever).toMatchObject({ acknowledged: 1, evicted: 0 });
  // What comes again after that is known to be done.
  expect(await buffer.seal(await writePart(buffer.partPath(clip.clipId), clip))).toBe('deleted');
  await expectSound(dir, buffer);
});

test('rows stay until Stored names their origin, and then exactly those go', async () => {
  for (const name of ['a', 'b', 'c']) buffer.addEvent(event(name));
  const [range] = buffer.rows.ranges();
  expect(range).toMatchObject({ lane: 'events', lowest: 1, highest: 3 });
  const origin = range?.origin ?? 0n;
  expect(buffer.rows.stored('events', origin + 1n, 3)).toBe(0);
  expect(buffer.rows.stored('events', origin, 99)).toBe(0);
  expect(buffer.rows.stored('events', origin, 2)).toBe(2);
  await reopen();
  const rows = buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => row.seq)).toEqual([3]);
  const message = decodeEvents(eventsMessage(origin, rows));
  expect(message).toMatchObject({ origin, firstSeq: 3n });
  expect(message.rows[0]?.row).toMatchObject({ kind: 'event', event: { name: 'c' } });
});

test('a reported section is a row when its digest changed', async () => {
  buffer.report('agent', { digest: 'aa'.repeat(32), version: '0.1.0' });
  buffer.report('agent', { digest: 'aa'.repeat(32), version: '0.1.0' });
  buffer.report('agent', { digest: 'bb'.repeat(32), version: '0.2.0' });
  const rows = buffer.rows.read('reported', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => decodeReported(row.body).generation)).toEqual([1n, 2n]);
  expect(() => buffer.report('agent', { digest: 'no' })).toThrow('not 64 hex digits');
});

test('positions and the ledger outlive a restart', async () => {
  await seal({ class: 'critical' });
  buffer.savePosition('main', { file: 'a.mcap', offset: 12 });
  buffer.noteTrigger('near-miss', 'cooldown', 3);
  await reopen();
  expect(buffer.position('main')).toEqual({ file: 'a.mcap', offset: 12 });
  expect(buffer.position('other')).toBeUndefined();
  expect(buffer.ledger(0)).toEqual([
    { rule: 'near-miss', outcome: 'cooldown', count: 3, bytes: 0 },
    expect.objectContaining({ rule: 'rule-critical', outcome: 'clip', count: 1 }),
  ]);
});

test('short of room, the clip of least value goes and the cloud is told', async () => {
  const size = makeClip(random, { payloadBytes: 10_000 }).bytes.length;
  await reopen({ quotaBytes: Math.floor(size * 2.5) });
  const critical = await seal({ class: 'critical', payloadBytes: 10_000 });
  const baseline = await seal({ class: 'baseline', payloadBytes: 10_000 });
  const warning = await seal({ class: 'warning', payloadBytes: 10_000 });
  const held = await expectSound(dir, buffer);
  expect([...held.keys()].sort()).toEqual([critical.clipId, warning.clipId].sort());
  expect(waitingManifests(buffer)).toContainEqual({ clipId: baseline.clipId, state: 'evicted' });
  // A newcomer of less value than everything held gives way itself.
  const late = makeClip(random, { class: 'baseline', payloadBytes: 10_000 });
  const cut = await writePart(buffer.partPath(late.clipId), late);
  expect(await buffer.seal(cut)).toBe('evicted');
  expect(waitingManifests(buffer)).toContainEqual({ clipId: late.clipId, state: 'evicted' });
  expect(await expectSound(dir, buffer)).toEqual(held);
  expect(buffer.counts().ever).toMatchObject({ evicted: 2, sealed: 3 });
});

test('a clip in transfer is never evicted', async () => {
  const size = makeClip(random, { payloadBytes: 10_000 }).bytes.length;
  await reopen({ quotaBytes: Math.floor(size * 1.5) });
  const moving = await seal({ class: 'baseline', payloadBytes: 10_000 });
  listAll();
  buffer.clips.hold(moving.clipId);
  const critical = makeClip(random, { class: 'critical', payloadBytes: 10_000 });
  expect(await buffer.seal(await writePart(buffer.partPath(critical.clipId), critical))).toBe(
    'evicted',
  );
  buffer.clips.release(moving.clipId);
  const next = await seal({ class: 'critical', payloadBytes: 10_000 });
  expect([...(await expectSound(dir, buffer)).keys()]).toEqual([next.clipId]);
});

test('headroom for others is kept by eviction', async () => {
  const first = await seal();
  let freeBytes = 1e6;
  const disk: Disk = { ...systemDisk, free: async () => ({ bytes: freeBytes, inodes: 1e6 }) };
  await reopen({ headroomBytes: 1e6, disk });
  freeBytes = 1e6 - 1;
  const second = await seal({ class: 'critical' });
  expect([...(await expectSound(dir, buffer)).keys()]).toEqual([second.clipId]);
  expect(waitingManifests(buffer)).toContainEqual({ clipId: first.clipId, state: 'evicted' });
});

test('a full disk changes nothing, and the seal is tried again after eviction', async () => {
  const old = await seal({ class: 'baseline', payloadBytes: 100_000 });
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
    free: async () => ({ bytes: failures > 0 ? 1e9 : 0, inodes: 1e6 }),
  };
  await reopen({ disk, headroomBytes: 100 });
  const fresh = await seal({ class: 'critical' });
  expect([...(await expectSound(dir, buffer)).keys()]).toEqual([fresh.clipId]);
  expect(waitingManifests(buffer)).toContainEqual({ clipId: old.clipId, state: 'evicted' });
  failures = 9;
  const stuck = makeClip(random, { class: 'critical' });
  const cut = await writePart(buffer.partPath(stuck.clipId), stuck);
  await expect(buffer.seal(cut)).rejects.toMatchObject({ code: 'limited' });
  expect(await readFile(cut.partPath)).toEqual(Buffer.from(stuck.bytes));
  expect(buffer.counts().degraded).toBe('the disk is full');
  failures = 0;
  expect(await buffer.seal(cut)).toBe('sealed');
  expect(buffer.counts().degraded).toBeUndefined();
});

test('while the disk refuses rows they wait in memory and are written later', async () => {
  let refuse = false;
  await reopen({
    openSqlite: (path) => {
      const db = openSqliteFor(path);
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
  buffer.addEvent(event('during'));
  expect(buffer.counts()).toMatchObject({ pendingRows: 1, degraded: 'the disk is read-only' });
  refuse = false;
  buffer.addEvent(event('after'));
  expect(buffer.counts()).toMatchObject({ pendingRows: 0, rows: { events: 2 } });
  expect(() => buffer.addEvent(event('x'.repeat(100)))).toThrow('event/name');
});

test('files and rows are compared both ways at the start', async () => {
  const kept = await seal();
  const gone = await seal();
  const short = await seal();
  const copy = join(dir, 'adopt-me');
  const lost = await seal();
  await rename(filePath(lost), copy);
  await rm(filePath(gone));
  await truncate(filePath(short), 20);
  await reopen();
  expect(buffer.recovery).toMatchObject({ lost: 2, quarantined: 1 });
  expect([...(await expectSound(dir, buffer)).keys()]).toEqual([kept.clipId]);
  expect(waitingManifests(buffer).filter((one) => one.state === 'evicted')).toHaveLength(3);
  const rows = buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => decodeEvents(row.body).rows[0]?.row)).toEqual([
    { kind: 'gap', gap: { count: 1n, reason: 'lost' } },
    { kind: 'gap', gap: { count: 1n, reason: 'lost' } },
  ]);
  await rename(copy, filePath(lost));
  await writeFile(join(dir, 'clips', 'stray.txt'), 'x');
  await reopen();
  expect(buffer.recovery).toMatchObject({ adopted: 1 });
  expect((await expectSound(dir, buffer)).get(lost.clipId)).toBe(lost.sha256);
});

test('parts: whole ones are sealed, torn ones put aside, known and empty ones removed', async () => {
  const known = await seal();
  await writePart(buffer.partPath(known.clipId), known);
  const whole = makeClip(random);
  await writePart(buffer.partPath(whole.clipId), whole);
  const torn = makeClip(random, { payloadBytes: 5_000 });
  const cut = await writePart(buffer.partPath(torn.clipId), torn);
  await truncate(cut.partPath, 2_000);
  await writeFile(buffer.partPath(makeClip(random).clipId), '');
  await reopen();
  expect(buffer.recovery).toMatchObject({ sealedParts: 1, quarantined: 1, removedDuplicates: 2 });
  const held = await expectSound(dir, buffer);
  expect([...held.keys()].sort()).toEqual([known.clipId, whole.clipId].sort());
  expect(await readdir(join(dir, 'quarantine'))).toEqual([
    expect.stringContaining(`${torn.clipId}.mcap`),
  ]);
});

test.each(['damaged', 'truncated', 'missing', 'older'] as const)(
  'a %s database is rebuilt from the files, with numbers nobody used',
  async (harm) => {
    const first = await seal({ class: 'critical', priority: 9 });
    buffer.addEvent(event('a'));
    await buffer.close();
    const path = join(dir, 'buffer.db');
    const older = await readFile(path);
    buffer = await open();
    const second = await seal();
    const before = buffer.rows.ranges();
    const conn = await buffer.rows.nextConn();
    await buffer.close();
    if (harm === 'damaged') await writeFile(path, 'not a database, but long enough '.repeat(400));
    if (harm === 'truncated') await truncate(path, 5_000);
    if (harm === 'missing') await rm(path);
    if (harm === 'older') {
      const marks = JSON.parse(await readFile(join(dir, 'marks.json'), 'utf8')) as {
        floors: Record<string, number>;
      };
      marks.floors['manifests'] = 2;
      await writeFile(join(dir, 'marks.json'), JSON.stringify(marks));
      await writeFile(path, older);
    }
    buffer = await open();
    expect(buffer.recovery.rebuilt).toBe(true);
    const held = await expectSound(dir, buffer);
    expect([...held.keys()].sort()).toEqual([first.clipId, second.clipId].sort());
    for (const [i, range] of buffer.rows.ranges().entries()) {
      const isAbove = range.highest >= markGap && range.origin === before[i]?.origin;
      expect(isAbove || range.origin !== before[i]?.origin).toBe(true);
    }
    expect(await buffer.rows.nextConn()).toBeGreaterThan(conn);
    const adopted = waitingManifests(buffer).filter((one) => one.clipId === second.clipId);
    expect(adopted).toEqual([{ clipId: second.clipId, state: 'held' }]);
  },
);

test('a wiped folder begins with another origin', async () => {
  const before = buffer.rows.ranges()[0]?.origin;
  await buffer.close();
  await rm(dir, { recursive: true });
  buffer = await open();
  expect(buffer.rows.ranges()[0]?.origin).not.toBe(before);
});

test('a new origin numbers every row again and keeps clips with their manifests', async () => {
  for (const name of ['a', 'b', 'c']) buffer.addEvent(event(name));
  const one = await seal();
  const two = await seal();
  const [events, manifests] = buffer.rows.ranges();
  buffer.rows.stored('events', events?.origin ?? 0n, 1);
  buffer.rows.stored('manifests', manifests?.origin ?? 0n, 1);
  await buffer.rows.renewOrigin();
  expect(buffer.rows.ranges().map((r) => [r.lane, r.lowest, r.highest])).toEqual([
    ['events', 1, 2],
    ['manifests', 1, 1],
    ['reported', 1, 0],
  ]);
  const renewed = buffer.rows.ranges()[0]?.origin ?? 0n;
  expect(renewed).not.toBe(events?.origin);
  expect(buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([one.clipId]);
  buffer.rows.stored('manifests', renewed, 1);
  expect(buffer.clips.turn(9).map((clip) => clip.clipId)).toEqual([one.clipId, two.clipId]);
});

test('a clip whose bytes changed on the disk is put aside when they are checked', async () => {
  const clip = await seal();
  listAll();
  buffer.clips.hold(clip.clipId);
  expect(await buffer.clips.recheck(clip.clipId)).toBe(true);
  const bytes = Buffer.from(clip.bytes);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await writeFile(filePath(clip), bytes);
  expect(await buffer.clips.recheck(clip.clipId)).toBe(false);
  expect(await expectSound(dir, buffer)).toEqual(new Map());
  expect(await readdir(join(dir, 'quarantine'))).toHaveLength(1);
  expect(buffer.counts().ever).toMatchObject({ quarantined: 1 });
  await expect(buffer.clips.open(clip.clipId)).rejects.toMatchObject({ code: 'not_found' });
});

test('a second agent on the same folder is refused with the reason', async () => {
  await expect(open()).rejects.toMatchObject({
    code: 'conflict',
    message: 'another process holds the buffer',
  });
});

test('a buffer of a newer agent is not touched', async () => {
  await buffer.close();
  const db = openSqliteFor(join(dir, 'buffer.db'));
  db.run('PRAGMA user_version = 99');
  db.close();
  await expect(open()).rejects.toMatchObject({ code: 'conflict' });
  const back = openSqliteFor(join(dir, 'buffer.db'));
  back.run('PRAGMA user_version = 1');
  back.close();
  buffer = await open();
});

test('those who wait are told of every durable change', async () => {
  let changes = 0;
  const stop = buffer.onChange(() => (changes += 1));
  buffer.addEvent(event('a'));
  await seal();
  expect(changes).toBe(2);
  stop();
  buffer.addEvent(event('b'));
  expect(changes).toBe(2);
});

test('a start compares names and sizes; it does not read every clip again', async () => {
  const clips: MadeClip[] = [];
  for (let i = 0; i < 10; i += 1) clips.push(await seal({ payloadBytes: 10 }));
  await buffer.close();
  for (const clip of clips) await writeFile(filePath(clip), Buffer.alloc(clip.bytes.length));
  buffer = await open();
  expect(buffer.recovery).toMatchObject({ adopted: 0, lost: 0, quarantined: 0 });
  expect(buffer.counts().clips.sealed).toBe(10);
});
