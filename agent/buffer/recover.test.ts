/**
 * Goal: a start makes sense of any folder that a crash, a disk or a person left behind.
 * Method: harm a real folder and database between two openings, then look at rows and files.
 */
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Fault } from '@fieldloop/core';
import { decodeEvents } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markGap } from '../limits.ts';
import { BufferFolder, event, openAt } from './buffer.cases.ts';
import { expectSound, waitingManifests } from './check.cases.ts';
import { makeClip, type MadeClip, writePart } from './clip-file.cases.ts';
import { systemDisk } from './disk.ts';
import { openSqlite } from './sqlite.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => at.remove());

test('files and rows are compared both ways at the start', async () => {
  const kept = await at.seal();
  const gone = await at.seal();
  const short = await at.seal();
  const copy = join(at.dir, 'adopt-me');
  const lost = await at.seal();
  await rename(at.filePath(lost), copy);
  await rm(at.filePath(gone));
  await truncate(at.filePath(short), 20);
  await at.reopen();
  expect(at.buffer.recovery).toMatchObject({ lost: 2, quarantined: 1 });
  expect([...(await expectSound(at.dir, at.buffer)).keys()]).toEqual([kept.clipId]);
  expect(waitingManifests(at.buffer).filter((one) => one.state === 'evicted')).toHaveLength(3);
  const rows = at.buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => decodeEvents(row.body).rows[0]?.row)).toEqual([
    { kind: 'gap', gap: { count: 1n, reason: 'lost' } },
    { kind: 'gap', gap: { count: 1n, reason: 'lost' } },
  ]);
  await rename(copy, at.filePath(lost));
  await writeFile(join(at.dir, 'clips', 'stray.txt'), 'x');
  await at.reopen();
  expect(at.buffer.recovery).toMatchObject({ adopted: 1 });
  expect((await expectSound(at.dir, at.buffer)).get(lost.clipId)).toBe(lost.sha256);
});

test('whole parts are sealed, torn ones put aside, known and empty ones removed', async () => {
  const known = await at.seal();
  await writePart(at.buffer.partPath(known.clipId), known);
  const whole = makeClip(at.random);
  await writePart(at.buffer.partPath(whole.clipId), whole);
  const { clip: torn, cut } = await at.cut({ payloadBytes: 5_000 });
  await truncate(cut.partPath, 2_000);
  await writeFile(at.buffer.partPath(makeClip(at.random).clipId), '');
  await at.reopen();
  expect(at.buffer.recovery).toMatchObject({
    sealedParts: 1,
    quarantined: 1,
    removedDuplicates: 2,
  });
  const held = await expectSound(at.dir, at.buffer);
  expect([...held.keys()].sort()).toEqual([known.clipId, whole.clipId].sort());
  const [file, ...others] = await readdir(join(at.dir, 'quarantine'));
  expect([file, others]).toEqual([expect.stringContaining(`${torn.clipId}.mcap`), []]);
  expect(toldEvents()).toMatchObject([
    { name: 'clip_torn', severity: 'warning', clipId: torn.clipId, values: [{ value: file }] },
  ]);
});

/** What waits in the lane of events. */
const toldEvents = () =>
  at.buffer.rows
    .read('events', 0, { rows: 99, bytes: 1e6 })
    .flatMap((row) => decodeEvents(row.body).rows)
    .flatMap(({ row }) => (row?.kind === 'event' ? [row.event] : []));

