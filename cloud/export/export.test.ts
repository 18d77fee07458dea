/**
 * Goal: an export is one true file of the clips that were chosen, whatever happens to its worker.
 * Method: real clips in a real store; zips are read by a reader of this test, merges as MCAP; a
 * worker that died leaves its draft; clips are erased and time passes.
 */
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { openMcapParser } from '@fieldloop/recording';
import { examine } from '@fieldloop/recording/doctor';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import {
  noted,
  odom,
  sampleDrive,
  sampleRecording,
  sampleStart,
} from '../blob/recordings/recording.sample.ts';
import { sampleUuid } from '../clip/clip.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { exportKeptMs } from '../limits.ts';
import { openOperationRunner } from '../operation/runner.ts';
import { exportDraft } from './export.ts';
import { exportKind, makeExport } from './make.ts';
import { sweepExports } from './sweep.ts';

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));

type Json = Record<string, unknown>;
const jsonOf = async (response: Response | Promise<Response>): Promise<Json> =>
  (await (await response).json()) as Json;

/** The files of a zip by its central directory, each with its checksum verified. */
function unzipped(zip: Buffer): ReadonlyMap<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [crc, size] = [zip.readUInt32LE(at + 16), zip.readUInt32LE(at + 24)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const local = zip.readUInt32LE(at + 42);
    const head = 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(local + head, local + head + size);
    expect(crc32(content)).toBe(crc);
    files.set(zip.toString('utf8', at + 46, at + 46 + (name ?? 0)), content);
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return files;
}

function messagesIn(bytes: Uint8Array): (readonly [string, bigint])[] {
  const parser = openMcapParser('merged');
  const topics = new Map<number, string>();
  const messages: [string, bigint][] = [];
  for (const item of [...parser.push(new Uint8Array(bytes)), ...parser.end()]) {
    if (item.kind === 'channel') topics.set(item.channel.id, item.channel.topic);
    if (item.kind !== 'block') continue;
    const { count, channelIds, baseNs, timesNs } = item.block;
    for (let i = 0; i < count; i += 1) {
      const atNs = baseNs + BigInt(timesNs[i] ?? 0) - sampleStart;
      messages.push([topics.get(channelIds[i] ?? 0) ?? '', atNs]);
    }
  }
  return messages;
}

const workerDeps = ({ db, bytes }: ApiWorld, now: () => number = Date.now) => ({
  read: db,
  write: db,
  bytes,
  clock: { ...systemClock, now },
  ids: systemIds,
  random: seededRandom(1),
  randomBytes: systemRandomBytes,
  log: silentLog,
  node: 'worker',
});

/** Asks for an export and lets a worker make it. */
async function exported(world: ApiWorld, body: Json): Promise<Json> {
  const started = await world.post('/v1/clips:export', body);
  expect(started.status, await started.clone().text()).toBe(202);
  const { id, input } = (await jsonOf(started)) as { id: string; input: { export: string } };
  await using _runner = await openOperationRunner(workerDeps(world), { [exportKind]: makeExport });
  await expect
    .poll(async () => (await jsonOf(world.get(`/v1/operations/${id}`)))['state'], {
      timeout: 10_000,
    })
    .toMatch(/done|failed/);
  const done = await jsonOf(world.get(`/v1/operations/${id}`));
  expect(done).toMatchObject({ state: 'done', result: { export: input.export } });
  return await jsonOf(world.get(`/v1/exports/${input.export}`));
}

const fileOf = async (world: ApiWorld, made: Json): Promise<Buffer> =>
  Buffer.from(await (await world.get(`/v1/exports/${String(made['id'])}/data`)).arrayBuffer());

