/**
 * Goal: a field read from ROS bytes is what the public decoders read, and never a neighbour's.
 * Method: random definitions, messages and paths, whole, cut and mutated, placed anywhere.
 */
import rosmsg from '@foxglove/rosmsg';
import {
  MessageReader as Ros1Reader,
  MessageWriter as Ros1Writer,
} from '@foxglove/rosmsg-serialization';
import {
  MessageReader as CdrReader,
  MessageWriter as CdrWriter,
} from '@foxglove/rosmsg2-serialization';
import { Fault, seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { expectedOf, readBetween } from './testing/oracle.ts';
import { drawMessage, drawSpec, modelText, type RosModel, writeCdr } from './testing/ros-model.ts';
import type { SignalSpec } from './types.ts';

const scalarNames = [
  ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
  ['float32', 'float64', 'string', 'time', 'duration'],
].flat();

const models: fc.Arbitrary<RosModel> = fc.integer({ min: 1, max: 4 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, k) => {
      const inner = Array.from({ length: count - k - 1 }, (_unused, n) => k + 1 + n);
      const type = fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...scalarNames) },
        { weight: inner.length === 0 ? 0 : 2, arbitrary: fc.constantFrom(...inner, -1) },
      );
      const list = fc.oneof(
        { weight: 4, arbitrary: fc.constant('one' as const) },
        { weight: 2, arbitrary: fc.constant('open' as const) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
      );
      const field = fc.record({ type, list }).filter((one) => one.type !== -1);
      return fc.array(field, { minLength: k === 0 ? 1 : 0, maxLength: 6 });
    }),
  ),
);

function channelOf(text: string, encoding: 'ros1' | 'cdr'): Channel {
  return {
    id: 1,
    topic: '/t',
    messageEncoding: encoding,
    metadata: new Map(),
    schema: {
      name: 'pkg/msg/T',
      encoding: encoding === 'cdr' ? 'ros2msg' : 'ros1msg',
      data: new TextEncoder().encode(text),
    },
    latched: false,
  };
}

interface Case {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
  readonly decoded: unknown;
  readonly specs: readonly SignalSpec[];
}

function makeCase(model: RosModel, seed: number, encoding: 'ros1' | 'cdr'): Case {
  const draw = seededRandom(seed);
  const text = modelText(model);
  const message = drawMessage(model, 0, draw);
  const definitions = rosmsg.parse(text, { ros2: encoding === 'cdr' });
  const bytes =
    encoding === 'cdr'
      ? new CdrWriter(definitions).writeMessage(message)
      : new Ros1Writer(definitions).writeMessage(message);
  const exact = bytes.slice();
  const decoded =
    encoding === 'cdr'
      ? new CdrReader(definitions).readMessage(exact)
      : new Ros1Reader(definitions).readMessage(exact);
  const nanosName = encoding === 'cdr' ? 'nanosec' : 'nsec';
  const specs = Array.from({ length: 5 }, () => drawSpec(model, draw, nanosName));
  return { channel: channelOf(text, encoding), bytes: exact, decoded, specs };
}

const placements = [
  { before: 0, after: 0, poison: 0 },
  { before: 3, after: 64, poison: 0x41 },
  { before: 8, after: 64, poison: 0xff },
];

const runs = { numRuns: 100 };

test.each(['ros1', 'cdr'] as const)(
  '%s: accessors read what the public decoder reads',
  (encoding) => {
    fc.assert(
      fc.property(models, fc.nat(), (model, seed) => {
        const { channel, bytes, decoded, specs } = makeCase(model, seed, encoding);
        const accessor = compileAccessor(channel, specs);
        const expected = specs.map((spec) => expectedOf(decoded, spec, bytes.length));
        for (const place of placements) {
          expect(readBetween(accessor, bytes, place)).toEqual({ outcome: 0, values: expected });
        }
        expect(decodeMessage(channel, bytes)).toEqual(decoded);
      }),
      runs,
    );
  },
);

