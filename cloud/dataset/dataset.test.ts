/**
 * Goal: over HTTP a person builds, judges, compares and exports versions, and every file is read by
 * another reader.
 * Method: the real API and worker on SQLite, clips with bytes; Parquet by hyparquet, zips by a
 * reader of this test, hashes recomputed.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@fieldloop/core';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { camera, sampleRecording } from '../blob/recordings/recording.sample.ts';
import { sampleStartNs } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipCareStore } from '../clip/care-store.ts';
import { clipStore } from '../clip/store.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { operationRows } from '../store/operations.ts';
import { type BundleItem, trainingBundle } from './bundle.ts';
import { plantDrives, plantGround, plantLabels, sampleOntologySha } from './dataset.sample.ts';
import { unzipped } from './zip.sample.ts';

type Json = Record<string, unknown>;

let world: ApiWorld;
let first = '';

/** Of the labels: where drives fall must not depend on the names of this run. */
const deviceId = 'dev_wall';

const jsonOf = async (response: Response | Promise<Response>): Promise<Json> =>
  (await (await response).json()) as Json;

/** The result of the long work that a request starts. */
async function done(response: Response | Promise<Response>): Promise<Json> {
  const started = await jsonOf(response);
  expect(started).toMatchObject({ state: 'queued' });
  for (;;) {
    const found = await operationRows(world.db).get(String(started['id']));
    if (found?.state === 'failed') throw new Error(JSON.stringify(found.problem));
    if (found?.state === 'done') return found.result as Json;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function exported(version: string, body: Json): Promise<Buffer> {
  const { export: id } = await done(world.post(`/v1/datasetVersions/${version}:export`, body));
  const file = await world.get(`/v1/datasetExports/${String(id)}/data`);
  expect(file.status).toBe(200);
  return Buffer.from(await file.arrayBuffer());
}

beforeAll(async () => {
  world = await openApiWorld({ worker: true });
  await plantGround(world.db);
  await plantDrives(world.db, deviceId, { count: 160, blobs: world.bytes });
  await world.post('/v1/datasets', {
    name: 'wall',
    selection: { ontology: 'wall' },
    splitRule: { salt: 'salt3' },
    gates: { classMinimum: 1, testMinimum: 0 },
    licences: ['Apache-2.0'],
  });
  const built = await done(world.post('/v1/datasets/wall/versions', { publish: true }));
  first = String(built['version']);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

test('a version says what it has, and its bytes are what its id says', async () => {
  const version = await jsonOf(world.get(`/v1/datasetVersions/${first.slice(0, 12)}`));
  expect(version).toMatchObject({ id: first, dataset: 'wall', n: 1, gone: [] });
  expect(version['gates']).toHaveLength(9);
  const manifest = await (await world.get(`/v1/datasetVersions/${first}/manifest`)).text();
  expect(sha256Hex(manifest)).toBe(first);
  const items = await (await world.get(`/v1/datasetVersions/${first}/items`)).text();
  expect(sha256Hex(items)).toBe((JSON.parse(manifest) as Json)['itemsSha256']);
  const page = await jsonOf(world.get('/v1/datasetVersions?dataset=wall&q=state%20%3D%20ready'));
  expect(page['items']).toHaveLength(1);
  expect(await done(world.post(`/v1/datasetVersions/${first}:verify`))).toMatchObject({ ok: true });
  expect(await done(world.post(`/v1/datasetVersions/${first}:rebuild`))).toMatchObject({
    same: true,
  });
});

test('the split rule of a data set with versions stays', async () => {
  const headers = { 'if-match': '*' };
  const answer = await world.patch('/v1/datasets/wall', { splitRule: { salt: 'b' } }, headers);
  expect(answer.status).toBe(409);
  const other = await world.patch('/v1/datasets/wall', { description: 'Walls.' }, headers);
  expect(await jsonOf(other)).toMatchObject({ description: 'Walls.', version: 2 });
});

test('tags move for who has read them, and the diff of a new version is told', async () => {
  const path = '/v1/datasets/wall/tags/stable';
  const put = async (versionId: string, match: string) =>
    await world.put(path, { versionId }, { 'if-match': match });
  expect((await put(first, '"1"')).status).toBe(404);
  const made = await put(first, '*');
  expect(await jsonOf(made)).toMatchObject({ name: 'stable', versionId: first, version: 1 });
  await plantDrives(world.db, deviceId, { from: 161, count: 20, blobs: world.bytes });
  const built = await done(world.post('/v1/datasets/wall/versions', {}));
  expect(built).toMatchObject({ state: 'draft', unchanged: false });
  const second = String(built['version']);
  expect((await put(second, '"7"')).status).toBe(412);
  expect((await put(second, '"1"')).status).toBe(200);
  const diff = await jsonOf(world.get(`/v1/datasetVersions/${second}/diff?limit=3`));
  expect(diff).toMatchObject({ before: first, total: { removed: 0, relabelled: 0, moved: 0 } });
  const { added } = diff['total'] as { readonly added: number };
  expect(added).toBeGreaterThan(0);
  expect(diff['entries']).toHaveLength(Math.min(3, added));
  const signed = await world.post(`/v1/datasetVersions/${second}:signOff`, {
    decision: 'rejected',
    reason: 'a camera was covered',
  });
  expect(await jsonOf(signed)).toMatchObject({ state: 'rejected', reason: 'a camera was covered' });
  expect((await world.delete(path, { 'if-match': '*' })).status).toBe(204);
  expect((await world.get(path)).status).toBe(404);
});

test('a bundle holds train and calibration with their clips, and proves itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-bundle-'));
  const written = await trainingBundle({ read: world.db, bytes: world.bytes }, first, folder);
  const lines = (await readFile(join(folder, 'items.ndjson'), 'utf8')).trim().split('\n');
  const items = lines.map((line) => JSON.parse(line) as BundleItem);
  expect(items).toHaveLength(written.items);
  expect(new Set(items.map(({ split }) => split))).toEqual(new Set(['train', 'calibration']));
  const version = await jsonOf(world.get(`/v1/datasetVersions/${first}`));
  expect((version['splits'] as Record<string, number>)['test']).toBeGreaterThan(0);
  expect(items[0]).toMatchObject({ body: { class: items[0]?.class }, topic: '/odom' });
  const sums = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trim().split('\n');
  expect(sums).toHaveLength(4 + written.clips);
  for (const line of sums) {
    const [sha256, name = ''] = line.split('  ');
    expect(sha256Hex(await readFile(join(folder, name)))).toBe(sha256);
  }
  expect(sha256Hex(await readFile(join(folder, 'ontology.json')))).toBe(sampleOntologySha);
  // Again, over what is there.
  expect(await trainingBundle({ read: world.db, bytes: world.bytes }, first, folder)).toEqual(
    written,
  );
  await rm(folder, { recursive: true });
  const zip = unzipped(await exported(first, { format: 'bundle' }));
  expect(zip.get('items.ndjson')?.toString('utf8').trim().split('\n')).toEqual(lines);
});

test('LeRobot tables are read back: frames, episodes, tasks and statistics', async () => {
  const zip = unzipped(
    await exported(first, {
      format: 'lerobot',
      splits: ['train', 'test'],
      signals: [
        { topic: '/odom', path: 'twist.linear.x' },
        { topic: '/odom', path: 'twist.linear.y' },
      ],
      robot: 'wall-bot',
    }),
  );
  const table = async (name: string) => {
    const bytes = zip.get(name);
    if (bytes === undefined) throw new Error(`no ${name} among ${[...zip.keys()].join(', ')}`);
    const file = new Uint8Array(bytes).buffer;
    return { file, rows: await parquetReadObjects({ file }) };
  };
  const info = JSON.parse(zip.get('meta/info.json')?.toString('utf8') ?? '{}') as Json;
  expect(info).toMatchObject({
    codebase_version: 'v3.0',
    robot_type: 'wall-bot',
    chunks_size: 1000,
    data_files_size_in_mb: 100,
    video_files_size_in_mb: 200,
    fps: 10,
    video_path: null,
    features: {
      'observation.state': { dtype: 'float32', shape: [2] },
      timestamp: { dtype: 'float32', shape: [1], names: null },
      index: { dtype: 'int64', shape: [1], names: null },
    },
  });
  const { rows: frames } = await table('data/chunk-000/file-000.parquet');
  const { rows: episodes } = await table('meta/episodes/chunk-000/file-000.parquet');
  const tasks = await table('meta/tasks.parquet');
  expect(frames).toHaveLength(info['total_frames'] as number);
  expect(frames.map((row) => row['index'])).toEqual(frames.map((_, i) => BigInt(i)));
  expect(episodes).toHaveLength(info['total_episodes'] as number);
  for (const episode of episodes) {
    const [from, to] = [episode['dataset_from_index'], episode['dataset_to_index']].map(Number);
    const own = frames.slice(from, to);
    expect(BigInt(own.length)).toBe(episode['length']);
    expect(own.every((row) => row['episode_index'] === episode['episode_index'])).toBe(true);
    const states = own.map((row) => (row['observation.state'] as number[])[0] ?? 0);
    expect((episode['stats/observation.state/max'] as number[])[0]).toBeCloseTo(
      Math.max(...states),
      5,
    );
  }
  const state = frames[0]?.['observation.state'] as number[];
  expect(state[1]).toBeCloseTo(-(state[0] ?? 0), 6);
  const names = tasks.rows.map((row) => String(row['task']));
  expect(names.toSorted()).toEqual(['forward', 'left', 'right']);
  const pairs = parquetMetadata(tasks.file).key_value_metadata ?? [];
  const pandas = pairs.find(({ key }) => key === 'pandas')?.value ?? '{}';
  expect(JSON.parse(pandas)).toMatchObject({ index_columns: ['task'] });
  const { splits } = info as { readonly splits: Readonly<Record<string, string>> };
  const ends = Object.values(splits).map((text) => text.split(':').map(Number));
  expect(ends[0]?.[0]).toBe(0);
  expect(ends.at(-1)?.[1]).toBe(episodes.length);
  const stats = JSON.parse(zip.get('meta/stats.json')?.toString('utf8') ?? '{}') as Json;
  expect(stats['observation.state']).toMatchObject({ count: [frames.length] });
});

test('Croissant names every file with its hash, the splits and the parent', async () => {
  const zip = unzipped(await exported(first, { format: 'croissant' }));
  const about = JSON.parse(zip.get('croissant.json')?.toString('utf8') ?? '{}') as {
    readonly conformsTo: string;
    readonly distribution: readonly { readonly name: string; readonly sha256: string }[];
    readonly recordSet: readonly {
      readonly '@id': string;
      readonly field: readonly { readonly '@id': string; readonly source?: Json }[];
    }[];
  } & Json;
  expect(about).toMatchObject({
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.1',
    name: 'wall',
    license: ['Apache-2.0'],
    version: '1.0.0',
  });
  for (const member of ['description', 'url', 'creator', 'datePublished', '@context']) {
    expect(about).toHaveProperty([member]);
  }
  for (const { name, sha256 } of about.distribution) {
    expect(sha256Hex(zip.get(name) ?? '')).toBe(sha256);
  }
  const files = new Set(about.distribution.map(({ name }) => name));
  expect([...zip.keys()].filter((name) => !files.has(name)).toSorted()).toEqual([
    'SHA256SUMS',
    'croissant.json',
  ]);
  const ids = about.recordSet.flatMap((set) => [set['@id'], ...set.field.map((f) => f['@id'])]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('OpenLineage: a start and an end a run, gates as tests, the version as a facet', async () => {
  const text = (await exported(first, { format: 'openlineage' })).toString('utf8');
  const events = JSON.parse(text) as readonly {
    readonly eventType: string;
    readonly eventTime: string;
    readonly schemaURL: string;
    readonly run: { readonly runId: string; readonly facets: Json };
    readonly outputs: readonly Json[];
  }[];
  expect(events.map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
  const [start, end] = events;
  expect(start?.run.runId).toBe(end?.run.runId);
  expect(start?.run.runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  expect(end?.schemaURL).toContain('/2-0-2/OpenLineage.json#');
  expect(end?.outputs[0]).toMatchObject({ facets: { version: { datasetVersion: first } } });
  expect(end?.run.facets).toMatchObject({ test: { tests: expect.any(Array) } });
});

describe('pictures', () => {
  const jpeg = Buffer.from(
    [
      '/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4n',
      'ICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAEC',
      'AwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAk',
      'M2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJ',
      'ipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3',
      '+Pn6/9oACAEBAAA/APn+iiiv/9k=',
    ].join(''),
    'base64',
  );

  test('COCO has the boxes of each picture, cut from the clip, with stable ids', async () => {
    const bytes = await sampleRecording([
      camera(sampleStartNs, jpeg),
      camera(sampleStartNs + 1_000_000_000n, jpeg),
    ]);
    const manifest = await world.putClip(900, { bytes });
    const one = { clipId: clipIdOf(manifest), deviceId, session: 'cam', class: 'left' };
    await plantLabels(world.db, [
      { ...one, n: 9001, frame: 1 },
      { ...one, n: 9002, frame: 11 },
    ]);
    const boxes = [{ class: 'right', x: 1, y: 2, w: 3, h: 4, share: 1 }];
    await world.db
      .updateTable('label')
      .set({
        type: 'boxes',
        class: null,
        topic: '/camera/compressed',
        body: JSON.stringify({ boxes }),
      })
      .where('clip_id', '=', one.clipId)
      .execute();
    await world.post('/v1/datasets', {
      name: 'boxes',
      selection: { ontology: 'wall', types: ['boxes'] },
      splitRule: { salt: 'a', buckets: { test: 0, calibration: 0 } },
    });
    const built = await done(world.post('/v1/datasets/boxes/versions', {}));
    const zip = unzipped(await exported(String(built['version']), { format: 'coco' }));
    const found = JSON.parse(
      zip.get('annotations/instances_train.json')?.toString('utf8') ?? '{}',
    ) as {
      readonly images: readonly { readonly id: number; readonly file_name: string }[];
    };
    expect(found).toMatchObject({
      images: [
        { id: 1, width: 1, height: 1 },
        { id: 2, width: 1, height: 1 },
      ],
      annotations: [
        { id: 1, image_id: 1, category_id: 3, bbox: [1, 2, 3, 4], area: 12, iscrowd: 0 },
        { id: 2, image_id: 2 },
      ],
      categories: [{ id: 1, name: 'forward' }, { id: 2 }, { id: 3, name: 'right' }],
    });
    for (const image of found.images) expect(zip.get(`images/${image.file_name}`)).toEqual(jpeg);
  });
});

test('clips that are gone are all named, and an erased one takes its exports along', async () => {
  const items = await world.db
    .selectFrom('dataset_item')
    .select('clip_id')
    .distinct()
    .where('version_id', '=', first)
    .where('split', '=', 'train')
    .orderBy('clip_id')
    .limit(2)
    .execute();
  const { export: id } = await done(
    world.post(`/v1/datasetVersions/${first}:export`, { format: 'bundle' }),
  );
  const [evicted, erased] = items.map((row) => row.clip_id);
  await world.db
    .updateTable('clip')
    .set({ state: 'missing' })
    .where('id', '=', evicted ?? '')
    .execute();
  const clip = await clipStore(world.db).get(erased ?? '');
  if (clip === undefined) throw new Error('no clip');
  const pins = await clipCareStore(world.db).pins(clip);
  expect(pins).toContainEqual({ kind: 'dataset', what: first });
  await world.db
    .transaction()
    .execute(
      async (trx) => await clipCareStore(trx).erase(clip, 'asked', { by: 'usr_1', at: Date.now() }),
    );
  expect(await jsonOf(world.get(`/v1/datasetExports/${String(id)}`))).toMatchObject({
    state: 'gone',
  });
  const deps = { read: world.db, bytes: world.bytes };
  const fault = await trainingBundle(deps, first, '/nonexistent').catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'corrupt', details: { count: 2 } });
  const { details } = fault as { readonly details: { readonly clips: readonly Json[] } };
  const named = details.clips.map(({ clip, why }) => [clip, why]);
  expect(new Map(named as [string, string][])).toEqual(
    new Map([
      [evicted, 'missing'],
      [erased, 'erased'],
    ]),
  );
  const version = await jsonOf(world.get(`/v1/datasetVersions/${first}`));
  expect(version['gone']).toHaveLength(2);
});
