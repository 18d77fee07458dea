/**
 * ONNX files from our own small part of its schema (onnx.proto3 of ONNX 1.16, field numbers from
 * there). The one door of this room to protobufjs.
 */
import protobuf from 'protobufjs/light.js';
import type { Network } from './train/network.ts';

/** A dimension: a size, or a name for one that is known only when the model runs. */
export type Dimension = number | string;

export interface OnnxValue {
  readonly name: string;
  readonly dimensions: readonly Dimension[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly values: Float32Array;
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly integers?: Readonly<Record<string, number>>;
}

/** A graph of single-precision tensors, nodes in the order in which they run. */
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly tensors: readonly OnnxTensor[];
  readonly nodes: readonly OnnxNode[];
}

/** IR 8 and operator set 13: read by ONNX Runtime since 1.10 of 2021. */
const irVersion = 8;
const operatorSet = 13;
const elementFloat = 1;
const attributeInteger = 2;

/** The file's bytes; the same graph gives the same bytes. */
export function onnxFile(graph: OnnxGraph): Uint8Array {
  const message = modelType.create({
    irVersion,
    producerName: 'fieldloop',
    graph: {
      node: graph.nodes.map((node, at) => ({
        input: node.inputs,
        output: node.outputs,
        name: `${node.operator.toLowerCase()}_${at}`,
        opType: node.operator,
        attribute: Object.entries(node.integers ?? {}).map(([name, i]) => ({
          name,
          i,
          type: attributeInteger,
        })),
      })),
      name: graph.name,
      initializer: graph.tensors.map((tensor) => ({
        dims: tensor.dimensions,
        dataType: elementFloat,
        name: tensor.name,
        rawData: littleEndian(tensor.values),
      })),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
    opsetImport: [{ domain: '', version: operatorSet }],
  });
  return new Uint8Array(modelType.encode(message).finish());
}

/** A network as a graph: the input flattened, a Gemm a layer, ReLU between. */
export function networkGraph(
  network: Network,
  ends: { readonly name: string; readonly input: OnnxValue; readonly output: string },
): OnnxGraph {
  const batch = ends.input.dimensions[0] ?? 1;
  const nodes: OnnxNode[] = [
    { operator: 'Flatten', inputs: [ends.input.name], outputs: ['flat'], integers: { axis: 1 } },
  ];
  let from = 'flat';
  network.forEach((_, at) => {
    const last = at === network.length - 1;
    const sum = last ? ends.output : `sum_${at}`;
    nodes.push({
      operator: 'Gemm',
      inputs: [from, `weights_${at}`, `bias_${at}`],
      outputs: [sum],
      integers: { transB: 1 },
    });
    if (!last) nodes.push({ operator: 'Relu', inputs: [sum], outputs: [`active_${at}`] });
    from = `active_${at}`;
  });
  return {
    name: ends.name,
    inputs: [ends.input],
    outputs: [{ name: ends.output, dimensions: [batch, network.at(-1)?.outputs ?? 0] }],
    tensors: network.flatMap((layer, at) => [
      {
        name: `weights_${at}`,
        dimensions: [layer.outputs, layer.inputs],
        values: Float32Array.from(layer.weights),
      },
      { name: `bias_${at}`, dimensions: [layer.outputs], values: Float32Array.from(layer.bias) },
    ]),
    nodes,
  };
}

function valueInfo(value: OnnxValue): object {
  const dim = value.dimensions.map((size) =>
    typeof size === 'number' ? { dimValue: size } : { dimParam: size },
  );
  return { name: value.name, type: { tensorType: { elemType: elementFloat, shape: { dim } } } };
}

/** ONNX raw data is little endian whatever the machine is. */
function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i += 1) view.setFloat32(i * 4, values[i] ?? 0, true);
  return bytes;
}

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ rule: 'repeated', type, id });

const modelType = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: one('int64', 1),
        opsetImport: many('OperatorSetIdProto', 8),
        producerName: one('string', 2),
        graph: one('GraphProto', 7),
      },
    },
    OperatorSetIdProto: { fields: { domain: one('string', 1), version: one('int64', 2) } },
    GraphProto: {
      fields: {
        node: many('NodeProto', 1),
        name: one('string', 2),
        initializer: many('TensorProto', 5),
        input: many('ValueInfoProto', 11),
        output: many('ValueInfoProto', 12),
      },
    },
    NodeProto: {
      fields: {
        input: many('string', 1),
        output: many('string', 2),
        name: one('string', 3),
        opType: one('string', 4),
        attribute: many('AttributeProto', 5),
      },
    },
    AttributeProto: {
      fields: { name: one('string', 1), i: one('int64', 3), type: one('int32', 20) },
    },
    TensorProto: {
      fields: {
        dims: { ...many('int64', 1), options: { packed: true } },
        dataType: one('int32', 2),
        name: one('string', 8),
        rawData: one('bytes', 9),
      },
    },
    ValueInfoProto: { fields: { name: one('string', 1), type: one('TypeProto', 2) } },
    TypeProto: { fields: { tensorType: one('TensorTypeProto', 1) } },
    TensorTypeProto: {
      fields: { elemType: one('int32', 1), shape: one('TensorShapeProto', 2) },
    },
    TensorShapeProto: { fields: { dim: many('DimensionProto', 1) } },
    DimensionProto: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: one('int64', 1), dimParam: one('string', 2) },
    },
  },
}).lookupType('ModelProto');
