/**
 * Goal: wherever a worker is killed, a run ends as it would have, each effect done once; and a kit
 * that is broken on purpose is found out.
 * Method: the crash kit on a body that uses every kind of step, on SQLite and with two workers on
 * PostgreSQL; effects outside the database report themselves.
 */
import { describe, expect, test } from 'vitest';
import { noPostgres } from '../../store/postgres.sample.ts';
import { everyStep } from './crash-case.sample.ts';
import { crashEverywhere } from './crash.sample.ts';

const approved = everyStep('approved', 'approve');

test.each([
  ['approved', approved],
  ['rejected', everyStep('rejected', 'reject')],
  ['nobody decides', everyStep('expired', undefined)],
])('sqlite, %s: killed at every boundary, the same end', async (_name, one) => {
  const found = await crashEverywhere('sqlite', one);
  process.stdout.write(`${one.name}: killed at ${found.points} of ${found.points} boundaries\n`);
  expect(found.differing).toEqual([]);
  expect(found.points).toBeGreaterThan(5);
});

test('sqlite: decisions that come before the engine knows of the wait are not lost', async () => {
  const found = await crashEverywhere('sqlite', approved, { isEarly: true });
  expect(found.differing).toEqual([]);
});

describe.skipIf(noPostgres !== undefined)('postgres', () => {
  test('two workers, one killed at every boundary, the same end', async () => {
    const found = await crashEverywhere('postgres', approved, { workers: 2 });
    process.stdout.write(`two workers: killed at all of ${found.points} boundaries\n`);
    expect(found.crashes).toBe(found.points);
    expect(found.differing).toEqual([]);
  }, 120_000);
});

test('an effect without a stable key is found out', async () => {
  const found = await crashEverywhere('sqlite', approved, { mutant: 'unstable_key' });
  expect(found.differing.length).toBeGreaterThan(0);
});

test('a kit that takes the signal for the truth is found out', async () => {
  const options = { mutant: 'signal_is_truth', isEarly: true } as const;
  const found = await crashEverywhere('sqlite', approved, options);
  expect(found.differing[0]).toContain('not killed');
});
