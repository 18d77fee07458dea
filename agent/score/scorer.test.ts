/**
 * Goal: a score is what the model's logits say, and no frame or folder can break the scorer.
 * Method: real ONNX Runtime on a network whose logits are known by hand, on images made by sharp,
 * and on the public MNIST model.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import {
  entropy,
  logitsOf,
  margin,
  type Network,
  networkGraph,
  onnxFile,
  softmax,
} from '@fieldloop/learning';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonBytes, jsonChannel } from '../source/testing.ts';
import { readModel } from './model.ts';
import { filesIn } from './model-files.ts';
import type { OnnxSession } from './onnx.ts';
import { scorerDeps } from './scorer.cases.ts';
import { type FrameResult, openScorer, type Scorer } from './scorer.ts';
import { tinyNetwork, tinyOnnx, tinyYaml, writeModel } from './testing.ts';

const mnist = join(import.meta.dirname, '../../../shared/data/flywheel/onnx/mnist.onnx');
const channel = jsonChannel(1, '/numbers');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-scorer-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
function load(yaml: unknown, onnx: Uint8Array): Promise<Scorer> {
  made += 1;
  return openScorer(
    readModel(filesIn(writeModel(join(folder, `m${made}`), yaml, onnx))),
    scorerDeps,
  );
}

async function faultOf(yaml: unknown, onnx: Uint8Array): Promise<Fault> {
  try {
    await using scorer = await load(yaml, onnx);
    throw new Error(`${scorer.model.id} loaded`);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

const valuesOf = (result: FrameResult): unknown =>
  'scored' in result ? result.scored.values : result.reason;

test('entropy and margin are those of the logits, the top class is the largest', async () => {
  await using scorer = await load(tinyYaml(), tinyOnnx());
  const result = await scorer.score({ channel, bytes: jsonBytes({ values: [0.3, 0.4] }) });
  const p = softmax(logitsOf(tinyNetwork, [0.3, 0.4]));
  expect(result).toMatchObject({ scored: { topClass: 'b' } });
  if (!('scored' in result)) return;
  expect(result.scored.values.entropy).toBeCloseTo(entropy(p), 5);
  expect(result.scored.values.margin).toBeCloseTo(margin(p), 5);
});

test('the temperature flattens, and a batch dimension without a size is one', async () => {
  await using sharpOne = await load(tinyYaml(), tinyOnnx());
  await using flat = await load({ ...tinyYaml(), temperature: 10 }, tinyOnnx());
  const frame = jsonBytes({ values: [2, 0.1] });
  const [a, b] = [
    await sharpOne.score({ channel, bytes: frame }),
    await flat.score({ channel, bytes: frame }),
  ];
  if (!('scored' in a && 'scored' in b)) throw new Error('no score');
  expect(b.scored.values.entropy).toBeGreaterThan((a.scored.values.entropy ?? 1) + 0.2);
});

test('frames that are in work at once have each its own score', async () => {
  await using scorer = await load(tinyYaml(), tinyOnnx());
  const frames = [0, 1, 2, 3, 4].map((i) => jsonBytes({ values: [i / 4, 0.3] }));
  const alone: unknown[] = [];
  for (const frame of frames) alone.push(valuesOf(await scorer.score({ channel, bytes: frame })));
  // The first had their tensors back by now: the second round takes them up again.
  for (const _ of [1, 2]) {
    const together = await Promise.all(
      frames.map((frame) => scorer.score({ channel, bytes: frame })),
    );
    expect(together.map(valuesOf)).toEqual(alone);
  }
  expect(new Set(alone.map((one) => JSON.stringify(one))).size).toBe(frames.length);
});

test.each([
  ['not the field', { other: 1 }, 'message', /there is no "values"/],
  ['another length', { values: [1, 2, 3] }, 'shape', /takes 2 numbers, got 3/],
  ['text', { values: ['a', 'b'] }, 'message', /not a number/],
  ['not finite', { values: [1e39, 1] }, 'not_a_number', /not finite/],
])('a frame with %s has no score and a reason', async (_, value, reason, message) => {
  await using scorer = await load(tinyYaml(), tinyOnnx());
  const result = await scorer.score({ channel, bytes: jsonBytes(value) });
  expect(result).toEqual({ reason, message: expect.stringMatching(message) });
});

test('outputs of another size than those of the golden inputs are told as that', async () => {
  const golden = logitsOf(tinyNetwork, [1, 0.5]);
  let isGolden = true;
  const session: OnnxSession = {
    inputs: [{ name: 'x', type: 'float32', dimensions: [1, 2] }],
    outputs: [{ name: 'logits', type: 'float32', dimensions: [1, 'n'] }],
    run: async () => [
      { values: Float32Array.from(isGolden ? golden : [1, 2]), dimensions: [1, isGolden ? 3 : 2] },
    ],
    [Symbol.asyncDispose]: async () => {},
  };
  const files = filesIn(writeModel(join(folder, 'grows'), tinyYaml(), tinyOnnx()));
  await using scorer = await openScorer(readModel(files), {
    ...scorerDeps,
    openOnnx: async () => session,
  });
  isGolden = false;
  const result = await scorer.score({ channel, bytes: jsonBytes({ values: [1, 2] }) });
  expect(result).toEqual({
    reason: 'shape',
    message: expect.stringMatching(/2 logits for 3 classes/),
  });
});

test('bytes that are no message have no score, and the next frame has one again', async () => {
  await using scorer = await load(tinyYaml(), tinyOnnx());
  expect(await scorer.score({ channel, bytes: Buffer.from('{') })).toMatchObject({
    reason: 'message',
  });
  const good = await scorer.score({ channel, bytes: jsonBytes({ values: [1, 2] }) });
  expect(good).toHaveProperty('scored');
});

/** Says whether the red or the blue mean is larger. */
const redOrBlue: Network = [
  {
    inputs: 12,
    outputs: 2,
    weights: Float64Array.from({ length: 24 }, (_, i) => (i < 4 || i >= 20 ? 4 : 0)),
    bias: Float64Array.from([0, 0]),
  },
];

