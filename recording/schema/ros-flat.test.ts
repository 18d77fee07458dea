/**
 * Goal: the short way to read scalars gives what the steps give, to the last fault.
 * Method: random definitions and paths; messages whole, cut and mutated, placed among hostile
 * neighbours; each path alone (the short way) and beside `$bytes`, which only steps read.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor } from './accessor.ts';
import { resolveSpec } from './resolve.ts';
import { compileSteps } from './ros-program.ts';
import { openSchema } from './schema.ts';
import { readBetween } from './testing/oracle.ts';
import { drawMessage, drawSpec, modelText, type RosModel, writeCdr } from './testing/ros-model.ts';
import { wantTree } from './want.ts';

const scalarNames = [
  ['bool', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'],
  ['float32', 'float64', 'string', 'time', 'duration'],
].flat();

const list = fc.oneof(
  { weight: 4, arbitrary: fc.constant('one' as const) },
  { weight: 3, arbitrary: fc.constantFrom<'open' | number>('open', 1, 3) },
);
const fields = (inner: readonly number[]) =>
  fc.array(fc.record({ type: fc.constantFrom<string | number>(...scalarNames, ...inner), list }), {
    minLength: 1,
    maxLength: 5,
  });
const models: fc.Arbitrary<RosModel> = fc.tuple(
  fields([1, 1, 1, 2, 2]),
  fields([2, 2]),
  fields([]),
);

function channelOf(model: RosModel): Channel {
  const data = new TextEncoder().encode(modelText(model));
  return {
    id: 1,
    topic: '/t',
    messageEncoding: 'cdr',
    metadata: new Map(),
    schema: { name: 'pkg/msg/T', encoding: 'ros2msg', data },
    latched: false,
  };
}

function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const draw = seededRandom(seed);
  const cut = bytes.slice(0, draw.integer(2) === 0 ? draw.integer(bytes.length + 1) : undefined);
  for (let k = draw.integer(4); k > 0 && cut.length > 0; k -= 1) {
    cut[draw.integer(cut.length)] = [0, 1, 2, 0x7f, 0x80, 0xff][draw.integer(6)] ?? 0;
  }
  return cut;
}

const placements = [
  { before: 0, after: 0, poison: 0 },
  { before: 5, after: 64, poison: 0xff },
  { before: 8, after: 64, poison: 1 },
];

const hasFlat = (channel: Channel, path: string): boolean => {
  const schema = openSchema(channel);
  const want = wantTree([resolveSpec(schema.shape, { path }, schema.channel)]);
  const encoding = { name: 'cdr', widestAlign: 8 } as const;
  const options = { encoding, isFolded: () => false, channel: schema.channel, most: undefined };
  return compileSteps(schema.shape, want, options).flat !== undefined;
};

test('what the short way reads is what the steps read, whatever the bytes say', () => {
  let taken = 0;
  let asked = 0;
  fc.assert(
    fc.property(models, fc.nat(), fc.nat(), (model, seed, mutation) => {
      const draw = seededRandom(seed);
      const channel = channelOf(model);
      const message = drawMessage(model, 0, seededRandom(seed));
      const whole = writeCdr(model, message, { kind: 1, widest: 8 });
      for (let k = 0; k < 6; k += 1) {
        const { path, reduce } = drawSpec(model, draw, 'nanosec');
        if (reduce !== undefined || path.startsWith('$') || path.endsWith('$present')) continue;
        asked += 1;
        if (hasFlat(channel, path)) taken += 1;
        const short = compileAccessor(channel, [{ path }]);
        const steps = compileAccessor(channel, [{ path }, { path: '$bytes' }]);
        for (const bytes of [whole, damaged(whole, mutation + k)]) {
          for (const place of placements) {
            const read = readBetween(short, bytes, place);
            const expected = readBetween(steps, bytes, place);
            expect(read).toEqual({ ...expected, values: expected.values.slice(0, 1) });
          }
        }
      }
    }),
    { numRuns: 150 },
  );
  // Texts, folds and lists behind lists are not for it; half of what is drawn here is.
  expect(taken / asked).toBeGreaterThan(0.3);
});
