/**
 * Goal: a worker that dies anywhere between a candidate and a release leaves one release, two votes
 * and one alias, as one that lives; a candidate that nobody approves leaves no release at all.
 * Method: the pattern on the real engine, killed at its boundaries by the crash kit; the evaluation
 * is written as the laboratory writes it.
 */
import { expect, test } from 'vitest';
import { approved, denied } from './candidate-to-release.crash.sample.ts';
import { crashDrawn } from './kit/crash-drawn.sample.ts';

test.each([
  [approved.name, approved, 'toy@1.0.0 released'],
  [denied.name, denied, 'toy@1.0.0 withdrawn'],
])(
  '%s: killed at its boundaries, the end is the same',
  async (_name, one, release) => {
    const found = await crashDrawn(one);
    expect(found.differing).toEqual([]);
    expect(found.end).toMatchObject({ left: { releases: [release] } });
    expect(found.points).toBeGreaterThan(15);
  },
  300_000,
);
