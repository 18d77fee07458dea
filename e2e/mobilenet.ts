/**
 * A classifier of the size and shape of MobileNetV2 (Sandler et al. 2018, table 2: 3.5 million
 * weights, 300 million products a frame of 224 x 224), with weights by chance: what it says means
 * nothing, what it costs is real.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Random, seededRandom } from '@fieldloop/core';
import { goldenInput, type OnnxNode, type OnnxTensor, onnxFile } from '@fieldloop/learning';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const side = 224;
const classes = 1_000;
/** Of the golden input. */
const seed = 1;

/** Expansion, channels out, repeats, stride of the first. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export interface MobileNetOptions {
  readonly folder: string;
  /** Of compressed images. */
  readonly topic: string;
}

/** Writes `model.onnx` and `model.yaml`; gives the number of weights. */
export async function writeMobileNet({ folder, topic }: MobileNetOptions): Promise<number> {
  const net = openNet(seededRandom('mobilenet'));
  let { width, name } = net.conv('image', { from: 3, to: 32, kernel: 3, stride: 2 });
  for (const [expansion, to, repeats, stride] of stages) {
    for (let i = 0; i < repeats; i += 1) {
      name = net.block(name, { from: width, to, expansion, stride: i === 0 ? stride : 1 });
      width = to;
    }
  }
  ({ name } = net.conv(name, { from: width, to: 1_280, kernel: 1, stride: 1 }));
  net.head(name);
  const onnx = onnxFile({
    name: 'mobilenet',
    inputs: [{ name: 'image', dimensions: [1, 3, side, side] }],
    outputs: [{ name: 'logits', dimensions: [1, classes] }],
    tensors: net.tensors,
    nodes: net.nodes,
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), onnx);
  await writeFile(join(folder, 'model.yaml'), JSON.stringify(await declaration(onnx, topic)));
  return net.tensors.reduce((sum, { values }) => sum + values.length, 0);
}

async function declaration(onnx: Uint8Array, topic: string): Promise<object> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  const image = new Tensor('float32', Float32Array.from(goldenInput(seed, 3 * side * side)), [
    1,
    3,
    side,
    side,
  ]);
  const logits = (await session.run({ image }))['logits']?.data as Float32Array;
  await session.release();
  return {
    id: 'mobilenet',
    version: 1,
    task: 'classification',
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    input: {
      name: 'image',
      from: { topic, image: true },
      width: side,
      height: side,
      layout: 'nchw',
      colour: 'rgb',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
    output: { logits: 'logits' },
    golden: [{ input: { seed }, output: [...logits] }],
    tolerance: 1e-2,
  };
}

interface Shape {
  readonly from: number;
  readonly to: number;
}

function openNet(random: Random) {
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  let made = 0;
  const next = (what: string): string => `${what}_${(made += 1)}`;
  const tensor = (dimensions: readonly number[], spread: number): string => {
    const name = next('weights');
    const count = dimensions.reduce((all, one) => all * one, 1);
    const values = Float32Array.from({ length: count }, () => (random.next() * 2 - 1) * spread);
    tensors.push({ name, dimensions, values });
    return name;
  };
  const node = (operator: string, inputs: readonly string[], integers?: OnnxNode['integers']) => {
    const output = next(operator.toLowerCase());
    nodes.push({ operator, inputs, outputs: [output], ...(integers && { integers }) });
    return output;
  };
  /** Convolution and its bias, which is what batch normalisation comes to once it is trained. */
  const plain = (
    input: string,
    of: Shape & { readonly kernel: number; readonly stride: number; readonly group?: number },
  ): string => {
    const { from, to, kernel, stride, group = 1 } = of;
    const fan = (from / group) * kernel * kernel;
    const weights = tensor([to, from / group, kernel, kernel], Math.sqrt(6 / fan));
    const pad = (kernel - 1) / 2;
    return node('Conv', [input, weights, tensor([to], 0.01)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group,
    });
  };
  const conv = (input: string, of: Parameters<typeof plain>[1]) => ({
    name: node('Relu', [plain(input, of)]),
    width: of.to,
  });
  /** Widen, look at each channel by itself, narrow; add what came in where it fits. */
  const block = (
    input: string,
    of: Shape & { readonly expansion: number; readonly stride: number },
  ): string => {
    const { from, to, expansion, stride } = of;
    const wide = from * expansion;
    const first =
      expansion === 1 ? input : conv(input, { from, to: wide, kernel: 1, stride: 1 }).name;
    const each = { from: wide, to: wide, kernel: 3, stride, group: wide };
    const out = plain(conv(first, each).name, { from: wide, to, kernel: 1, stride: 1 });
    return stride === 1 && from === to ? node('Add', [input, out]) : out;
  };
  const head = (input: string): void => {
    const flat = node('Flatten', [node('GlobalAveragePool', [input])], { axis: 1 });
    const inputs = [flat, tensor([classes, 1_280], Math.sqrt(6 / 1_280)), tensor([classes], 0.01)];
    nodes.push({ operator: 'Gemm', inputs, outputs: ['logits'], integers: { transB: 1 } });
  };
  return { nodes, tensors, conv, block, head };
}
