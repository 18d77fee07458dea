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

/** JSON is YAML. */
export function writeModel(folder: string, yaml: unknown, onnx: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.yaml'), JSON.stringify(yaml));
  writeFileSync(join(folder, 'model.onnx'), onnx);
  return folder;
}