test.each(['ros1', 'cdr'] as const)(
  '%s: each spec alone reads the same as all together',
  (encoding) => {
    fc.assert(
      fc.property(models, fc.nat(), (model, seed) => {
        const { channel, bytes, decoded, specs } = makeCase(model, seed, encoding);
        for (const spec of specs) {
          const accessor = compileAccessor(channel, [spec]);
          const values = [expectedOf(decoded, spec, bytes.length)];
          expect(readBetween(accessor, bytes, placements[0] as never)).toEqual({
            outcome: 0,
            values,
          });
        }
      }),
      { numRuns: 100 },
    );
  },
);

test.each(['ros1', 'cdr'] as const)(
  '%s: mutated and cut messages give the same fault or value wherever they stand',
  (encoding) => {
    fc.assert(
      fc.property(models, fc.nat(), fc.nat(), (model, seed, mutation) => {
        const { channel, bytes, specs } = makeCase(model, seed, encoding);
        const damaged = damage(bytes, mutation);
        const accessor = compileAccessor(channel, specs);
        const results = placements.map((place) => readBetween(accessor, damaged, place));
        expect(results[1]).toEqual(results[0]);
        expect(results[2]).toEqual(results[0]);
        const reference = decoded(channel, damaged);
        const isCorrupt = reference instanceof Fault;
        const values = isCorrupt
          ? results[0]?.values
          : specs.map((spec) => expectedOf(reference, spec, damaged.length));
        expect(results[0]).toEqual({ outcome: isCorrupt ? results[0]?.outcome : 0, values });
        expect(isCorrupt ? reference.code : 'corrupt').toBe('corrupt');
      }),
      runs,
    );
  },
);

function damage(bytes: Uint8Array, mutation: number): Uint8Array {
  const draw = seededRandom(mutation);
  const damaged = bytes.slice(
    0,
    draw.integer(3) === 0 ? draw.integer(bytes.length + 1) : undefined,
  );
  if (draw.integer(2) === 0) {
    for (let k = draw.integer(3); k >= 0 && damaged.length > 0; k -= 1) {
      const at = draw.integer(damaged.length);
      damaged[at] = [0, 1, 0x7f, 0x80, 0xff][draw.integer(5)] ?? 0;
    }
  }
  return damaged;
}

/** Every error of the reference door is a Fault. The buffer is used again by its owner. */
function decoded(channel: Channel, bytes: Uint8Array): unknown {
  const buffer = new Uint8Array(bytes.length + 80).fill(0x41);
  buffer.set(bytes, 16);
  try {
    return decodeMessage(channel, buffer.subarray(16, 16 + bytes.length));
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  } finally {
    buffer.fill(0);
  }
}

test.each(['ros1', 'cdr'] as const)(
  '%s: a message cut inside the wanted field is corrupt',
  (encoding) => {
    for (const type of scalarNames) {
      const model: RosModel = [
        [
          { type: 'uint8', list: 'one' },
          { type, list: 'one' },
        ],
      ];
      const { channel, bytes, decoded } = makeCase(model, 5, encoding);
      const accessor = compileAccessor(channel, [{ path: 'f1' }]);
      const value = expectedOf(decoded, { path: 'f1' }, bytes.length);
      for (let length = 0; length <= bytes.length; length += 1) {
        const isWhole = length === bytes.length;
        for (const place of placements) {
          expect(readBetween(accessor, bytes.subarray(0, length), place)).toEqual({
            outcome: isWhole ? 0 : 1,
            values: [isWhole ? value : 'fault'],
          });
        }
      }
    }
  },
);

test.each(['ros1', 'cdr'] as const)(
  '%s: a field behind texts that stand one behind the other, as in nav_msgs/Odometry',
  (encoding) => {
    for (const type of scalarNames) {
      for (const before of [[], ['uint8'], ['uint32', 'time']] as const) {
        const names = [...before, 'string', 'string', 'string', type] as const;
        const model: RosModel = [names.map((name) => ({ type: name, list: 'one' }))];
        for (let seed = 0; seed < 5; seed += 1) {
          const { channel, bytes, decoded } = makeCase(model, seed, encoding);
          const spec = { path: `f${names.length - 1}` };
          const values = [expectedOf(decoded, spec, bytes.length)];
          const accessor = compileAccessor(channel, [spec]);
          const found = readBetween(accessor, bytes, placements[1] as never);
          expect(found).toEqual({ outcome: 0, values });
        }
      }
    }
  },
);

