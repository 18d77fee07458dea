/**
 * Goal: a worker that dies anywhere between a candidate and a release leaves one release, two votes
 * and one alias, as one that lives; a candidate that nobody approves leaves no release at all.
 * Method: the pattern on the real engine, killed at every boundary by the crash kit; the evaluation
 * is written as the laboratory writes it.
 */
import { expect, test } from 'vitest';
import { approved, denied } from './candidate-to-release.crash.sample.ts';
import { crashEverywhere } from './kit/crash.sample.ts';

test.each([
  [approved.name, approved, 'toy@1.0.0 released'],
  [denied.name, denied, 'toy@1.0.0 withdrawn'],
])(
  '%s: killed at every boundary, the end is the same',
  async (name, one, release) => {
    const found = await crashEverywhere('sqlite', one);
    process.stdout.write(`${name}: killed at ${found.points} boundaries\n`);
    expect(found.differing).toEqual([]);
    expect(found.end).toMatchObject({ left: { releases: [release] } });
    expect(found.points).toBeGreaterThan(15);
  },
  300_000,
);
