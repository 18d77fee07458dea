/**
 * Goal: what the disk refuses is told with a remedy that fits.
 * Method: system calls that really fail, and their faults.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asDiskFault } from './disk.ts';

test.each([
  [
    'a folder below a file',
    (file: string) => mkdir(join(file, 'buffer')),
    'invalid',
    /buffer\.path/,
  ],
  ['a file that is not there', (file: string) => readFile(`${file}2`), 'not_found', /buffer\.path/],
  [
    'a folder where a file is needed',
    (file: string) => readFile(join(file, '..')),
    'unavailable',
    /disk/,
  ],
])('%s', async (_, work: (file: string) => Promise<unknown>, code, remedy) => {
  const folder = mkdtempSync(join(tmpdir(), 'fl-disk-'));
  try {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const error: unknown = await work(file).catch((caught: unknown) => caught);
    expect(asDiskFault(file, error)).toMatchObject({
      code,
      place: file,
      remedy: expect.stringMatching(remedy) as string,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
