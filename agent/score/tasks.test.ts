/**
 * Goal: detectors, regressors and embeddings give the scores that their outputs say, image or
 * numbers, and what does not fit is told before the robot runs it.
 * Method: real ONNX Runtime on graphs whose outputs are the input cut into pieces, so that each
 * frame says by itself what the model "found".
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import { parseModelDocument } from '@fieldloop/learning';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { readModel } from './model.ts';
import { filesIn } from './model-files.ts';
import { scoreValues } from './values.ts';
import { scorerDeps } from './scorer.cases.ts';
import { openScorer, type Scored, type Scorer } from './scorer.ts';
import { cutOnnx, tinyYaml, writeModel } from './testing.ts';

const channel = jsonChannel(1, '/numbers');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-tasks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;

/** A model that gives its input, cut into outputs of these sizes. */
async function load(
  yaml: Record<string, unknown>,
  outputs: Readonly<Record<string, readonly number[]>>,
): Promise<Scorer> {
  made += 1;
  const size = Object.values(outputs)
    .map((sizes) => sizes.reduce((all, one) => all * one, 1))
    .reduce((sum, one) => sum + one, 0);
  const { classes: _, ...plain } = tinyYaml();
  const input = { ...(plain['input'] as object), size };
  const golden = [{ input: Array(size).fill(0.5), output: goldenOf(yaml, outputs) }];
  const onnx = cutOnnx(size, outputs);
  const whole = { ...plain, input, golden, ...yaml };
  return await openScorer(
    readModel(filesIn(writeModel(join(folder, `m${made}`), whole, onnx))),
    scorerDeps,
  );
}

/** All of the outputs but an embedding beside them. */
function goldenOf(
  { task, output }: Record<string, unknown>,
  outputs: Readonly<Record<string, readonly number[]>>,
): number[] {
  const embedding = task === 'embedding' ? '' : (output as { embedding?: string }).embedding;
  return Object.entries(outputs).flatMap(([name, sizes]) =>
    name === embedding ? [] : Array(sizes.reduce((all, one) => all * one, 1)).fill(0.5),
  );
}

async function score(scorer: Scorer, values: readonly number[]): Promise<Scored> {
  const result = await scorer.score({ channel, bytes: jsonBytes({ values }) });
  if ('scored' in result) return result.scored;
  throw new Error(`${result.reason}: ${result.message}`);
}

const boxes = {
  task: 'detection',
  classes: ['person', 'robot'],
  output: { boxes: 'b', scores: 's', labels: 'l', scale: 'unit' },
};
const boxSizes = { b: [3, 4], s: [3], l: [3] };
/** Two of the same person, and a robot. */
const places = [0, 0, 0.5, 0.5, 0.02, 0, 0.5, 0.5, 0.6, 0.6, 0.9, 0.9];

test('a detector gives doubt, count and surest box; of one object the surer box stays', async () => {
  await using scorer = await load(boxes, boxSizes);
  const {
    values,
    topClass,
    boxes: found = [],
  } = await score(scorer, [...places, 0.9, 0.8, 0.6, 0, 0, 1]);
  expect(topClass).toBe('person');
  expect(found.map((box) => [box.class, box.score])).toEqual([
    ['person', 0.9],
    ['robot', 0.6],
  ]);
  expect(values).toMatchObject({ boxes: 2 });
  expect(values.top).toBeCloseTo(0.9, 6);
  expect(values.doubt).toBeCloseTo((4 * 0.9 * 0.1 + 4 * 0.6 * 0.4) / 2, 6);
  expect(values).not.toHaveProperty('flicker');
});

test('flicker is the share of boxes that the next frame does not have again', async () => {
  await using scorer = await load(boxes, boxSizes);
  await score(scorer, [...places, 0.9, 0.1, 0.8, 0, 0, 1]);
  const { values } = await score(scorer, [...places, 0.9, 0.1, 0.1, 0, 0, 1]);
  expect(values.flicker).toBeCloseTo(0.5, 6);
});

test('without a box above the threshold there is none, and that is an answer', async () => {
  await using scorer = await load(boxes, boxSizes);
  const { values, topClass, boxes: found } = await score(scorer, [...places, 0.2, 0.1, 0, 0, 0, 1]);
  expect({ topClass, found, count: values.boxes }).toEqual({
    topClass: 'none',
    found: [],
    count: 0,
  });
});