function imageModel(): { yaml: unknown; onnx: Uint8Array } {
  const input = Array.from({ length: 12 }, (_, i) => i / 12);
  const yaml = {
    ...tinyYaml(),
    id: 'colours',
    classes: ['red', 'blue'],
    input: {
      name: 'x',
      from: { topic: '/camera', image: true },
      width: 2,
      height: 2,
      layout: 'nchw',
      colour: 'rgb',
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    },
    golden: [{ input, output: [...logitsOf(redOrBlue, input)] }],
  };
  const ends = { name: 'c', input: { name: 'x', dimensions: [1, 3, 2, 2] }, output: 'logits' };
  return { yaml, onnx: onnxFile(networkGraph(redOrBlue, ends)) };
}

test.each(['jpeg', 'png'] as const)(
  'a %s image is decoded, shrunk and classified',
  async (kind) => {
    const { yaml, onnx } = imageModel();
    await using scorer = await load(yaml, onnx);
    for (const [colour, name] of [
      [{ r: 220, g: 30, b: 20 }, 'red'],
      [{ r: 10, g: 30, b: 230 }, 'blue'],
    ] as const) {
      const image = sharp({ create: { width: 64, height: 48, channels: 3, background: colour } });
      const bytes = await image.toFormat(kind).toBuffer();
      const result = await scorer.score({
        channel,
        bytes: jsonBytes({ data: bytes.toString('base64') }),
      });
      expect(result).toMatchObject({ scored: { topClass: name } });
    }
  },
);

test('pixels without compression are classified as their compressed image is', async () => {
  const { yaml, onnx } = imageModel();
  await using scorer = await load(yaml, onnx);
  for (const [pixel, name] of [
    [[20, 30, 220], 'red'],
    [[230, 30, 10], 'blue'],
  ] as const) {
    const data = Buffer.from(Array.from({ length: 64 * 48 }, () => pixel).flat());
    const image = { encoding: 'bgr8', width: 64, height: 48, step: 192, is_bigendian: 0 };
    const frame = jsonBytes({ ...image, data: data.toString('base64') });
    expect(await scorer.score({ channel, bytes: frame })).toMatchObject({
      scored: { topClass: name },
    });
    const torn = jsonBytes({ ...image, data: data.subarray(5).toString('base64') });
    expect(await scorer.score({ channel, bytes: torn })).toMatchObject({ reason: 'image' });
  }
});

