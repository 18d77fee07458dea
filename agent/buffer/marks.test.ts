/**
 * Goal: no number is handed out that a rebuilt database could hand out again.
 * Method: a disk that stops taking the marks, and the file as it then stands.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markGap } from '../limits.ts';
import { type Disk, systemDisk } from './disk.ts';
import { openMarks, readMarks } from './marks.ts';

let path = '';
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'fieldloop-marks-')), 'marks.json');
});
afterEach(() => rm(join(path, '..'), { recursive: true }));

const marksAt = (events: number) => ({
  origin: '00000000000000aa',
  floors: { events, manifests: 0, reported: 0, conn: 0 },
});

test('numbers stop one gap above the last mark that is durable', async () => {
  let isFull = false;
  const disk: Disk = {
    ...systemDisk,
    replaceFileNow(to, bytes) {
      if (isFull) throw new Fault('limited', 'the disk is full');
      systemDisk.replaceFileNow(to, bytes);
    },
  };
  const marks = openMarks(disk, path, undefined, marksAt(7));
  marks.keepUp(marksAt(7));
  expect(await readMarks(path)).toEqual(marksAt(7));
  isFull = true;
  expect(() => marks.keepUp(marksAt(7 + markGap))).toThrow('the disk is full');
  marks.check('events', 7 + markGap);
  expect(() => marks.check('events', 8 + markGap)).toThrow('could not be written');
  expect(await readMarks(path)).toEqual(marksAt(7));
  isFull = false;
  // What is committed is marked by who needs the next number.
  marks.check('events', 8 + markGap);
  expect(await readMarks(path)).toEqual(marksAt(7 + markGap));
  expect(() => marks.check('events', 8 + 2 * markGap)).toThrow('could not be written');
});

test('the file is written when half of a gap is used up, not at each number', () => {
  let writes = 0;
  const disk: Disk = {
    ...systemDisk,
    replaceFileNow() {
      writes += 1;
    },
  };
  const marks = openMarks(disk, path, marksAt(0), marksAt(0));
  for (let n = 1; n <= markGap; n += 1) marks.keepUp(marksAt(n));
  expect(writes).toBe(1);
});

test.each(['', '{', '[]', '{"origin":"00000000000000aa"}', '{"origin":"x","floors":{}}'])(
  'marks that read %j are none',
  async (text) => {
    await writeFile(path, text);
    expect(await readMarks(path)).toBeUndefined();
  },
);
