/**
 * Bends definitions, descriptors, paths and messages of every encoding. A bent schema opens or is
 * a Fault with a remedy; a bent message reads the same wherever it stands in its buffer, and where
 * the public decoder takes it, accessors give what that decoder gives.
 */
import rosmsg from '@foxglove/rosmsg';
import { MessageWriter as Ros1Writer } from '@foxglove/rosmsg-serialization';
import { Fault, type Random, seededRandom } from '@fieldloop/core';
import {
  type FuzzOptions,
  type FuzzResult,
  maxFuzzFailures,
  mutateBytes,
  mutateText,
} from '@fieldloop/core/fuzz';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { Channel } from '../types.ts';
import { compileAccessor, compileListAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { openListSlots } from './slots.ts';
import { expectedOf, readBetween } from './testing/oracle.ts';
import { drawProto, drawProtoSpec, type ProtoModel, protoText } from './testing/proto-model.ts';
import { drawMessage, drawSpec, modelText, type RosModel, writeCdr } from './testing/ros-model.ts';
import { headeredForms, writeHeadered } from './testing/xcdr-writer.ts';
import type { Accessor, ListSpec, SignalSpec } from './types.ts';

/** A good schema with a good message and paths that lead somewhere. */
interface Base {
  readonly channel: Channel;
  readonly message: Uint8Array;
  readonly specs: readonly SignalSpec[];
  readonly list: ListSpec | undefined;
}

const basesPerEncoding = 24;
/** Inputs after which three bases are others. */
const renewEvery = 50;
const rosTypes = [
  ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
  ['float32', 'float64', 'string', 'time', 'duration'],
].flat();
const protoTypes = [
  ['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32', 'bool', 'E'],
  ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64', 'string', 'bytes'],
].flat();
const words = [
  ['uint8 a=1', 'string<=5 s', 'float64[<=3] f', 'wstring w', 'pkg/T1 again', '===', 'MSG: pkg/T2'],
  ['time', 'Header header', 'int32[4294967295] x', 'module a { struct b {', 'sequence<double, 3>'],
  ['@key', '"$ref": "#"', '"type": "array"', '"items"', '.$count', '[]', '[2147483647]'],
].flat();

const utf8 = new TextEncoder();
const some = <T>(values: readonly T[], random: Random): T =>
  values[random.integer(values.length)] as T;

function channelOf(messageEncoding: string, encoding: string, data: Uint8Array): Channel {
  const schema = { name: encoding === 'protobuf' ? 'pkg.T0' : 'pkg/msg/T', encoding, data };
  return { id: 1, topic: '/t', messageEncoding, metadata: new Map(), schema, latched: false };
}

function rosModel(random: Random): RosModel {
  const list = (): 'one' | 'open' | number =>
    some(['one', 'one', 'one', 'open', random.integer(4)], random);
  const fields = (inner: readonly number[]) =>
    Array.from({ length: 1 + random.integer(5) }, () => ({
      type:
        random.integer(3) === 0 && inner.length > 0 ? some(inner, random) : some(rosTypes, random),
      list: list(),
    }));
  return [[...fields([1, 2]), { type: 1, list: 'open' }], fields([2]), fields([])];
}

/** Plain, packed, or with headers between the fields. */
function cdrBytes(model: RosModel, message: Record<string, unknown>, random: Random): Uint8Array {
  const choice = random.integer(3);
  if (choice === 0) return writeHeadered(model, message, some(headeredForms, random), false);
  return writeCdr(model, message, choice === 1 ? { kind: 1, widest: 8 } : { kind: 6, widest: 4 });
}

function rosBase(encoding: 'ros1' | 'cdr', random: Random): Base {
  const model = rosModel(random);
  const text = modelText(model);
  const message = drawMessage(model, 0, random);
  const bytes =
    encoding === 'cdr'
      ? cdrBytes(model, message, random)
      : new Ros1Writer(rosmsg.parse(text)).writeMessage(message).slice();
  const nanos = encoding === 'cdr' ? 'nanosec' : 'nsec';
  // One alone goes another way than several.
  const specs = Array.from({ length: 1 + random.integer(4) }, () => drawSpec(model, random, nanos));
  const list = { path: `f${(model[0]?.length ?? 1) - 1}`, fields: ['g0'], maxItems: 3 };
  const isPlain = model[1]?.[0]?.list === 'one' && typeof model[1][0].type === 'string';
  return {
    channel: channelOf(encoding, encoding === 'cdr' ? 'ros2msg' : 'ros1msg', utf8.encode(text)),
    message: bytes,
    specs,
    list: isPlain ? list : undefined,
  };
}

function protoBase(random: Random): Base {
  const rules = ['one', 'one', 'optional', 'list', 'unpacked', 'map', 'oneof'] as const;
  const fields = (inner: readonly number[]) =>
    Array.from({ length: 1 + random.integer(5) }, () => ({
      type:
        random.integer(3) === 0 && inner.length > 0
          ? some(inner, random)
          : some(protoTypes, random),
      rule: some(rules, random),
      isUnknown: random.integer(8) === 0,
    }));
  const model: ProtoModel = [
    [...fields([1, 2]), { type: 1, rule: 'list', isUnknown: false }],
    fields([2]),
    fields([]),
  ];
  const { root } = protobuf.parse(protoText(model, 'writer'), { keepCase: true });
  const reader = protobuf.parse(protoText(model, 'reader'), { keepCase: true }).root;
  reader.resolveAll();
  const set = descriptor.FileDescriptorSet.encode(reader.toDescriptor('proto3')).finish();
  const type = root.lookupType('pkg.T0');
  const written = type.encode(type.fromObject(drawProto(model, 0, random))).finish();
  return {
    channel: channelOf('protobuf', 'protobuf', Uint8Array.from(set)),
    message: Uint8Array.from(written),
    specs: Array.from({ length: 4 }, () => drawProtoSpec(model, random)),
    list: { path: `f_${(model[0]?.length ?? 1) - 1}`, fields: [], maxItems: 3 },
  };
}

const idl = `module pkg { module msg { struct P { double x; sequence<float, 4> list; };
struct T { @key string name; pkg::msg::P p; long long wide; sequence<pkg::msg::P> all; }; }; };`;
const jsonSchema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    speed: { type: 'number' },
    all: { type: 'array', items: { $ref: '#/$defs/P' } },
  },
  $defs: { P: { type: 'object', properties: { x: { type: 'number' }, on: { type: 'boolean' } } } },
};

