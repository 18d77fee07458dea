/**
 * Goal: a list of records reads as the public decoders read it, and never a neighbour's bytes.
 * Method: random definitions, messages and fields in every encoding, whole, cut and mutated, placed
 * anywhere; bounds at their edges.
 */
import rosmsg from '@foxglove/rosmsg';
import { MessageReader as Ros1Reader } from '@foxglove/rosmsg-serialization';
import { MessageWriter as Ros1Writer } from '@foxglove/rosmsg-serialization';
import { MessageReader as CdrReader } from '@foxglove/rosmsg2-serialization';
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileListAccessor, decodeMessage } from './accessor.ts';
import { openListSlots } from './slots.ts';
import { type Expected, expectedOf } from './testing/oracle.ts';
import {
  drawProto,
  drawProtoSpec,
  type ProtoModel,
  protoText,
  withDefaults,
} from './testing/proto-model.ts';
import { drawMessage, drawSpec, modelText, type RosModel, writeCdr } from './testing/ros-model.ts';
import { type ListSpec, listState, slotState } from './types.ts';

interface ListRead {
  readonly state: number;
  readonly items: readonly (readonly Expected[])[];
}

const placements = [
  { before: 0, after: 0, poison: 0 },
  { before: 3, after: 64, poison: 0x41 },
  { before: 8, after: 64, poison: 0xff },
];

/** Reads the list of a message in the middle of poison, with slots that held something else. */
function readList(
  channel: Channel,
  spec: ListSpec,
  message: Uint8Array,
  around: (typeof placements)[number],
): ListRead {
  const { before, after, poison } = around;
  const data = new Uint8Array(before + message.length + after).fill(poison);
  data.set(message, before);
  const columns = {
    data,
    view: new DataView(data.buffer),
    starts: Uint32Array.of(0, before),
    ends: Uint32Array.of(0, before + message.length),
  };
  const out = openListSlots(spec);
  out.values.states.fill(slotState.truth);
  out.values.numbers.fill(-12345);
  out.count = 77;
  const state = compileListAccessor(channel, spec).read(columns, 1, out);
  const { states, numbers, texts } = out.values;
  const valueAt = (place: number): Expected => {
    if (states[place] === slotState.unknown) return undefined;
    if (states[place] === slotState.text) return texts[place];
    return states[place] === slotState.truth ? numbers[place] === 1 : numbers[place];
  };
  const width = spec.fields.length;
  const items = Array.from({ length: out.count }, (_, k) =>
    spec.fields.map((_field, f) => valueAt(k * width + f)),
  );
  return { state, items };
}

/** The same from a decoded message, in the plainest way. */
function expectedList(message: unknown, spec: ListSpec): ListRead {
  const list = Reflect.get(message as object, spec.path) as ArrayLike<unknown> | undefined;
  if (list === undefined) return { state: listState.unknown, items: [] };
  if (list.length > spec.maxItems) return { state: listState.overflow, items: [] };
  const items = Array.from(list, (item) =>
    spec.fields.map((field) =>
      field === ''
        ? expectedOf({ item }, { path: 'item' }, 0)
        : expectedOf(item, { path: field }, 0),
    ),
  );
  return { state: listState.read, items };
}

const rosScalars = [
  ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
  ['float32', 'float64', 'string', 'time', 'duration'],
].flat();

