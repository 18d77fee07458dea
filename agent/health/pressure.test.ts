/**
 * Goal: what is given up goes in the stated order, comes back in the reverse one, and neither
 * flutters; the disk alone costs no scores. Method: looks a second apart at loads of a script.
 */
import { expect, test } from 'vitest';
import { given, type Load, noPressure, press, type ShedChange, shedSteps } from './pressure.ts';

/** Looks once a second; `load` tells what is seen at each. */
function watch(seconds: number, load: (second: number) => Load) {
  let pressure = noPressure;
  const changes: (ShedChange & { at: number })[] = [];
  for (let at = 0; at < seconds; at += 1) {
    const [next, more] = press(pressure, load(at), at * 1000);
    pressure = next;
    changes.push(...more.map((change) => ({ ...change, at })));
  }
  return { pressure, changes };
}

test('a processor that stays over its cap costs one step every five seconds, in order', () => {
  const { pressure, changes } = watch(60, () => ({ cpu: 1.4, memory: 0.2 }));
  expect(changes.map(({ step }) => step)).toEqual([...shedSteps]);
  expect(changes.map(({ at }) => at)).toEqual([0, 5, 10, 15, 20]);
  expect(changes[0]).toMatchObject({ cause: 'cpu', share: 1.4, isGivenUp: true });
  expect(given(pressure, 'work')).toEqual([...shedSteps]);
  expect(given(pressure, 'disk')).toEqual([]);
});

test('between calm and cap nothing changes; calm gives back the last step first', () => {
  const { changes } = watch(200, (at) => ({ cpu: at < 11 ? 1.1 : at < 60 ? 0.9 : 0.5 }));
  const gone = changes.filter(({ isGivenUp }) => isGivenUp);
  const back = changes.filter(({ isGivenUp }) => !isGivenUp);
  expect(gone.map(({ step }) => step)).toEqual(['models', 'downsample', 'baseline']);
  expect(back.map(({ step }) => step)).toEqual(['baseline', 'downsample', 'models']);
  expect(back.map(({ at }) => at)).toEqual([75, 90, 105]);
});

test('a load that returns whenever a step comes back is tried less and less often', () => {
  // The machine is calm only while models skip frames.
  let level = 0;
  const at: number[] = [];
  let pressure = noPressure;
  for (let second = 0; second < 3600; second += 1) {
    const [next, changes] = press(pressure, { cpu: level > 0 ? 0.5 : 1.2 }, second * 1000);
    pressure = next;
    level = given(pressure, 'work').length;
    at.push(...changes.filter(({ isGivenUp }) => !isGivenUp).map(() => second));
  }
  const pauses = at.slice(1).map((second, i) => second - (at[i] ?? 0));
  expect(pauses.slice(0, 4)).toEqual([36, 66, 126, 246]);
  expect(Math.max(...pauses)).toBeLessThan(320);
});

test('a full disk thins and then marks, and leaves the models alone', () => {
  const { pressure } = watch(60, () => ({ cpu: 0.1, disk: 1 }));
  expect(given(pressure, 'work')).toEqual([]);
  expect(given(pressure, 'disk')).toEqual(['downsample', 'baseline', 'info', 'warning']);
});

test('what cannot be measured is no pressure', () => {
  expect(watch(60, () => ({ heat: Number.NaN })).changes).toEqual([]);
  expect(watch(60, () => ({})).changes).toEqual([]);
});
