/**
 * Goal: a start makes sense of any folder that a crash, a disk or a person left behind.
 * Method: harm a real folder and database between two openings, then look at rows and files.
 */
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEvents } from '@fieldloop/proto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markGap } from '../limits.ts';
import { BufferFolder, event, openAt } from './buffer.cases.ts';
import { expectSound, waitingManifests } from './check.cases.ts';
import { makeClip, type MadeClip, writePart } from './clip-file.cases.ts';
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
  expect(await readdir(join(at.dir, 'quarantine'))).toEqual([
    expect.stringContaining(`${torn.clipId}.mcap`),
  ]);
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
  db.run('PRAGMA user_version = 99');
  db.close();
  await expect(openAt(at.dir)).rejects.toMatchObject({ code: 'conflict' });
  const back = openSqlite(join(at.dir, 'buffer.db'));
  back.run('PRAGMA user_version = 1');
  back.close();
  await at.open();
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