const scalarField = fc.record({
  type: fc.constantFrom(...rosScalars),
  list: fc.oneof(
    { weight: 3, arbitrary: fc.constant('one' as const) },
    { weight: 1, arbitrary: fc.constantFrom<'open' | number>('open', 2) },
  ),
});
const nestedField = fc.record({
  type: fc.constant(2),
  list: fc.constantFrom<'one' | 'open' | number>('one', 'open', 2),
});
/** Fields, then a list of records, then fields; records may hold further messages and lists. */
const rosModels = fc
  .tuple(
    fc.array(scalarField, { maxLength: 3 }),
    fc.constantFrom<'open' | number>('open', 'open', 3),
    fc.array(scalarField, { maxLength: 2 }),
    fc.array(
      fc.oneof({ weight: 3, arbitrary: scalarField }, { weight: 1, arbitrary: nestedField }),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
    fc.array(scalarField, { minLength: 1, maxLength: 4 }),
  )
  .map(([before, list, after, record, inner]) => ({
    model: [[...before, { type: 1, list }, ...after], record, inner] as RosModel,
    at: before.length,
  }));

function rosFields(model: RosModel, seed: number): string[] {
  const draw = seededRandom(seed);
  const [, record = [], inner = []] = model;
  const below: RosModel = [
    record.map(({ type, list }) => ({ type: type === 2 ? 1 : type, list })),
    inner,
  ];
  const drawn = Array.from({ length: 9 }, () => drawSpec(below, draw, 'nanosec'));
  const plain = drawn.filter(({ path, reduce }) => reduce === undefined && !path.includes('$'));
  return plain.slice(0, 4).map(({ path }) => path.replace(/^f/, 'g').replaceAll('.f', '.g'));
}

function rosChannel(text: string, encoding: 'ros1' | 'cdr'): Channel {
  const data = new TextEncoder().encode(text);
  const schemaEncoding = encoding === 'cdr' ? 'ros2msg' : 'ros1msg';
  const schema = { name: 'pkg/msg/T', encoding: schemaEncoding, data };
  const metadata = new Map<string, string>();
  return { id: 1, topic: '/t', messageEncoding: encoding, metadata, schema, latched: false };
}

const damaged = (bytes: Uint8Array, seed: number): Uint8Array => {
  const draw = seededRandom(seed);
  const cut = bytes.slice(0, draw.integer(2) === 0 ? draw.integer(bytes.length + 1) : undefined);
  for (let k = draw.integer(3); k > 0 && cut.length > 0; k -= 1) {
    cut[draw.integer(cut.length)] = [0, 1, 0x7f, 0x80, 0xff][draw.integer(5)] ?? 0;
  }
  return cut;
};

const runs = { numRuns: 80 };

test('cdr: lists of records read as the public decoder reads them, in every plain form', () => {
  fc.assert(
    fc.property(rosModels, fc.nat(), ({ model, at }, seed) => {
      const channel = rosChannel(modelText(model), 'cdr');
      const message = drawMessage(model, 0, seededRandom(seed));
      const definitions = rosmsg.parse(modelText(model), { ros2: true });
      const spec = { path: `f${at}`, fields: rosFields(model, seed), maxItems: 3 };
      for (const kind of [0x00, 0x01, 0x06, 0x07]) {
        const bytes = writeCdr(model, message, { kind, widest: kind < 2 ? 8 : 4 });
        const decoded: unknown = new CdrReader(definitions).readMessage(bytes.slice());
        const expected = expectedList(decoded, spec);
        for (const place of placements) {
          expect(readList(channel, spec, bytes, place)).toEqual(expected);
        }
      }
    }),
    runs,
  );
});

test('ros1: lists of records read as the public decoder reads them', () => {
  fc.assert(
    fc.property(rosModels, fc.nat(), ({ model, at }, seed) => {
      const text = modelText(model);
      const definitions = rosmsg.parse(text);
      const message = drawMessage(model, 0, seededRandom(seed));
      const bytes = new Ros1Writer(definitions).writeMessage(message).slice();
      const decoded: unknown = new Ros1Reader(definitions).readMessage(bytes);
      const fields = rosFields(model, seed).map((path) => path.replace('nanosec', 'nsec'));
      const spec = { path: `f${at}`, fields, maxItems: 3 };
      for (const place of placements) {
        const read = readList(rosChannel(text, 'ros1'), spec, bytes, place);
        expect(read).toEqual(expectedList(decoded, spec));
      }
    }),
    runs,
  );
});

test('cdr: cut and mutated lists give the same wherever they stand', () => {
  fc.assert(
    fc.property(rosModels, fc.nat(), fc.nat(), ({ model, at }, seed, mutation) => {
      const channel = rosChannel(modelText(model), 'cdr');
      const message = drawMessage(model, 0, seededRandom(seed));
      const whole = writeCdr(model, message, { kind: 1, widest: 8 });
      const bytes = damaged(whole, mutation);
      const spec = { path: `f${at}`, fields: rosFields(model, seed), maxItems: 4 };
      const reads = placements.map((place) => readList(channel, spec, bytes, place));
      expect(reads[1]).toEqual(reads[0]);
      expect(reads[2]).toEqual(reads[0]);
      let decoded: unknown;
      try {
        decoded = decodeMessage(channel, bytes);
      } catch {
        return;
      }
      expect(reads[0]).toEqual(expectedList(decoded, spec));
    }),
    runs,
  );
});

const protoScalars = [
  ['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32', 'bool', 'E'],
  ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64', 'string'],
].flat();
const protoRule = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('one', 'optional', 'list', 'unpacked') },
  { weight: 1, arbitrary: fc.constantFrom('map', 'oneof') },
);
const protoField = fc.record({
  type: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<string | number>(...protoScalars) },
    { weight: 1, arbitrary: fc.constant<string | number>(2) },
  ),
  rule: protoRule,
  isUnknown: fc.constant(false),
});
const protoLeaf = fc.record({
  type: fc.constantFrom<string | number>(...protoScalars),
  rule: protoRule,
  isUnknown: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});