test('a zip holds each file unchanged, and tables that say which is which', async () => {
  await using world = await openApiWorld();
  const one = await sampleRecording(sampleDrive());
  const two = await sampleRecording([noted(sampleStart, { a: 1 })]);
  await world.putClip(1, { bytes: one, tags: ['=1+1', 'rain'] });
  await world.putClip(2, { bytes: two, device: 'amr-02' });
  await world.putClip(3);
  const tried = await jsonOf(
    world.post('/v1/clips:export', { q: 'tag:rain or device:amr-02', dryRun: true }),
  );
  expect(tried).toMatchObject({ matched: 2, changed: 2 });
  const made = await exported(world, { ids: [clipId(1), clipId(2), clipId(3)] });
  expect(made).toMatchObject({ state: 'ready', clipCount: 3, format: 'zip' });
  const zip = await fileOf(world, made);
  expect(zip.length).toBe(made['sizeBytes']);
  const files = unzipped(zip);
  const manifest = JSON.parse(String(files.get('manifest.json'))) as { clips: Json[] };
  expect(manifest.clips.map(({ id, state }) => [id, state])).toEqual([
    [clipId(1), 'stored'],
    [clipId(2), 'stored'],
    [clipId(3), 'on_device'],
  ]);
  expect(manifest.clips[0]).toMatchObject({ manifest: { clipId: sampleUuid(1) } });
  expect(files.get(String(manifest.clips[0]?.['file']))).toEqual(Buffer.from(one));
  expect(files.get(String(manifest.clips[1]?.['file']))).toEqual(Buffer.from(two));
  expect(manifest.clips[2]?.['file']).toBeNull();
  const table = String(files.get('manifest.csv')).split('\r\n');
  expect(table).toHaveLength(5);
  expect(table[1]).toContain("'=1+1 rain");
  const again = await exported(world, { ids: [clipId(1), clipId(2)], topics: ['/notes'] });
  const cut = unzipped(await fileOf(world, again));
  const names = [...cut.keys()].filter((name) => name.endsWith('_cut.mcap'));
  expect(names).toHaveLength(2);
  const first = cut.get(names[0] ?? '') ?? Buffer.alloc(0);
  expect(await examine(first)).toEqual([]);
  const notes = messagesIn(first);
  expect(notes).toHaveLength(10);
});

test('an export asked for twice under one Idempotency-Key is made once', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: await sampleRecording(sampleDrive()) });
  const ask = async () =>
    await world.post('/v1/clips:export', { ids: [clipId(1)] }, { 'idempotency-key': 'once' });
  const [first, second] = [await ask(), await ask()];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect(await second.json()).toEqual(await first.json());
  const { items } = (await jsonOf(world.get('/v1/exports'))) as { items: unknown[] };
  expect(items).toHaveLength(1);
});

test('a merge is one recording in order of time, its topics under their devices', async () => {
  await using world = await openApiWorld();
  const at = (s: number): bigint => sampleStart + BigInt(s) * 1_000_000_000n;
  const drive = (from: number) => [
    odom(at(from), 1),
    noted(at(from + 1), {}),
    odom(at(from + 2), 2),
  ];
  const put = async (n: number, from: number, device: string): Promise<void> => {
    const bytes = await sampleRecording(drive(from));
    await world.putClip(n, { bytes, device, startNs: at(from) });
  };
  await put(1, 0, 'amr-01');
  await put(2, 1, 'amr-02');
  await put(3, 10, 'amr-01');
  const body = { q: 'state = stored', format: 'mcap' };
  const made = await exported(world, body);
  const merged = await fileOf(world, made);
  expect(await examine(merged)).toEqual([]);
  const messages = messagesIn(merged);
  expect(messages.map(([topic, ns]) => [topic, Number(ns / 1_000_000_000n)])).toEqual([
    ['/amr-01/odom', 0],
    ['/amr-01/notes', 1],
    ['/amr-02/odom', 1],
    ['/amr-01/odom', 2],
    ['/amr-02/notes', 2],
    ['/amr-02/odom', 3],
    ['/amr-01/odom', 10],
    ['/amr-01/notes', 11],
    ['/amr-01/odom', 12],
  ]);
  const links = await jsonOf(world.get(`/v1/exports/${String(made['id'])}/links`));
  const part = await fetch(String(links['data']), { headers: { range: 'bytes=1-4' } });
  expect(part.status).toBe(206);
  expect(await part.text()).toBe('MCAP');
  const { clips } = (await jsonOf(world.get(`/v1/exports/${String(made['id'])}/manifest`))) as {
    clips: unknown[];
  };
  expect(clips).toHaveLength(3);
});