test('cdr: both byte orders and the packed alignment of XCDR2 read alike', () => {
  const forms = [
    { kind: 0x00, widest: 8 },
    { kind: 0x01, widest: 8 },
    { kind: 0x06, widest: 4 },
    { kind: 0x07, widest: 4 },
    { kind: 0x10, widest: 4 },
    { kind: 0x11, widest: 4 },
  ] as const;
  fc.assert(
    fc.property(models, fc.nat(), (model, seed) => {
      const { channel, bytes, decoded, specs } = makeCase(model, seed, 'cdr');
      const message = drawMessage(model, 0, seededRandom(seed));
      expect(writeCdr(model, message, { kind: 1, widest: 8 })).toEqual(bytes);
      const accessor = compileAccessor(channel, specs);
      for (const form of forms) {
        const written = writeCdr(model, message, form);
        expect(decodeMessage(channel, written)).toEqual(decoded);
        const values = specs.map((spec) => expectedOf(decoded, spec, written.length));
        for (const place of placements) {
          expect(readBetween(accessor, written, place)).toEqual({ outcome: 0, values });
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('cdr: unknown encapsulations are refused, not misread', () => {
  const channel = channelOf('float64 x\n', 'cdr');
  const accessor = compileAccessor(channel, [{ path: 'x' }, { path: '$bytes' }]);
  for (const kind of [0x04, 0x05, 0x0c, 0x0d, 0x16, 0x55, 0xff]) {
    const bytes = Uint8Array.of(0, kind, 0, 0, ...new Uint8Array(16));
    const read = readBetween(accessor, bytes, { before: 0, after: 0, poison: 0 });
    expect(read).toEqual({ outcome: 1, values: ['fault', 'fault'] });
    expect(() => decodeMessage(channel, bytes)).toThrow(/encapsulation 0x00.. is not plain CDR/);
  }
});

test('texts in UTF-8 are read, also when they repeat and when they are long', () => {
  const model: RosModel = [
    [
      { type: 'string', list: 'one' },
      { type: 'string', list: 'open' },
    ],
  ];
  const channel = channelOf(modelText(model), 'cdr');
  const specs: SignalSpec[] = [{ path: 'f0' }, { path: 'f1[]', reduce: { fn: 'last' } }];
  const accessor = compileAccessor(channel, specs);
  for (const text of ['Zürich', 'Zürich', 'Zürisch', '車', 'ä'.repeat(200), 'ä'.repeat(200), '']) {
    const message = { f0: text, f1: ['first', text] };
    const bytes = writeCdr(model, message, { kind: 1, widest: 8 });
    const read = readBetween(accessor, bytes, { before: 5, after: 5, poison: 0x41 });
    expect(read).toEqual({ outcome: 0, values: [text, text] });
  }
});

test.each([
  'f[2].g[].h.$count',
  'f[2].g[0].h[]',
  'f[2].g[].h[]',
  'f[].g[1].h[]',
  'g[1].h[]',
  'g[].h[]',
  'g[].h.$count',
])('cdr: lists of fixed length in the items of another: %s', (path) => {
  const text = [
    'T[] f',
    'U[2] g',
    '===',
    'MSG: pkg/T',
    'U[2] g',
    '===',
    'MSG: pkg/U',
    'int32[3] h',
  ];
  const channel = channelOf(text.join('\n'), 'cdr');
  const item = (from: number) => ({ h: [from, from + 1, from + 2] });
  const two = (from: number) => [item(from), item(from + 3)];
  const message = { f: [0, 6, 12].map((from) => ({ g: two(from) })), g: two(20) };
  const bytes = new CdrWriter(rosmsg.parse(text.join('\n'), { ros2: true })).writeMessage(message);
  const spec: SignalSpec = { path, reduce: { fn: 'sum' } };
  const expected = expectedOf(decodeMessage(channel, bytes), spec, bytes.length);
  expect(expected).toBeGreaterThan(0);
  const accessor = compileAccessor(channel, [spec]);
  expect(readBetween(accessor, bytes, { before: 5, after: 9, poison: 0xff })).toEqual({
    outcome: 0,
    values: [expected],
  });
});

test('ros1: a list of messages without fields cannot make a reader loop', () => {
  const channel = channelOf('pkg/E[] list\n===\nMSG: pkg/E\n', 'ros1');
  const lying = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  const accessor = compileAccessor(channel, [{ path: 'list.$count' }]);
  const place = { before: 0, after: 9, poison: 1 };
  expect(readBetween(accessor, lying, place).outcome).toBe(1);
  expect(() => decodeMessage(channel, lying)).toThrow(/not what its schema says/);
  expect(readBetween(accessor, Uint8Array.of(3, 0, 0, 0), place).values).toEqual([3]);
});

const doubling = Array.from(
  { length: 60 },
  (_, k) => `MSG: pkg/D${k}\npkg/D${k + 1} a\npkg/D${k + 1} b\n`,
);

test.each([
  ['pkg/E[4000000000] list\n===\nMSG: pkg/E\n'],
  ['pkg/F[] list\n===\nMSG: pkg/F\nuint8 x\npkg/E[4000] e\n===\nMSG: pkg/E\n'],
  [`pkg/D0 all\n===\n${doubling.join('===\n')}===\nMSG: pkg/D60\n`],
])('ros1: a schema of messages without fields cannot make the decoder loop: %#', (text) => {
  const channel = channelOf(text, 'ros1');
  expect(() => decodeMessage(channel, new Uint8Array(64))).toThrow(
    /^\/t \(pkg\/msg\/T\): the schema (is made of messages without fields|nests too many)/,
  );
});

test('cdr: items of lists of length 0 cannot make the decoder loop', () => {
  const channel = channelOf('pkg/E[4000000000] list\n===\nMSG: pkg/E\nuint8[0] x\n', 'cdr');
  const bytes = Uint8Array.of(0, 1, 0, 0);
  expect(() => decodeMessage(channel, bytes)).toThrow(/messages without fields/);
});

test('ros1: an action message with an empty part is read', () => {
  const text = 'uint8 id\npkg/EmptyGoal goal\nuint8 last\n===\nMSG: pkg/EmptyGoal\n';
  const channel = channelOf(text, 'ros1');
  expect(decodeMessage(channel, Uint8Array.of(1, 2))).toEqual({ id: 1, goal: {}, last: 2 });
});

test.each([
  ['two messages without a name', 'uint8 a\n===\nuint8 b\n', /two messages without a name/],
  [
    'a message defined twice and differently',
    'pkg/E e\n===\nMSG: pkg/E\nuint8 x\n===\nMSG: pkg/E\nuint8[9] x\n',
    /the schema cannot be read: .*pkg\/E/,
  ],
  ['a field that stands twice', 'uint8 a\nuint8 b\nuint16 a\n', /"a" stands twice in message/],
  [
    'a message that runs into the next',
    'pkg/E e\n===\nMSG: pkg/E\nuint8 x\nMSG: pkg/E\nuint8 x\npkg/F[] y\n===\nMSG: pkg/F\nuint8[0] z\n',
    /"x" stands twice in pkg\/E/,
  ],
])('%s is a schema that cannot be read', (_, text, message) => {
  for (const encoding of ['ros1', 'cdr'] as const) {
    const channel = channelOf(text, encoding);
    expect(() => compileAccessor(channel, [{ path: 'a' }])).toThrow(message);
    expect(() => decodeMessage(channel, new Uint8Array(64))).toThrow(message);
  }
});

test.each(['ros1', 'cdr'] as const)(
  '%s: a message that stands within a Buffer is read from its own place',
  (encoding) => {
    const channel = channelOf('uint32 a\nstring b\n', encoding);
    const head = encoding === 'cdr' ? [0, 1, 0, 0] : [];
    const text = encoding === 'cdr' ? [2, 0, 0, 0, 0x68, 0] : [1, 0, 0, 0, 0x68];
    const message = [...head, 7, 0, 0, 0, ...text];
    const within = Buffer.from([9, 9, 9, 9, 9, ...message, 9, 9, 9]);
    const bytes = within.subarray(5, 5 + message.length);
    expect(decodeMessage(channel, bytes)).toEqual({ a: 7, b: 'h' });
  },
);

test('a message that is defined twice alike is read', () => {
  const part = '===\nMSG: pkg/E\nuint8 x\n';
  const channel = channelOf(`pkg/E e\n${part}${part}`, 'ros1');
  expect(decodeMessage(channel, Uint8Array.of(7))).toEqual({ e: { x: 7 } });
});
