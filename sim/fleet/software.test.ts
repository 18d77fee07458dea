/**
 * Goal: a simulated device says that it runs exactly what it read, and fails as often as that says.
 * Method: the pure parts: wishes in any order with files that pass or fail, seeded lives.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@fieldloop/core';
import { type DesiredModels, readModelsReport } from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { begin, live } from './life.ts';
import { programFile, readProgram } from './program.ts';
import { asMade, rejected, softwareReport, tried, wish } from './software.ts';

const file = programFile({ version: '1.0.0', failuresPerHour: 3 });
const good = readProgram(file);
const bad = readProgram(programFile({ version: '1.1.0', failuresPerHour: 9, check: 'fails' }));

const desired = (rollout: string, { sha256 }: { sha256: string }, attempt = 1): DesiredModels => ({
  release: `brain@${rollout}`,
  rollout,
  attempt,
  models: {},
  sim: { brain: { sha256, sizeBytes: 9 } },
});

test('a program says what it is by its bytes, and other bytes are none', () => {
  expect(good).toMatchObject({ version: '1.0.0', failuresPerHour: 3, check: 'passes' });
  expect(good.sha256).not.toBe(bad.sha256);
  expect(() => readProgram(file.subarray(0, 20))).toThrow('no program');
  expect(() => readProgram(new TextEncoder().encode('{"failuresPerHour":1}'))).toThrow(
    'no program',
  );
});

test('the example among the manifests is a program, and its manifest names exactly it', () => {
  const folder = join(import.meta.dirname, '../../firmware-manifests');
  const bytes = readFileSync(join(folder, 'sim/brain-1.json'));
  const { sha256, version } = readProgram(bytes);
  const manifest = readFileSync(join(folder, 'releases/sim-stack-1.0.0.yaml'), 'utf8');
  expect(manifest).toContain(`sha256: ${sha256}`);
  expect(manifest).toContain(`size: ${bytes.length}`);
  expect(manifest).toContain(`version: ${version}`);
});

test('a wish is on its way until it was read, and then it runs', () => {
  const wanted = wish(asMade, desired('rol_1', good));
  expect(softwareReport(asMade)).toMatchObject({ state: 'idle', running: {} });
  expect(softwareReport(wanted)).toMatchObject({ state: 'downloading', running: {} });
  const runs = tried(wanted, { brain: good }, 5);
  const report = softwareReport(runs);
  expect(readModelsReport(report)).toEqual(report);
  expect(report).toMatchObject({
    state: 'running',
    rollout: 'rol_1',
    attempt: 1,
    running: { brain: { sha256: good.sha256, since: 5 } },
  });
  expect(wish(runs, desired('rol_1', good))).toEqual(runs);
  expect(softwareReport(wish(runs, { models: {} }))).toMatchObject({ state: 'downloading' });
});

test('one that fails its check never runs, and is tried again under another attempt only', () => {
  const runs = tried(wish(asMade, desired('rol_1', good)), { brain: good }, 5);
  const refused = tried(wish(runs, desired('rol_2', bad)), { brain: bad }, 6);
  expect(softwareReport(refused)).toMatchObject({
    state: 'rejected',
    rollout: 'rol_2',
    fault: { code: 'invalid' },
    running: { brain: { sha256: good.sha256 } },
  });
  expect(wish(refused, desired('rol_2', bad))).toBe(refused);
  expect(wish(refused, desired('rol_2', bad, 2)).wanted).toBeDefined();
  const back = wish(refused, desired('rol_1', good));
  expect(softwareReport(back)).toMatchObject({ state: 'running', rollout: 'rol_1' });
  expect(rejected(runs, 'nothing was wanted')).toBe(runs);
});

test('devices fail by their nature and their program, the same way under the same seed', () => {
  const rates = [3, 9].map((failuresPerHour) => {
    const failures = Array.from({ length: 400 }, (_, n) => {
      const random = seededRandom(`nature ${n}`);
      let life = begin(random);
      for (let i = 0; i < 50; i += 1) life = live(life, { hours: 0.1, failuresPerHour }, random);
      expect(life.trips).toBeGreaterThanOrEqual(49);
      return life.failures / life.hours / life.clumsiness;
    });
    return failures.reduce((sum, one) => sum + one, 0) / failures.length;
  });
  // 400 lives of five hours: the standard error of the first is about .04.
  expect(rates[0]).toBeCloseTo(3, 0);
  expect((rates[1] ?? 0) / (rates[0] ?? 1)).toBeGreaterThan(2.7);
  const twice = [1, 2].map(() =>
    live(begin(seededRandom(7)), { hours: 3, failuresPerHour: 3 }, seededRandom(8)),
  );
  expect(twice[0]).toEqual(twice[1]);
});