/** One each of what is written by hand. */
function fixedBases(): Base[] {
  const model: RosModel = [
    [
      { type: 'string', list: 'one' },
      { type: 1, list: 'one' },
      { type: 'int64', list: 'one' },
      { type: 1, list: 'open' },
    ],
    [
      { type: 'float64', list: 'one' },
      { type: 'float32', list: 'open' },
    ],
  ];
  const p = { g0: 1.5, g1: [1, 2] };
  const message = { f0: 'a', f1: p, f2: 7n, f3: [p, p] };
  const json = { name: 'a', speed: 1.5, all: [{ x: 1, on: true }, { x: 2 }] };
  const list = { path: 'all', fields: ['x'], maxItems: 4 };
  return [
    {
      channel: channelOf('cdr', 'ros2idl', utf8.encode(idl)),
      message: writeCdr(model, message, { kind: 1, widest: 8 }),
      specs: [{ path: 'p.x' }, { path: 'all[].x', reduce: { fn: 'max' } }, { path: 'name' }],
      list,
    },
    {
      channel: channelOf('json', 'jsonschema', utf8.encode(JSON.stringify(jsonSchema))),
      message: utf8.encode(JSON.stringify(json)),
      specs: [{ path: 'speed' }, { path: 'all[].x', reduce: { fn: 'sum' } }, { path: 'name' }],
      list,
    },
  ];
}

const drawnBases = (random: Random): readonly Base[] => [
  rosBase('cdr', random),
  rosBase('ros1', random),
  protoBase(random),
];

/** What an input did. */
type Outcome = 'read' | 'corrupt message' | 'refused schema' | 'refused path';

export async function fuzzSchemas(options: FuzzOptions): Promise<FuzzResult> {
  const random = seededRandom(options.seed);
  const bases = fixedBases();
  const fixed = bases.length;
  for (let k = 0; k < basesPerEncoding; k += 1) bases.push(...drawnBases(random));
  const counts = new Map<Outcome, number>();
  const failures: string[] = [];
  let inputs = 0;
  while (inputs < options.inputs && failures.length < maxFuzzFailures) {
    const seed = random.integer(2 ** 32);
    try {
      const outcome = tryOne(some(bases, random), seededRandom(seed));
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failures.push(`input ${inputs} (seed ${options.seed}): ${said.slice(0, 1500)}`);
    }
    inputs += 1;
    if (inputs % renewEvery === 0) {
      bases.splice(fixed, 3);
      bases.push(...drawnBases(random));
    }
    if (inputs % 500 !== 0) continue;
    options.onProgress?.(inputs, failures);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const lines = [...counts].map(([outcome, count]) => `${outcome} ${count} times`);
  return { inputs, lines, failures };
}

function tryOne(base: Base, random: Random): Outcome {
  switch (random.integer(4)) {
    case 0:
      return bentSchema(base, random);
    case 1:
      return bentPath(base, random);
    default:
      return bentMessage(base, mutateBytes(base.message, random));
  }
}

/** A value, or the Fault that was thrown; a Fault must say what to do. Anything else is a bug. */
function orFault<T>(work: () => T): T | Fault {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if ((error.remedy ?? '') !== '') return error;
    throw new Error(`no remedy: ${error.message}`, { cause: error });
  }
}

