/**
 * Goal: an operator sees into a clip, takes parts of it and opens it elsewhere, always truthfully.
 * Method: real MCAP files in a real store on disk, read over real HTTP with and without a key.
 */
import { openMcapParser } from '@fieldloop/recording';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { systemClock } from '@fieldloop/core/system';
import {
  camera,
  odom,
  sampleDrive,
  sampleRecording,
  sampleStart,
} from '../blob/recordings/recording.sample.ts';
import { idOfUuid } from '../entity-id.ts';
import { type ApiWorld, openApiWorld } from '../http/world.sample.ts';
import { sampleManifest, sampleUuid } from './clip.sample.ts';
import { clipStore } from './store.ts';

const clipId = (n: number): string => idOfUuid('clp', sampleUuid(n));
const path = `/v1/clips/${clipId(1)}`;

/** Clip 1 is stored and holds a drive; clip 2 is still on its robot. */
async function openClips(): Promise<ApiWorld> {
  const world = await openApiWorld();
  await world.putClip(1, { bytes: await sampleRecording(sampleDrive()) });
  await world.putClip(2);
  return world;
}

const jsonOf = async (response: Response | Promise<Response>): Promise<Record<string, unknown>> =>
  (await (await response).json()) as Record<string, unknown>;

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** Topics and log times after the start, in file order; throws unless the file is whole. */
function messagesIn(bytes: Uint8Array): (readonly [string, bigint])[] {
  const parser = openMcapParser('cut');
  const items = [...parser.push(bytes), ...parser.end()];
  const topics = new Map<number, string>();
  const messages: [string, bigint][] = [];
  for (const item of items) {
    if (item.kind === 'channel') topics.set(item.channel.id, item.channel.topic);
    if (item.kind !== 'block') continue;
    const { count, channelIds, baseNs, timesNs } = item.block;
    for (let i = 0; i < count; i += 1) {
      const topic = topics.get(channelIds[i] ?? 0) ?? '';
      messages.push([topic, baseNs + BigInt(timesNs[i] ?? 0) - sampleStart]);
    }
  }
  return messages;
}

