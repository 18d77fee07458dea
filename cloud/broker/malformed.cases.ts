/**
 * What a device, or whoever holds its key, may send wrongly over the wire: the source of a table
 * in the docs. Each case gets a device of its own.
 */
import {
  chunkTopic,
  downTopic,
  encodeChunk,
  encodeEvents,
  encodeManifest,
  type Open,
  type Transfer,
  upTopic,
} from '@fieldloop/proto';
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import type { IClientOptions, IClientPublishOptions, MqttClient } from 'mqtt';
import { sampleManifest, sampleUuid } from '../clip/clip.sample.ts';
import type { TestDevice } from './line.sample.ts';

interface Named {
  readonly name: string;
}

/** CONNECT is refused; the reason stands in log and audit. */
export interface ConnectCase extends Named {
  readonly options: (device: string) => IClientOptions;
}

/** The connection is closed; the reason stands in log and audit. */
export interface ControlCase extends Named {
  readonly act: (client: MqttClient, device: string) => void;
}

/** The device is told: a row is refused, or a transfer is answered with a code. */
export interface ToldCase extends Named {
  readonly act: (device: TestDevice, name: string) => Promise<string>;
}

/** The request is a Fault. */
export interface RequestCase extends Named {
  readonly pem: string;
}

export const connectCases: readonly ConnectCase[] = [
  { name: 'another device in the client id', options: () => ({ clientId: 'amr-999' }) },
  { name: 'a client id with a wildcard', options: (device) => ({ clientId: `${device}#` }) },
  { name: 'a session that is kept', options: () => ({ clean: false }) },
  { name: 'a user name', options: () => ({ username: 'admin', password: 'x' }) },
  { name: 'a keepalive of an hour', options: () => ({ keepalive: 3600 }) },
  { name: 'MQTT 5', options: () => ({ protocolVersion: 5 }) },
  {
    name: "a will on another device's topic",
    options: () => ({
      will: {
        topic: upTopic('amr-999', 'status'),
        payload: Buffer.from('x'),
        qos: 1,
        retain: true,
      },
    }),
  },
  {
    name: 'a CONNECT of 8 KiB',
    options: (device) => ({
      will: { topic: upTopic(device, 'status'), payload: Buffer.alloc(8192), qos: 1, retain: true },
    }),
  },
];

const publish = (
  name: string,
  topic: (device: string) => string,
  payload: Uint8Array,
  options: IClientPublishOptions = { qos: 1 },
): ControlCase => ({
  name,
  act: (client, device) => void client.publish(topic(device), Buffer.from(payload), options),
});

const event = (n: number, name = 'event') =>
  ({
    kind: 'event',
    event: {
      id: sampleUuid(n),
      name,
      severity: 'info',
      atNs: 5n,
      synced: true,
      sessionId: sampleUuid(0xffff),
      values: [],
      text: '',
      tags: [],
    },
  }) as const;

const events = (rows: Parameters<typeof encodeEvents>[0]['rows'], firstSeq = 1n): Uint8Array =>
  encodeEvents({ origin: 1n, firstSeq, rows });

const up = (message: Parameters<typeof upTopic>[1]) => (device: string) => upTopic(device, message);
const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

export const controlCases: readonly ControlCase[] = [
  publish(
    "a row on another device's topic",
    () => upTopic('amr-999', 'events'),
    events([event(1)]),
  ),
  publish('a row on a topic of nobody', () => 'fl/2/events', events([event(1)])),
  publish('a row on a down topic', (device) => downTopic(device, 'stored'), events([event(1)])),
  publish('a row that is retained', up('events'), events([event(1)]), { qos: 1, retain: true }),
  publish('a row with QoS 0', up('events'), events([event(1)]), { qos: 0 }),
  publish('a row with QoS 2', up('events'), events([event(1)]), { qos: 2 }),
  publish('a Fetch of no hash', (device) => `fl/1/d/${device}/up/tx`, hex('0a00')),
  publish('a chunk on the control connection', (device) => chunkTopic(device, '0'), hex('00'), {
    qos: 0,
  }),
  publish('a packet of 70 kB', up('events'), new Uint8Array(70_000)),
  publish('a topic of 200 characters', () => 'x'.repeat(200), hex('00')),
  { name: 'a subscription to everything', act: (client) => void client.subscribe('#') },
  {
    name: "a subscription to another device's topic",
    act: (client) => void client.subscribe(downTopic('amr-999', 'stored')),
  },
  publish('events that are no protobuf', up('events'), hex('ffffffff')),
  publish('events that end early', up('events'), hex('1a7f00')),
  publish('events without rows', up('events'), new Uint8Array()),
  publish('events past 48 KiB', up('events'), new Uint8Array(49_200)),
  publish('a manifest without a number', up('manifest'), hex('ff')),
  publish('a status without a boot id', up('status'), hex('1001'), { qos: 1, retain: true }),
  publish(
    'a status with text that is not UTF-8',
    up('status'),
    hex(`0a10${'00'.repeat(16)}2202c328`),
    {
      qos: 1,
      retain: true,
    },
  ),
  publish('a transfer with a hash of one byte', up('transfer'), hex('1205 0801 1201 00')),
  publish('a transfer nested without end', up('transfer'), hex('0b'.repeat(500))),
];

