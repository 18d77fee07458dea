/**
 * Goal: a type that is named without its package is the one that ROS means, also where packages
 * have types of the same name.
 * Method: definitions as recorders write them; values read from hand-made bytes.
 */
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor, decodeMessage } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { readBetween } from './testing/oracle.ts';

function channelOf(encoding: 'ros1' | 'cdr', name: string, parts: readonly string[]): Channel {
  const text = parts.join(`\n${'='.repeat(80)}\n`);
  return {
    id: 1,
    topic: '/t',
    messageEncoding: encoding,
    metadata: new Map(),
    schema: {
      name,
      encoding: encoding === 'cdr' ? 'ros2msg' : 'ros1msg',
      data: new TextEncoder().encode(text),
    },
    latched: false,
  };
}

const pathsOf = (channel: Channel): string[] => schemaFields(channel).map(({ path }) => path);

const standardHeader = 'MSG: std_msgs/Header\nuint32 frame';
const ownHeader = 'MSG: radar_msgs/Header\nuint8 cycle\nuint8 lost';

test("ROS 2: a package's own Header is not that of std_msgs", () => {
  const parts = ['Header header\nstd_msgs/Header other\nuint8 v', ownHeader, standardHeader];
  const channel = channelOf('cdr', 'radar_msgs/msg/Scan', parts);
  const bytes = Uint8Array.of(0, 1, 0, 0, 5, 6, 0, 0, 9, 0, 0, 0, 7);
  const paths = ['header.cycle', 'header.lost', 'other.frame', 'v'];
  const accessor = compileAccessor(
    channel,
    paths.map((path) => ({ path })),
  );
  const read = readBetween(accessor, bytes, { before: 1, after: 8, poison: 0xff });
  expect(read).toEqual({ outcome: 0, values: [5, 6, 9, 7] });
  expect(decodeMessage(channel, bytes)).toEqual({
    header: { cycle: 5, lost: 6 },
    other: { frame: 9 },
    v: 7,
  });
});

test.each([
  ['ROS 1: Header is that of std_msgs', 'ros1', 'radar_msgs/Scan', [ownHeader, standardHeader]],
  ['ROS 2: a Header that no package owns', 'cdr', 'radar_msgs/msg/Scan', [standardHeader]],
] as const)('%s', (_, encoding, name, parts) => {
  const channel = channelOf(encoding, name, ['Header header', ...parts]);
  expect(pathsOf(channel)).toEqual(['header.frame']);
});

test.each([
  ['ros1', 'a/Track'],
  ['cdr', 'a/msg/Track'],
] as const)('%s: two packages have a type of one name', (encoding, name) => {
  const parts = ['Pose[] own\nb/Pose other', 'MSG: a/Pose\nfloat64 x', 'MSG: b/Pose\nPart part'];
  const more = ['MSG: b/Part\nfloat64 y', 'MSG: a/Part\nfloat64 z'];
  const channel = channelOf(encoding, name, [...parts, ...more]);
  expect(pathsOf(channel)).toEqual(['own[].x', 'other.part.y']);
  const bytes = encoding === 'cdr' ? new Uint8Array(20) : new Uint8Array(12);
  bytes[1] = encoding === 'cdr' ? 1 : 0;
  expect(decodeMessage(channel, bytes)).toEqual({ own: [], other: { part: { y: 0 } } });
});

test('ROS 2: names with and without their middle are one', () => {
  const parts = ['b/msg/Pose p\nb/Pose q', 'MSG: b/Pose\nPart part', 'MSG: b/msg/Part\nuint8 x'];
  expect(pathsOf(channelOf('cdr', 'a/msg/T', parts))).toEqual(['p.part.x', 'q.part.x']);
});

test('a part of a service may be named without its package', () => {
  const channel = channelOf('cdr', 'a/srv/Go_Event', ['Pose to\n---\n', 'MSG: a/Pose\nuint8 x']);
  expect(pathsOf(channel).at(-1)).toBe('request[].to.x');
});
