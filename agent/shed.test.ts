/**
 * Goal: a moment that gets no clip says why, critical ones always get one, and a replay loses
 * nothing to a busy machine. Method: every class under every step of each cause.
 */
import type { Clock } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { shedSteps } from './health/pressure.ts';
import { longestRestMs, restLookMs } from './limits.ts';
import { nothingShed, openShed } from './shed.ts';

const idle = { clock: systemClock, cpuSeconds: () => 0 };
const classes = ['critical', 'warning', 'info', 'baseline'] as const;

test('each step takes its class, critical is never taken', () => {
  const shed = openShed(idle);
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
  const shed = openShed({ ...idle, clock: { ...systemClock, monotonicMs: () => now } });
  shed.set({ ...nothingShed, work: ['models'] });
  const scored: string[] = [];
  for (; now < 5_000; now += 100) {
    for (const scorer of ['ood', 'near']) if (!shed.skips(scorer)) scored.push(scorer);
  }
  expect(scored.filter((one) => one === 'ood')).toHaveLength(5);
  expect(scored.filter((one) => one === 'near')).toHaveLength(5);
});

/** A process in which reading a block takes half a second, and cutting its clips as much later. */
function process() {
  let ms = 0;
  let cpuSeconds = 0;
  let toCut = 0;
  const pass = (pauseMs: number): void => {
    ms += pauseMs;
    const cut = Math.min(toCut, pauseMs / 1_000);
    toCut -= cut;
    cpuSeconds += cut + (0.02 * pauseMs) / 1_000;
  };
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => ms,
    sleep: async (pauseMs) => {
      pass(pauseMs);
      await Promise.resolve();
    },
  };
  const read = (): void => {
    pass(500);
    cpuSeconds += 0.5;
    toCut += 0.5;
  };
  return { clock, read, cpuSeconds: () => cpuSeconds };
}

test.each([0.1, 0.35])('replays leave the process at %d of a core, clips and all', async (cpu) => {
  const { clock, read, cpuSeconds } = process();
  const shed = openShed({ clock, cpuSeconds });
  const signal = new AbortController().signal;
  const replay = async (blocks: number): Promise<void> => {
    for (let i = 0; i < blocks; i += 1) {
      read();
      await shed.rest(500, signal);
    }
  };
  await replay(5);
  expect([clock.monotonicMs(), shed.duty]).toEqual([2_500, 1]);
  // Whoever ran free for a while owes no more than the longest rest.
  shed.set({ ...nothingShed, cpu });
  await replay(1);
  const began = { ms: clock.monotonicMs(), cpuSeconds: cpuSeconds() };
  await replay(100);
  const share = (cpuSeconds() - began.cpuSeconds) / ((clock.monotonicMs() - began.ms) / 1_000);
  expect(share).toBeGreaterThan(cpu * 0.9);
  expect(share).toBeLessThan(cpu * 1.1);
  expect(shed.duty).toBeCloseTo(0.5 / (1 / cpu), 1);
});

test('a rest ends with the cap, with a stop, and at the latest after the longest rest', async () => {
  const { clock, read, cpuSeconds } = process();
  const shed = openShed({ clock, cpuSeconds: () => cpuSeconds() + clock.monotonicMs() / 1_000 });
  const stop = new AbortController();
  shed.set({ ...nothingShed, cpu: 0.01 });
  read();
  const beganMs = clock.monotonicMs();
  await shed.rest(500, stop.signal);
  expect(clock.monotonicMs() - beganMs).toBe(longestRestMs);
  const later = clock.monotonicMs();
  const resting = shed.rest(500, stop.signal);
  shed.set(nothingShed);
  await resting;
  expect(clock.monotonicMs() - later).toBe(restLookMs);
  shed.set({ ...nothingShed, cpu: 0.01 });
  stop.abort();
  await shed.rest(500, stop.signal);
  expect(clock.monotonicMs() - later).toBe(restLookMs);
});