async function refusedRow(device: TestDevice, name: string, payload: Uint8Array): Promise<string> {
  const topic = upTopic(name, 'events');
  await device.control.publishAsync(topic, Buffer.from(payload), { qos: 1 });
  const { refused, through } = await device.nextStored((stored) => stored.refused.length > 0);
  return refused
    .map(({ seq, code }) => `row ${seq} refused: ${code}, through ${through}`)
    .join('; ');
}

/** A batch whose second row is these bytes. */
const withRow = (row: string): Uint8Array => {
  const bad = hex(row);
  return Buffer.concat([events([event(1)]), Buffer.of(0x1a, bad.length), bad]);
};

const content = Buffer.alloc(20_000, 7);
const contentHash = sha256Hex(content);

const open = (parts: Partial<Open> = {}): Transfer => ({
  kind: 'open',
  open: {
    tid: 1,
    sha256: contentHash,
    sizeBytes: content.length,
    content: 'clip',
    chunkMax: 65_536,
    ...parts,
  },
});

const wordOf = (message: Transfer): string | undefined => {
  if (message.kind === 'nack') {
    const { code, from, detail } = message.nack;
    return `Nack ${code} from ${from}${detail === '' ? '' : ` (${detail})`}`;
  }
  if (message.kind !== 'openAck' || message.openAck.code === undefined) return undefined;
  return `OpenAck ${message.openAck.state} ${message.openAck.code}`;
};

async function answerTo(device: TestDevice, message: Transfer): Promise<string> {
  await device.say(message);
  return await device.next(wordOf);
}

async function answerToChunk(
  device: TestDevice,
  name: string,
  make: (epoch: number) => Uint8Array,
): Promise<string> {
  await device.say(open());
  const epoch = await device.next((message) =>
    message.kind === 'openAck' ? message.openAck.epoch : undefined,
  );
  const frame = Buffer.from(make(epoch));
  await device.bulk.publishAsync(chunkTopic(name, '0'), frame, { qos: 0 });
  return await device.next(wordOf);
}

const chunk = (epoch: number, parts: object = {}, data: Uint8Array = content): Uint8Array =>
  encodeChunk({ tid: 1, epoch, offset: 0, last: true, ...parts }, data);

const manifest = (document: string, parts: object = {}): Uint8Array => {
  const { clipId, sha256, sizeBytes } = sampleManifest(1);
  return encodeManifest({
    origin: 1n,
    seq: 1n,
    clipId,
    sha256,
    sizeBytes,
    media: 'application/x-mcap',
    class: 'warning',
    priority: 1,
    document,
    previews: [],
    state: 'offered',
    ...parts,
  });
};

async function refusedManifest(device: TestDevice, name: string, bytes: Uint8Array) {
  await device.control.publishAsync(upTopic(name, 'manifest'), Buffer.from(bytes), { qos: 1 });
  const { refused, through } = await device.nextStored((stored) => stored.lane === 'manifests');
  return refused
    .map(({ seq, code }) => `row ${seq} refused: ${code}, through ${through}`)
    .join('; ');
}