test('a clip says everything that is known of it, and why it is where it is', async () => {
  await using world = await openClips();
  expect(await jsonOf(world.get(path))).toMatchObject({
    state: 'stored',
    stateReason: expect.stringContaining('verified'),
    tags: ['demo'],
    operatorTags: [],
    isHeld: false,
    pinnedBy: [],
    previewState: 'pending',
    ruleSets: [{ ruleSet: 'amr', version: 3 }],
    models: { classifier: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  expect(await jsonOf(world.get(`/v1/clips/${clipId(2)}`))).toMatchObject({
    state: 'on_device',
    stateReason: expect.stringContaining('the robot has the bytes'),
  });
});

test('topics come from the file, or from the manifest while the robot has the bytes', async () => {
  await using world = await openClips();
  const stored = await jsonOf(world.get(`${path}/topics?bytes=true`));
  expect(stored).toMatchObject({ source: 'file' });
  expect(stored['topics']).toContainEqual({
    name: '/odom',
    schema: 'nav_msgs/msg/Odometry',
    schemaEncoding: 'ros2msg',
    messageEncoding: 'cdr',
    latched: false,
    count: 500,
    hz: 100,
    bytes: expect.any(Number),
    firstNs: String(sampleStart),
    lastNs: String(sampleStart + 499n * 20_000_000n),
  });
  expect(await jsonOf(world.get(`/v1/clips/${clipId(2)}/topics`))).toMatchObject({
    source: 'manifest',
    topics: [
      { name: '/odom', count: 250, hz: 50 },
      { name: '/scan', count: 50, hz: 10 },
    ],
  });
  const absent = await world.get(`/v1/clips/${clipId(2)}/plot?path=/odom.x`);
  expect(absent.status).toBe(409);
  expect(await jsonOf(absent)).toMatchObject({ remedy: expect.stringContaining('clips pull') });
});

test('pages of messages join without a gap or a double, as JSON and as lines', async () => {
  await using world = await openClips();
  const times: string[] = [];
  const ask = `${path}/messages?topic=/odom&topic=/notes&limit=90`;
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = await jsonOf(world.get(`${ask}${cursor === '' ? '' : `&cursor=${cursor}`}`));
    const items = page['items'] as { logTimeNs: string }[];
    times.push(...items.map((item) => item.logTimeNs));
    cursor = page['nextCursor'] as string | undefined;
  }
  expect(times).toHaveLength(510);
  expect(times).toEqual(times.toSorted((a, b) => Number(BigInt(a) - BigInt(b))));
  const lines: unknown[] = [];
  let next: string | undefined = `${path}/messages?topic=/notes&limit=4&format=ndjson`;
  while (next !== undefined) {
    const response: Response = await world.get(next);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const text = await response.text();
    lines.push(
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    );
    next = /<(.*)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  }
  expect(lines.map((line) => (line as { data: { second: number } }).data.second)).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
  const other = await jsonOf(world.get(`${path}/messages?topic=/nothing`));
  expect(other).toMatchObject({ status: 400, remedy: expect.stringContaining('/odom') });
});

test('a plot has one column a pixel and shows a spike of one message', async () => {
  await using world = await openApiWorld();
  const messages = Array.from({ length: 1000 }, (_, i) =>
    odom(sampleStart + BigInt(i) * 4_000_000n, i === 777 ? 50 : 0),
  );
  await world.putClip(1, { bytes: await sampleRecording(messages) });
  const range = `startNs=${sampleStart}&endNs=${sampleStart + 4_000_000_000n}`;
  const query = `path=/odom.twist.linear.x&path=/odom.twist.linear.y&px=20&${range}`;
  const { series } = (await jsonOf(world.get(`${path}/plot?${query}`))) as {
    series: { unit: string; columns: { x: number[]; max: number[]; min: number[] } }[];
  };
  expect(series[0]?.unit).toBe('m/s');
  expect(series[0]?.columns.x).toHaveLength(20);
  expect(series[0]?.columns.max.indexOf(50)).toBe(Math.floor(777 / 50));
  expect(series[1]?.columns.min[15]).toBe(-50);
  const backwards = await world.get(`${path}/plot?path=/odom.x&startNs=9&endNs=9`);
  expect(backwards.status).toBe(400);
});

test('a cut is a whole file of its own, the same each time, and never sent twice', async () => {
  await using world = await openClips();
  const from = sampleStart + 3_000_000_000n;
  const ask = `${path}/data?topics=/notes,/tf_static&startNs=${from}&endNs=${from + 2_000_000_000n}`;
  const response = await world.get(ask);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'accept-ranges': 'none',
    'content-disposition': expect.stringMatching(/_cut\.mcap"$/),
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
  });
  const bytes = await bytesOf(response);
  expect(messagesIn(bytes.slice())).toEqual([
    ['/tf_static', 3_000_000_000n],
    ['/notes', 3_000_000_001n],
    ['/notes', 4_000_000_001n],
  ]);
  const again = await bytesOf(await world.get(ask, { range: 'bytes=0-9' }));
  expect(Buffer.compare(again, bytes)).toBe(0);
  const etag = response.headers.get('etag') ?? '';
  expect((await world.get(ask, { 'if-none-match': etag })).status).toBe(304);
  const turned = ask.replace('/notes,/tf_static', '/tf_static,/notes');
  expect((await world.get(turned)).headers.get('etag')).toBe(etag);
  const unknown = await world.get(`${path}/data?topics=/odomm`);
  expect(unknown.status).toBe(400);
  expect(await jsonOf(unknown)).toMatchObject({ remedy: expect.stringContaining('/odom') });
  expect(world.errors).toEqual([]);
});

test('pictures are made when one is asked for, and go out like files', async () => {
  await using world = await openApiWorld();
  const create = { width: 640, height: 480, channels: 3, background: '#804020' } as const;
  const jpeg = new Uint8Array(await sharp({ create }).jpeg().toBuffer());
  const frames = [0n, 1n, 2n, 3n, 4n].map((s) => camera(sampleStart + s * 1_000_000_000n, jpeg));
  await world.putClip(1, { bytes: await sampleRecording(frames) });
  const pictures = await Promise.all([
    world.get(`${path}/previews/0`),
    world.get(`${path}/previews/1`),
  ]);
  for (const picture of pictures) {
    expect(picture.status).toBe(200);
    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    const { width, height } = await sharp(await bytesOf(picture)).metadata();
    expect([width, height]).toEqual([320, 240]);
  }
  const clip = await jsonOf(world.get(path));
  expect(clip).toMatchObject({ previewState: 'made' });
  expect((clip['previews'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
    'first',
    'trigger',
    'middle',
  ]);
  expect((await world.get(`${path}/previews/7`)).status).toBe(404);
});

test('why names the margin that the robot told, and lineage what the clip came from', async () => {
  await using world = await openClips();
  const device = await world.db
    .selectFrom('device')
    .select('id')
    .where('name', '=', 'amr-01')
    .executeTakeFirstOrThrow();
  const atNs = sampleStart + 3_000_000_000n;
  await world.db
    .insertInto('event')
    .values({
      id: 'evt_1',
      device_id: device.id,
      clip_id: clipId(1),
      kind: 'event',
      name: 'near-miss',
      severity: 'warning',
      at_ns: atNs,
      end_ns: atNs,
      synced: 1,
      rule: 'near-miss@3',
      margin: 0.09,
      tags: '[]',
      values_json: '{}',
      received_at: 1,
      version: 1,
    })
    .execute();
  expect(await jsonOf(world.get(`${path}/why`))).toMatchObject({
    leading: { rule: 'near-miss', margin: 0.09, values: { vx: 0.52 } },
    verdicts: [{ isMerged: false }],
  });
  expect(await jsonOf(world.get(`${path}/lineage`))).toMatchObject({
    device: 'amr-01',
    rules: [{ ruleSet: 'amr', version: 3, publications: [] }],
    derived: [],
    failures: [],
  });
  const cut = { ...sampleManifest(9), derivedFrom: sampleUuid(1) };
  await clipStore(world.db).putManifest('amr-01', cut, 1);
  expect(await jsonOf(world.get(`${path}/lineage`))).toMatchObject({ derived: [clipId(9)] });
  expect(await jsonOf(world.get(`/v1/clips/${clipId(9)}/lineage`))).toMatchObject({
    derivedFrom: clipId(1),
  });
});

test('links open the file without a key, for pages of any origin, until they end', async () => {
  let now = systemClock.now();
  await using world = await openApiWorld({ clock: { ...systemClock, now: () => now } });
  const bytes = await sampleRecording(sampleDrive());
  await world.putClip(1, { bytes });
  const links = (await jsonOf(world.get(`${path}/links?expiresInS=600`))) as Record<string, string>;
  const file = links['data'] ?? '';
  for (const [viewer, base] of [
    ['lichtblick', 'https://lichtblick-suite.github.io/lichtblick/'],
    ['foxglove', 'https://app.foxglove.dev/~/view'],
  ] as const) {
    const url = new URL(links[viewer] ?? '');
    expect(`${url.origin}${url.pathname}`).toBe(base);
    expect(url.searchParams.get('ds')).toBe('remote-file');
    expect(url.searchParams.get('ds.url')).toBe(file);
    expect(url.searchParams.get('time')).toBe('2024-05-31T16:08:41.000000000Z');
  }
  expect(new URL(file).pathname).toMatch(/\.mcap$/);
  const origin = { origin: 'https://app.foxglove.dev' };
  const asked = await fetch(file, { method: 'OPTIONS', headers: origin });
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-headers')).toContain('range');
  const part = await fetch(file, { headers: { ...origin, range: 'bytes=0-7' } });
  expect(part.status).toBe(206);
  expect(part.headers.get('access-control-allow-origin')).toBe('*');
  const exposed = part.headers.get('access-control-expose-headers') ?? '';
  for (const name of ['accept-ranges', 'content-range', 'content-length', 'etag']) {
    expect(exposed).toContain(name);
    expect(part.headers.get(name), name).not.toBeNull();
  }
  expect(await bytesOf(part)).toEqual(bytes.subarray(0, 8));
  const [, , , token = ''] = new URL(file).pathname.split('/');
  const changed = file.replace(token, `A${token.slice(1)}`);
  const refused = await fetch(changed);
  expect(refused.status).toBe(403);
  expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  const other = world.api.operations.find(({ doc }) => doc.id === 'getClip');
  expect(other?.doc.crossOrigin).toBeUndefined();
  now += 600_001;
  const late = await fetch(file);
  expect(late.status).toBe(403);
  expect(await jsonOf(late)).toMatchObject({ detail: expect.stringContaining('expired') });
});
