/**
 * Goal: service events that rosbag2 recorded are read, although their schema is the service's.
 * Method: a message taken from rosbag2's own test recording, and a service with parts and nothing.
 */
import { expect, test } from 'vitest';
import type { Channel } from '../types.ts';
import { compileAccessor } from './accessor.ts';
import { schemaFields } from './fields.ts';
import { readBetween } from './testing/oracle.ts';

function channelOf(name: string, text: string): Channel {
  return {
    id: 1,
    topic: '/s/_service_event',
    messageEncoding: 'cdr',
    metadata: new Map(),
    schema: { name, encoding: 'ros2msg', data: new TextEncoder().encode(text) },
    latched: false,
  };
}

test('an event of rosbag2 reads its info, its request and its response', () => {
  const fields = 'bool a\nint64 b\nstring c\n';
  const channel = channelOf('pkg/srv/Do_Event', `${fields}---\n${fields}`);
  const info = '0001000003000000acf549656a8e1910010feb7dd37a377900000300000009030000000001';
  const parts = [
    info,
    '00000000000000',
    // No request; one response: true, 7, "ok".
    ['00000000', '01000000', '0100000000000000', '0700000000000000', '03000000', '6f6b00'],
  ].flat();
  const bytes = Uint8Array.from(Buffer.from(parts.join(''), 'hex'));
  const accessor = compileAccessor(channel, [
    { path: 'info.event_type' },
    { path: 'info.stamp' },
    { path: 'info.client_gid[0]' },
    { path: 'info.sequence_number' },
    { path: 'request.$count' },
    { path: 'response[0].b' },
    { path: 'response[0].c' },
    { path: 'request[0].c' },
  ]);
  const read = readBetween(accessor, bytes, { before: 1, after: 9, poison: 0xff });
  const stamp = 0x6549f5ac + 0x10198e6a / 1e9;
  expect(read).toEqual({ outcome: 0, values: [3, stamp, 1, 1, 0, 7, 'ok', undefined] });
});

test('a service with parts of its own and an empty response', () => {
  const text = `pkg/Inner inner\n---\n${'='.repeat(80)}\nMSG: pkg/Inner\nfloat32 x\n`;
  const paths = schemaFields(channelOf('pkg/srv/Go_Event', text)).map((field) => field.path);
  expect(paths.slice(-1)).toEqual(['request[].inner.x']);
});