export const toldCases: readonly ToldCase[] = [
  {
    name: 'another row under a number that is stored',
    act: async (device, name) => {
      const topic = upTopic(name, 'events');
      await device.control.publishAsync(topic, Buffer.from(events([event(1)])), { qos: 1 });
      return await refusedRow(device, name, events([event(2, 'other')]));
    },
  },
  {
    name: 'a row of an unknown kind',
    act: async (device, name) => await refusedRow(device, name, withRow('2200')),
  },
  {
    name: 'a row with an unknown word',
    act: async (device, name) => await refusedRow(device, name, withRow('1a0408011009')),
  },
  {
    name: 'a row with text that is not UTF-8',
    act: async (device, name) => await refusedRow(device, name, withRow('0a041202c328')),
  },
  {
    name: 'a manifest whose document is no JSON',
    act: async (device, name) => await refusedManifest(device, name, manifest('{')),
  },
  {
    name: 'a manifest that differs from its document',
    act: async (device, name) => {
      const document = canonicalJson({ ...sampleManifest(1), device: name });
      return await refusedManifest(device, name, manifest(document, { sizeBytes: 1 }));
    },
  },
  {
    name: 'a manifest of other content under the id of a clip',
    act: async (device, name) => {
      // The first is taken, whatever name it has: the certificate says whose it is.
      const clip = { ...sampleManifest(1), device: 'amr-999' };
      await refusedManifest(device, name, manifest(canonicalJson(clip)));
      const { sha256 } = sampleManifest(2);
      const other = canonicalJson({ ...clip, sha256 });
      return await refusedManifest(device, name, manifest(other, { seq: 2n, sha256 }));
    },
  },
  {
    // The clip that the device of the case before has.
    name: "a manifest of another device's clip",
    act: async (device, name) => {
      const document = canonicalJson(sampleManifest(1));
      return await refusedManifest(device, name, manifest(document));
    },
  },
  {
    name: 'an Open of more than 2 GiB',
    act: async (device) => {
      // Encoded by hand: our own encoder refuses it.
      const hash = '00'.repeat(32);
      const body = `0801 1220${hash} 18ffffffff0f 2001 308080 04`;
      const bytes = hex(body);
      const payload = Buffer.concat([Buffer.of(0x12, bytes.length), bytes]);
      const topic = `fl/1/d/${device.name}/up/tx`;
      await device.control.publishAsync(topic, payload, { qos: 1 });
      return await device.next(wordOf);
    },
  },
  {
    name: 'an Open of a kind that is not taken',
    act: async (device) => await answerTo(device, open({ content: 'artifact' })),
  },
  {
    name: 'a step of a transfer that nobody knows',
    act: async (device) => {
      const topic = `fl/1/d/${device.name}/up/tx`;
      await device.control.publishAsync(topic, Buffer.from('7a00', 'hex'), { qos: 1 });
      return await device.next(wordOf);
    },
  },
  {
    name: 'a chunk of no transfer',
    act: async (device, name) => {
      const frame = Buffer.from(chunk(1, { tid: 99 }));
      await device.bulk.publishAsync(chunkTopic(name, '0'), frame, { qos: 0 });
      return await device.next(wordOf);
    },
  },
  {
    name: 'a chunk with a flipped bit',
    act: async (device, name) =>
      await answerToChunk(device, name, (epoch) => {
        const frame = Buffer.from(chunk(epoch));
        frame[100] = (frame[100] ?? 0) ^ 1;
        return frame;
      }),
  },
  {
    name: 'a chunk behind a gap',
    act: async (device, name) =>
      await answerToChunk(device, name, (epoch) =>
        chunk(epoch, { offset: 1000, last: false }, content.subarray(0, 10)),
      ),
  },
  {
    name: 'a chunk past the size',
    act: async (device, name) =>
      await answerToChunk(device, name, (epoch) => chunk(epoch, { offset: 10 })),
  },
  {
    name: 'a chunk that lies about being the last',
    act: async (device, name) =>
      await answerToChunk(device, name, (epoch) => chunk(epoch, {}, content.subarray(0, 10))),
  },
  {
    name: 'bytes that are not what the hash says',
    act: async (device, name) =>
      await answerToChunk(device, name, (epoch) => chunk(epoch, {}, Buffer.alloc(20_000, 8))),
  },
];

/** A chunk so broken that no transfer can be told closes the connection. */
export const bulkCases: readonly ControlCase[] = [
  publish('a chunk shorter than its head', (device) => chunkTopic(device, '0'), hex('0101'), {
    qos: 0,
  }),
  publish(
    'a chunk of another version',
    (device) => chunkTopic(device, '0'),
    Buffer.from(encodeChunk({ tid: 1, epoch: 1, offset: 0, last: false }, hex('00'))).fill(9, 0, 1),
    { qos: 0 },
  ),
  publish('a row on the bulk connection', up('events'), events([event(1)])),
  publish('a chunk of 400 kB', (device) => chunkTopic(device, '0'), new Uint8Array(400_000), {
    qos: 0,
  }),
];

export const requestCases: readonly RequestCase[] = [
  { name: 'an empty certificate request', pem: '' },
  { name: 'a certificate request that is text', pem: 'hello' },
  {
    name: 'a certificate request with broken DER',
    pem: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
  },
];
