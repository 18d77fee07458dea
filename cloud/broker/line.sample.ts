/** A whole line for tests: TLS, gate, broker, SQLite and blobs, and devices that speak raw MQTT. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log, LogFields } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import {
  clientIdOf,
  type ConnectionKind,
  decodeStored,
  decodeTransfer,
  downTopic,
  downTopics,
  encodeStatus,
  encodeTransfer,
  type LaneState,
  type Status,
  type Stored,
  type Transfer,
  upTopic,
} from '@fieldloop/proto';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { type Ca, openCa } from '../auth/ca.ts';
import { certificateStore } from '../auth/certificates.ts';
import { newKeys, privateKeyPem } from '../auth/x509.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import type { BlobStore } from '../blob/blob.ts';
import { deviceStore } from '../device/store.ts';
import type { Db } from '../store/db.ts';
import type { DatabaseAddress } from '../store/database.ts';
import { openMigrated } from '../store/sqlite.sample.ts';
import { type Line, openLine } from './line.ts';
import { openRefusals, type Refusals } from './refusals.ts';

export interface Identity {
  readonly device: string;
  readonly key: string;
  readonly cert: string;
}

export interface LineWorld extends AsyncDisposable {
  readonly db: Db;
  readonly ca: Ca;
  readonly line: Line;
  readonly blobs: BlobStore;
  /** Phrases and fields of everything logged at warn or error. */
  readonly logged: (LogFields & { readonly phrase: string })[];
  /** Another node on the same database; it ends with the world. */
  openNode(node: string): Promise<Line>;
  /** Closes the line and opens it again on the same folder. */
  restart(): Promise<void>;
  /** A device with a certificate, known to this cloud. */
  enrolled(device: string): Promise<Identity>;
  connect(
    who: Identity,
    kind: ConnectionKind,
    options?: IClientOptions & { readonly line?: Line },
  ): Promise<MqttClient>;
}

interface Parts {
  readonly blobs: BlobStore;
  readonly line: Line;
  readonly refusals: Refusals;
}

/** A migrated database, which ends with the world. */
export interface LineDatabase extends AsyncDisposable {
  readonly db: Db;
  readonly address: DatabaseAddress;
}

async function sqliteDatabase(folder: string): Promise<LineDatabase> {
  const path = join(folder, 'cloud.db');
  const db = await openMigrated(path);
  return {
    db,
    address: { kind: 'sqlite', path },
    [Symbol.asyncDispose]: async () => await db.destroy(),
  };
}

