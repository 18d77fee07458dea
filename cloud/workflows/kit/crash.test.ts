/**
 * Goal: wherever a worker is killed, a run ends as it would have, each effect done once; and a kit
 * that is broken on purpose is found out.
 * Method: the crash kit on a body that uses every kind of step, on SQLite and with two workers on
 * PostgreSQL; effects outside the database report themselves.
 */
import { describe, expect, test } from 'vitest';
import { noPostgres } from '../../store/postgres.sample.ts';
import { everyStep } from './crash-case.sample.ts';
import { crashDrawn, drawn, tell } from './crash-drawn.sample.ts';
import { crashEverywhere } from './crash.sample.ts';

const approved = everyStep('approved', 'approve');

test.each([
  ['approved', approved],
  ['rejected', everyStep('rejected', 'reject')],
  ['nobody decides', everyStep('expired', undefined)],
])('sqlite, %s: killed at its boundaries, the same end', async (_name, one) => {
  const found = await crashDrawn(one);
  expect(found.differing).toEqual([]);
  expect(found.points).toBeGreaterThan(5);
});

test('sqlite: decisions that come before the engine knows of the wait are not lost', async () => {
  const found = await crashEverywhere('sqlite', approved, { ...drawn(approved), isEarly: true });
  expect(found.differing).toEqual([]);
});

describe.skipIf(noPostgres !== undefined)('postgres', () => {
  test('two workers, one killed at its boundaries, the same end', async () => {
    const found = await crashEverywhere('postgres', approved, { ...drawn(approved), workers: 2 });
    tell(approved, found);
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
