/**
 * Goal: only a live certificate of this cloud, asking for its own name, gets past the gate; each
 * other is closed, with the reason told.
 * Method: the real TLS listener with a real authority, and clients that send raw bytes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ca, openCa } from '../auth/ca.ts';
import { issueDevice, newKeys, privateKeyPem, readKeys } from '../auth/x509.ts';
import { type Gate, type GateConnection, type GateRefusal, openGate } from './gate.ts';

interface Identity {
  readonly key: string;
  readonly cert: string;
}

let folder: string;
let ca: Ca;
let gate: Gate;
let robot: Identity;
const live = new Map<string, string | undefined>();
const refused: GateRefusal[] = [];
const closed: string[] = [];
const chunks: Buffer[] = [];
let opened: GateConnection[] = [];
let toBroker: Buffer[] = [];
let wake: () => void = () => {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gate-'));
  ca = await openCa({ folder: join(folder, 'ca'), clock: systemClock });
  gate = await openGate(
    {
      identity: await ca.serverIdentity(['127.0.0.1']),
      authorities: [ca.rootPem, ca.chainPem],
      clock: systemClock,
      log: silentLog,
      newId: () => `con_${opened.length}`,
      mayConnect: async (device) => live.get(device),
      onOpened: (connection) => opened.push(connection),
      accept: (_connection, stream) => {
        stream.on('data', (part: Buffer) => {
          toBroker.push(part);
          stream.write(Buffer.from([0x20, 2, 0, 0]));
        });
      },
      onChunk: (_connection, pieces) => {
        chunks.push(Buffer.concat(pieces));
        wake();
      },
      onClosed: (_connection, why) => {
        closed.push(why);
        wake();
      },
      onRefused: (refusal) => {
        refused.push(refusal);
        wake();
      },
    },
    { host: '127.0.0.1', port: 0 },
  );
  robot = await identityFor('amr-01');
});

beforeEach(() => {
  refused.length = 0;
  closed.length = 0;
  toBroker = [];
  opened = [];
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function identityFor(device: string, from: Ca = ca): Promise<Identity> {
  const keys = await newKeys();
  const publicKey = keys.publicKey as never;
  const request = { commonName: device, keySha256: '', publicKey };
  const issued = await from.issueDevice(device, request);
  return { key: await privateKeyPem(keys), cert: `${issued.pem}\n${from.chainPem}` };
}

const text = (value: string): number[] => [0, value.length, ...Buffer.from(value)];

function connectBytes(clientId: string, flags = 0x2e, keepalive = 45): Buffer {
  const device = clientId.replace('#b', '');
  const will = (flags & 4) === 0 ? [] : [...text(`fl/1/d/${device}/up/st`), 0, 1, 7];
  const body = [
    ...text('MQTT'),
    4,
    flags,
    keepalive >> 8,
    keepalive & 255,
    ...text(clientId),
    ...will,
  ];
  return Buffer.from([0x10, body.length, ...body]);
}

/** Connects, sends, and resolves with what came back once the peer answered or closed. */
function talk(
  identity: Partial<ConnectionOptions>,
  bytes: Buffer,
): Promise<{ socket: TLSSocket; got: Buffer }> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: gate.port, ca: ca.rootPem, ...identity });
    const parts: Buffer[] = [];
    const done = (): void => resolve({ socket, got: Buffer.concat(parts) });
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

