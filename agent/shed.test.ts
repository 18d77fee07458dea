/**
 * Goal: a moment that gets no clip says why, critical ones always get one, and a replay loses
 * nothing to a busy machine. Method: every class under every step of each cause.
 */
import { expect, test } from 'vitest';
import { shedSteps } from './health/pressure.ts';
import { nothingShed, openShed } from './shed.ts';

const classes = ['critical', 'warning', 'info', 'baseline'] as const;

test('each step takes its class, critical is never taken', () => {
  const shed = openShed({ monotonicMs: () => 0 });
  const kept = (isLive: boolean): string[] =>
    classes.filter((one) => shed.keepsOut(one, isLive) === undefined);
  expect(kept(true)).toEqual([...classes]);
  shed.set({ ...nothingShed, work: shedSteps.slice(0, 3) });
  expect(kept(true)).toEqual(['critical', 'warning', 'info']);
  shed.set({ ...nothingShed, work: shedSteps });
  expect(kept(true)).toEqual(['critical']);
  expect(kept(false)).toEqual([...classes]);
  expect(shed.keepsOut('info', true)).toBe('overload');
  shed.set({ ...nothingShed, disk: shedSteps.slice(1) });
  expect(kept(false)).toEqual(['critical']);
  expect(shed.keepsOut('info', false)).toBe('disk');
  expect([shed.thins(false), shed.skips('ood')]).toEqual([true, false]);
});

test('models that skip frames score one a second each', () => {
  let now = 0;
  const shed = openShed({ monotonicMs: () => now });
  shed.set({ ...nothingShed, work: ['models'] });
  const scored: string[] = [];
  for (; now < 5_000; now += 100) {
    for (const scorer of ['ood', 'near']) if (!shed.skips(scorer)) scored.push(scorer);
  }
  expect(scored.filter((one) => one === 'ood')).toHaveLength(5);
  expect(scored.filter((one) => one === 'near')).toHaveLength(5);
});

test('a replay that may read a tenth of the time rests nine times as long as it worked', async () => {
  const shed = openShed({ monotonicMs: () => 0 });
  const stop = new AbortController();
  const before = performance.now();
  await shed.rest(1_000, stop.signal);
  shed.set({ ...nothingShed, duty: 0.1 });
  await shed.rest(5, stop.signal);
  expect(performance.now() - before).toBeGreaterThanOrEqual(40);
  stop.abort();
  await shed.rest(1_000_000, stop.signal);
});