test('a clip that was to be put aside is put aside by the start, when it could not be before', async () => {
  let isFailing = false;
  const rename = (from: string, to: string): Promise<void> =>
    isFailing
      ? Promise.reject(new Fault('unavailable', 'the disk reported EIO'))
      : systemDisk.rename(from, to);
  await at.reopen({ disk: { ...systemDisk, rename } });
  const clip = await at.seal();
  const changed = Buffer.from(clip.bytes).fill(0, 60, 70);
  await writeFile(at.filePath(clip), changed);
  isFailing = true;
  await expect(at.buffer.clips.recheck(clip.clipId)).rejects.toThrow('EIO');
  await at.reopen();
  expect(at.buffer.recovery).toMatchObject({ finishedDeletes: 1 });
  expect(await expectSound(at.dir, at.buffer)).toEqual(new Map());
  const kept = await readdir(join(at.dir, 'quarantine'));
  expect(kept).toEqual([expect.stringContaining(`${clip.sha256}.mcap`)]);
  expect(await readFile(join(at.dir, 'quarantine', kept[0] ?? ''))).toEqual(changed);
  expect(at.buffer.counts().ever).toMatchObject({ quarantined: 1 });
});

test('a clip that the cloud has is not told of as lost where the disk stopped its delete', async () => {
  let isFailing = false;
  const syncFolder = (path: string): Promise<void> =>
    isFailing && relative(at.dir, path).startsWith('clips/')
      ? Promise.reject(new Fault('unavailable', 'the disk reported EIO'))
      : systemDisk.syncFolder(path);
  const disk = { ...systemDisk, syncFolder };
  await at.reopen({ disk });
  const { clipId, sha256 } = await at.seal();
  at.listAll();
  isFailing = true;
  await expect(at.buffer.clips.acknowledged(clipId, sha256)).rejects.toThrow('EIO');
  await at.reopen({ disk });
  expect(at.buffer.recovery).toMatchObject({ lost: 0, finishedDeletes: 0 });
  await at.reopen();
  expect(at.buffer.recovery).toMatchObject({ lost: 0, finishedDeletes: 1 });
  expect(at.buffer.counts().ever).toMatchObject({ acknowledged: 1, lost: 0 });
  expect(waitingManifests(at.buffer)).toEqual([]);
});

test('the bytes of a part are durable before it has the name of a clip', async () => {
  const steps: string[] = [];
  const noted =
    (what: string, work: (path: string, to: string) => Promise<void>) =>
    async (path: string, to = ''): Promise<void> => {
      steps.push(`${what} ${relative(at.dir, path)}`);
      await work(path, to);
    };
  const { clip } = await at.cut();
  await at.reopen({
    disk: {
      ...systemDisk,
      syncFile: noted('syncFile', (path) => systemDisk.syncFile(path)),
      rename: noted('rename', (path, to) => systemDisk.rename(path, to)),
      syncFolder: noted('syncFolder', (path) => systemDisk.syncFolder(path)),
    },
  });
  expect(at.buffer.recovery).toMatchObject({ sealedParts: 1 });
  const part = `parts/${clip.clipId}.mcap`;
  const from = steps.indexOf(`syncFile ${part}`);
  expect(steps.slice(from, from + 3)).toEqual([
    `syncFile ${part}`,
    `rename ${part}`,
    `syncFolder clips/${clip.sha256.slice(0, 2)}`,
  ]);
});

test('triggers that say why in Chinese are sealed, and files of a crash loop are taken in', async () => {
  const wish = { markers: 20, why: '机'.repeat(250) };
  const sealed = await at.seal(wish);
  const waiting = makeClip(at.random, wish);
  await at.buffer.close();
  await writePart(at.filePath(waiting), waiting);
  await at.open();
  expect(at.buffer.recovery).toMatchObject({ adopted: 1, quarantined: 0 });
  const held = await expectSound(at.dir, at.buffer);
  expect([...held.keys()].sort()).toEqual([sealed.clipId, waiting.clipId].sort());
});

