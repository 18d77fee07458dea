/**
 * Goal: JSON messages are read by path without a schema, and checked against one that is there.
 * Method: random values and paths against a plain walk; schemas with and without the field.
 */
import { Fault } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { readBetween } from './testing/oracle.ts';

const place = { before: 4, after: 9, poison: 0x7d };

function channelOf(schema?: unknown): Channel {
  const data = new TextEncoder().encode(JSON.stringify(schema));
  return {
    id: 1,
    topic: '/state',
    messageEncoding: 'json',
    metadata: new Map(),
    schema: schema === undefined ? undefined : { name: 'State', encoding: 'jsonschema', data },
    latched: false,
  };
}

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('every leaf of a random document is found by its path', () => {
  const name = fc.stringMatching(/^[a-z_-]{1,6}$/).filter((text) => text !== '__proto__');
  const { document } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null)),
    list: fc.array(tie('document'), { maxLength: 3 }),
    object: fc.dictionary(name, tie('document'), { maxKeys: 4 }),
    document: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('list'), tie('object')),
  }));
  fc.assert(
    fc.property(document, (value) => {
      const read: unknown = JSON.parse(JSON.stringify({ root: value }));
      const leaves = leavesOf(read, '');
      const accessor = compileAccessor(
        channelOf(),
        leaves.map(([path]) => ({ path })),
      );
      expect(readBetween(accessor, bytesOf(read), place)).toEqual({
        outcome: 0,
        values: leaves.map(([, leaf]) => leaf ?? undefined),
      });
    }),
  );
});

function leavesOf(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((item, k) => leavesOf(item, `${path}[${k}]`));
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) =>
    leavesOf(inner, path === '' ? name : `${path}.${name}`),
  );
}

test('lists fold, what is not there is unknown, and values keep their types', () => {
  const message = {
    speed: 1.5,
    mode: 'AUTO',
    ok: true,
    tags: ['a', 'b'],
    d: [{ s: 2 }, { s: -1 }, {}],
  };
  const accessor = compileAccessor(channelOf(), [
    { path: 'd[].s', reduce: { fn: 'min' } },
    { path: 'd[].s', reduce: { fn: 'count', valid: [0, 5] } },
    { path: 'tags[]', reduce: { fn: 'last' } },
    { path: 'tags[]', reduce: { fn: 'mean' } },
    { path: 'd.$count' },
    { path: 'ok' },
    { path: 'mode' },
    { path: 'nothing.here' },
    { path: 'nothing.$present' },
    { path: 'speed.$present' },
    { path: '$bytes' },
    { path: '__proto__.$present' },
  ]);
  const bytes = bytesOf(message);
  expect(readBetween(accessor, bytes, place).values).toEqual(
    [[-1, 1, 'b', undefined, 3, true, 'AUTO', undefined, false, true, bytes.length, false]].flat(),
  );
});

test('a root that is a list is reached by its items', () => {
  const accessor = compileAccessor(channelOf(), [{ path: '[1].x' }, { path: '$count' }]);
  expect(readBetween(accessor, bytesOf([{ x: 1 }, { x: 2 }]), place).values).toEqual([2, 2]);
});

test.each(['', '{', '{"a":1}x', '{"a":NaN}', '\u0000', '['.repeat(100_000)])(
  'bytes that are not JSON are corrupt: %j',
  (text) => {
    const bytes = new TextEncoder().encode(text);
    const accessor = compileAccessor(channelOf(), [{ path: 'a' }, { path: '$bytes' }]);
    expect(readBetween(accessor, bytes, place)).toEqual({ outcome: 1, values: ['fault', 'fault'] });
    expect(() => decodeMessage(channelOf(), bytes)).toThrow(Fault);
    const sizes = compileAccessor(channelOf(), [{ path: '$bytes' }]);
    expect(readBetween(sizes, bytes, place).values).toEqual([bytes.length]);
  },
);

test('bytes that are not UTF-8 are corrupt', () => {
  const accessor = compileAccessor(channelOf(), [{ path: 'a' }]);
  const bytes = Uint8Array.of(0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d);
  expect(readBetween(accessor, bytes, place).outcome).toBe(1);
});

const pose = {
  type: 'object',
  properties: { x: { type: 'number' }, y: { type: ['number', 'null'] } },
};
const schema = {
  type: 'object',
  title: 'State',
  properties: {
    pose: { $ref: '#/$defs/pose' },
    labels: { type: 'array', items: { type: 'string' } },
    extra: { type: 'object', additionalProperties: true },
    on: { type: 'boolean' },
    child: { $ref: '#' },
  },
  $defs: { pose },
};

test('a JSON schema gives types and fields, and refuses what it does not list', () => {
  const channel = channelOf(schema);
  const specs = [
    { path: 'pose.y' },
    { path: 'on' },
    { path: 'extra.any[3]' },
    { path: 'labels[0]' },
  ];
  expect(compileAccessor(channel, specs).types).toEqual(['number', 'truth', 'unknown', 'text']);
  const paths = schemaFields(channel).map((field) => field.path);
  expect(paths).toEqual(['pose.x', 'pose.y', 'labels[]', 'on']);
  expect(() => compileAccessor(channel, [{ path: 'pose.yy' }])).toThrow('Did you mean "pose.y"?');
  expect(compileAccessor(channel, [{ path: 'child.child.child.on' }]).types).toEqual(['truth']);
});

test('a JSON schema that is not JSON is refused with its channel', () => {
  const broken: Channel = {
    ...channelOf(),
    schema: { name: 'S', encoding: 'jsonschema', data: new TextEncoder().encode('{') },
  };
  expect(() => compileAccessor(broken, [{ path: 'a' }])).toThrow(/^\/state \(S\): the schema/);
});
