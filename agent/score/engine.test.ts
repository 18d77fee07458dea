/**
 * Goal: a platform's own ONNX Runtime is used with its providers; where it or they are not there,
 * models run on the processor, and it is told.
 * Method: the real runtime, once more as a package of its own that notes what it is asked for.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkAgent } from '../check.ts';
import { demand } from '../document.ts';
import { parseConfig } from '../config.ts';
import type { Finding } from '../finding.ts';
import { openCrew } from '../scoring-crew.ts';
import { filesIn } from './model-files.ts';
import { openEngine } from './onnx.ts';
import { tinyOnnx, tinyYaml, writeModel } from './testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-engine-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A build that takes any provider, and runs what it is asked for on the processor. */
function platformBuild(has: readonly string[] = ['tensorrt', 'cuda'], broken = 'none') {
  const runtime = join(folder, 'onnxruntime-node');
  const notes = join(folder, 'asked.txt');
  mkdirSync(runtime);
  const own = createRequire(import.meta.url).resolve('onnxruntime-node');
  writeFileSync(
    join(runtime, 'index.js'),
    `const { InferenceSession, Tensor } = require(${JSON.stringify(own)});
exports.Tensor = Tensor;
exports.listSupportedBackends = () => ${JSON.stringify(has.map((name) => ({ name })))};
exports.InferenceSession = {
  async create(bytes, options) {
    require('node:fs').appendFileSync(${JSON.stringify(notes)},
      JSON.stringify(options.executionProviders) + '\\n');
    if (options.executionProviders.includes('${broken}')) throw new Error('no ${broken} here');
    return InferenceSession.create(bytes, { ...options, executionProviders: ['cpu'] });
  },
};
`,
  );
  const asked = () =>
    readFileSync(notes, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
  return { runtime, asked };
}

test("a platform's own build is loaded by its path, in the scoring thread, with its providers", async () => {
  const { runtime, asked } = platformBuild();
  const model = writeModel(join(folder, 'tiny'), tinyYaml(), tinyOnnx());
  const engine = { runtime, providers: ['tensorrt', 'cuda'] as const };
  const crew = openCrew(
    {
      name: 'gpu',
      places: [{ id: 'tiny', files: filesIn(model) }],
      isTrial: false,
      onAgain: () => undefined,
      onDeath: () => undefined,
    },
    { clock: systemClock, random: seededRandom('gpu'), log: silentLog, engine },
  );
  try {
    expect(await crew.ready).toBe(true);
    expect(crew.models).toMatchObject([{ id: 'tiny' }]);
    expect([crew.faults, crew.troubles]).toEqual([[], []]);
    expect(asked()).toEqual([['tensorrt', 'cuda', 'cpu']]);
  } finally {
    await crew.stop();
  }
});

test('a provider that is not there leaves the models on the processor, and check says so', async () => {
  const path = writeModel(join(folder, 'tiny'), tinyYaml(), tinyOnnx());
  const file = join(folder, 'agent.yaml');
  const document = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', file: 'a.mcap' }],
    models: [{ id: 'tiny', path }],
    scoring: { providers: ['cuda'] },
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  const config = demand(parseConfig({ text: JSON.stringify(document), file }, {}));
  const found: Finding[] = [];
  for await (const one of checkAgent(config, { clock: systemClock })) found.push(one);
  expect(found.filter(({ about }) => about === 'models[0]')).toMatchObject([
    { level: 'ok', text: expect.stringContaining('passes 1 golden inputs') },
  ]);
  expect(found.filter(({ about }) => about === 'scoring')).toEqual([
    {
      level: 'warning',
      about: 'scoring',
      text: expect.stringMatching(
        /model\.onnx runs without cuda: .*Cuda.*\. Correct "scoring" in .*agent\.yaml/s,
      ),
    },
  ]);
});

test('of two providers the one that works is used, and the other is told', async () => {
  const { runtime, asked } = platformBuild(['tensorrt', 'cuda'], 'tensorrt');
  const engine = await openEngine({ runtime, providers: ['tensorrt', 'cuda'] });
  await using _session = await engine.openOnnx(tinyOnnx(), 'a/model.onnx');
  expect(asked()).toEqual([
    ['tensorrt', 'cuda', 'cpu'],
    ['cuda', 'cpu'],
  ]);
  expect(engine.troubles).toEqual(['a/model.onnx runs without tensorrt: no tensorrt here']);
});

test('a provider that the build does not know is told, and the others are used', async () => {
  const { runtime, asked } = platformBuild(['cpu', 'cuda']);
  const engine = await openEngine({ runtime, providers: ['tensorrt', 'cuda'] });
  await using _session = await engine.openOnnx(tinyOnnx(), 'model.onnx');
  expect(asked()).toEqual([['cuda', 'cpu']]);
  expect(engine.troubles).toEqual(['this ONNX Runtime is built without tensorrt']);
});

test.each([
  ['is not there', () => undefined, /Cannot find module/],
  [
    'is another package',
    (at: string) => {
      mkdirSync(at);
      writeFileSync(join(at, 'index.js'), 'exports.answer = 42;');
    },
    /is no onnxruntime-node/,
  ],
  [
    'does not start',
    (at: string) => {
      mkdirSync(at);
      writeFileSync(join(at, 'index.js'), 'throw new Error("libcudart.so.12: cannot open");');
    },
    /libcudart\.so\.12: cannot open/,
  ],
])("a runtime that %s leaves the agent's own, and it is told", async (_, make, why) => {
  const runtime = join(folder, 'onnxruntime-node');
  make(runtime);
  const engine = await openEngine({ runtime, providers: [] });
  expect(engine.troubles).toEqual([expect.stringMatching(why)]);
  await using session = await engine.openOnnx(tinyOnnx(), 'model.onnx');
  expect(session.inputs.map(({ name }) => name)).toEqual(['x']);
});

test('a model that does not load on the processor either is a fault of the model', async () => {
  const { openOnnx } = await openEngine({ providers: ['cuda'] });
  await expect(openOnnx(new Uint8Array(9), 'model.onnx')).rejects.toMatchObject({
    code: 'corrupt',
    place: 'model.onnx',
  });
});