test('a lost database keeps the pause and what was spent of the day, and is told of', async () => {
  at.buffer.clips.pause('for an hour');
  at.buffer.spent.write('of today');
  await at.buffer.close();
  await writeFile(join(at.dir, 'buffer.db'), 'not a database, but long enough '.repeat(400));
  await at.open();
  expect([at.buffer.clips.paused, at.buffer.spent.read()]).toEqual(['for an hour', 'of today']);
  expect(toldEvents()).toMatchObject([{ name: 'buffer_rebuilt', severity: 'warning' }]);
  at.buffer.clips.pause(undefined);
  await at.buffer.close();
  await rm(join(at.dir, 'buffer.db'));
  await at.open();
  expect([at.buffer.clips.paused, at.buffer.spent.read()]).toEqual([undefined, 'of today']);
});

/** More than a message can say. */
const untellable = { priority: 1e300 };

test('a clip without a valid row stays a part, and no start ends for it', async () => {
  const { clip, cut } = await at.cut(untellable);
  await expect(at.buffer.seal(cut)).rejects.toMatchObject({ code: 'invalid' });
  expect(await readdir(join(at.dir, 'parts'))).toEqual([`${clip.clipId}.mcap`]);
  await at.reopen();
  expect(at.buffer.recovery).toMatchObject({ sealedParts: 0, quarantined: 1 });
  expect((await expectSound(at.dir, at.buffer)).size).toBe(0);
  const { sessionId } = clip.manifest;
  const told = { name: 'clip_quarantined', clipId: clip.clipId, sessionId };
  expect(toldEvents()).toMatchObject([told]);
  await at.reopen();
  expect(toldEvents()).toHaveLength(1);
});

test('a file without a valid row is put aside alone; those taken in with it keep theirs', async () => {
  const clips = [{}, untellable, {}, untellable, {}].map((wish) => makeClip(at.random, wish));
  await at.buffer.close();
  for (const clip of clips) await writePart(at.filePath(clip), clip);
  await at.open();
  expect(at.buffer.recovery).toMatchObject({ adopted: 3, quarantined: 2 });
  const valid = clips.filter((clip) => clip.priority === 1).map((clip) => clip.clipId);
  expect([...(await expectSound(at.dir, at.buffer)).keys()].sort()).toEqual(valid.sort());
  const told = toldEvents().map(({ name, clipId }) => `${name} ${clipId}`);
  const invalid = clips.filter((clip) => clip.priority > 1);
  expect(told.sort()).toEqual(invalid.map((clip) => `clip_quarantined ${clip.clipId}`).sort());
});

test.each(['damaged', 'truncated', 'missing', 'older'] as const)(
  'a %s database is rebuilt from the files, with numbers nobody used',
  async (harm) => {
    const first = await at.seal({ class: 'critical', priority: 9 });
    at.buffer.addEvent(event('a'));
    await at.buffer.close();
    const path = join(at.dir, 'buffer.db');
    const older = await readFile(path);
    await at.open();
    const second = await at.seal();
    const before = at.buffer.rows.ranges();
    const conn = await at.buffer.rows.nextConn();
    await at.buffer.close();
    if (harm === 'damaged') await writeFile(path, 'not a database, but long enough '.repeat(400));
    if (harm === 'truncated') await truncate(path, 5_000);
    if (harm === 'missing') await rm(path);
    if (harm === 'older') {
      const marks = JSON.parse(await readFile(join(at.dir, 'marks.json'), 'utf8')) as {
        floors: Record<string, number>;
      };
      marks.floors['manifests'] = 2;
      await writeFile(join(at.dir, 'marks.json'), JSON.stringify(marks));
      await writeFile(path, older);
    }
    await at.open();
    expect(at.buffer.recovery.rebuilt).toBe(true);
    const held = await expectSound(at.dir, at.buffer);
    expect([...held.keys()].sort()).toEqual([first.clipId, second.clipId].sort());
    for (const [i, range] of at.buffer.rows.ranges().entries()) {
      const isAbove = range.highest >= markGap && range.origin === before[i]?.origin;
      expect(isAbove || range.origin !== before[i]?.origin).toBe(true);
    }
    expect(await at.buffer.rows.nextConn()).toBeGreaterThan(conn);
    const adopted = waitingManifests(at.buffer).filter((one) => one.clipId === second.clipId);
    expect(adopted).toEqual([{ clipId: second.clipId, state: 'held' }]);
  },
);

