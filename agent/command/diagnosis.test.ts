/**
 * Goal: a robot in whatever state can be diagnosed, and the answer fits on the wire.
 * Method: nothing to complain of, and far too much.
 */
import { tmpdir } from 'node:os';
import { canonicalJson } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { maxDiagnosisText } from '../limits.ts';
import { diagnose } from './diagnosis.ts';

const of = async (status: unknown, complaints: readonly unknown[]) =>
  await diagnose({
    folder: tmpdir(),
    now: () => 5,
    status: () => status,
    complaints: () => complaints,
  });

test('it says what runs, what is left of the disk and what was complained of', async () => {
  const answer = await of({ idle: true }, [{ phrase: 'a clip could not be cut' }]);
  expect(answer).toMatchObject({
    versions: { node: process.versions.node },
    disk: { freeBytes: expect.any(Number) },
    clock: { unixMs: 5 },
    status: { idle: true },
    faults: [{ phrase: 'a clip could not be cut' }],
  });
});

test('of too much the oldest complaints go, then the status; the machine is always told', async () => {
  const many = Array.from({ length: 40 }, (_, n) => ({ n, why: 'x'.repeat(1_000) }));
  const answer = await of({ idle: true }, many);
  expect(canonicalJson(answer).length).toBeLessThanOrEqual(maxDiagnosisText);
  const faults = answer['faults'] as readonly { readonly n: number }[];
  expect(faults.at(-1)?.n).toBe(39);
  expect(faults.length).toBeGreaterThan(5);
  const none = await of({ text: 'x'.repeat(2 * maxDiagnosisText) }, many);
  expect(none).toMatchObject({ faults: [], status: 'too long to be told' });
  expect(none['disk']).toBeDefined();
});
