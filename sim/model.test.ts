/**
 * Goal: the classifier in the repository is the one its script makes, ONNX Runtime computes what
 * it promises, and it is sure in the hall and lost in the zones.
 * Method: training again, byte for byte; the golden pairs; a world that training never saw.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLongRun } from '@fieldloop/core/system';
import { networkOf, readOnnx } from '@fieldloop/learning';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { openStudio } from './camera/render.ts';
import { modelFolder } from './index.ts';
import { modelInput } from './model-input.ts';
import { trainClassifier } from './training/classifier.ts';
import { readWorlds, reportOf } from './training/measure.ts';
import { classes } from './world/ahead.ts';

const studio = openStudio();

/** The golden pairs as model.yaml lists them, one flow sequence a line. */
function goldenPairs(yaml: string): { input: number[]; output: number[] }[] {
  const lists = [...yaml.matchAll(/(input|output): (\[[-\d., e]+\])$/gm)];
  const numbers = lists.map((match) => JSON.parse(match[2] ?? '[]') as number[]);
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({
    input: numbers[i * 2] ?? [],
    output: numbers[i * 2 + 1] ?? [],
  }));
}

const notToday = isLongRun ? '' : ' (skipped: takes 20 s, FIELDLOOP_TESTS=long runs it)';

test.skipIf(!isLongRun)(
  `training again gives the files of the repository, byte for byte${notToday}`,
  async () => {
    const trained = await trainClassifier(studio, () => {});
    const onnx = await readFile(join(modelFolder, 'model.onnx'));
    expect(Buffer.from(trained.onnx).equals(onnx)).toBe(true);
    const yaml = await readFile(join(modelFolder, 'model.yaml'), 'utf8');
    expect(yaml.replaceAll(/^#.*\n/gm, '')).toBe(trained.yaml);
    expect(onnx.length).toBeLessThan(1024 * 1024);
  },
  300_000,
);

test('ONNX Runtime gives the golden logits, one by one and as a batch', async () => {
  const onnx = await readFile(join(modelFolder, 'model.onnx'));
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  const pairs = goldenPairs(await readFile(join(modelFolder, 'model.yaml'), 'utf8'));
  expect(pairs).toHaveLength(classes.length);
  const shape = [3, modelInput.height, modelInput.width];
  const run = async (inputs: readonly number[][]): Promise<number[]> => {
    const image = new Tensor('float32', Float32Array.from(inputs.flat()), [
      inputs.length,
      ...shape,
    ]);
    const { logits } = await session.run({ image });
    return Array.from((logits?.data ?? []) as Float32Array);
  };
  const single = await Promise.all(pairs.map(({ input }) => run([input])));
  const batch = await run(pairs.map(({ input }) => input));
  pairs.forEach(({ output }, i) => {
    output.forEach((logit, k) => {
      expect(Math.abs((single[i]?.[k] ?? Number.NaN) - logit)).toBeLessThan(1e-4);
      expect(Math.abs((batch[i * classes.length + k] ?? Number.NaN) - logit)).toBeLessThan(1e-4);
    });
  });
});

test('in a world of its own it is right and sure in the hall, and lost in the zones', async () => {
  const network = networkOf(readOnnx(await readFile(join(modelFolder, 'model.onnx'))));
  const readings = await readWorlds(network, studio, { seeds: ['7'], seconds: 40 });
  const [hall, , cold, dock] = reportOf(readings);
  expect(hall?.frames).toBeGreaterThan(100);
  expect(hall?.accuracy).toBeGreaterThan(0.9);
  expect(hall?.below03).toBeGreaterThan(0.8);
  expect(hall?.episodes).toBe(0);
  for (const zone of [cold, dock]) {
    expect(zone?.above065).toBeGreaterThan(0.7);
    expect(zone?.stays).toBeGreaterThan(0);
    expect(zone?.flaggedStays).toBe(zone?.stays);
  }
}, 120_000);
