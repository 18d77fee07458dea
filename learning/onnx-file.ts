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
  /** Whole numbers where an operator takes sizes. */
  readonly values: Float32Array | BigInt64Array;
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes of the operator: a number, or a list of them. */
  readonly integers?: Readonly<Record<string, number | readonly number[]>>;
}

/** A graph, nodes in the order in which they run. */
export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly tensors: readonly OnnxTensor[];
  readonly nodes: readonly OnnxNode[];
  /** `metadata_props` of the file: texts by name, such as the order of the classes. */
  readonly notes?: Readonly<Record<string, string>> | undefined;
}

/** The name of the note that holds the classes, as JSON, in the order of the logits. */
export const classesNote = 'classes';

/** IR 8 and operator set 13: read by ONNX Runtime since 1.10 of 2021. */
const irVersion = 8;
const operatorSet = 13;
export const elementFloat = 1;
const elementLong = 7;
const attributeInteger = 2;
const attributeIntegers = 7;

/** The file's bytes; the same graph gives the same bytes. */
export function onnxFile(graph: OnnxGraph): Uint8Array {
  return encodePart('ModelProto', {
    irVersion,
    producerName: 'fieldloop',
    graph: {
      node: graph.nodes.map((node, at) =>
        nodeMessage(node, `${node.operator.toLowerCase()}_${at}`),
      ),
      name: graph.name,
      initializer: graph.tensors.map(tensorMessage),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
    opsetImport: [{ domain: '', version: operatorSet }],
    metadataProps: Object.entries(graph.notes ?? {}).map(([key, value]) => ({ key, value })),
  });
}

/** Messages of the schema, as `encodePart` takes them. */
export const nodeMessage = (node: OnnxNode, name: string): object => ({
  input: node.inputs,
  output: node.outputs,
  name,
  opType: node.operator,
  attribute: Object.entries(node.integers ?? {}).map(([key, given]) =>
    typeof given === 'number'
      ? { name: key, i: given, type: attributeInteger }
      : { name: key, ints: given, type: attributeIntegers },
  ),
});

export const tensorMessage = (tensor: OnnxTensor): object => ({
  dims: tensor.dimensions,
  dataType: tensor.values instanceof Float32Array ? elementFloat : elementLong,
  name: tensor.name,
  rawData: littleEndian(tensor.values),
});

type PartName =
  | 'ModelProto'
  | 'NodeProto'
  | 'TensorProto'
  | 'ValueInfoProto'
  | 'StringStringEntryProto';

/** The bytes of one message of the schema. */
export function encodePart(name: PartName, message: object): Uint8Array {
  const type = schema.lookupType(name);
  return new Uint8Array(type.encode(type.create(message)).finish());
}

/** A message with plain numbers and bytes; what the schema does not know is left out. */
export function decodePart(name: PartName, bytes: Uint8Array): unknown {
  const type = schema.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true, defaults: true });
}

/** A network as a graph: the input flattened, a Gemm a layer, ReLU between. */
export function networkGraph(
  network: Network,
  ends: {
    readonly name: string;
    readonly input: OnnxValue;
    readonly output: string;
    /** Also give what the last hidden layer says, under this name. */
    readonly embedding?: string | undefined;
    readonly notes?: OnnxGraph['notes'];
  },
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
    if (last) return;
    const isEmbedding = at === network.length - 2 && ends.embedding !== undefined;
    from = isEmbedding ? (ends.embedding ?? '') : `active_${at}`;
    nodes.push({ operator: 'Relu', inputs: [sum], outputs: [from] });
  });
  const width = network.at(-2)?.outputs;
  return {
    name: ends.name,
    inputs: [ends.input],
    outputs: [
      { name: ends.output, dimensions: [batch, network.at(-1)?.outputs ?? 0] },
      ...(ends.embedding === undefined || width === undefined
        ? []
        : [{ name: ends.embedding, dimensions: [batch, width] }]),
    ],
    notes: ends.notes,
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

export function valueInfo(value: OnnxValue): object {
  const dim = value.dimensions.map((size) =>
    typeof size === 'number' ? { dimValue: size } : { dimParam: size },
  );
  return { name: value.name, type: { tensorType: { elemType: elementFloat, shape: { dim } } } };
}

/** ONNX raw data is little endian whatever the machine is. */
function littleEndian(values: Float32Array | BigInt64Array): Uint8Array {
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    if (typeof value === 'bigint') view.setBigInt64(i * 8, value, true);
    else view.setFloat32(i * 4, value, true);
  }
  return bytes;
}

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ rule: 'repeated', type, id });

const schema = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: one('int64', 1),
        opsetImport: many('OperatorSetIdProto', 8),
        producerName: one('string', 2),
        graph: one('GraphProto', 7),
        metadataProps: many('StringStringEntryProto', 14),
      },
    },
    StringStringEntryProto: { fields: { key: one('string', 1), value: one('string', 2) } },
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
      fields: {
        name: one('string', 1),
        i: one('int64', 3),
        ints: many('int64', 8),
        type: one('int32', 20),
      },
    },
    TensorProto: {
      fields: {
        dims: { ...many('int64', 1), options: { packed: true } },
        dataType: one('int32', 2),
        floatData: { ...many('float', 4), options: { packed: true } },
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
});
