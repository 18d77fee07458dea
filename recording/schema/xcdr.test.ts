/**
 * Goal: messages of CDR with headers between fields read like plain ones, and damage stays inside.
 * Method: random definitions and messages in every such form, with members that the schema does
 * not know, cut and mutated; a message of each form byte by byte.
 */
import { Fault, seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, compileListAccessor, decodeMessage } from './accessor.ts';
import { openListSlots } from './slots.ts';
import { expectedOf, readBetween } from './testing/oracle.ts';
import { drawMessage, drawSpec, modelText, type RosModel } from './testing/ros-model.ts';
import { headeredForms, writeHeadered } from './testing/xcdr-writer.ts';
import { listState } from './types.ts';

const scalarNames = [
  ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
  ['float32', 'float64', 'string', 'time', 'duration'],
].flat();

const list = fc.oneof(
  { weight: 4, arbitrary: fc.constant('one' as const) },
  { weight: 2, arbitrary: fc.constantFrom<'open' | number>('open', 1, 3) },
);
const fields = (inner: readonly number[], minLength: number) =>
  fc.array(fc.record({ type: fc.constantFrom<string | number>(...scalarNames, ...inner), list }), {
    minLength,
    maxLength: 5,
  });
const models: fc.Arbitrary<RosModel> = fc.tuple(
  fields([1, 1, 1, 2, 2], 1),
  fields([2, 2], 0),
  fields([], 0),
);

function channelOf(text: string): Channel {
  const data = new TextEncoder().encode(text);
  return {
    id: 1,
    topic: '/t',
    messageEncoding: 'cdr',
    metadata: new Map(),
    schema: { name: 'pkg/msg/T', encoding: 'ros2msg', data },
    latched: false,
  };
}

const placements = [
  { before: 0, after: 0, poison: 0 },
  { before: 5, after: 64, poison: 0xff },
  { before: 8, after: 64, poison: 1 },
];

test('every form reads as the message says, also with members that nobody knows', () => {
  fc.assert(
    fc.property(models, fc.nat(), fc.boolean(), (model, seed, extra) => {
      const channel = channelOf(modelText(model));
      const message = drawMessage(model, 0, seededRandom(seed));
      const draw = seededRandom(seed + 1);
      const specs = Array.from({ length: 5 }, () => drawSpec(model, draw, 'nanosec'));
      const accessor = compileAccessor(channel, specs);
      for (const form of headeredForms) {
        const bytes = writeHeadered(model, message, form, extra);
        const values = specs.map((spec) => expectedOf(message, spec, bytes.length));
        for (const place of placements) {
          expect(readBetween(accessor, bytes, place)).toEqual({ outcome: 0, values });
        }
      }
    }),
    { numRuns: 60 },
  );
});

function orCorrupt(channel: Channel, bytes: Uint8Array): unknown {
  try {
    return decodeMessage(channel, bytes);
  } catch (error) {
    if (error instanceof Fault && error.code === 'corrupt') return error;
    throw error;
  }
}

test('cut and mutated messages read the same wherever they stand, or are corrupt', () => {
  fc.assert(
    fc.property(models, fc.nat(), fc.nat(), (model, seed, mutation) => {
      const channel = channelOf(modelText(model));
      const message = drawMessage(model, 0, seededRandom(seed));
      const draw = seededRandom(mutation);
      const specs = Array.from({ length: 3 }, () => drawSpec(model, draw, 'nanosec'));
      const accessor = compileAccessor(channel, specs);
      for (const form of headeredForms) {
        const whole = writeHeadered(model, message, form, false);
        const bytes = whole.slice(
          0,
          draw.integer(2) === 0 ? draw.integer(whole.length + 1) : undefined,
        );
        for (let k = draw.integer(3); k > 0 && bytes.length > 4; k -= 1) {
          bytes[4 + draw.integer(bytes.length - 4)] =
            [0, 1, 0x7f, 0x80, 0xff][draw.integer(5)] ?? 0;
        }
        const [first, ...others] = placements.map((place) => readBetween(accessor, bytes, place));
        for (const other of others) expect(other).toEqual(first);
        // A value or a Fault: nothing else comes out of any bytes.
        expect(() => orCorrupt(channel, bytes)).not.toThrow();
      }
    }),
    { numRuns: 60 },
  );
});

const point = 'uint8 a\nfloat64 x\nstring s\n';

test.each([
  [
    'delimited XCDR2',
    [0, 9, 0, 0, 18, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 2, 0, 0, 0, 0x41, 0],
  ],
  [
    'mutable XCDR2, lengths in the header and before the value',
    [
      [0, 0x0b, 0, 0, 38, 0, 0, 0],
      [0, 0, 0, 0, 7, 0, 0, 0],
      [1, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
      // Length code 5: the length of the text is that of the member.
      [2, 0, 0, 0x50, 2, 0, 0, 0, 0x41, 0],
    ].flat(),
  ],
  [
    'parameter list of XCDR1, big endian',
    [
      [0, 2, 0, 0],
      [0, 0, 0, 4, 7, 0, 0, 0],
      [0x40, 1, 0, 8, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
      [0, 2, 0, 8, 0, 0, 0, 2, 0x41, 0, 0, 0],
      [0x3f, 2, 0, 0],
    ].flat(),
  ],
])('%s by hand', (name, written) => {
  const bytes = Uint8Array.from(written);
  // The mutable message states its length as it stands.
  if (name.startsWith('mutable')) bytes[4] = bytes.length - 8;
  const channel = channelOf(point);
  expect(decodeMessage(channel, bytes)).toEqual({ a: 7, x: 1.5, s: 'A' });
  const accessor = compileAccessor(channel, [{ path: 'x' }, { path: 's' }]);
  const read = readBetween(accessor, bytes, { before: 3, after: 9, poison: 0xff });
  expect(read).toEqual({ outcome: 0, values: [1.5, 'A'] });
});

test('what an older type left out is unknown, and records in lists read', () => {
  const channel = channelOf(`${point}pkg/E[] all\n===\nMSG: pkg/E\nuint8 id\n`);
  const model: RosModel = [
    [
      { type: 'uint8', list: 'one' },
      { type: 'float64', list: 'one' },
      { type: 'string', list: 'one' },
      { type: 1, list: 'open' },
    ],
    [{ type: 'uint8', list: 'one' }],
  ];
  const older = Uint8Array.of(0, 9, 0, 0, 1, 0, 0, 0, 7);
  const accessor = compileAccessor(channel, [{ path: 'a' }, { path: 'x' }, { path: 's.$present' }]);
  const place = { before: 2, after: 20, poison: 1 };
  expect(readBetween(accessor, older, place)).toEqual({
    outcome: 0,
    values: [7, undefined, false],
  });
  const spec = { path: 'all', fields: ['id'], maxItems: 4 };
  for (const form of headeredForms) {
    const message = { f0: 1, f1: 2, f2: 'x', f3: [{ g0: 5 }, { g0: 6 }] };
    const data = writeHeadered(model, message, form, true);
    const out = openListSlots(spec);
    const columns = {
      data,
      view: new DataView(data.buffer),
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(data.length),
    };
    expect(compileListAccessor(channel, spec).read(columns, 0, out)).toBe(listState.read);
    expect([out.count, ...out.values.numbers.subarray(0, 2)]).toEqual([2, 5, 6]);
  }
});
