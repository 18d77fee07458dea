/**
 * Goal: models that need long to load take the frames when they are ready, and what is streamed
 * meanwhile is recorded.
 * Method: a real crew whose time is over at once; an agent with a data thread that tells what it
 * is given.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Clock, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openArtifacts } from './buffer/artifacts.ts';
import { modelsReadyWithinMs } from './limits.ts';
import { openModelsInUse } from './models-in-use.ts';
import type { ScoringWays } from './models-types.ts';
import { tinyOnnx, tinyYaml, writeModel } from './score/testing.ts';
import { writeRecording } from './source/testing.ts';
import { openHome, plainRules } from './testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-late-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a model of the configuration that needs too long for the start scores once it is ready', async () => {
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(ms === modelsReadyWithinMs ? 0 : ms, signal),
  };
  const dir = join(folder, 'models');
  const shelf = await openArtifacts({ dir, headroomBytes: 0 });
  const own = [{ id: 'who', path: writeModel(join(folder, 'own'), tinyYaml(), tinyOnnx()) }];
  const deps = { clock, random: seededRandom('late'), log: silentLog };
  const models = await openModelsInUse({ ...deps, own, dir, shelf, soakMs: 60_000 });
  const late = Promise.withResolvers<ScoringWays>();
  const reported = Promise.withResolvers<void>();
  await models.begin({
    want: () => undefined,
    onWays: (ways) => late.resolve(ways),
    onShadowWays: () => undefined,
    onChange: () => {
      if ((models.crew?.models.length ?? 0) > 0) reported.resolve();
    },
    tell: () => undefined,
  });
  expect(models.ways()).toMatchObject({ port: undefined, models: [] });
  const { port, models: ready } = await late.promise;
  expect(ready).toMatchObject([{ id: 'who' }]);
  expect(port).toBeDefined();
  await reported.promise;
  port?.close();
  await models.stop();
});

/** Tells how many models it knows, and ends when it is told to. */
const told = `
import { parentPort, workerData } from 'node:worker_threads';
const say = (phrase) => parentPort.postMessage({ kind: 'line', line: { level: 'info', phrase } });
say('begins with ' + workerData.models.length);
parentPort.on('message', ({ kind, models }) => {
  if (kind === 'scoring') say('is given ' + models.length);
  if (kind !== 'stop') return;
  parentPort.postMessage({ kind: 'stopped' });
  process.exit(0);
});
`;

test.each([
  [
    'a stream is recorded before',
    { foxglove: 'ws://127.0.0.1:1' },
    ['begins with 0', 'is given 1'],
  ],
  ['a file is read after', { file: 'a.mcap' }, ['begins with 1']],
])('%s the models are loaded', async (_, source, expected) => {
  using home = openHome();
  await writeRecording(join(home.path, 'a.mcap'), [{ topic: '/odom', atNs: 1n, value: { vx: 0 } }]);
  writeModel(join(home.path, 'own'), tinyYaml(), tinyOnnx());
  writeFileSync(join(home.path, 'data.mjs'), told);
  const heard: string[] = [];
  const all = Promise.withResolvers<void>();
  const keep = ({ phrase }: { readonly phrase: string }): void => {
    heard.push(phrase);
    if (heard.length === expected.length) all.resolve();
  };
  const levels = { recent: () => [], lines: () => [], setLevel: () => undefined, keep };
  const dataEntry = pathToFileURL(join(home.path, 'data.mjs'));
  const models = [{ id: 'who', path: 'own' }];
  const sources = [{ name: 'main', ...source }];
  await using _running = await home.start(
    { sources, rules: plainRules, models },
    { dataEntry, levels },
  );
  await all.promise;
  expect(heard).toEqual(expected);
});
