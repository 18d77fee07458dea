/** A whole API for tests: a real listener on 127.0.0.1:0 and a real SQLite file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, seededRandom, sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import type { ClipManifest } from '@fieldloop/proto';
import type { BlobStore } from '../blob/blob.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import { storeBytes } from '../blob/recordings/recording.sample.ts';
import { sampleManifest } from '../clip/clip.sample.ts';
import { openCa } from '../auth/ca.ts';
import { type Role, roleScopes } from '../auth/rights.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { makeApiKey } from '../key/make.ts';
import type { Db } from '../store/db.ts';
import { openSqlite } from '../store/sqlite.ts';
import { openMigrated } from '../store/sqlite.sample.ts';
import { openWorker } from '../worker.ts';
import { type Api, openApi } from './api.ts';
import { openMetrics } from './metrics.ts';
import { openHttpServer } from './serve.ts';

export { sampleDrive, sampleRecording } from '../blob/recordings/recording.sample.ts';
export { unzipped } from '../dataset/zip.sample.ts';
export { personKey } from '../user/person.sample.ts';
export { openSteered, type Steered } from '../workflows/kit/steered.sample.ts';

export interface ApiWorld extends AsyncDisposable {
  readonly url: string;
  readonly db: Db;
  readonly api: Api;
  /** With every right. */
  readonly key: string;
  makeKey(scopes: readonly string[]): Promise<string>;
  /** A key with the rights of a role. */
  keyAs(role: Role): Promise<string>;
  /** With the admin key; `path` begins with /. */
  get(path: string, headers?: Headers): Promise<Response>;
  post(path: string, body?: unknown, headers?: Headers): Promise<Response>;
  patch(path: string, body: unknown, headers: Headers): Promise<Response>;
  put(path: string, body: unknown, headers: Headers): Promise<Response>;
  delete(path: string, headers: Headers): Promise<Response>;
  /** Writes a clip of `amr-01`, with its bytes when given. */
  putClip(n: number, options?: PutOptions): Promise<ClipManifest>;
  /** Where the bytes of clips are: on a real disk. */
  readonly bytes: BlobStore;
  readonly revoked: string[];
  /** The same with the state that ended it: `amr-01 suspended`. */
  readonly endings: string[];
  /** Phrases that the API logged as errors. */
  readonly errors: string[];
  notReady: string | undefined;
  /** Reads of this object break off after half. */
  brokenObject: string | undefined;
}

type Headers = Readonly<Record<string, string>>;

export type PutOptions = Parameters<typeof sampleManifest>[1] & { readonly bytes?: Uint8Array };

/** Tests ask as fast as they can. */
const unlimited = { perSecond: 1e6, burst: 1e6 };

export interface WorldOptions {
  readonly clock?: Clock;
  /** With a worker beside the API, for long work. */
  readonly worker?: boolean;
}

export async function openApiWorld(options: WorldOptions = {}): Promise<ApiWorld> {
  const clock = options.clock ?? systemClock;
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-api-'));
  const db = await openMigrated(join(folder, 'cloud.db'));
  const read = openSqlite(join(folder, 'cloud.db'), { readOnly: true });
  const blobs = await openDiskBlobs(folder);
  const errors: string[] = [];
  const log = { ...silentLog, error: (phrase: string) => void errors.push(phrase) };
  const system = { clock, ids: systemIds, randomBytes: systemRandomBytes, log };
  const revoked: string[] = [];
  const endings: string[] = [];
  const state: { notReady: string | undefined; brokenObject: string | undefined } = {
    notReady: undefined,
    brokenObject: undefined,
  };
  const bytes: BlobStore = {
    ...blobs,
    async *read(sha256, range) {
      const { sizeBytes = 0 } = (await blobs.stat(sha256)) ?? {};
      const middle = sizeBytes / 2;
      let at = range?.start ?? 0;
      for await (const piece of blobs.read(sha256, range)) {
        if (state.brokenObject === sha256 && at >= middle) throw new Error('the disk is gone');
        yield piece;
        at += piece.length;
      }
    },
  };
  const ca = await openCa({ folder: join(folder, 'ca'), clock });
  const api = await openApi({
    ...system,
    read,
    write: db,
    version: '0.0.0-test',
    metrics: openMetrics({ role: 'test' }),
    rates: { caller: unlimited, stranger: unlimited },
    notReady: async () => await Promise.resolve(state.notReady),
    checkAnswers: true,
    outgoing: { allowPrivate: true, timeoutMs: 2000 },
    bytes,
    onRevoked: (name, state) => {
      revoked.push(name);
      endings.push(`${name} ${state}`);
    },
    enrolment: () => ({ url: 'https://127.0.0.1:9', caSha256: 'c'.repeat(64) }),
    ca,
    brokerUrl: () => 'mqtts://127.0.0.1:9',
    onReplaced: (name) => void endings.push(`${name} replaced`),
  });
  const worker =
    options.worker === true
      ? openWorker({
          ...system,
          read,
          write: db,
          bytes,
          random: seededRandom(1),
          node: systemIds.ulid('worker'),
        })
      : undefined;
  const server = await openHttpServer(api.fetch, system, { host: '127.0.0.1', port: 0 });
  const makeKey = async (scopes: readonly string[]): Promise<string> =>
    (await makeApiKey({ ...system, write: db }, { name: 'test', scopes, by: 'test' })).text;
  const key = await makeKey(['*:admin']);
  const devices = deviceStore(db);
  await devices.create({ id: systemIds.ulid('dev'), name: 'amr-01', at: clock.now() });
  await devices.create({ id: systemIds.ulid('dev'), name: 'amr-02', at: clock.now() });
  const authorization = `Bearer ${key}`;
  const call = async (path: string, init: RequestInit): Promise<Response> =>
    await fetch(`${server.url}${path}`, init);
  const send = async (
    method: string,
    path: string,
    { body, headers }: { readonly body: unknown; readonly headers: Headers },
  ): Promise<Response> =>
    await call(path, {
      method,
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return Object.assign(state, {
    url: server.url,
    db,
    api,
    key,
    makeKey,
    bytes,
    revoked,
    endings,
    errors,
    keyAs: async (role: Role) => await makeKey(roleScopes[role]),
    get: async (path: string, headers = {}) =>
      await call(path, { headers: { authorization, ...headers } }),
    post: async (path: string, body: unknown = {}, headers = {}) =>
      await send('POST', path, { body, headers }),
    patch: async (path: string, body: unknown, headers: Headers) =>
      await send('PATCH', path, { body, headers }),
    put: async (path: string, body: unknown, headers: Headers) =>
      await send('PUT', path, { body, headers }),
    delete: async (path: string, headers: Headers) =>
      await call(path, { method: 'DELETE', headers: { authorization, ...headers } }),
    async putClip(n: number, wanted: PutOptions = {}) {
      const { bytes: given, ...rest } = wanted;
      const content =
        given === undefined ? {} : { sha256: sha256Hex(given), sizeBytes: given.length };
      const manifest = sampleManifest(n, { ...rest, ...content });
      const clips = clipStore(db);
      await clips.putManifest(manifest.device, manifest, clock.now());
      if (given !== undefined) {
        await storeBytes(blobs, given);
        await clips.markStored(manifest.device, manifest.sha256, given.length, clock.now());
      }
      return manifest;
    },
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await server.close(100);
      await worker?.[Symbol.asyncDispose]();
      await read.destroy();
      await db.destroy();
      await rm(folder, { recursive: true });
    },
  });
}
