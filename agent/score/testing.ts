/** Model folders written for tests: a small network as ONNX with a model.yaml that fits. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logitsOf, type Network, networkGraph, onnxFile } from '@fieldloop/learning';

/** Two inputs, three classes: logits are `2a`, `2b` and `-a - b`. */
export const tinyNetwork: Network = [
  {
    inputs: 2,
    outputs: 3,
    weights: Float64Array.from([2, 0, 0, 2, -1, -1]),
    bias: Float64Array.from([0, 0, 0]),
  },
];

export const tinyOnnx = (): Uint8Array =>
  onnxFile(
    networkGraph(tinyNetwork, {
      name: 'tiny',
      input: { name: 'x', dimensions: ['batch', 2] },
      output: 'logits',
    }),
  );

/** A model of one number whose run takes a second or so: products of a large matrix in a row. */
export function slowModel(turns = 24): {
  readonly yaml: Record<string, unknown>;
  readonly onnx: Uint8Array;
} {
  const side = 1_024;
  const row = { name: 'row', dimensions: [1, side], values: new Float32Array(side).fill(1) };
  const matrix = {
    name: 'matrix',
    dimensions: [side, side],
    values: new Float32Array(side * side).fill(1 / side),
  };
  const column = { name: 'column', dimensions: [side, 1], values: new Float32Array(side).fill(1) };
  const stepName = (i: number): string => (i === 0 ? 'first' : `step_${i}`);
  const onnx = onnxFile({
    name: 'slow',
    inputs: [{ name: 'x', dimensions: [1, 1] }],
    outputs: [{ name: 'value', dimensions: [1, 1] }],
    tensors: [row, matrix, column],
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'row'], outputs: ['wide'] },
      { operator: 'MatMul', inputs: ['column', 'wide'], outputs: ['first'] },
      ...Array.from({ length: turns }, (_, i) => ({
        operator: 'MatMul',
        inputs: [stepName(i), 'matrix'],
        outputs: [stepName(i + 1)],
      })),
      { operator: 'MatMul', inputs: ['row', stepName(turns)], outputs: ['narrow'] },
      { operator: 'MatMul', inputs: ['narrow', 'column'], outputs: ['value'] },
    ],
  });
  const { classes: _, ...tiny } = tinyYaml();
  const input = { ...(tiny['input'] as object), size: 1 };
  const golden = [{ input: [0], output: [0] }];
  const yaml = {
    ...tiny,
    id: 'slow',
    task: 'regression',
    input,
    output: { value: 'value' },
    golden,
  };
  return { yaml, onnx };
}

/** A graph that gives its input, cut into outputs of these dimensions, one after the other. */
export function cutOnnx(
  size: number,
  outputs: Readonly<Record<string, readonly number[]>>,
): Uint8Array {
  const names = Object.keys(outputs);
  const shapes = Object.values(outputs);
  const sizes = shapes.map((shape) => shape.reduce((all, one) => all * one, 1));
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, one) => sum + one, 0));
  // A product with rows of the unit matrix takes places out of a vector.
  const tensors = names.map((name, i) => {
    const values = new Float32Array(size * (sizes[i] ?? 0));
    for (let k = 0; k < (sizes[i] ?? 0); k += 1) values[k * size + (starts[i] ?? 0) + k] = 1;
    return { name: `take_${name}`, dimensions: [sizes[i] ?? 0, size], values };
  });
  return onnxFile({
    name: 'cut',
    inputs: [{ name: 'x', dimensions: [1, size] }],
    outputs: names.map((name, i) => ({ name, dimensions: shapes[i] ?? [] })),
    tensors: [
      ...tensors,
      ...names.map((name, i) => ({
        name: `shape_${name}`,
        dimensions: [shapes[i]?.length ?? 0],
        values: BigInt64Array.from(shapes[i] ?? [], BigInt),
      })),
    ],
    nodes: names.flatMap((name) => [
      {
        operator: 'Gemm',
        inputs: ['x', `take_${name}`],
        outputs: [`flat_${name}`],
        integers: { transB: 1 },
      },
      { operator: 'Reshape', inputs: [`flat_${name}`, `shape_${name}`], outputs: [name] },
    ]),
  });
}

export function tinyYaml(): Record<string, unknown> {
  const input = [1, 0.5];
  return {
    id: 'tiny',
    version: '1',
    task: 'classification',
    classes: ['a', 'b', 'neither'],
    input: {
      name: 'x',
      from: { topic: '/numbers', path: 'values' },
      size: 2,
      mean: [0],
      std: [1],
    },
    output: { logits: 'logits' },
    golden: [{ input, output: [...logitsOf(tinyNetwork, input)] }],
    tolerance: 1e-4,
  };
}

/** A model of two inputs: each of the frame's two numbers and the state's one, added up. */
export const sumOnnx = (): Uint8Array =>
  onnxFile({
    name: 'sum',
    inputs: [
      { name: 'x', dimensions: [1, 2] },
      { name: 'speed', dimensions: ['batch', 1] },
    ],
    outputs: [{ name: 'sum', dimensions: [1, 2] }],
    tensors: [],
    nodes: [{ operator: 'Add', inputs: ['x', 'speed'], outputs: ['sum'] }],
  });

export function sumYaml(): Record<string, unknown> & { readonly moreInputs: readonly object[] } {
  const { classes: _, ...tiny } = tinyYaml();
  const from = { topic: '/state', path: 'speed' };
  return {
    ...tiny,
    id: 'sum',
    task: 'regression',
    moreInputs: [{ name: 'speed', from, size: 1, mean: [1], std: [2] }],
    output: { value: 'sum' },
    golden: [{ input: [1, 2, 3], output: [4, 5] }],
  };
}

/** JSON is YAML. */
export function writeModel(folder: string, yaml: unknown, onnx: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.yaml'), JSON.stringify(yaml));
  writeFileSync(join(folder, 'model.onnx'), onnx);
  return folder;
}