test('a torn or foreign image has no score and a reason', async () => {
  const { yaml, onnx } = imageModel();
  await using scorer = await load(yaml, onnx);
  const bytes = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  for (const data of [bytes.subarray(0, 60), Buffer.from('hello'), Buffer.alloc(0)]) {
    const result = await scorer.score({
      channel,
      bytes: jsonBytes({ data: data.toString('base64') }),
    });
    expect(result).toMatchObject({ reason: 'image' });
  }
});

test('a model whose golden inputs give something else is not taken', async () => {
  const yaml = { ...tinyYaml(), golden: [{ input: [1, 1], output: [2, 2, -2.5] }] };
  const fault = await faultOf(yaml, tinyOnnx());
  expect(fault.code).toBe('invalid');
  expect(fault.message).toMatch(/golden input 0 gives numbers that differ by 0\.5/);
});

test('a model that does not match its description says what it has instead', async () => {
  const yaml = tinyYaml();
  const input = yaml['input'] as object;
  const named = await faultOf({ ...yaml, input: { ...input, name: 'y' } }, tinyOnnx());
  expect(named.message).toMatch(/input\.name is "y", the model has x/);
  const sized = { ...yaml, input: { ...input, size: 3 } };
  const golden = [{ input: [1, 2, 3], output: [1, 2, 3] }];
  expect((await faultOf({ ...sized, golden }, tinyOnnx())).message).toMatch(
    /its input x is \[batch, 2\], model\.yaml feeds 3 numbers/,
  );
  const classes = ['a', 'b'];
  const two = { ...yaml, classes, golden: [{ input: [1, 2], output: [1, 2] }] };
  expect((await faultOf(two, tinyOnnx())).message).toMatch(/gives 3 logits, model\.yaml names 2/);
  expect((await faultOf(yaml, new Uint8Array([1, 2, 3]))).code).toBe('corrupt');
});

/** Loads a model of this shape that is fed 8 x 4 pixels. */
async function loadShaped(dimensions: readonly (number | string)[], input: object): Promise<void> {
  const size = 8 * 4 * 3;
  const zeros = Array.from({ length: size }, () => 0);
  const { golden: _, ...yaml } = imageModel().yaml as { readonly input: object; golden: unknown };
  const network: Network = [
    { inputs: size, outputs: 2, weights: new Float64Array(size * 2), bias: new Float64Array(2) },
  ];
  const given = { ...yaml.input, width: 8, height: 4, ...input };
  const ends = { name: 'shaped', input: { name: 'x', dimensions }, output: 'logits' };
  const golden = [{ input: zeros, output: [0, 0] }];
  await using _scorer = await load(
    { ...yaml, input: given, golden },
    onnxFile(networkGraph(network, ends)),
  );
}

test.each([
  [[1, 3, 4, 8], 'nchw'],
  [[1, 4, 8, 3], 'nhwc'],
  [['N', 3, 4, 8], 'nchw'],
  [['N', 3, 'H', 'W'], 'nchw'],
  [['N', 'H', 'W', 3], 'nhwc'],
  [[1, 96], 'nhwc'],
])('an image input of %j is fed as %s', async (dimensions, layout) => {
  await expect(loadShaped(dimensions, { layout })).resolves.toBeUndefined();
});

test.each([
  [[1, 4, 8, 3], 'nchw', '[3, 4, 8]'],
  [[1, 3, 8, 4], 'nchw', '[3, 4, 8]'],
  [[1, 3, 4, 8], 'nhwc', '[4, 8, 3]'],
  [['N', 8, 4, 'C'], 'nhwc', '[4, 8, 3]'],
  [['N', 8, 'H', 'W'], 'nchw', '[3, 4, 8]'],
])('an image input of %j is not fed as %s', async (dimensions, layout, fed) => {
  const fault = await loadShaped(dimensions, { layout }).catch((error: unknown) => error);
  expect(fault).toMatchObject({
    code: 'invalid',
    message: expect.stringContaining(
      `its input x is [${dimensions.join(', ')}], model.yaml feeds ${layout} rgb ${fed}`,
    ) as string,
    remedy: expect.stringContaining('Let layout') as string,
  });
});