async function told(has: () => boolean): Promise<void> {
  while (!has()) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

test('a robot with its own name passes, and the broker sees CONNECT without a keepalive', async () => {
  const { socket, got } = await talk(robot, connectBytes('amr-01'));
  expect([...got]).toEqual([0x20, 2, 0, 0]);
  expect(opened[0]).toMatchObject({ device: 'amr-01', kind: 'control', remote: '127.0.0.1' });
  expect(Buffer.concat(toBroker)).toEqual(connectBytes('amr-01', 0x2e, 0));
  socket.destroy();
  await told(() => closed.length > 0);
  expect(gate.connections()).toEqual([]);
});

test('chunks of a bulk connection come past the broker', async () => {
  const { socket } = await talk(robot, connectBytes('amr-01#b', 0x02));
  const topic = text('fl/1/d/amr-01/up/b/0');
  const payload = Buffer.alloc(100, 7);
  socket.write(Buffer.from([0x30, topic.length + 100, ...topic, ...payload]));
  await told(() => chunks.length > 0);
  expect(chunks[0]).toEqual(payload);
  expect(Buffer.concat(toBroker)).toEqual(connectBytes('amr-01#b', 0x02, 0));
  socket.destroy();
});

test('a revoked device loses what it has open', async () => {
  const { socket } = await talk(robot, connectBytes('amr-01'));
  const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  gate.closeDevice('amr-01', 'revoked');
  await gone;
  await told(() => closed.includes('revoked'));
  expect(closed).toContain('revoked');
});

test.each([
  ["another's client id", () => connectBytes('amr-02'), 'client id is not one of amr-01'],
  ['a client id with a wildcard', () => connectBytes('amr-01#'), 'client id'],
  ['a session that is kept', () => connectBytes('amr-01', 0x2c), 'not clean'],
  ['no will', () => connectBytes('amr-01', 0x02), 'will'],
  ['a bulk connection with a will', () => connectBytes('amr-01#b'), 'no will'],
  ['a keepalive of an hour', () => connectBytes('amr-01', 0x2e, 3600), 'keepalive'],
  ['something else than MQTT', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not CONNECT'],
  ['a CONNECT of 260 MB', () => Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), 'longer than'],
])('%s is refused and told', async (_what, bytes, says) => {
  const { got, socket } = await talk(robot, bytes());
  expect(got.length).toBe(0);
  await told(() => refused.length > 0);
  expect(refused[0]).toMatchObject({ action: 'connect.refused', device: 'amr-01' });
  expect(refused[0]?.reason).toContain(says);
  expect(opened).toEqual([]);
  socket.destroy();
});

test('a certificate that may not speak now is refused, for that reason', async () => {
  live.set('amr-09', 'the certificate is revoked');
  await talk(await identityFor('amr-09'), connectBytes('amr-09'));
  await told(() => refused.length > 0);
  expect(refused[0]?.reason).toBe('the certificate is revoked');
});

test('more sockets of one address than its rate are closed, and told', async () => {
  const told: GateRefusal[] = [];
  const small = await openGate(
    {
      identity: await ca.serverIdentity(['127.0.0.1']),
      authorities: [ca.rootPem],
      clock: { ...systemClock, monotonicMs: () => 0 },
      log: silentLog,
      newId: () => 'con_0',
      mayConnect: async () => undefined,
      onOpened: () => {},
      accept: () => {},
      onChunk: () => {},
      onClosed: () => {},
      onRefused: (refusal) => told.push(refusal),
    },
    { host: '127.0.0.1', port: 0, sockets: { perSecond: 1, burst: 2 } },
  );
  const closed = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connectPlain(small.port, '127.0.0.1');
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.on('connect', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    });
  for (let i = 0; i < 3; i += 1) await closed();
  expect(told.some(({ reason }) => reason === 'too many tries')).toBe(true);
  await small[Symbol.asyncDispose]();
});

test('no certificate, and one of another authority, are refused', async () => {
  const other = await openCa({ folder: join(folder, 'other'), clock: systemClock });
  const [none, foreign] = [{}, await identityFor('amr-01', other)];
  for (const identity of [none, foreign]) {
    refused.length = 0;
    expect((await talk(identity, connectBytes('amr-01'))).got.length).toBe(0);
    await told(() => refused.length > 0);
    expect(refused[0]?.reason).toMatch(/no certificate|not of this cloud/);
  }
});

test('a certificate that has expired is refused', async () => {
  const keys = await newKeys();
  const issuing = { pem: ca.chainPem, keys: await issuingKeys() };
  const request = { commonName: 'amr-01', keySha256: '', publicKey: keys.publicKey as never };
  const past = { notBefore: Date.now() - 20_000, notAfter: Date.now() - 10_000 };
  const issued = await issueDevice('amr-01', request, past, issuing);
  const identity = { key: await privateKeyPem(keys), cert: `${issued.pem}\n${ca.chainPem}` };
  expect((await talk(identity, connectBytes('amr-01'))).got.length).toBe(0);
  await told(() => refused.length > 0);
  expect(refused[0]?.reason).toMatch(/EXPIRED|expired/);
});

async function issuingKeys() {
  const { readFileSync } = await import('node:fs');
  return await readKeys(readFileSync(join(folder, 'ca', 'issuing-key.pem'), 'utf8'), ca.chainPem);
}
