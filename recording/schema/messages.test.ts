/**
 * Goal: who names a field wrongly, or brings a schema that cannot be read, is told what is there.
 * Method: one wrong spec or schema each; the whole message and its remedy are written down.
 */
import { Fault, faultLine } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import type { SignalSpec } from './types.ts';

const separator = `${'='.repeat(80)}\n`;
const odometry = [
  'std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/PoseWithCovariance pose\n' +
    'uint8[] data\nfloat32[3] gains\nstring[] names\nbool ok\n',
  'MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n',
  'MSG: geometry_msgs/PoseWithCovariance\ngeometry_msgs/Pose pose\nfloat64[36] covariance\n',
  'MSG: geometry_msgs/Pose\ngeometry_msgs/Point position\n',
  'MSG: geometry_msgs/Point\nfloat64 x\nfloat64 y\nfloat64 z\n',
].join(separator);

function channelOf(text: string, encoding = 'ros2msg', messageEncoding = 'cdr'): Channel {
  const data = new TextEncoder().encode(text);
  return {
    id: 7,
    topic: '/odom',
    messageEncoding,
    metadata: new Map(),
    schema: { name: 'nav_msgs/msg/Odometry', encoding, data },
    latched: false,
  };
}

function lineOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${faultLine(error)}`;
    throw error;
  }
  return 'nothing was thrown';
}

const at = '/odom (nav_msgs/msg/Odometry)';
const fold = { reduce: { fn: 'min' } } as const;

test.each<[SignalSpec, string]>([
  [
    { path: 'pose.posx' },
    `${at} has no field "pose.posx". Did you mean "pose.pose"? Fields of "pose": pose, covariance.`,
  ],
  [
    { path: 'x' },
    `${at} has no field "x". Did you mean "pose.pose.position.x"? Fields of the message: header, ` +
      'child_frame_id, pose, data, gains, names, ok.',
  ],
  [
    { path: 'header.stamp.minutes' },
    `${at} has no field "header.stamp.minutes". Fields of "header.stamp": sec, nanosec.`,
  ],
  [
    { path: 'pose.pose' },
    `${at}: "pose.pose" is a geometry_msgs/Pose, not one value. Name one of its fields: position.`,
  ],
  [
    { path: 'data' },
    `${at}: "data" is a list, not one value. Write "data[0]" for one item, "data[]" with "reduce" ` +
      'to fold all, or "data.$count".',
  ],
  [
    { path: 'data[]' },
    `${at}: "data[]" is a list, a signal is one value. Add "reduce: {fn: min}" (or max, mean, sum, ` +
      'count, first, last), or name one item: [0].',
  ],
  [
    { path: 'ok', ...fold },
    `${at}: "ok" is one value, nothing to reduce. Leave "reduce" out, or name a list with "[]", ` +
      'such as "ranges[]".',
  ],
  [
    { path: 'names[]', ...fold },
    `${at}: "names[]" is text and has no min. A list of texts can be folded by count, first or ` +
      'last, without "valid".',
  ],
  [
    { path: 'names[]', reduce: { fn: 'count', valid: [0, 1] } },
    `${at}: "names[]" is text and has no valid range. A list of texts can be folded by count, ` +
      'first or last, without "valid".',
  ],
  [
    { path: 'gains[3]' },
    `${at}: "gains[3]" asks for item 3 of a list of 3. The last one is "gains[2]".`,
  ],
  [
    { path: 'ok[0]' },
    `${at}: "ok[0]" cannot be read: "ok" is bool and has no items. Leave the brackets out: "ok".`,
  ],
  [
    { path: 'ok.on' },
    `${at}: "ok.on" cannot be read: "ok" is bool and has no field "on". Write "ok" alone.`,
  ],
  [
    { path: 'names.first' },
    `${at}: "names.first" cannot be read: "names" is a list and has no field "first". Write ` +
      '"names[0]" for one of its items, "names[]" for all of them.',
  ],
  [{ path: 'ok.$count' }, `${at}: "ok.$count": bool has no $count. Only lists have a $count.`],
  [
    { path: 'data[].$present', ...fold },
    `${at}: "data[].$present" asks every item whether it is there. Use $present without "[]", or ` +
      'count the items with $count.',
  ],
  [
    { path: 'data[]', reduce: { fn: 'min', valid: [3, 1] } },
    `${at}: "data[]": valid [3, 1] is empty. Write the smallest valid value first.`,
  ],
])('a wrong spec %j says what is there', (spec, message) => {
  expect(lineOf(() => compileAccessor(channelOf(odometry), [spec]))).toBe(`invalid: ${message}`);
});

const examples =
  'Write it like "pose.pose.position.x", "ranges[0]", "ranges[]", "ranges.$count" or "$bytes".';

test.each([
  ['', `path "" is empty. ${examples}`],
  ['a..b', `path "a..b" has a dot too many. ${examples}`],
  ['a[x]', `path "a[x]" cannot be read at "a[x]". ${examples}`],
  ['a.[0]', `path "a.[0]" cannot be read at "[0]". ${examples}`],
  ['a[0]b', `path "a[0]b" cannot be read at "a[0]b". ${examples}`],
  ['a.$count.b', `path "a.$count.b" goes on after its $ word. ${examples}`],
  ['a[9999999999]', `path "a[9999999999]" has an index too large. ${examples}`],
  ['a'.repeat(2000), `path "${'a'.repeat(80)}…" is too long. ${examples}`],
  ['a.'.repeat(70) + 'a', `path "${'a.'.repeat(40)}…" has too many steps. ${examples}`],
  [
    'a.$cont',
    'path "a.$cont": "$cont" is not known. The words with $ are $count, $present, $bytes.',
  ],
  [
    'a.$bytes',
    'path "a.$bytes": $bytes is the size of the whole message. Write "$bytes" alone, or "$count" ' +
      'for the length of a list.',
  ],
])('a path that is none says how one looks: %#', (path, message) => {
  expect(lineOf(() => compileAccessor(channelOf(odometry), [{ path }]))).toBe(
    `invalid: ${message}`,
  );
});

const schemaRemedy =
  'Record the topic with the definition of its publisher. Clips keep its messages as they are; ' +
  'only its fields cannot be read.';
const deep = Array.from({ length: 70 }, (_, k) => `MSG: p/T${k}\np/T${k + 1} f\n`);

test.each([
  ['float64 x\n§', 'ros2msg', "Could not parse line: '§'"],
  ['float64 x y z w\n', 'ros1msg', 'Syntax error at line 1 col 11: float64 x y z w'],
  [
    'pkg/Missing x\n',
    'ros2msg',
    "Expected 1 top level type definition for 'pkg/Missing' but found 0",
  ],
  [`pkg/A a\n${separator}MSG: pkg/A\npkg/A again\n`, 'ros2msg', '"pkg/A" contains itself'],
  [`pkg/A a\n${separator}MSG: pkg/A(){alert()}\nbool x\n`, 'ros2msg', ''],
  [`bool a\n${separator}MSG: pkg/A;alert()\nbool x\n`, 'ros1msg', '"pkg/A;alert()" is not a name'],
  ['uint8[1.5] x\n', 'ros1msg', '"x" is a list of 1.5'],
  ['uint8[-1] x\n', 'ros1msg', '"x" is a list of -1'],
  ['struct {', 'ros2idl', 'Syntax error at line 1 col 8: struct {'],
  [
    `${deep.join(separator).replace('MSG: p/T0\n', '')}${separator}MSG: p/T70\nbool x\n`,
    'ros2msg',
    'it nests too deep',
  ],
  [`bool x\n${`===\n`.repeat(3000)}`, 'ros2msg', 'it defines too many messages'],
  ['bool x\n'.repeat(30_000), 'ros2msg', 'it has too many lines'],
  [`module p { struct T { long a${',a'.repeat(9000)}; }; };`, 'ros2idl', 'it is too long'],
  [`module p { struct T { long a; }; };`.repeat(3000), 'ros2idl', 'it is too long'],
  [' '.repeat(2 ** 22 + 1), 'ros2msg', 'it has 4194305 bytes, 4194304 at most'],
  ['a '.repeat(2 ** 18), 'ros2idl', 'it is too long'],
  ['not a descriptor', 'protobuf', ''],
])('a schema that cannot be read names the channel: %#', (text, encoding, reason) => {
  const messageEncoding = { ros1msg: 'ros1', protobuf: 'protobuf' }[encoding] ?? 'cdr';
  const channel = channelOf(text, encoding, messageEncoding);
  for (const action of [
    () => compileAccessor(channel, [{ path: '$bytes' }]),
    () => schemaFields(channel),
    () => decodeMessage(channel, new Uint8Array(8)),
  ]) {
    const line = lineOf(action);
    expect(line).toContain(`invalid: ${at}: the schema cannot be read: ${reason}`);
    expect(line).toContain(schemaRemedy);
  }
});

test('messages that nest each other without end are refused, not expanded', () => {
  const level = (k: number): string =>
    `MSG: p/T${k}\nstring s\n${Array.from({ length: 40 }, (_, f) => `p/T${k + 1} f${f}\n`).join('')}`;
  const text = [
    'p/T0 first\nbool last\n',
    ...[0, 1, 2, 3, 4, 5].map(level),
    'MSG: p/T6\nstring s\n',
  ];
  const channel = channelOf(text.join(separator));
  const line = lineOf(() => compileAccessor(channel, [{ path: 'last' }]));
  expect(line).toContain(`invalid: ${at}: the schema nests too many fields to be read`);
  expect(schemaFields(channel).length).toBe(10_000);
});

test('fields of an encoding that nobody reads are refused, sizes are not', () => {
  const channel = channelOf('', 'flatbuffer', 'flatbuffer');
  expect(schemaFields(channel)).toEqual([]);
  expect(compileAccessor(channel, [{ path: '$bytes' }, { path: '$present' }]).types).toEqual([
    'number',
    'truth',
  ]);
  expect(lineOf(() => compileAccessor(channel, [{ path: 'x' }]))).toBe(
    `invalid: ${at}: "x" cannot be read: the message is flatbuffer with flatbuffer, of which no ` +
      'field can be read. Fields are read from ros1 (ros1msg), cdr (ros2msg, ros2idl), protobuf ' +
      'and json.',
  );
  expect(lineOf(() => decodeMessage(channel, new Uint8Array(4)))).toContain(
    'messages are flatbuffer with flatbuffer, of which no field can be read',
  );
});

test('a wstring can neither be read nor passed over', () => {
  const channel = channelOf('int32 before\nwstring text\nint32 after\n');
  expect(compileAccessor(channel, [{ path: 'before' }]).types).toEqual(['number']);
  expect(lineOf(() => compileAccessor(channel, [{ path: 'after' }]))).toBe(
    `invalid: ${at}: what stands behind a wstring (its bytes differ between DDS vendors) ` +
      'cannot be found. Only the fields before it can be read.',
  );
  expect(lineOf(() => compileAccessor(channel, [{ path: 'text' }]))).toBe(
    `invalid: ${at}: "text" is a wstring (its bytes differ between DDS vendors), not one value. ` +
      'Only the fields before it can be read.',
  );
  expect(schemaFields(channel)).toEqual([{ path: 'before', type: 'number' }]);
});

test('a message that ends too early says where', () => {
  const channel = channelOf('string frame\nfloat64 x\n');
  const bytes = Uint8Array.of(0, 1, 0, 0, 9, 0, 0, 0, 65, 0);
  expect(lineOf(() => decodeMessage(channel, bytes))).toBe(
    `corrupt: message@byte 4: ${at}: a message is not what its schema says: what begins at byte 4 ` +
      'goes on behind its end at byte 10. Compare the schema in the recording with the one of the ' +
      'publisher.',
  );
});

test('literals that make parsers of others slow are not parsed at all', () => {
  const literal = `"${'\\123'.repeat(40)}\\9"`;
  const text = `string x ${literal} # a default\nstring LIMIT=${literal}\nfloat64[<=3] y [1, 2]\n`;
  expect(schemaFields(channelOf(text)).map((field) => field.path)).toEqual(['x', 'y[]']);
  const idl =
    `module p { /* ${'@"'.repeat(9e4)} */ struct Odometry { // ${'@'.repeat(9e4)}\n` +
    `@verbatim (language="c", text=${'"a)\\"" '.repeat(2e4)}) @key long x; ${'@a(b=(1)) '.repeat(2e4)}` +
    ' string y; }; };';
  const fields = schemaFields(channelOf(idl, 'ros2idl')).map((field) => field.path);
  expect(fields).toEqual(['x', 'y']);
});
