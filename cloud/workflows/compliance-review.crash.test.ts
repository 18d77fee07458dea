/**
 * Goal: a worker that dies anywhere in a review leaves it closed, and opens what was approved once.
 * Method: the pattern on the real engine, killed at every boundary by the crash kit; an export
 * worker that finishes files by hand, people who decide, and a scope that changes.
 */
import { expect, test } from 'vitest';
import { approved, changed } from './compliance-review.crash.sample.ts';
import { crashEverywhere } from './kit/crash.sample.ts';

test('killed at every boundary, what was approved opens once and is closed and proved so', async () => {
  const found = await crashEverywhere('sqlite', approved);
  expect(found.differing).toEqual([]);
  expect(found.points).toBeGreaterThan(20);
  expect(found.end).toMatchObject({
    left: {
      reviews: ['granted_and_ended: the lease ended'],
      grants: [{ state: 'revoked', isProved: true }],
      uses: ['prove denied'],
      exports: [true],
      open: [false],
    },
  });
  process.stdout.write(`compliance-review: ${found.crashes} crashes\n`);
}, 300_000);

test('killed at every boundary, a scope that changed under the approval opens nothing', async () => {
  const found = await crashEverywhere('sqlite', changed);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: { reviews: ['denied: by the script'], grants: [], exports: [], open: [] },
  });
  process.stdout.write(`compliance-review, changed scope: ${found.crashes} crashes\n`);
}, 300_000);
