/**
 * Goal: a field read from the protobuf wire is what protobufjs reads, and never a neighbour's.
 * Method: random messages, written with fields that the reader does not know, in two parts, cut
 * and mutated; every accessor against the decoded message.
 */
import { Fault, seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { expectedOf, readBetween } from './testing/oracle.ts';
import {
  drawProto,
  drawProtoSpec,
  type ProtoModel,
  protoText,
  withDefaults,
} from './testing/proto-model.ts';
import type { SignalSpec } from './types.ts';

const scalarNames = [
  ['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32', 'bool', 'E'],
  ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64', 'string', 'bytes'],
].flat();

const models: fc.Arbitrary<ProtoModel> = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, k) => {
      const inner = Array.from({ length: count - k - 1 }, (_unused, n) => k + 1 + n);
      const type =
        inner.length === 0
          ? fc.constantFrom(...scalarNames)
          : fc.oneof(
              { weight: 3, arbitrary: fc.constantFrom<string | number>(...scalarNames) },
              { weight: 2, arbitrary: fc.constantFrom<string | number>(...inner) },
            );
      const field = fc.record({
        type,
        rule: fc.oneof(
          { weight: 4, arbitrary: fc.constant('one' as const) },
          { weight: 4, arbitrary: fc.constantFrom('optional', 'list', 'unpacked') },
          { weight: 1, arbitrary: fc.constantFrom('map', 'oneof') },
        ),
        isUnknown: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      });
      return fc.array(field, { minLength: k === 0 ? 1 : 0, maxLength: 6 });
    }),
  ),
) as fc.Arbitrary<ProtoModel>;

function channelOf(text: string, name: string): Channel {
  const { root } = protobuf.parse(text, { keepCase: true });
  root.resolveAll();
  const data = descriptor.FileDescriptorSet.encode(root.toDescriptor('proto3')).finish();
  return {
    id: 1,
    topic: '/t',
    messageEncoding: 'protobuf',
    metadata: new Map(),
    schema: { name, encoding: 'protobuf', data: Uint8Array.from(data) },
    latched: false,
  };
}

const options = { longs: BigInt, arrays: true, objects: true };

interface Case {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  readonly decode: (bytes: Uint8Array) => object;
  readonly specs: readonly SignalSpec[];
}

function makeCase(model: ProtoModel, seed: number): Case {
  const draw = seededRandom(seed);
  const writer = protobuf.parse(protoText(model, 'writer'), { keepCase: true }).root;
  const reader = protobuf.parse(protoText(model, 'reader'), { keepCase: true }).root;
  const written = writer.lookupType('pkg.T0');
  const read = reader.lookupType('pkg.T0');
  const parts = Array.from({ length: draw.integer(5) === 0 ? 2 : 1 }, () =>
    written.encode(written.fromObject(drawProto(model, 0, draw))).finish(),
  );
  return {
    channel: channelOf(protoText(model, 'reader'), 'pkg.T0'),
    bytes: Uint8Array.from(Buffer.concat(parts)),
    decode: (bytes) => withDefaults(model, 0, read.toObject(read.decode(bytes), options)),
    specs: Array.from({ length: 5 }, () => drawProtoSpec(model, draw)),
  };
}

const placements = [
  { before: 0, after: 0, poison: 0 },
  { before: 3, after: 64, poison: 0x08 },
  { before: 8, after: 64, poison: 0xff },
];

test('accessors read what protobufjs reads', () => {
  fc.assert(
    fc.property(models, fc.nat(), (model, seed) => {
      const { channel, bytes, decode, specs } = makeCase(model, seed);
      const decoded = decode(bytes);
      const expected = specs.map((spec) => expectedOf(decoded, spec, bytes.length));
      const together = compileAccessor(channel, specs);
      for (const place of placements) {
        expect(readBetween(together, bytes, place)).toEqual({ outcome: 0, values: expected });
      }
      const alone = specs.flatMap((spec) => {
        const accessor = compileAccessor(channel, [spec]);
        return readBetween(accessor, bytes, { before: 1, after: 1, poison: 0 }).values;
      });
      expect(alone).toEqual(expected);
    }),
    { numRuns: 120 },
  );
});

