/**
 * Goal: a worker that dies anywhere in a case leaves the same case, hold and history as one that
 * lives; a hundred alerts are one case; a report of the old digest closes nothing.
 * Method: the pattern on the real engine, killed at its boundaries by the crash kit; robots report
 * as ingest writes it.
 */
import { expect, test } from 'vitest';
import { byHand, repaired } from './maintenance-escalation.crash.sample.ts';
import { crashDrawn } from './kit/crash-drawn.sample.ts';

test('killed at its boundaries, a repaired robot comes back once', async () => {
  const found = await crashDrawn(repaired);
  expect(found.differing).toEqual([]);
  expect(found.points).toBeGreaterThan(20);
  expect(JSON.stringify(found.end)).toContain('"state":"resolved"');
  expect(found.end).toMatchObject({ left: { held: 0, commands: ['diagnose'] } });
}, 300_000);

test('killed at its boundaries, three alerts are one case that a person closes by hand', async () => {
  const found = await crashDrawn(byHand);
  expect(found.differing).toEqual([]);
  const cases = [{ state: 'not_a_fault', reportCount: 3, held: false }];
  expect(found.end).toMatchObject({ left: { cases, held: 0 } });
  expect(JSON.stringify(found.end).match(/"status\\":\\"merged/g)).toHaveLength(2);
}, 300_000);
