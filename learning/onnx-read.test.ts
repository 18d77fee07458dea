/**
 * Goal: what a trainer begins with is what the file before it said: shapes, weights, notes.
 * Method: files written by our own writer are read back.
 */
import { expect, test } from 'vitest';
import { classesNote, networkGraph, onnxFile } from './onnx-file.ts';
import { classesOf, networkOf, readOnnx } from './onnx-read.ts';

const network = [
  {
    inputs: 24,
    outputs: 2,
    weights: Float64Array.from({ length: 48 }, (_, i) => i / 8),
    bias: Float64Array.from([0.5, -0.25]),
  },
];

test('sizes come back as numbers, sizes of the run as names', () => {
  const graph = networkGraph(network, {
    name: 'ahead',
    input: { name: 'image', dimensions: ['N', 3, 2, 4] },
    output: 'logits',
    notes: { [classesNote]: JSON.stringify(['clear', 'shelf']) },
  });
  const read = readOnnx(onnxFile(graph));
  expect(read.inputs).toEqual([{ name: 'image', dimensions: ['N', 3, 2, 4] }]);
  expect(networkOf(read)).toEqual(network);
  expect(classesOf(read)).toEqual(['clear', 'shelf']);
});