const protoModels = fc
  .tuple(
    fc.array(protoLeaf, { maxLength: 2 }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<string | number>(1) },
      { weight: 1, arbitrary: fc.constantFrom<string | number>('double', 'sint32', 'string') },
    ),
    fc.array(protoField, { minLength: 1, maxLength: 5 }),
    fc.array(protoLeaf, { minLength: 1, maxLength: 4 }),
  )
  .map(([before, type, record, inner]) => ({
    model: [[...before, { type, rule: 'list', isUnknown: false }], record, inner] as ProtoModel,
    at: before.length,
    isScalar: typeof type === 'string',
  }));

function protoFields(model: ProtoModel, seed: number): string[] {
  const draw = seededRandom(seed);
  const below = model
    .slice(1)
    .map((fields) =>
      fields.map((field) => ({ ...field, type: field.type === 2 ? 1 : field.type })),
    );
  const drawn = Array.from({ length: 9 }, () => drawProtoSpec(below as ProtoModel, draw));
  const plain = drawn.filter(({ path, reduce }) => reduce === undefined && !path.includes('$'));
  return plain.slice(0, 4).map(({ path }) => path);
}

test('protobuf: lists of records and of values read as the reference decoder reads them', () => {
  fc.assert(
    fc.property(protoModels, fc.nat(), fc.nat(), ({ model, at, isScalar }, seed, mutation) => {
      const writer = protobuf.parse(protoText(model, 'writer'), { keepCase: true }).root;
      const reader = protobuf.parse(protoText(model, 'reader'), { keepCase: true }).root;
      reader.resolveAll();
      const set = descriptor.FileDescriptorSet.encode(reader.toDescriptor('proto3')).finish();
      const data = Uint8Array.from(set);
      const channel: Channel = {
        ...rosChannel('', 'cdr'),
        messageEncoding: 'protobuf',
        schema: { name: 'pkg.T0', encoding: 'protobuf', data },
      };
      const type = writer.lookupType('pkg.T0');
      const drawn = drawProto(model, 0, seededRandom(seed));
      const whole = Uint8Array.from(type.encode(type.fromObject(drawn)).finish());
      const fields = isScalar ? [''] : protoFields(model, seed);
      const spec = { path: `f_${at}`, fields, maxItems: 3 };
      for (const bytes of [whole, damaged(whole, mutation)]) {
        const reads = placements.map((place) => readList(channel, spec, bytes, place));
        expect(reads[1]).toEqual(reads[0]);
        expect(reads[2]).toEqual(reads[0]);
        let decoded: unknown;
        try {
          decoded = decodeMessage(channel, bytes);
        } catch {
          continue;
        }
        const filled = withDefaults(model, 0, decoded as object);
        expect(reads[0]).toEqual(expectedList(filled, spec));
      }
    }),
    runs,
  );
});

