/**
 * Goal: the conformance script passes what conforms and fails what does not.
 * Method: the shared suite whole; one pair copied with one expectation changed.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { conformanceFailure, conformancePairs } from './conformance.ts';

const suite = fileURLToPath(new URL('../../shared/data/recordings/conformance', import.meta.url));
const absent = !existsSync(suite);

test.skipIf(absent)('all pairs of the shared suite pass (needs ../shared/data)', async () => {
  const pairs = await conformancePairs(suite);
  expect(pairs.length).toBe(201);
  const failures = await Promise.all(pairs.map((pair) => conformanceFailure(pair)));
  expect(failures.filter((failure) => failure !== undefined)).toEqual([]);
});

test.skipIf(absent)(
  'a changed expectation and a damaged file fail (needs ../shared/data)',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
    try {
      const name = 'TenMessages-ch-chx-mx-pad-rch-rsh-sum';
      const source = join(suite, 'TenMessages', name);
      const pair = join(folder, name);
      await copyFile(`${source}.mcap`, `${pair}.mcap`);
      const json = await readFile(`${source}.json`, 'utf8');
      for (const [from, to] of [
        ['"log_time", "5"', '"log_time", "6"'],
        ['"topic", "example"', '"topic", "other"'],
        ['["data", ["4", "5", "6"]]', '["data", ["4", "5"]]'],
      ] as const) {
        expect(json).toContain(from);
        await writeFile(`${pair}.json`, json.replace(from, to));
        expect(await conformanceFailure(pair)).toMatch(/expected .* found /);
      }
      await writeFile(`${pair}.json`, json);
      expect(await conformanceFailure(pair)).toBeUndefined();
      const bytes = await readFile(`${pair}.mcap`);
      await writeFile(`${pair}.mcap`, bytes.subarray(0, 300));
      expect(await conformanceFailure(pair)).toContain('@byte ');
      expect(await conformancePairs(folder)).toEqual([pair]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
