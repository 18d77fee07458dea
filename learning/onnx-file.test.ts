/**
 * Goal: the file is what onnx.proto3 says, field by field, and the same each time.
 * Method: a walk over the bare protobuf wire of a small network, apart from protobufjs; that
 * ONNX Runtime agrees with our logits is tested on the real model in sim/.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { networkGraph, onnxFile } from './onnx-file.ts';
import { openNetwork } from './train/network.ts';

/** Fields of one protobuf message: number -> values, lengths as bytes, varints as numbers. */
function fields(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const found = new Map<number, (Uint8Array | number)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const list = found.get(key >> 3) ?? [];
    found.set(key >> 3, list);
    if ((key & 7) === 0) list.push(varint());
    else {
      const length = varint();
      list.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return found;
}

const part = (message: Uint8Array, ...path: number[]): Uint8Array => {
  let bytes = message;
  for (const field of path) {
    const value = fields(bytes).get(field)?.[0];
    if (!(value instanceof Uint8Array)) throw new Error(`no field ${field}`);
    bytes = value;
  }
  return bytes;
};
const texts = (message: Uint8Array, field: number): string[] =>
  (fields(message).get(field) ?? []).map((value) => Buffer.from(value as Uint8Array).toString());

const network = openNetwork([6, 4, 3], seededRandom('onnx'));
const file = (): Uint8Array =>
  onnxFile(
    networkGraph(network, {
      name: 'tiny',
      input: { name: 'image', dimensions: ['N', 1, 2, 3] },
      output: 'logits',
    }),
  );

test('the model names its IR version, operator set and graph', () => {
  const model = fields(file());
  expect(model.get(1)).toEqual([8]);
  expect(fields(part(file(), 8)).get(2)).toEqual([13]);
  expect(texts(part(file(), 7), 2)).toEqual(['tiny']);
});

test('the nodes run from the input to the logits', () => {
  const nodes = (fields(part(file(), 7)).get(1) ?? []) as Uint8Array[];
  const story = nodes.map((node) => [texts(node, 1), texts(node, 4)[0], texts(node, 2)]);
  expect(story).toEqual([
    [['image'], 'Flatten', ['flat']],
    [['flat', 'weights_0', 'bias_0'], 'Gemm', ['sum_0']],
    [['sum_0'], 'Relu', ['active_0']],
    [['active_0', 'weights_1', 'bias_1'], 'Gemm', ['logits']],
  ]);
});

test('weights are singles, little endian, row by row', () => {
  const tensors = (fields(part(file(), 7)).get(5) ?? []) as Uint8Array[];
  const first = tensors[0] ?? new Uint8Array();
  expect(texts(first, 8)).toEqual(['weights_0']);
  expect([...part(first, 1)]).toEqual([4, 6]);
  expect(fields(first).get(2)).toEqual([1]);
  const raw = part(first, 9);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  expect(raw.byteLength).toBe(4 * 6 * 4);
  network[0]?.weights.forEach((weight, i) => {
    expect(view.getFloat32(i * 4, true)).toBe(Math.fround(weight));
  });
});

test('the batch stays open, the other dimensions are fixed', () => {
  const shape = part(file(), 7, 11, 2, 1, 2);
  const dims = (fields(shape).get(1) ?? []) as Uint8Array[];
  expect(texts(dims[0] ?? new Uint8Array(), 2)).toEqual(['N']);
  expect(dims.slice(1).map((dim) => fields(dim).get(1)?.[0])).toEqual([1, 2, 3]);
});

test('the same network gives the same bytes', () => {
  expect(file()).toEqual(file());
});
