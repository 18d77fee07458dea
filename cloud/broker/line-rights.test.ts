/**
 * Goal: rights come from the certificate alone, and whoever goes past them is cut off and told of
 * in log and audit.
 * Method: the real line; strangers, revoked devices and devices that reach for others' topics.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '@fieldloop/core/system';
import { chunkTopic, downTopic, encodeEvents, upTopic } from '@fieldloop/proto';
import type { IClientPublishOptions, MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { auditStore } from '../audit/store.ts';
import { openCa } from '../auth/ca.ts';
import { certificateStore } from '../auth/certificates.ts';
import { newKeys, privateKeyPem } from '../auth/x509.ts';
import { deviceStore } from '../device/store.ts';
import { type Identity, type LineWorld, openLineWorld } from './line.sample.ts';

let world: LineWorld;
let count = 0;
let who: Identity;
beforeAll(async () => {
  world = await openLineWorld();
});
beforeEach(async () => {
  // A device of its own each time: refusals are told once a minute and device.
  count += 1;
  who = await world.enrolled(`amr-${String(count).padStart(3, '0')}`);
});
afterAll(async () => await world[Symbol.asyncDispose]());

async function closed(client: MqttClient): Promise<void> {
  client.on('error', () => {});
  if (!client.connected) return;
  await new Promise<void>((resolve) => {
    client.once('close', () => resolve());
  });
}

/** True when the connection ended before the broker said a word. */
async function isRefused(...args: Parameters<LineWorld['connect']>): Promise<boolean> {
  try {
    (await world.connect(...args)).end(true);
    return false;
  } catch {
    return true;
  }
}

