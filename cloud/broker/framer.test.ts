/**
 * Goal: whatever the network splits, the broker gets its packets, the receiver its chunks, and a
 * packet that breaks a rule is named at its head.
 * Method: random packet sequences fed in random pieces, compared with the packets themselves.
 */
import { asFault } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { controlPacketsBurst, maxConnectBytes } from '../wire-limits.ts';
import { readConnect } from './connect-packet.ts';
import { type FramerOptions, openFramer } from './framer.ts';

const topic = 'fl/1/d/amr-01/up/b/0';

function lengthBytes(length: number): number[] {
  const bytes: number[] = [];
  for (let rest = length; ; ) {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 0x80 : byte);
    if (rest === 0) return bytes;
  }
}

function packet(first: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([first, ...lengthBytes(body.length)]), body]);
}

function publish(first: number, to: string, payload: Uint8Array): Buffer {
  const name = Buffer.from(to);
  return packet(
    first,
    Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), name, payload]),
  );
}

function run(kind: FramerOptions['kind'], parts: readonly Buffer[]) {
  const forwarded: Buffer[] = [];
  const chunks: Buffer[] = [];
  const framer = openFramer({
    kind,
    chunkTopic: kind === 'bulk' ? topic : undefined,
    forward: (part) => forwarded.push(part),
    chunk: (pieces) => chunks.push(Buffer.concat(pieces)),
  });
  for (const part of parts) {
    const reason = framer.feed(part, 0);
    if (reason !== undefined) return { reason, forwarded: Buffer.concat(forwarded), chunks };
  }
  return { reason: undefined, forwarded: Buffer.concat(forwarded), chunks };
}

const payload = fc.uint8Array({ maxLength: 300 });
const anyPacket = fc.oneof(
  payload.map((data) => ({ bytes: publish(0x30, topic, data), chunk: Buffer.from(data) })),
  payload.map((data) => ({ bytes: publish(0x30, `${topic}1`, data), chunk: undefined })),
  payload.map((data) => ({ bytes: publish(0x32, topic, data), chunk: undefined })),
  fc.constant({ bytes: Buffer.from([0xc0, 0]), chunk: undefined }),
  fc.constant({ bytes: packet(0x40, Buffer.from([0, 1])), chunk: undefined }),
);

test('chunks are taken out whole and everything else goes on in order, however it is split', () => {
  fc.assert(
    fc.property(fc.array(anyPacket), fc.array(fc.nat({ max: 97 })), (packets, sizes) => {
      const stream = Buffer.concat(packets.map(({ bytes }) => bytes));
      const parts: Buffer[] = [];
      for (let at = 0, i = 0; at < stream.length; i += 1) {
        const size = 1 + (sizes[i % Math.max(1, sizes.length)] ?? 10);
        parts.push(stream.subarray(at, at + size));
        at += size;
      }
      const result = run('bulk', parts);
      expect(result.reason).toBeUndefined();
      const chunks = packets.flatMap(({ chunk }) => (chunk === undefined ? [] : [chunk]));
      expect(result.chunks).toEqual(chunks);
      const others = packets.filter(({ chunk }) => chunk === undefined).map(({ bytes }) => bytes);
      expect(result.forwarded).toEqual(Buffer.concat(others));
    }),
  );
});

test.each([
  ['a second CONNECT', 'control', Buffer.from([0x10, 0]), 'packet type 1'],
  ['QoS 2', 'control', publish(0x34, 'a', Buffer.alloc(2)), 'QoS 2'],
  ['a PUBREL', 'control', packet(0x62, Buffer.alloc(2)), 'packet type 6'],
  [
    'a control packet of 65 KiB',
    'control',
    packet(0x30, Buffer.alloc(65 * 1024)),
    'longer than 65536',
  ],
  [
    'a bulk packet of 301 KiB',
    'bulk',
    packet(0x30, Buffer.alloc(301 * 1024)),
    'longer than 307200',
  ],
  ['a long topic', 'control', publish(0x30, 'a'.repeat(129), Buffer.alloc(0)), 'longer than 128'],
  ['no topic', 'bulk', publish(0x30, '', Buffer.alloc(3)), 'without a topic'],
  [
    'a topic longer than its packet',
    'control',
    packet(0x30, Buffer.from([0, 9, 1])),
    'than its packet',
  ],
  [
    'nine subscriptions',
    'control',
    Buffer.concat(Array.from({ length: 9 }, () => packet(0x82, Buffer.alloc(2)))),
    'subscriptions',
  ],
  ['an endless length', 'bulk', Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]), 'four bytes'],
  [
    'a flood',
    'control',
    Buffer.alloc(2 * (controlPacketsBurst + 1), Buffer.from([0xc0, 0])),
    'packets a second',
  ],
] as const)('%s is named', (_what, kind, bytes, says) => {
  expect(run(kind, [bytes]).reason).toContain(says);
});

const text = (value: string): number[] => [
  value.length >> 8,
  value.length & 255,
  ...Buffer.from(value),
];

test('CONNECT is read with its will, and only when it is whole', () => {
  const body = [...text('MQTT'), 4, 0x2e, 0, 45, ...text('amr-01'), ...text('up/st'), 0, 1, 7];
  const bytes = packet(0x10, Buffer.from(body));
  for (let end = 0; end < bytes.length; end += 1) {
    expect(readConnect(bytes.subarray(0, end))).toBeUndefined();
  }
  expect(readConnect(Buffer.concat([bytes, Buffer.from([0xc0, 0])]))).toEqual({
    clientId: 'amr-01',
    cleanSession: true,
    keepaliveS: 45,
    keepaliveAt: 10,
    will: { topic: 'up/st', qos: 1, retain: true },
    hasUserName: false,
    length: bytes.length,
  });
});

test.each([
  ['another packet', Buffer.from([0x30, 0]), 'not CONNECT'],
  ['a length past the limit', Buffer.from([0x10, ...lengthBytes(maxConnectBytes + 1)]), 'longer'],
  ['MQTT 5', packet(0x10, Buffer.from([...text('MQTT'), 5, 2, 0, 9, ...text('a')])), 'level'],
  [
    'another protocol',
    packet(0x10, Buffer.from([...text('HTTP'), 4, 2, 0, 9, ...text('a')])),
    'not MQTT',
  ],
  [
    'a text that lies',
    packet(0x10, Buffer.from([...text('MQTT'), 4, 2, 0, 9, 0, 99])),
    'ends early',
  ],
])('CONNECT: %s is refused', (_what, bytes, says) => {
  expect(() => readConnect(bytes)).toThrow(says);
});

function outcomeOf(bytes: Buffer): string {
  try {
    return readConnect(bytes) === undefined ? 'waits' : 'read';
  } catch (error) {
    return asFault(error).code;
  }
}

test('random bytes never do more than be refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      run('bulk', [Buffer.from(bytes)]);
      run('control', [Buffer.from(bytes)]);
      const connect = Buffer.concat([Buffer.from([0x10]), bytes]);
      expect(['read', 'waits', 'invalid']).toContain(outcomeOf(connect));
    }),
  );
});