function bentSchema(base: Base, random: Random): Outcome {
  const { schema } = base.channel;
  if (schema === undefined) return 'refused schema';
  const isText = schema.encoding !== 'protobuf';
  const data = isText
    ? utf8.encode(mutateText(new TextDecoder().decode(schema.data), random, words))
    : mutateBytes(schema.data, random);
  const channel: Channel = { ...base.channel, schema: { ...schema, data } };
  const fields = orFault(() => schemaFields(channel));
  if (fields instanceof Fault) return 'refused schema';
  const specs = fields
    .filter(({ path }) => !path.includes('[]'))
    .slice(0, 12)
    .map(({ path }) => ({ path }));
  const accessor = orFault(() => compileAccessor(channel, specs));
  const decoded = orFault(() => decodeMessage(channel, base.message));
  if (accessor instanceof Fault) return 'refused schema';
  readsAlike(accessor, base.message);
  return decoded instanceof Fault ? 'corrupt message' : 'read';
}

function bentPath(base: Base, random: Random): Outcome {
  const spec = some(base.specs, random);
  const path = mutateText(spec.path, random, words);
  const accessor = orFault(() => compileAccessor(base.channel, [{ ...spec, path }]));
  const list = orFault(() =>
    compileListAccessor(base.channel, {
      path,
      fields: [mutateText('g0', random, words)],
      maxItems: 9,
    }),
  );
  if (!(list instanceof Fault)) return 'read';
  if (accessor instanceof Fault) return 'refused path';
  readsAlike(accessor, base.message);
  return 'read';
}

function bentMessage(base: Base, bytes: Uint8Array): Outcome {
  const accessor = compileAccessor(base.channel, base.specs);
  const read = readsAlike(accessor, bytes);
  if (base.list !== undefined) listReadsAlike(base.channel, base.list, bytes);
  const decoded = orFault(() => decodeMessage(base.channel, bytes));
  if (decoded instanceof Fault) return 'corrupt message';
  if (base.channel.messageEncoding === 'json' || base.channel.messageEncoding === 'protobuf') {
    return 'read';
  }
  const expected = base.specs.map((spec) => expectedOf(decoded, spec, bytes.length));
  const shown = JSON.stringify({ read, expected }, (_, value: unknown) => asShown(value));
  const wanted = JSON.stringify({ outcome: 0, values: expected }, (_, value: unknown) =>
    asShown(value),
  );
  const got = JSON.stringify(read, (_, value: unknown) => asShown(value));
  if (got !== wanted) throw new Error(`accessor and decoder differ: ${shown}`);
  return 'read';
}

/** Values that JSON does not tell apart. */
function asShown(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value === undefined ? 'unknown' : value;
}

const places = [
  { before: 0, after: 0, poison: 0 },
  { before: 5, after: 64, poison: 0xff },
  { before: 16, after: 64, poison: 0x01 },
];

function readsAlike(accessor: Accessor, bytes: Uint8Array): ReturnType<typeof readBetween> {
  const [first, ...others] = places.map((place) => readBetween(accessor, bytes, place));
  if (first === undefined) throw new Error('there are places');
  const text = JSON.stringify(first, (_, value: unknown) => asShown(value));
  for (const other of others) {
    const said = JSON.stringify(other, (_, value: unknown) => asShown(value));
    if (said !== text) throw new Error(`a message read its neighbours: ${text}, ${said}`);
  }
  return first;
}

function listReadsAlike(channel: Channel, spec: ListSpec, bytes: Uint8Array): void {
  const accessor = compileListAccessor(channel, spec);
  const texts = places.map(({ before, after, poison }) => {
    const data = new Uint8Array(before + bytes.length + after).fill(poison);
    data.set(bytes, before);
    const out = openListSlots(spec);
    const columns = {
      data,
      view: new DataView(data.buffer),
      starts: Uint32Array.of(before),
      ends: Uint32Array.of(before + bytes.length),
    };
    const state = accessor.read(columns, 0, out);
    const length = out.count * spec.fields.length;
    const { states, numbers, texts: words } = out.values;
    const values = Array.from({ length }, (_, k) => [states[k], asShown(numbers[k]), words[k]]);
    // What an unread slot holds does not count.
    return JSON.stringify([state, out.count, values.filter(([known]) => known !== 0)]);
  });
  if (new Set(texts).size > 1) throw new Error(`a list read its neighbours: ${texts.join(' ')}`);
}