/** The reason that the audit has for this device and action. */
async function told(action: string, device = who.device): Promise<string> {
  for (;;) {
    const entries = await auditStore(world.db).list(0, 500);
    const entry = entries.find((one) => one.action === action && one.subject === device);
    const reason = entry?.detail?.['reason'];
    if (typeof reason === 'string') return reason;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

const payload = Buffer.from(
  encodeEvents({
    origin: 1n,
    firstSeq: 1n,
    rows: [{ kind: 'gap', gap: { count: 1n, reason: 'lost' } }],
  }),
);

const publishes: readonly (readonly [string, () => string, IClientPublishOptions])[] = [
  ["another device's topic", () => upTopic('amr-999', 'events'), { qos: 1 }],
  ['a down topic', () => downTopic(who.device, 'stored'), { qos: 1 }],
  ['a topic of nobody', () => 'hello', { qos: 1 }],
  ['its topic retained', () => upTopic(who.device, 'events'), { qos: 1, retain: true }],
  ['its topic with QoS 0', () => upTopic(who.device, 'events'), { qos: 0 }],
  ['chunks over control', () => chunkTopic(who.device, '0'), { qos: 0 }],
  ['telemetry with QoS 1', () => upTopic(who.device, 'telemetry'), { qos: 1 }],
];

test.each(publishes)('a publish to %s closes and is audited', async (_, topic, options) => {
  const client = await world.connect(who, 'control');
  const gone = closed(client);
  client.publish(topic(), payload, options);
  await gone;
  expect(await told('acl.refused')).toContain(topic());
  const isLogged = world.logged.some(
    (one) => one.phrase === 'acl.refused' && one['device'] === who.device,
  );
  expect(isLogged).toBe(true);
  client.end(true);
});

test('QoS 2 closes the connection', async () => {
  const client = await world.connect(who, 'control');
  const gone = closed(client);
  client.publish(upTopic(who.device, 'events'), payload, { qos: 2 });
  await gone;
  expect(await told('wire.violation')).toContain('QoS 2');
  client.end(true);
});

test.each([
  ['everything', () => '#'],
  ['its own with a wildcard', () => `fl/1/d/${who.device}/dn/+`],
  ["another's", () => downTopic('amr-999', 'stored')],
  ['what devices say', () => upTopic(who.device, 'events')],
  ['the bulk topics on control', () => downTopic(who.device, 'chunk')],
  ['the broker itself', () => '$SYS/#'],
])('a subscription to %s closes the connection and is audited', async (_, filter) => {
  const client = await world.connect(who, 'control');
  const gone = closed(client);
  client.subscribe(filter());
  await gone;
  expect(await told('acl.refused')).toContain('subscribe');
  client.end(true);
});

test('nobody hears what is for another', async () => {
  const other = await world.enrolled('amr-900');
  const [mine, theirs] = [
    await world.connect(who, 'control'),
    await world.connect(other, 'control'),
  ];
  const heard: string[] = [];
  theirs.on('message', (topic) => heard.push(topic));
  await theirs.subscribeAsync(downTopic('amr-900', 'stored'));
  await mine.subscribeAsync(downTopic(who.device, 'stored'));
  const answered = new Promise<void>((resolve) => {
    mine.once('message', () => resolve());
  });
  await mine.publishAsync(upTopic(who.device, 'events'), payload, { qos: 1 });
  await answered;
  expect(heard).toEqual([]);
  mine.end(true);
  theirs.end(true);
});

test('a stranger without a certificate, and one of another authority, get nowhere', async () => {
  const anonymous = { ...who, key: '', cert: '' };
  expect(await isRefused(anonymous, 'control')).toBe(true);
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-foreign-'));
  const foreign = await openCa({ folder: join(folder, 'ca'), clock: systemClock });
  const keys = await newKeys();
  const publicKey = keys.publicKey as never;
  const issued = await foreign.issueDevice(who.device, {
    commonName: '',
    keySha256: '',
    publicKey,
  });
  const stranger = {
    device: who.device,
    key: await privateKeyPem(keys),
    cert: `${issued.pem}\n${foreign.chainPem}`,
  };
  expect(await isRefused(stranger, 'control')).toBe(true);
  await rm(folder, { recursive: true });
  // Whether or not a session ticket came before the end: resuming it helps nobody.
  const ticket = await new Promise<Buffer | undefined>((resolve) => {
    const socket = tls(stranger);
    socket.on('error', () => {});
    socket.on('session', resolve);
    socket.on('close', () => resolve(undefined));
    socket.resume();
  });
  const again = tls(stranger, ticket);
  const said: Buffer[] = [];
  await new Promise<void>((resolve) => {
    again.on('error', () => {});
    again.on('secureConnect', () => again.write(connectBytes(who.device)));
    again.on('data', (part: Buffer) => said.push(part));
    again.on('close', () => resolve());
  });
  expect(said).toEqual([]);
  const reasons = world.logged
    .filter((one) => one.phrase === 'connect.refused' && one['device'] === undefined)
    .map((one) => String(one['reason']));
  expect(reasons.some((reason) => reason.includes('no certificate'))).toBe(true);
  expect(reasons.some((reason) => reason.includes('not of this cloud'))).toBe(true);
});

test('a certificate of ours that was not given out, or ended, is refused', async () => {
  const keys = await newKeys();
  const publicKey = keys.publicKey as never;
  const issued = await world.ca.issueDevice(who.device, {
    commonName: '',
    keySha256: '',
    publicKey,
  });
  const cert = `${issued.pem}\n${world.ca.chainPem}`;
  const copy = { device: who.device, key: await privateKeyPem(keys), cert };
  expect(await isRefused(copy, 'control')).toBe(true);
  expect(await told('connect.refused')).toContain('not one of those given out');
  await certificateStore(world.db).end(who.device, 'superseded', 1);
  expect(await isRefused(who, 'control')).toBe(true);
});

test("another device's client id is refused", async () => {
  expect(await isRefused(who, 'control', { clientId: 'amr-999' })).toBe(true);
  expect(await told('connect.refused')).toContain('client id');
});

test('revoked: what is open closes at once, and a resumed session gets no further', async () => {
  const [control, bulk] = [await world.connect(who, 'control'), await world.connect(who, 'bulk')];
  const session = await sessionOf(who);
  const gone = [closed(control), closed(bulk)];
  await deviceStore(world.db).revoke(who.device, systemClock.now());
  world.line.closeDevice(who.device, 'revoked');
  await Promise.all(gone);
  expect(await isRefused(who, 'control')).toBe(true);
  expect(await told('connect.refused')).toBe('the device is revoked');
  const socket = tls(who, session);
  const ended = new Promise<boolean>((resolve) => {
    socket.on('secureConnect', () => {
      const isReused = socket.isSessionReused();
      socket.on('close', () => resolve(isReused));
      socket.write(connectBytes(who.device));
      socket.resume();
    });
  });
  expect(await ended).toBe(true);
  const rows = await world.db
    .selectFrom('connection')
    .select(['closed_at', 'why'])
    .where('device', '=', who.device)
    .where('why', '=', 'revoked')
    .execute();
  expect(rows.length).toBe(2);
  control.end(true);
  bulk.end(true);
});

const tls = (identity: Identity, session?: Buffer): TLSSocket =>
  connect({
    host: '127.0.0.1',
    port: world.line.port,
    ca: world.ca.rootPem,
    key: identity.key,
    cert: identity.cert,
    ...(session === undefined ? {} : { session }),
  });

async function sessionOf(identity: Identity): Promise<Buffer> {
  const socket = tls(identity);
  const session = await new Promise<Buffer>((resolve) => {
    socket.on('session', resolve);
    socket.on('secureConnect', () => socket.write(connectBytes(identity.device)));
    socket.resume();
  });
  socket.on('error', () => {});
  socket.destroy();
  return session;
}

/** CONNECT of the bulk connection, by hand. */
function connectBytes(device: string): Buffer {
  const text = (value: string): number[] => [0, value.length, ...Buffer.from(value)];
  const body = [...text('MQTT'), 4, 2, 0, 45, ...text(`${device}#b`)];
  return Buffer.from([0x10, body.length, ...body]);
}

test.each([
  ['no protobuf', () => upTopic(who.device, 'events'), Buffer.from('ffffffff', 'hex')],
  ['an empty batch', () => upTopic(who.device, 'events'), Buffer.alloc(0)],
  ['a batch past its limit', () => upTopic(who.device, 'events'), Buffer.alloc(50_000, 1)],
  ['a broken transfer', () => upTopic(who.device, 'transfer'), Buffer.from('1201', 'hex')],
] as const)('a payload of %s closes the connection and is a violation', async (_, topic, bytes) => {
  const client = await world.connect(who, 'control');
  const gone = closed(client);
  client.publish(topic(), bytes, { qos: 1 });
  await gone;
  expect(await told('wire.violation')).not.toBe('');
  client.end(true);
});

test('a packet past its limit is refused at its head', async () => {
  const client = await world.connect(who, 'control');
  const gone = closed(client);
  client.publish(upTopic(who.device, 'events'), Buffer.alloc(70_000), { qos: 1 });
  await gone;
  expect(await told('wire.violation')).toContain('longer than');
  client.end(true);
});

test('a chunk without a head closes the connection', async () => {
  const control = await world.connect(who, 'control');
  const bulk = await world.connect(who, 'bulk');
  const gone = closed(bulk);
  bulk.publish(chunkTopic(who.device, '0'), Buffer.from('short'), { qos: 0 });
  await gone;
  expect(await told('wire.violation')).toContain('chunk');
  control.end(true);
  bulk.end(true);
});

test('a CONNECT that does not come is not waited for', async () => {
  const socket = tls(who);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    socket.on('secureConnect', () => socket.write(connectBytes(who.device).subarray(0, 5)));
    socket.on('close', () => resolve());
  });
  expect(await told('connect.refused')).toContain('in time');
});
