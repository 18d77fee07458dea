/**
 * Goal: the MQTT connection is what the gate of a cloud expects, and each way to fail has a name.
 * Method: a TLS listener that speaks the few packets of MQTT 3.1.1 needed here, byte by byte.
 */
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import { type Authority, openAuthority } from '../authority.cases.ts';
import { linkCloseMs } from '../limits.ts';
import { TestClock } from './clock.cases.ts';
import type { LinkWish } from './link.ts';
import { type Identity, mqttLinks } from './mqtt.ts';

interface Packet {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

let authority: Authority;
let identity: Identity;
let server: Server;
let sockets: TLSSocket[] = [];
let packets: Packet[] = [];
let answer: (packet: Packet, socket: TLSSocket) => void;

const connack = Buffer.of(0x20, 2, 0, 0);
const type = { connect: 1, publish: 3, subscribe: 8 } as const;

/** A broker that takes everything. */
const friendly = (packet: Packet, socket: TLSSocket): void => {
  if (packet.type === type.connect) socket.write(connack);
  if (packet.type === type.subscribe) {
    const topics = countTopics(packet.body);
    socket.write(Buffer.of(0x90, 2 + topics, ...packet.body.subarray(0, 2), ...granted(topics)));
  }
  const qos = (packet.flags >> 1) & 3;
  if (packet.type === type.publish && qos === 1) {
    const id = 2 + packet.body.readUInt16BE(0);
    socket.write(Buffer.of(0x40, 2, ...packet.body.subarray(id, id + 2)));
  }
};

const granted = (count: number): number[] => Array.from({ length: count }, () => 1);

function countTopics(body: Buffer): number {
  let count = 0;
  for (let at = 2; at < body.length; at += 3 + body.readUInt16BE(at)) count += 1;
  return count;
}

beforeEach(async () => {
  authority = await openAuthority();
  const cloud = await authority.issueWithKey('cloud');
  const device = await authority.issueWithKey('amr-017');
  identity = {
    device: 'amr-017',
    key: device.key,
    certificate: device.cert,
    chain: authority.pem,
    ca: authority.pem,
  };
  sockets = [];
  packets = [];
  answer = friendly;
  server = createServer(
    { ...cloud, ca: authority.pem, requestCert: true, rejectUnauthorized: true },
    (socket) => {
      sockets.push(socket);
      let left = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('data', (data) => {
        left = Buffer.concat([left, data]);
        for (let packet = take(); packet !== undefined; packet = take()) {
          packets.push(packet);
          answer(packet, socket);
        }
      });
      const take = (): Packet | undefined => {
        let length = 0;
        let at = 1;
        for (let shift = 0; ; shift += 7) {
          const byte = left[at];
          if (byte === undefined) return undefined;
          at += 1;
          length |= (byte & 127) << shift;
          if (byte < 128) break;
        }
        if (left.length < at + length) return undefined;
        const body = left.subarray(at, at + length);
        const first = left[0] ?? 0;
        left = left.subarray(at + length);
        return { type: first >> 4, flags: first & 15, body };
      };
    },
  );
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const url = (): string => `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`;

const received: [string, string][] = [];
const wish: LinkWish = {
  kind: 'control',
  subscribe: ['fl/1/d/amr-017/dn/ak', 'fl/1/d/amr-017/dn/tx'],
  will: { topic: 'fl/1/d/amr-017/up/st', payload: Buffer.from('gone'), qos: 1, retain: true },
  onMessage: (topic, payload) => received.push([topic, Buffer.from(payload).toString()]),
};

const connect = (change: Partial<LinkWish> = {}, by = identity, clock: Clock = systemClock) =>
  mqttLinks(url(), by, clock).connect({ ...wish, ...change }, new AbortController().signal);

test('CONNECT names the device, a clean session, 45 s and the will; TLS is 1.3', async () => {
  const link = await connect();
  const [packet] = packets;
  assert(packet !== undefined);
  expect(packet.type).toBe(type.connect);
  expect(packet.body.subarray(0, 7).toString('latin1')).toBe('\0\x04MQTT\x04');
  // Will flag, will QoS 1, will retain, clean session; neither user name nor password.
  expect(packet.body[7]).toBe(0b0010_1110);
  expect(packet.body.readUInt16BE(8)).toBe(45);
  expect(packet.body.toString('latin1')).toContain('\0\x07amr-017');
  expect(packet.body.toString('latin1')).toContain('\0\x14fl/1/d/amr-017/up/st\0\x04gone');
  expect(sockets[0]?.getProtocol()).toBe('TLSv1.3');
  expect(sockets[0]?.getPeerCertificate().subject.CN).toBe('amr-017');
  await link.close();
});

test('the bulk connection has its own client id and no will', async () => {
  const link = await connect({ kind: 'bulk', will: undefined });
  expect(packets[0]?.body[7]).toBe(0b0000_0010);
  expect(packets[0]?.body.toString('latin1')).toContain('\0\x09amr-017#b');
  await link.close();
});

test('messages go both ways, and a large one resolves when the socket took it', async () => {
  const link = await connect();
  await link.publish({ topic: 'a/b', payload: Buffer.from('row'), qos: 1 });
  await link.publish({ topic: 'c/d', payload: Buffer.alloc(262_172, 7), qos: 0 });
  await link.publish({ topic: 'e/f', payload: Buffer.from('last'), qos: 1, retain: true });
  const published = packets.filter((packet) => packet.type === type.publish);
  expect(published.map((packet) => [packet.flags, packet.body.length])).toEqual([
    [2, 2 + 3 + 2 + 3],
    [0, 2 + 3 + 262_172],
    [3, 2 + 3 + 2 + 4],
  ]);
  received.length = 0;
  const topic = Buffer.from('fl/1/d/amr-017/dn/ak');
  const body = Buffer.concat([Buffer.of(0, topic.length), topic, Buffer.from('stored')]);
  sockets[0]?.write(Buffer.concat([Buffer.of(0x30, body.length), body]));
  // The acknowledgement comes behind the message on the same socket.
  await link.publish({ topic: 'a/b', payload: Buffer.from('row'), qos: 1 });
  expect(received).toEqual([['fl/1/d/amr-017/dn/ak', 'stored']]);
  await link.close();
});

test('when the link ends, waiting messages are refused and the end is told', async () => {
  const link = await connect();
  answer = () => {};
  const waiting = link.publish({ topic: 'a/b', payload: Buffer.from('row'), qos: 1 });
  sockets[0]?.destroy();
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  expect(await link.ended).toMatch(/closed|ECONNRESET/);
  const late = link.publish({ topic: 'a/b', payload: Buffer.from('row'), qos: 1 });
  await expect(late).rejects.toMatchObject({ code: 'unavailable' });
});

test('closing is the end too', async () => {
  const link = await connect();
  await link.close();
  expect(await link.ended).toBe('the connection closed');
});

test('closing ends, whether the broker acknowledges what is under way or not', async () => {
  const clock = new TestClock();
  const link = await connect({}, identity, clock);
  answer = () => {};
  const waiting = link.publish({ topic: 'a/b', payload: Buffer.from('row'), qos: 1 });
  waiting.catch(() => {});
  const closing = link.close();
  const again = link.close();
  await clock.advance(linkCloseMs);
  await Promise.all([closing, again]);
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  expect(await link.ended).toBe('the connection closed');
});

test('a broker that closes after the handshake has refused the device', async () => {
  answer = (_packet, socket) => socket.destroy();
  await expect(connect()).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('the broker refused this device'),
    remedy: expect.stringMatching(/revoked stays so, .* under a new name/),
  });
});

test('a CONNACK that refuses, and a SUBACK that refuses', async () => {
  answer = (_packet, socket) => socket.end(Buffer.of(0x20, 2, 0, 5));
  await expect(connect()).rejects.toMatchObject({ code: 'forbidden' });
  answer = (packet, socket) => {
    if (packet.type === type.connect) socket.write(connack);
    else socket.write(Buffer.of(0x90, 4, ...packet.body.subarray(0, 2), 1, 128));
  };
  await expect(connect()).rejects.toMatchObject({
    message: expect.stringContaining('refused'),
  });
});

test('nobody at the port, a server of another root, a device of another root', async () => {
  const stranger = await openAuthority();
  const foreign = await stranger.issueWithKey('amr-017');
  await expect(connect({}, { ...identity, ca: stranger.pem })).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  const forged = { ...identity, key: foreign.key, certificate: foreign.cert };
  await expect(connect({}, forged)).rejects.toMatchObject({ message: expect.any(String) });
  expect(packets).toEqual([]);
  const gone = url();
  server.close();
  await expect(
    mqttLinks(gone, identity, systemClock).connect(wish, new AbortController().signal),
  ).rejects.toMatchObject({ code: 'unavailable' });
});

test('a stop while connecting gives up at once', async () => {
  answer = () => {};
  const stopping = new AbortController();
  const connecting = mqttLinks(url(), identity, systemClock).connect(wish, stopping.signal);
  answer = () => stopping.abort();
  await expect(connecting).rejects.toMatchObject({ message: expect.any(String) });
});