/** On SQLite unless the test brings another. */
export async function openLineWorld(brought?: LineDatabase): Promise<LineWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-line-'));
  const data = brought ?? (await sqliteDatabase(folder));
  const { db, address: database } = data;
  const ca = await openCa({ folder: join(folder, 'ca'), clock: systemClock });
  const logged: (LogFields & { readonly phrase: string })[] = [];
  const open = async (node?: string): Promise<Parts> => {
    const blobs = await openDiskBlobs(folder);
    const system = { clock: systemClock, ids: systemIds, log: noting(logged) };
    // A test is many devices behind one address, at once.
    const sockets = { perSecond: 1000, burst: 1000 };
    const listen = { host: '127.0.0.1', port: 0, names: ['127.0.0.1', 'localhost'], sockets };
    const refusals = openRefusals({ db, ...system });
    const deps = { db, database, ca, blobs, refusals, node, ...system };
    return { blobs, refusals, line: await openLine(deps, listen) };
  };
  let parts = await open();
  const nodes: Parts[] = [];
  const close = async ({ line, refusals, blobs }: Parts): Promise<void> => {
    await line[Symbol.asyncDispose]();
    await refusals.settled();
    await blobs[Symbol.asyncDispose]();
  };
  return {
    db,
    ca,
    get line() {
      return parts.line;
    },
    get blobs() {
      return parts.blobs;
    },
    logged,
    async restart() {
      await close(parts);
      parts = await open();
    },
    enrolled: async (device) => await enrolled(db, ca, device),
    connect: async (who, kind, { line = parts.line, ...options } = {}) =>
      await connected(line.port, { ...connectOptions(who, kind, ca), ...options }),
    async openNode(node) {
      const more = await open(node);
      nodes.push(more);
      return more.line;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([parts, ...nodes].map(close));
      await data[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** Rejects when the connection ends before CONNACK. */
async function connected(port: number, options: IClientOptions): Promise<MqttClient> {
  const client = connect(`mqtts://127.0.0.1:${port}`, options);
  client.on('error', () => {});
  return await new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('close', () => reject(new Error('the connection was closed')));
  });
}

async function enrolled(db: Db, ca: Ca, device: string): Promise<Identity> {
  const keys = await newKeys();
  const keySha256 = '0'.repeat(64);
  const issued = await ca.issueDevice(device, {
    commonName: device,
    keySha256,
    publicKey: keys.publicKey as never,
  });
  const at = systemClock.now();
  await deviceStore(db).create({ id: systemIds.ulid('dev'), name: device, at });
  await certificateStore(db).add(device, keySha256, issued, at);
  return { device, key: await privateKeyPem(keys), cert: `${issued.pem}\n${ca.chainPem}` };
}

const boot = '01890a5d-ac96-774b-bcce-b302099a8057';

export function statusOf(conn: bigint, lanes: readonly LaneState[] = [], online = true): Status {
  const clock = { unixMs: 1, synced: true, source: 'ntp' };
  return { bootId: boot, conn, online, agent: '0.1.0', features: 0n, lanes, clock };
}

function connectOptions(who: Identity, kind: ConnectionKind, ca: Ca): IClientOptions {
  const { device, key, cert } = who;
  const will = {
    topic: upTopic(device, 'status'),
    payload: Buffer.from(encodeStatus(statusOf(1n, [], false))),
    qos: 1,
    retain: true,
  } as const;
  return {
    key,
    cert,
    ca: ca.rootPem,
    clientId: clientIdOf(device, kind),
    clean: true,
    protocolVersion: 4,
    keepalive: 45,
    reconnectPeriod: 0,
    connectTimeout: 5000,
    ...(kind === 'control' ? { will } : {}),
  };
}

function noting(logged: (LogFields & { readonly phrase: string })[]): Log {
  const note = (phrase: string, fields?: LogFields): void => {
    logged.push({ ...fields, phrase });
  };
  const log: Log = { error: note, warn: note, info: () => {}, debug: () => {}, child: () => log };
  return log;
}

/** A device on both connections, with everything that the cloud said to it. */
export interface TestDevice {
  readonly name: string;
  readonly control: MqttClient;
  readonly bulk: MqttClient;
  readonly stored: Stored[];
  readonly heard: Transfer[];
  /** Resolves with the first message, from `after` on, for which `pick` gives a value. */
  next<T>(pick: (message: Transfer) => T | undefined): Promise<T>;
  nextStored(pick: (stored: Stored) => boolean): Promise<Stored>;
  say(message: Transfer): Promise<void>;
  leave(): void;
}

export async function openDevice(world: LineWorld, who: Identity): Promise<TestDevice> {
  const { device } = who;
  const control = await world.connect(who, 'control');
  const bulk = await world.connect(who, 'bulk');
  const stored: Stored[] = [];
  const heard: Transfer[] = [];
  let wake = (): void => {};
  control.on('message', (topic, payload) => {
    if (topic === downTopic(device, 'stored')) stored.push(decodeStored(payload));
    if (topic === downTopic(device, 'transfer')) heard.push(decodeTransfer(payload));
    wake();
  });
  await control.subscribeAsync([...downTopics(device, 'control')]);
  const take = async <M, T>(list: M[], pick: (message: M) => T | undefined): Promise<T> => {
    for (;;) {
      for (const message of list) {
        const value = pick(message);
        if (value === undefined) continue;
        list.splice(0, list.indexOf(message) + 1);
        return value;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    name: device,
    control,
    bulk,
    stored,
    heard,
    next: async (pick) => await take(heard, pick),
    nextStored: async (pick) => await take(stored, (one) => (pick(one) ? one : undefined)),
    async say(message) {
      const topic = upTopic(device, 'transfer');
      await control.publishAsync(topic, Buffer.from(encodeTransfer(message)), { qos: 1 });
    },
    leave() {
      control.end(true);
      bulk.end(true);
    },
  };
}