test('a wiped folder begins with another origin', async () => {
  const before = at.buffer.rows.ranges()[0]?.origin;
  await at.buffer.close();
  await rm(at.dir, { recursive: true });
  await at.open();
  expect(at.buffer.rows.ranges()[0]?.origin).not.toBe(before);
});

test('a second agent on the same folder is refused with the reason', async () => {
  await expect(openAt(at.dir)).rejects.toMatchObject({
    code: 'conflict',
    message: 'another process holds the buffer',
  });
});

test('a buffer of a newer agent is not touched', async () => {
  await at.buffer.close();
  const db = openSqlite(join(at.dir, 'buffer.db'));
  const own = db.get('PRAGMA user_version') as { user_version: number };
  db.run('PRAGMA user_version = 99');
  db.close();
  await expect(openAt(at.dir)).rejects.toMatchObject({ code: 'conflict' });
  const back = openSqlite(join(at.dir, 'buffer.db'));
  back.run(`PRAGMA user_version = ${own.user_version}`);
  back.close();
  await at.open();
});

test('a buffer of 0.1 keeps its clips and learns of commands', async () => {
  const clip = await at.seal();
  await at.buffer.close();
  const db = openSqlite(join(at.dir, 'buffer.db'));
  for (const table of ['command', 'preview']) db.run(`DROP TABLE ${table}`);
  db.run('DROP INDEX clip_next');
  db.run('ALTER TABLE clip DROP COLUMN pulled');
  db.run('PRAGMA user_version = 1');
  db.close();
  await at.open();
  expect(at.buffer.clips.get(clip.clipId)).toMatchObject({ state: 'sealed', pulled: false });
  expect(at.buffer.commands.unfinished()).toEqual([]);
});

test('a start compares names and sizes; it does not read every clip again', async () => {
  const clips: MadeClip[] = [];
  for (let i = 0; i < 10; i += 1) clips.push(await at.seal({ payloadBytes: 10 }));
  await at.buffer.close();
  for (const clip of clips) await writeFile(at.filePath(clip), Buffer.alloc(clip.bytes.length));
  await at.open();
  expect(at.buffer.recovery).toMatchObject({ adopted: 0, lost: 0, quarantined: 0 });
  expect(at.buffer.counts().clips.sealed).toBe(10);
});

test('of a clip whose manifest cannot be read any more the robot goes on without', async () => {
  await at.buffer.rows.belongTo('amr-01');
  const [read, harmed] = [await at.seal(), await at.seal()];
  await at.buffer.close();
  const db = openSqlite(join(at.dir, 'buffer.db'));
  db.run("UPDATE clip SET manifest = '{' WHERE clip_id = ?", harmed.clipId);
  db.close();
  await at.open();
  const origin = at.buffer.rows.ranges()[1]?.origin ?? 0n;
  const refused = [1, 2].map((seq) => ({ seq, code: 'MALFORMED' as const }));
  at.buffer.rows.stored('manifests', origin, { through: 2, refused });
  const rows = at.buffer.rows.read('events', 0, { rows: 9, bytes: 1e6 });
  expect(rows.map((row) => decodeEvents(row.body).rows[0]?.row)).toMatchObject([
    { kind: 'event', event: { name: 'clip_refused', clipId: read.clipId } },
  ]);
  await at.buffer.rows.belongTo('amr-02');
  expect(waitingManifests(at.buffer).map(({ clipId }) => clipId)).toEqual([read.clipId]);
  expect(at.buffer.counts()).toMatchObject({ clips: { sealed: 1 }, ever: { quarantined: 1 } });
  expect(await readdir(join(at.dir, 'quarantine'))).toHaveLength(1);
});
