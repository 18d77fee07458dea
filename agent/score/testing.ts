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