test('the reference door gives the decoded message with its defaults', () => {
  fc.assert(
    fc.property(models, fc.nat(), (model, seed) => {
      const { channel, bytes, decode } = makeCase(model, seed);
      const buffer = bytes.slice();
      const message = decodeMessage(channel, buffer);
      buffer.fill(0);
      expect(plainBytes(message)).toEqual(plainBytes(decode(bytes)));
    }),
    { numRuns: 40 },
  );
});

/** Buffers and byte arrays alike. */
function plainBytes(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return `${inner}n`;
      if (inner instanceof Uint8Array) return [...inner];
      const isBuffer = typeof inner === 'object' && inner !== null && 'type' in inner;
      return isBuffer && 'data' in inner ? inner.data : inner;
    }),
  );
}

test('mutated and cut messages give the same fault or value wherever they stand', () => {
  fc.assert(
    fc.property(models, fc.nat(), fc.nat(), (model, seed, mutation) => {
      const { channel, bytes, decode, specs } = makeCase(model, seed);
      const damaged = damage(bytes, mutation);
      const isCorrupt = refuses(() => decodeMessage(channel, damaged));
      const reference = isCorrupt ? {} : decode(damaged);
      for (const wanted of [specs, specs.slice(0, 1), specs.slice(1, 2)]) {
        const accessor = compileAccessor(channel, wanted);
        const results = placements.map((place) => readBetween(accessor, damaged, place));
        expect(results[1]).toEqual(results[0]);
        expect(results[2]).toEqual(results[0]);
        const values = isCorrupt
          ? results[0]?.values
          : wanted.map((spec) => expectedOf(reference, spec, damaged.length));
        expect(results[0]).toEqual({ outcome: isCorrupt ? results[0]?.outcome : 0, values });
      }
    }),
    { numRuns: 150 },
  );
});

function damage(bytes: Uint8Array, mutation: number): Uint8Array {
  const draw = seededRandom(mutation);
  const damaged = bytes.slice(
    0,
    draw.integer(3) === 0 ? draw.integer(bytes.length + 1) : undefined,
  );
  for (let k = draw.integer(4); k > 0 && damaged.length > 0; k -= 1) {
    damaged[draw.integer(damaged.length)] = [0, 1, 0x0a, 0x7f, 0x80, 0xff][draw.integer(6)] ?? 0;
  }
  return damaged;
}

/** True for a Fault corrupt; anything else thrown is a bug. */
function refuses(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch (error) {
    if (error instanceof Fault && error.code === 'corrupt') return true;
    throw error;
  }
}

const plainText = `syntax = "proto3"; package pkg;
message T { int32 a = 1; repeated double b = 2; string c = 3; }`;

test.each([
  ['08 07', 7],
  ['08 87 80 80 80 80 80 80 80 80 00', 7],
  ['08 87 80 80 80 80 80 80 80 80 80 00', 'fault'],
  ['88 80 80 80 00 07', 7],
  ['88 80 80 80 80 00 07', 'fault'],
  ['08 07 00 01', 'fault'],
  ['08 07 21 01 02 03', 'fault'],
  ['08 07 25 01 02 03', 'fault'],
  ['08 07 25 01 02 03 04', 7],
  ['08 07 22 05 01', 'fault'],
  ['08 07 22 ff ff ff ff 07 01', 'fault'],
  ['08 07 22 ff ff ff ff 0f 01', 'fault'],
  ['0a 01 07', 0],
  ['0a 01 80', 0],
  ['08 07 0d 01 00 00 00', 7],
  ['08 07 23 08 01 24', 7],
  ['08 07 23 2b 2c 24', 7],
  ['08 07 23 08 01 2c', 'fault'],
  ['08 07 23 08 01', 'fault'],
  ['08 07 24', 'fault'],
  ['08 07 26 01', 'fault'],
  ['08 07 12 09 00 00 00 00 00 00 f0 3f 00', 'fault'],
  ['08 07 12 08 00 00 00 00 00 00 f0 3f', 7],
  ['08', 'fault'],
  ['08 80', 'fault'],
])('the wire %s is read as protobufjs reads it', (hex, expected) => {
  const channel = channelOf(plainText, 'pkg.T');
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const specs: SignalSpec[] = [{ path: 'a' }, { path: 'b[]', reduce: { fn: 'sum' } }];
  const accessor = compileAccessor(channel, specs);
  const isFault = expected === 'fault';
  for (const place of placements) {
    const read = readBetween(accessor, bytes, place);
    expect({ outcome: read.outcome, a: read.values[0] }).toEqual({
      outcome: isFault ? 1 : 0,
      a: expected,
    });
  }
  expect(refuses(() => decodeMessage(channel, bytes))).toBe(isFault);
});

