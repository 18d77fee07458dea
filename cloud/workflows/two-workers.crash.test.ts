/**
 * Goal: each of the seven patterns ends the same when one of two workers on PostgreSQL dies; and a
 * real process that is killed with SIGKILL is as good as one that dies here.
 * Method: the crash kit at one drawn boundary a case, the seed printed; every day some of the cases
 * are drawn, too. `npm run soak -- workflows` takes every boundary, and pairs of them.
 */
import { randomInt } from 'node:crypto';
import { seededRandom } from '@fieldloop/core';
import { isLongRun } from '@fieldloop/core/system';
import { afterAll, describe, expect, test } from 'vitest';
import { noPostgres } from '../store/postgres.sample.ts';
import { closeThreads, patternCases } from './crash-cases.sample.ts';
import { hardware } from './correction-loop.crash.sample.ts';
import { crashEverywhere } from './kit/crash.sample.ts';
import { openProcessWorkers } from './kit/crash-processes.sample.ts';

const seed = process.env['FIELDLOOP_SEED'] ?? String(randomInt(1_000_000));

/** Cases of a day. */
const everyday = 5;

afterAll(closeThreads);

function drawnCases(): readonly string[] {
  const names = patternCases.map(({ name }) => name);
  if (isLongRun) return names;
  const random = seededRandom(seed);
  return Array.from({ length: everyday }, () =>
    names.splice(random.integer(names.length), 1),
  ).flat();
}

describe.skipIf(noPostgres !== undefined)('postgres', () => {
  const drawn = new Set(drawnCases());
  for (const one of patternCases) {
    const why = drawn.has(one.name) ? '' : ' (skipped: others were drawn)';
    test.skipIf(why !== '')(
      `${one.name}: two workers, one dies (FIELDLOOP_SEED=${seed})${why}`,
      async () => {
        const random = seededRandom(`${seed}/${one.name}`);
        const found = await crashEverywhere('postgres', one, { workers: 2, singles: 1, random });
        expect(found.differing).toEqual([]);
        expect(found.crashes).toBe(1);
      },
      60_000,
    );
  }
});

test(`a process that is killed with SIGKILL is overtaken (FIELDLOOP_SEED=${seed})`, async () => {
  const random = seededRandom(`${seed}/process`);
  const found = await crashEverywhere('sqlite', hardware, {
    singles: 1,
    random,
    open: openProcessWorkers,
  });
  expect(found.differing).toEqual([]);
}, 120_000);