test.each([
  ['rows of boxes', [1, 3, 6], (box: readonly number[][]) => box.flat()],
  [
    'rows of numbers',
    [1, 6, 3],
    (box: readonly number[][]) =>
      Array.from({ length: 6 }, (_, k) => box.map((one) => one[k] ?? 0)).flat(),
  ],
] as const)('detections joined in one output are read as %s', async (_, sizes, laid) => {
  const output = { detections: 'd', format: 'cxcywh', scale: 'unit' };
  await using scorer = await load({ ...boxes, output }, { d: sizes });
  const frame = laid([
    [0.5, 0.5, 0.2, 0.4, 0.1, 0.7],
    [0.1, 0.1, 0.1, 0.1, 0.01, 0.02],
    [0.9, 0.9, 0.1, 0.1, 0.6, 0.3],
  ]);
  const { boxes: found = [] } = await score(scorer, frame);
  expect(found.map((box) => box.class)).toEqual(['robot', 'person']);
  expect(found[0]?.x).toBeCloseTo(0.4, 6);
  expect(found[0]?.height).toBeCloseTo(0.4, 6);
});

test('a temperature above one brings the scores of boxes nearer to a half', async () => {
  await using plain = await load(boxes, boxSizes);
  await using soft = await load({ ...boxes, temperature: 2 }, boxSizes);
  const frame = [...places, 0.9, 0.1, 0.1, 0, 0, 1];
  const [sure, unsure] = [await score(plain, frame), await score(soft, frame)];
  expect(unsure.values.top ?? 1).toBeLessThan((sure.values.top ?? 0) - 0.1);
  expect(unsure.values.top).toBeCloseTo(1 / (1 + Math.exp(-Math.log(9) / 2)), 5);
});

test('outputs that do not add up are told when the model is loaded', async () => {
  const fault = await load(boxes, { b: [3, 4], s: [2], l: [3] }).catch((error: unknown) => error);
  expect(fault).toMatchObject({
    code: 'invalid',
    message: expect.stringMatching(/12 numbers of boxes, 2 scores/),
    place: expect.stringMatching(/model\.onnx$/),
    remedy: expect.stringMatching(/model\.yaml/),
  });
});

test.each([
  ['embedding', { task: 'embedding', output: { embedding: 'e' } }, { e: [1, 1_025] }],
  [
    'classification',
    {
      task: 'classification',
      classes: ['a', 'b'],
      output: { probabilities: 'p', embedding: 'e' },
    },
    { p: [1, 2], e: [1, 1_025] },
  ],
])('an embedding that is too long is told when the %s is loaded', async (_, yaml, sizes) => {
  const fault = await load(yaml, sizes).catch((error: unknown) => error);
  expect(fault).toMatchObject({
    message: 'the embedding has 1025 numbers',
    remedy: expect.stringMatching(/1 to 1024 numbers/),
  });
});

test('a regressor gives its value, and the spread of its ensemble and its variance', async () => {
  const output = { value: ['a', 'b'], variance: 'v' };
  await using scorer = await load(
    { task: 'regression', output, temperature: 2 },
    { a: [1, 1], b: [1, 1], v: [1, 1] },
  );
  const { values, topClass } = await score(scorer, [3, 5, 8]);
  expect(topClass).toBeUndefined();
  expect(values).toEqual({ value: 4, deviation: 6 });
});

test('a regressor of one member without a variance says nothing of its doubt', async () => {
  await using scorer = await load({ task: 'regression', output: { value: 'a' } }, { a: [1, 2] });
  expect((await score(scorer, [1.5, 2])).values).toEqual({ value: 1.5 });
});

const segments = { task: 'segments', classes: ['drive', 'dock'], output: { probabilities: 'p' } };

test('segments give doubt of all steps, again of those at a change, and the class of now', async () => {
  await using scorer = await load(segments, { p: [1, 4, 2] });
  const { values, topClass } = await score(scorer, [1, 0, 0.5, 0.5, 0, 1, 0, 1]);
  expect(topClass).toBe('dock');
  // One step of four is torn, and it and a sure one are where drive ends.
  expect(values.entropy).toBeCloseTo(1 / 4, 6);
  expect(values.doubt).toBeCloseTo(1 / 4 + 1 / 2, 6);
  await using soft = await load(
    { ...segments, output: { logits: 'p' }, temperature: 2 },
    { p: [1, 2] },
  );
  const one = await score(soft, [2 * Math.log(3), 0]);
  expect(one.topClass).toBe('drive');
  expect(one.values.doubt).toBeCloseTo(-(0.75 * Math.log2(0.75) + 0.25 * Math.log2(0.25)), 6);
});

test('segments whose numbers are no whole steps are told when the model is loaded', async () => {
  await expect(load(segments, { p: [3] })).rejects.toThrow(/3 .*2 classes/);
  const model = parseModelDocument({
    ...tinyYaml(),
    ...segments,
    golden: [{ input: [0, 0], output: [0, 0] }],
  });
  // Where the file leaves its dimensions open, the numbers alone would fit.
  const transposed = { values: Float32Array.of(1, 0, 1, 0), dimensions: [1, 2, 4] };
  expect(() => scoreValues(model, [transposed], {})).toThrow(
    /1 x 2 x 4 probabilities .* 2 classes/,
  );
});

