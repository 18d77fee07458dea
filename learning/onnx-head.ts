/**
 * A new last layer on a model that others trained: its graph is cut before the last MatMul or
 * Gemm, what comes out there is the embedding, and a layer of ours goes on from it. Everything
 * else of the file stays byte by byte, with its IR version and operator set.
 */
import { Fault } from '@fieldloop/core';
import {
  classesNote,
  encodePart,
  nodeMessage,
  type OnnxTensor,
  type OnnxValue,
  tensorMessage,
  valueInfo,
} from './onnx-file.ts';
import { type OnnxModel, type OnnxStep, readOnnx } from './onnx-read.ts';
import { joined, lengthField, type RawField, rawFields } from './onnx-wire.ts';
import type { Layer } from './train/network.ts';

export interface Backbone {
  /** The model up to its embedding, which is its only output. */
  readonly onnx: Uint8Array;
  /** Name of that output. */
  readonly embedding: string;
}

export interface Head {
  readonly layer: Layer;
  readonly logits: string;
  readonly classes: readonly string[];
}

/** Fault `invalid` when the last layer is not found, `corrupt` when the bytes are no model. */
export function backboneOf(onnx: Uint8Array): Backbone {
  const cut = cutOf(onnx);
  const { embedding, batch } = cut;
  const outputs = [{ name: embedding, dimensions: [batch, 'width'] }];
  return { onnx: rebuilt(onnx, cut, { tensors: [], nodes: [], outputs }), embedding };
}

/** The model with this head in the place of its own; the embedding is its second output. */
export function withHead(onnx: Uint8Array, { layer, logits, classes }: Head): Uint8Array {
  const cut = cutOf(onnx);
  const { embedding, batch } = cut;
  const tensors: OnnxTensor[] = [
    {
      name: 'head_weights',
      dimensions: [layer.outputs, layer.inputs],
      values: Float32Array.from(layer.weights),
    },
    { name: 'head_bias', dimensions: [layer.outputs], values: Float32Array.from(layer.bias) },
  ];
  const gemm = {
    operator: 'Gemm',
    inputs: [embedding, 'head_weights', 'head_bias'],
    outputs: [logits],
    integers: { transB: 1 },
  };
  return rebuilt(onnx, cut, {
    tensors,
    nodes: [gemm],
    outputs: [
      { name: logits, dimensions: [batch, layer.outputs] },
      { name: embedding, dimensions: [batch, layer.inputs] },
    ],
    classes,
  });
}

interface Cut {
  readonly model: OnnxModel;
  readonly embedding: string;
  readonly batch: number | string;
  /** Tensors that the embedding is made of. */
  readonly needed: ReadonlySet<string>;
  /** Nodes that stay, by their place. */
  readonly kept: ReadonlySet<number>;
}

function cutOf(onnx: Uint8Array): Cut {
  const model = readOnnx(onnx);
  const makers = new Map<string, number>();
  model.steps.forEach(({ outputs }, at) => outputs.forEach((name) => makers.set(name, at)));
  const constant = constants(model);
  const [end] = model.outputs;
  let at = makers.get(end?.name ?? '');
  for (;;) {
    const step = at === undefined ? undefined : model.steps[at];
    if (step === undefined) throw noHead();
    const from = step.inputs.find((name) => !constant.has(name));
    if (from === undefined) throw noHead();
    if (step.operator === 'MatMul' || step.operator === 'Gemm') {
      const batch = end?.dimensions[0] ?? 'N';
      return { model, embedding: from, batch, ...upstream(model.steps, makers, from) };
    }
    at = makers.get(from);
  }
}

/** Tensors that are the same for every input: weights, and what is made of them alone. */
function constants({ weights, steps }: OnnxModel): ReadonlySet<string> {
  const found = new Set([...weights.keys(), '']);
  for (const { inputs, outputs } of steps) {
    if (inputs.every((name) => found.has(name))) outputs.forEach((name) => found.add(name));
  }
  return found;
}

function upstream(
  steps: readonly OnnxStep[],
  makers: ReadonlyMap<string, number>,
  from: string,
): Pick<Cut, 'needed' | 'kept'> {
  const needed = new Set([from]);
  const kept = new Set<number>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const at = makers.get(name);
    if (at === undefined || kept.has(at)) continue;
    kept.add(at);
    for (const input of steps[at]?.inputs ?? []) {
      needed.add(input);
      open.push(input);
    }
  }
  return { needed, kept };
}

/** Field numbers of onnx.proto3. */
const ofModel = { graph: 7, notes: 14 } as const;
const ofGraph = { node: 1, tensor: 5, input: 11, output: 12, between: 13 } as const;
/** Up to this IR version a weight stands among the inputs as well. */
const weightsAreInputs = 3;

interface Added {
  readonly tensors: readonly OnnxTensor[];
  readonly nodes: readonly Required<OnnxStep>[];
  readonly outputs: readonly OnnxValue[];
  readonly classes?: readonly string[];
}

function rebuilt(onnx: Uint8Array, cut: Cut, added: Added): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of rawFields(onnx)) {
    if (field.number === ofModel.graph) {
      parts.push(lengthField(ofModel.graph, graphOf(field.value, cut, added)));
    } else if (field.number !== ofModel.notes || added.classes === undefined) {
      parts.push(field.whole);
    }
  }
  if (added.classes !== undefined) {
    const note = { key: classesNote, value: JSON.stringify(added.classes) };
    parts.push(lengthField(ofModel.notes, encodePart('StringStringEntryProto', note)));
  }
  return joined(parts);
}

function graphOf(graph: Uint8Array, cut: Cut, added: Added): Uint8Array {
  const places = { node: 0, tensor: 0, input: 0 };
  const { model, needed, kept } = cut;
  const tensors = [...model.weights.keys()];
  const stays = ({ number }: RawField): boolean => {
    if (number === ofGraph.node) return kept.has(places.node++);
    if (number === ofGraph.tensor) return needed.has(tensors[places.tensor++] ?? '');
    if (number === ofGraph.input) {
      const name = model.inputs[places.input++]?.name ?? '';
      return !model.weights.has(name) || needed.has(name);
    }
    return number !== ofGraph.output && number !== ofGraph.between;
  };
  const parts = rawFields(graph)
    .filter(stays)
    .map(({ whole }) => whole);
  added.nodes.forEach((node, at) => {
    parts.push(lengthField(ofGraph.node, encodePart('NodeProto', nodeMessage(node, `head_${at}`))));
  });
  for (const tensor of added.tensors) {
    parts.push(lengthField(ofGraph.tensor, encodePart('TensorProto', tensorMessage(tensor))));
    if (model.irVersion > weightsAreInputs) continue;
    parts.push(lengthField(ofGraph.input, encodePart('ValueInfoProto', valueInfo(tensor))));
  }
  for (const output of added.outputs) {
    parts.push(lengthField(ofGraph.output, encodePart('ValueInfoProto', valueInfo(output))));
  }
  return joined(parts);
}

const noHead = (): Fault =>
  new Fault('invalid', 'the model has no last layer that a new head could replace', {
    remedy: 'Name a model whose first output comes from a MatMul or Gemm.',
  });
