/** What an ONNX file says of itself: its ends, its nodes, its weights and its notes. */
import { Fault } from '@fieldloop/core';
import { classesNote, decodePart, type Dimension, elementFloat } from './onnx-file.ts';
import type { Layer, Network } from './train/network.ts';

export interface OnnxEnd {
  readonly name: string;
  readonly dimensions: readonly Dimension[];
}

export interface OnnxStep {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly integers: Readonly<Record<string, number>>;
}

export interface OnnxWeights {
  readonly name: string;
  readonly dimensions: readonly number[];
  /** Absent when they are no single-precision numbers. */
  readonly values: Float32Array | undefined;
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly inputs: readonly OnnxEnd[];
  readonly outputs: readonly OnnxEnd[];
  readonly steps: readonly OnnxStep[];
  readonly weights: ReadonlyMap<string, OnnxWeights>;
  readonly notes: Readonly<Record<string, string>>;
}

/** Fault `corrupt` when the bytes are no ONNX model. */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  let model: Decoded;
  try {
    model = decodePart('ModelProto', bytes) as Decoded;
  } catch (error) {
    throw notOnnx(error);
  }
  const { graph } = model;
  if (graph === undefined || graph === null || graph.node.length === 0) throw notOnnx(undefined);
  return {
    irVersion: model.irVersion,
    inputs: graph.input.map(endOf),
    outputs: graph.output.map(endOf),
    steps: graph.node.map(stepOf),
    weights: new Map(graph.initializer.map((tensor) => [tensor.name, weightsOf(tensor)])),
    notes: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

/** The order of the classes that the file names, if it does. */
export function classesOf({ notes }: Pick<OnnxModel, 'notes'>): readonly string[] | undefined {
  try {
    const classes: unknown = JSON.parse(notes[classesNote] ?? 'null');
    return Array.isArray(classes) && classes.every((name) => typeof name === 'string')
      ? classes
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The weights of a file of dense layers with ReLU between, such as `networkGraph` makes. Fault
 * `invalid` for any other.
 */
export function networkOf(model: OnnxModel): Network {
  const layers: Layer[] = [];
  for (const { operator, inputs, integers } of model.steps) {
    if (operator === 'Flatten' || operator === 'Relu') continue;
    const weights = model.weights.get(inputs[1] ?? '');
    const bias = model.weights.get(inputs[2] ?? '');
    const [outputs, width] = weights?.dimensions ?? [];
    const isOurs = operator === 'Gemm' && integers['transB'] === 1;
    if (!isOurs || weights?.values === undefined || bias?.values === undefined) {
      throw notDense(operator);
    }
    layers.push({
      inputs: width ?? 0,
      outputs: outputs ?? 0,
      weights: Float64Array.from(weights.values),
      bias: Float64Array.from(bias.values),
    });
  }
  if (layers.length === 0) throw notDense('nothing');
  return layers;
}

const notDense = (operator: string): Fault =>
  new Fault('invalid', `the base model is no stack of dense layers: it has ${operator}`, {
    remedy: 'Train fresh weights with warmStart: false, or a new head on it with kind: head.',
  });

const notOnnx = (cause: unknown): Fault =>
  new Fault('corrupt', 'the file is no ONNX model', {
    remedy: 'Export the model again, or copy it again.',
    cause,
  });

/** One of the two: a size, or a name for one that is known when the model runs. */
interface DecodedDimension {
  readonly dimValue?: number;
  readonly dimParam?: string;
}

interface DecodedValue {
  readonly name: string;
  readonly type: {
    readonly tensorType: { readonly shape: { readonly dim: readonly DecodedDimension[] } | null };
  } | null;
}

interface DecodedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
  readonly floatData: readonly number[];
}

interface DecodedNode {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly { readonly name: string; readonly i: number }[];
}

interface Decoded {
  readonly irVersion: number;
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
  readonly graph:
    | {
        readonly node: readonly DecodedNode[];
        readonly initializer: readonly DecodedTensor[];
        readonly input: readonly DecodedValue[];
        readonly output: readonly DecodedValue[];
      }
    | undefined
    | null;
}

const endOf = ({ name, type }: DecodedValue): OnnxEnd => ({
  name,
  dimensions: (type?.tensorType?.shape?.dim ?? []).map(({ dimParam, dimValue }) =>
    dimParam === undefined || dimParam === '' ? (dimValue ?? 0) : dimParam,
  ),
});

const stepOf = ({ opType, input, output, attribute }: DecodedNode): OnnxStep => ({
  operator: opType,
  inputs: input,
  outputs: output,
  integers: Object.fromEntries(attribute.map(({ name, i }) => [name, i])),
});

function weightsOf({ name, dims, dataType, rawData, floatData }: DecodedTensor): OnnxWeights {
  const dimensions = [...dims];
  if (dataType !== elementFloat) return { name, dimensions, values: undefined };
  if (rawData.length === 0) return { name, dimensions, values: Float32Array.from(floatData) };
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  const values = new Float32Array(Math.floor(rawData.length / 4));
  for (let i = 0; i < values.length; i += 1) values[i] = view.getFloat32(i * 4, true);
  return { name, dimensions, values };
}