const timeText = `syntax = "proto3"; package google.protobuf;
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Holder { Timestamp stamp = 1; repeated Timestamp all = 2; Holder next = 3; string id = 4; }`;

test('a Timestamp reads as seconds and by its parts, with the names of ROS too', () => {
  const channel = channelOf(timeText, 'google.protobuf.Holder');
  const holder = protobuf
    .parse(timeText, { keepCase: true })
    .root.lookupType('google.protobuf.Holder');
  const stamp = { seconds: 1700000000, nanos: 250_000_000 };
  const bytes = Uint8Array.from(
    holder.encode(holder.fromObject({ stamp, all: [{ nanos: 5e8 }, stamp] })).finish(),
  );
  const accessor = compileAccessor(channel, [
    { path: 'stamp' },
    { path: 'stamp.seconds' },
    { path: 'stamp.nsec' },
    { path: 'all[]', reduce: { fn: 'min' } },
    { path: 'next.stamp' },
    { path: 'next.next.$present' },
  ]);
  const read = readBetween(accessor, bytes, { before: 2, after: 2, poison: 1 });
  expect(read.values).toEqual([1700000000.25, 1700000000, 250_000_000, 0.5, undefined, false]);
  expect(accessor.types).toEqual(['number', 'bigint', 'number', 'number', 'number', 'truth']);
});

test('a message that contains itself is listed once', () => {
  const channel = channelOf(timeText, 'google.protobuf.Holder');
  expect(schemaFields(channel).map((field) => field.path)).toEqual([
    'stamp',
    'stamp.seconds',
    'stamp.nanos',
    'all[]',
    'all[].seconds',
    'all[].nanos',
    'id',
  ]);
});

test('map entries are reached by keys of every kind', () => {
  const keys = [
    ['int64', '-7'],
    ['sint64', '-9007199254740993'],
    ['sfixed64', '12345678'],
    ['uint64', '18446744073709551615'],
    ['fixed64', '3'],
    ['int32', '-1'],
    ['bool', 'true'],
    ['string', '12345678'],
  ] as const;
  const fields = keys.map(([type], k) => `map<${type}, double> m${k} = ${k + 1};`).join('\n');
  const text = `syntax = "proto3"; package pkg; message T { ${fields} }`;
  const type = protobuf.parse(text).root.lookupType('pkg.T');
  const message = Object.fromEntries(keys.map(([, key], k) => [`m${k}`, { [key]: k + 0.5 }]));
  const bytes = Uint8Array.from(type.encode(type.fromObject(message)).finish());
  const channel = channelOf(text, 'pkg.T');
  expect(decodeMessage(channel, bytes)).toEqual(message);
  const specs = keys.map(([, key], k) => ({ path: `m${k}.${key}` }));
  const read = readBetween(compileAccessor(channel, specs), bytes, {
    before: 3,
    after: 64,
    poison: 8,
  });
  expect(read).toEqual({ outcome: 0, values: keys.map((_, k) => k + 0.5) });
  // An entry without its key is that of 0.
  const keyless = Uint8Array.of(0x0a, 9, 0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f);
  expect(decodeMessage(channel, keyless)).toMatchObject({ m0: { 0: 1 } });
});