test('what a dead worker had begun is made anew and is whole', async () => {
  await using world = await openApiWorld();
  const bytes = await sampleRecording(sampleDrive());
  await world.putClip(1, { bytes });
  const started = await jsonOf(world.post('/v1/clips:export', { ids: [clipId(1)] }));
  const { export: id } = started['input'] as { export: string };
  const left = await world.bytes.draft(exportDraft(id));
  await left.append([new Uint8Array(1000).fill(9)]);
  await world.db
    .updateTable('operation')
    .set({ state: 'running', owner: 'dead', attempts: 1 })
    .where('id', '=', String(started['id']))
    .execute();
  {
    await using _ = await openOperationRunner(workerDeps(world), { [exportKind]: makeExport });
    await expect
      .poll(async () => (await jsonOf(world.get(`/v1/exports/${id}`)))['state'], {
        timeout: 10_000,
      })
      .toBe('ready');
  }
  await expect(left.finish()).rejects.toMatchObject({ code: 'unavailable' });
  const files = unzipped(await fileOf(world, { id }));
  expect([...files.values()]).toContainEqual(Buffer.from(bytes));
  expect(await world.bytes.drafts()).toEqual([]);
});

test('an export ends with its time, with a clip in it, by request, or when it is cancelled', async () => {
  await using world = await openApiWorld();
  const put = async (n: number): Promise<void> => {
    await world.putClip(n, { bytes: await sampleRecording([noted(sampleStart, { n })]) });
  };
  for (const n of [1, 2, 3]) await put(n);
  const late = await exported(world, { ids: [clipId(1)] });
  const erased = await exported(world, { ids: [clipId(2), clipId(3)] });
  const dropped = await exported(world, { ids: [clipId(1), clipId(3)] });
  const gone = async (made: Json): Promise<void> => {
    const id = String(made['id']);
    expect(await jsonOf(world.get(`/v1/exports/${id}`))).toMatchObject({ state: 'gone' });
    expect((await world.get(`/v1/exports/${id}/data`)).status).toBe(409);
    expect(await world.bytes.stat(String(made['sha256']))).toBeUndefined();
  };
  const link = await jsonOf(world.get(`/v1/exports/${String(late['id'])}/links`));
  expect((await world.delete(`/v1/clips/${clipId(2)}`, { 'if-match': '*' })).status).toBe(204);
  await gone(erased);
  const etag = (await world.get(`/v1/exports/${String(dropped['id'])}`)).headers.get('etag') ?? '';
  const removed = await world.delete(`/v1/exports/${String(dropped['id'])}`, { 'if-match': etag });
  expect(removed.status).toBe(204);
  await gone(dropped);
  const tomorrow = Date.now() + exportKeptMs + 1;
  await sweepExports(workerDeps(world, () => tomorrow));
  await gone(late);
  expect((await fetch(String(link['data']))).status).toBe(409);
  const started = await jsonOf(world.post('/v1/clips:export', { ids: [clipId(1)] }));
  await world.post(`/v1/operations/${String(started['id'])}:cancel`);
  await sweepExports(workerDeps(world));
  const { export: id } = started['input'] as { export: string };
  expect(await jsonOf(world.get(`/v1/exports/${id}`))).toMatchObject({ state: 'gone' });
});