test('json: items that are not alike give what is there', () => {
  const channel: Channel = {
    ...rosChannel('', 'cdr'),
    messageEncoding: 'json',
    schema: undefined,
  };
  const spec = { path: 'dets', fields: ['score', 'label', 'at.x', 'tags[1]'], maxItems: 3 };
  const read = (value: unknown): ListRead => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    return readList(channel, spec, bytes, { before: 3, after: 9, poison: 0x7b });
  };
  const dets = [{ score: 0.5, label: 'box', at: { x: 1 }, tags: ['a', 'b'] }, { score: true }, 7];
  const none = undefined;
  expect(read({ dets })).toEqual({
    state: listState.read,
    items: [
      [0.5, 'box', 1, 'b'],
      [true, none, none, none],
      [none, none, none, none],
    ],
  });
  expect(read({ dets: [...dets, 1] })).toEqual({ state: listState.overflow, items: [] });
  expect(read({ dets: 5 })).toEqual({ state: listState.unknown, items: [] });
  expect(read({})).toEqual({ state: listState.unknown, items: [] });
});

test('a lying count is a fault, too many items are an overflow, and items of a value list read', () => {
  const channel = rosChannel('uint8 a\nfloat64[] list\n', 'cdr');
  const spec = { path: 'list', fields: [''], maxItems: 2 };
  const place = { before: 1, after: 80, poison: 0 };
  const bytes = (count: number, items: readonly number[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(12 + items.length * 8));
    view.setUint8(1, 1);
    view.setUint32(8, count, true);
    for (const [k, item] of items.entries()) view.setFloat64(12 + k * 8, item, true);
    return new Uint8Array(view.buffer);
  };
  // The count ends at an address where doubles are aligned.
  expect(readList(channel, spec, bytes(2, [1.5, 2]), place)).toEqual({
    state: listState.read,
    items: [[1.5], [2]],
  });
  expect(readList(channel, spec, bytes(3, [1, 2, 3]), place).state).toBe(listState.overflow);
  expect(readList(channel, spec, bytes(2, [1]), place).state).toBe(listState.fault);
  expect(readList(channel, spec, bytes(0xffff_ffff, [1]), place).state).toBe(listState.fault);
});

test.each([
  [{ path: 'a', fields: [''], maxItems: 4 }, '"a" is uint8, not a list'],
  [{ path: 'list[]', fields: [''], maxItems: 4 }, '"list[]" does not name one list'],
  [{ path: 'list.$count', fields: [''], maxItems: 4 }, 'does not name one list'],
  [{ path: 'list', fields: ['x'], maxItems: 4 }, 'has no field "x"'],
  [{ path: 'list', fields: ['$present'], maxItems: 4 }, 'is not one value of an item'],
  [{ path: 'list', fields: [''], maxItems: 0 }, 'asks for too much or nothing'],
  [{ path: 'list', fields: [''], maxItems: 5000 }, 'asks for too much or nothing'],
  [{ path: 'fixed', fields: [''], maxItems: 4 }, '"fixed" always has 36 items'],
])('what is no list of records is refused: %o', (spec, message) => {
  const channel = rosChannel('uint8 a\nfloat64[] list\nfloat64[36] fixed\n', 'cdr');
  expect(() => compileListAccessor(channel, spec)).toThrow(message);
});