const hasMnist = existsSync(mnist);
test.skipIf(!hasMnist)(
  `the public MNIST model scores numbers${hasMnist ? '' : ' (skipped: ../shared/data is absent)'}`,
  async () => {
    const zero = Array.from({ length: 784 }, () => 0);
    const output = [
      -0.044856, 0.0077917, 0.0681008, 0.0299937, -0.1264096, 0.1402186, -0.055285, -0.0493838,
      0.084322, -0.0545404,
    ];
    const yaml = {
      ...tinyYaml(),
      id: 'mnist',
      classes: Array.from({ length: 10 }, (_, i) => String(i)),
      input: {
        name: 'Input3',
        from: { topic: '/n', path: 'values' },
        size: 784,
        mean: [0],
        std: [1],
      },
      output: { logits: 'Plus214_Output_0' },
      golden: [{ input: zero, output }],
    };
    await using scorer = await load(yaml, readFileSync(mnist));
    // A plain upright bar is a one to anybody.
    const bar = zero.map((_, i) => (i % 28 >= 13 && i % 28 <= 15 && i > 112 && i < 672 ? 255 : 0));
    const sure = await scorer.score({ channel, bytes: jsonBytes({ values: bar }) });
    expect(sure).toMatchObject({ scored: { topClass: '1' } });
    const unsure = await scorer.score({ channel, bytes: jsonBytes({ values: zero }) });
    if (!('scored' in sure && 'scored' in unsure)) throw new Error('no score');
    expect(unsure.scored.values.entropy).toBeGreaterThan(0.99);
    expect(sure.scored.values.entropy).toBeLessThan(0.5);
  },
);

/** Two layers whose sums are outputs of the same file: heads `logits` and `other`, embedding `h`. */
function ensemble(): { yaml: unknown; onnx: Uint8Array } {
  const graph = networkGraph(tinyNetwork, {
    name: 'tiny',
    input: { name: 'x', dimensions: [1, 2] },
    output: 'logits',
  });
  const weights = {
    name: 'turned',
    dimensions: [3, 2],
    values: new Float32Array([0, 2, 2, 0, -1, -1]),
  };
  const onnx = onnxFile({
    ...graph,
    outputs: [
      ...graph.outputs,
      { name: 'other', dimensions: [1, 3] },
      { name: 'h', dimensions: [1, 2] },
    ],
    tensors: [...graph.tensors, weights],
    nodes: [
      ...graph.nodes,
      {
        operator: 'Gemm',
        inputs: ['flat', 'turned', 'bias_0'],
        outputs: ['other'],
        integers: { transB: 1 },
      },
      { operator: 'Relu', inputs: ['flat'], outputs: ['h'] },
    ],
  });
  const own = tinyYaml();
  const output = { logits: ['logits', 'other'], embedding: 'h' };
  const golden = [{ input: [1, 0.5], output: [2, 1, -1.5, 1, 2, -1.5] }];
  return { yaml: { ...own, output, golden }, onnx };
}

test('heads that swap two classes disagree, share their mean, and the embedding comes along', async () => {
  const { yaml, onnx } = ensemble();
  await using scorer = await load(yaml, onnx);
  const result = await scorer.score({ channel, bytes: jsonBytes({ values: [3, -1] }) });
  if (!('scored' in result)) throw new Error(result.message);
  const { values, probabilities = [], embedding = '' } = result.scored;
  expect(probabilities[0]).toBeCloseTo(probabilities[1] ?? 0, 6);
  expect(values.disagreement).toBeGreaterThan(0.5);
  expect(values.entropy).toBeGreaterThan(values.disagreement ?? 1);
  const bytes = Buffer.from(embedding, 'base64');
  expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([3, 0]);
  const logits = [6, -2, -2];
  expect(values.energy).toBeCloseTo(-Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)), 4);
});

test('a model of one head has no disagreement, and an output that is not there is told', async () => {
  await using scorer = await load(tinyYaml(), tinyOnnx());
  const result = await scorer.score({ channel, bytes: jsonBytes({ values: [3, -1] }) });
  expect(result).not.toHaveProperty('scored.values.disagreement');
  expect(result).not.toHaveProperty('scored.embedding');
  const output = { logits: 'logits', embedding: 'h' };
  const fault = await faultOf({ ...tinyYaml(), output }, tinyOnnx());
  expect(fault.message).toMatch(/output.embedding is "h", the model has logits/);
});