test('what cannot be exported is said before any work begins, and a full disk as well', async () => {
  await using world = await openApiWorld();
  await world.putClip(1);
  for (const body of [{ ids: [clipId(1)] }, { ids: ['clp_1'] }, { q: 'tag:none' }, {}]) {
    const refused = await world.post('/v1/clips:export', body);
    expect([400, 404, 409]).toContain(refused.status);
    expect(await jsonOf(refused)).toMatchObject({ remedy: expect.stringMatching(/\.$/) });
  }
  await world.putClip(2, { bytes: await sampleRecording([noted(sampleStart, {})]) });
  const started = await jsonOf(world.post('/v1/clips:export', { ids: [clipId(2)] }));
  const deps = workerDeps(world);
  const full = {
    ...deps,
    bytes: { ...deps.bytes, freeBytes: async () => await Promise.resolve(1) },
  };
  await using _runner = await openOperationRunner(full, { [exportKind]: makeExport });
  const id = String(started['id']);
  await expect
    .poll(async () => (await jsonOf(world.get(`/v1/operations/${id}`)))['state'], {
      timeout: 10_000,
    })
    .toBe('failed');
  expect(await jsonOf(world.get(`/v1/operations/${id}`))).toMatchObject({
    problem: { code: 'limited', remedy: expect.stringContaining('Free space') },
  });
});

test('an export that is cancelled while it is made stops, and leaves no draft', async () => {
  await using world = await openApiWorld();
  await world.putClip(1, { bytes: await sampleRecording([noted(sampleStart, {})]) });
  const started = await jsonOf(world.post('/v1/clips:export', { ids: [clipId(1)] }));
  const id = String(started['id']);
  const deps = workerDeps(world);
  const begun = Promise.withResolvers<void>();
  const endless = {
    ...deps.bytes,
    async *read() {
      for (;;) {
        begun.resolve();
        await setImmediate();
        yield new Uint8Array(10);
      }
    },
  };
  await using _ = await openOperationRunner(
    { ...deps, bytes: endless },
    { [exportKind]: makeExport },
  );
  await begun.promise;
  expect(await world.bytes.drafts()).toHaveLength(1);
  await world.post(`/v1/operations/${id}:cancel`);
  await expect
    .poll(async () => (await jsonOf(world.get(`/v1/operations/${id}`)))['state'], {
      timeout: 10_000,
    })
    .toBe('cancelled');
  expect(await world.bytes.drafts()).toEqual([]);
});

test('a clip that is erased while an export of it is made is in no file', async () => {
  await using world = await openApiWorld();
  for (const n of [1, 2]) {
    await world.putClip(n, { bytes: await sampleRecording([noted(sampleStart, { n })]) });
  }
  const body = { ids: [clipId(1), clipId(2)] };
  const started = await jsonOf(world.post('/v1/clips:export', body));
  const { export: made } = started['input'] as { export: string };
  const deps = workerDeps(world);
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let reads = 0;
  const slow = {
    ...deps.bytes,
    async *read(...of: Parameters<typeof deps.bytes.read>) {
      if ((reads += 1) === 2) begun.resolve();
      if (reads === 2) await goOn.promise;
      yield* deps.bytes.read(...of);
    },
  };
  await using _ = await openOperationRunner({ ...deps, bytes: slow }, { [exportKind]: makeExport });
  await begun.promise;
  const [first] = body.ids;
  const erased = await world.delete(`/v1/clips/${first}`, { 'if-match': '*' });
  expect(erased.status).toBe(204);
  goOn.resolve();
  const operation = `/v1/operations/${String(started['id'])}`;
  await expect
    .poll(async () => (await jsonOf(world.get(operation)))['state'], { timeout: 10_000 })
    .toBe('failed');
  expect(await jsonOf(world.get(operation))).toMatchObject({ problem: { code: 'conflict' } });
  expect((await world.get(`/v1/exports/${made}/data`)).status).toBe(409);
  await sweepExports(workerDeps(world));
  const second = await jsonOf(world.get(`/v1/clips/${clipId(2)}`));
  expect(await world.bytes.list({ limit: 9 })).toEqual([second['sha256']]);
  const told = world.db.selectFrom('outbox').select('kind').where('subject', '=', made);
  expect((await told.execute()).map(({ kind }) => kind)).toEqual(['export.asked', 'export.erased']);
});