test('an embedding comes as it is, and probabilities are taken as probabilities', async () => {
  await using embedder = await load(
    { task: 'embedding', output: { embedding: 'e' } },
    { e: [1, 2] },
  );
  const { embedding = '', values } = await score(embedder, [3, -1]);
  expect([0, 4].map((at) => Buffer.from(embedding, 'base64').readFloatLE(at))).toEqual([3, -1]);
  expect(values).toEqual({});
  const classes = ['a', 'b'];
  const output = { probabilities: 'p', embedding: 'e' };
  await using classifier = await load(
    { task: 'classification', classes, output },
    { p: [1, 2], e: [1, 1] },
  );
  const scored = await score(classifier, [0.25, 0.75, 7]);
  expect(scored.topClass).toBe('b');
  expect(scored.values.doubt).toBeCloseTo(0.25, 5);
  expect(scored.values).not.toHaveProperty('energy');
});

const classifierBeside = {
  task: 'classification',
  classes: ['a', 'b'],
  output: { probabilities: 'p', auxiliary: 'h', embedding: 'e' },
};

test.each([
  [
    'detection',
    { ...boxes, output: { ...boxes.output, auxiliary: 'h' } },
    boxSizes,
    [...places, 0.9, 0.8, 0.6, 0, 0, 1],
  ],
  [
    'regression',
    { task: 'regression', output: { value: 'a', auxiliary: 'h' } },
    { a: [1, 1] },
    [4],
  ],
  ['classification', classifierBeside, { p: [1, 2] }, [0.25, 0.75]],
  ['embedding', { task: 'embedding', output: { embedding: 'e', auxiliary: 'h' } }, {}, []],
])('a %s may say how likely it is wrong', async (_, yaml, sizes, values) => {
  const last: Readonly<Record<string, number[]>> = 'embedding' in yaml.output ? { e: [1, 2] } : {};
  await using scorer = await load(yaml, { ...sizes, h: [1, 1], ...last });
  const ends = 'e' in last ? [3, -1] : [];
  const scored = await score(scorer, [...values, 0.8125, ...ends]);
  expect(scored.values).toHaveProperty('auxiliary', 0.8125);
  expect(scored.embedding === undefined).toBe(ends.length === 0);
  const result = await scorer.score({
    channel,
    bytes: jsonBytes({ values: [...values, 1e39, ...ends] }),
  });
  expect(result).toMatchObject({ reason: 'not_a_number' });
});

test('a head beside the task that gives more than one number is told', async () => {
  const output = { value: 'a', auxiliary: 'h' };
  await expect(load({ task: 'regression', output }, { a: [1, 1], h: [1, 2] })).rejects.toThrow(
    /output.auxiliary gives 2 numbers, it takes one/,
  );
});

test.each([
  ['detection', boxes, boxSizes, [...places, Number.NaN, 0, 0, 0, 0, 1]],
  ['regression', { task: 'regression', output: { value: 'a' } }, { a: [1, 1] }, [1e39]],
  ['segmentation', segments, { p: [1, 1, 2] }, [0.5, 1e39]],
  ['embedding', { task: 'embedding', output: { embedding: 'e' } }, { e: [1, 1] }, [1e39]],
])('a %s of numbers that are not finite is no score', async (_, yaml, sizes, values) => {
  await using scorer = await load(yaml, sizes);
  const frame = values.map((value) => (Number.isFinite(value) ? value : 1e39));
  const result = await scorer.score({ channel, bytes: jsonBytes({ values: frame }) });
  expect(result).toMatchObject({ reason: 'not_a_number' });
});

test.each([
  [{ task: 'regression', output: { logits: 'a' } }, /does not say where the regression comes out/],
  [{ task: 'detection', classes: ['a'], output: { boxes: 'a' } }, /where the detection comes out/],
  [{ task: 'embedding', output: { embedding: 'a', variance: 'a' } }, /does not belong to task emb/],
  [{ task: 'regression', classes: ['a'], output: { value: 'a' } }, /"classes": does not belong/],
  [{ task: 'regression', output: { value: ['a', 'a'] } }, /names an output twice/],
  [{ ...segments, output: { logits: ['a', 'b'] } }, /is a list, task segments takes one/],
  [{ task: 'segments', output: { logits: 'a' } }, /names 0 classes, task segments needs 2/],
  [{ task: 'segmentation', output: { value: 'a' } }, /task/],
])('%j is refused with a remedy', async (yaml, why) => {
  const fault = await load(yaml, { a: [1, 1] }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ message: expect.stringMatching(why) });
  expect((fault as Fault).remedy).toMatch(/./);
});

test('golden pairs of another length are told', async () => {
  const output = { value: 'a' };
  const golden = [{ input: [0.5], output: [0.5, 0.5] }];
  const loading = load({ task: 'regression', output, golden }, { a: [1, 1] });
  await expect(loading).rejects.toThrow(/golden input 0 gives 1 numbers, model.yaml has 2/);
});
