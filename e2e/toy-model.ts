/** Models of one number that say one class whatever they see: it tells which of them scores. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { networkGraph, onnxFile } from '@fieldloop/learning';
import type { ModelRef } from '@fieldloop/proto';

export interface Made {
  readonly ref: ModelRef;
  readonly onnx: Uint8Array;
  readonly document: Uint8Array;
  /** The same, as an object. */
  readonly yaml: Readonly<Record<string, Json>>;
}

/** A model that says `a` or `b` whatever it sees; `weight` times what it sees is added to both. */
export function make(
  says: 'a' | 'b',
  more: { readonly weight?: number; readonly golden?: number; readonly padding?: number } = {},
): Made {
  const { weight = 0, padding = 0 } = more;
  const bias = says === 'a' ? [2, 0] : [0, 2];
  const graph = networkGraph(
    [
      {
        inputs: 1,
        outputs: 2,
        weights: Float64Array.from([weight, weight]),
        bias: Float64Array.from(bias),
      },
    ],
    { name: 'who', input: { name: 'x', dimensions: ['batch', 1] }, output: 'logits' },
  );
  const onnx = Buffer.concat([onnxFile(graph), docString(padding)]);
  const yaml = {
    id: 'who',
    version: says,
    task: 'classification',
    classes: ['a', 'b'],
    input: {
      name: 'x',
      from: { topic: '/odom', path: 'twist.twist.linear.x' },
      size: 1,
      mean: [-10],
      std: [0.001],
    },
    output: { logits: 'logits' },
    golden: [{ input: [0], output: bias.map((value) => value + (more.golden ?? 0)) }],
  };
  const document = Buffer.from(`${canonicalJson(yaml)}\n`);
  const refOf = (bytes: Uint8Array) => ({ sha256: sha256Hex(bytes), sizeBytes: bytes.length });
  return { ref: { onnx: refOf(onnx), document: refOf(document) }, onnx, document, yaml };
}

/** Field 6 of ONNX's ModelProto is a text for people: it makes a file long. */
function docString(length: number): Buffer {
  if (length === 0) return Buffer.alloc(0);
  const size = [];
  for (let left = length; left > 0; left = Math.floor(left / 128)) {
    size.push((left % 128) + (left >= 128 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([0x32, ...size]), Buffer.alloc(length, 'x')]);
}
