/**
 * Goal: a worker that dies anywhere in a review leaves it closed, and opens what was approved once.
 * Method: the pattern on the real engine, killed at its boundaries by the crash kit; an export
 * worker that finishes files by hand, people who decide, and a scope that changes.
 */
import { expect, test } from 'vitest';
import { approved, changed } from './compliance-review.crash.sample.ts';
import { crashDrawn } from './kit/crash-drawn.sample.ts';

test('killed at its boundaries, what was approved opens once and is closed and proved so', async () => {
  const found = await crashDrawn(approved);
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
}, 300_000);

test('killed at its boundaries, a scope that changed under the approval opens nothing', async () => {
  const found = await crashDrawn(changed);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: { reviews: ['denied: by the script'], grants: [], exports: [], open: [] },
  });
}, 300_000);
