/**
 * Goal: what the threads say of a recording is what a plain reading of it says, in bounded pieces.
 * Method: real files in a real store on disk, through real threads, against simple code here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawBytes, seededRandom, silentLog } from '@fieldloop/core';
import { openMcapParser } from '@fieldloop/recording';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlobStore } from '../blob.ts';
import { openDiskBlobs } from '../disk.ts';
import type { MessagePosition, PlotSeries, StoredRecording } from './calls.ts';
import { openRecordings, type Recordings } from './pool.ts';
import {
  camera,
  noted,
  odom,
  sampleDrive,
  sampleRecording,
  sampleStart,
  type SampleMessage,
  storeBytes,
} from './recording.sample.ts';

let folder: string;
let blobs: BlobStore;
let recordings: Recordings;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldloop-recordings-'));
  blobs = await openDiskBlobs(folder);
  recordings = openRecordings({ bytes: blobs, log: silentLog }, { threads: 1 });
});
afterAll(async () => {
  await recordings[Symbol.asyncDispose]();
  await blobs[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function stored(messages: readonly SampleMessage[]): Promise<StoredRecording> {
  const bytes = await sampleRecording(messages);
  return { sha256: await storeBytes(blobs, bytes), sizeBytes: bytes.length, name: 'clp_1' };
}

async function streamed(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

/** Topic and log time of each message, and the names of the metadata. */
function contents(bytes: Uint8Array) {
  const parser = openMcapParser('made');
  const items = [...parser.push(bytes.slice()), ...parser.end()];
  const topics = new Map<number, string>();
  const messages: string[] = [];
  const metadata: string[] = [];
  for (const item of items) {
    if (item.kind === 'channel') topics.set(item.channel.id, item.channel.topic);
    if (item.kind === 'metadata') metadata.push(item.name);
    if (item.kind !== 'block') continue;
    const { count, baseNs, timesNs, channelIds } = item.block;
    for (let i = 0; i < count; i += 1) {
      const atNs = baseNs + BigInt(timesNs[i] ?? 0) - sampleStart;
      messages.push(`${topics.get(channelIds[i] ?? 0)} ${atNs}`);
    }
  }
  return { messages, metadata };
}

test('topics say how many, when and how large', async () => {
  const source = await stored(sampleDrive());
  const topics = await recordings.call('topics', { source, withBytes: true });
  expect(topics.map(({ topic, count }) => [topic, count])).toEqual([
    ['/camera/compressed', 0],
    ['/notes', 10],
    ['/odom', 500],
    ['/tf_static', 1],
  ]);
  expect(topics[2]).toMatchObject({
    schema: 'nav_msgs/msg/Odometry',
    firstNs: sampleStart,
    lastNs: sampleStart + 499n * 20_000_000n,
    bytes: sampleDrive()
      .filter(({ topic }) => topic === '/odom')
      .reduce((sum, { data }) => sum + data.length, 0),
  });
});

test('pages of messages show each once, in order of time, with large parts shortened', async () => {
  const messages = [
    noted(sampleStart + 5n, { late: true }),
    odom(sampleStart, Number.NaN),
    odom(
      sampleStart + 5n,
      2,
      Array.from({ length: 100 }, (_, i) => i),
    ),
    noted(sampleStart + 3n, { text: 'x'.repeat(3000) }),
    camera(sampleStart + 4n, new Uint8Array(500)),
  ];
  const source = await stored(messages);
  const topics = ['/odom', '/notes', '/camera/compressed'];
  const seen: Record<string, unknown>[] = [];
  let after: MessagePosition | undefined;
  do {
    const input = { source, topics, limit: 2, after, full: false, lines: true };
    const page = await recordings.call('messages', input);
    const lines = new TextDecoder().decode(page.text).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(2);
    seen.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    after = page.next;
  } while (after !== undefined);
  expect(
    seen.map(({ topic, logTimeNs }) => [topic, BigInt(String(logTimeNs)) - sampleStart]),
  ).toEqual([
    ['/odom', 0n],
    ['/notes', 3n],
    ['/camera/compressed', 4n],
    ['/notes', 5n],
    ['/odom', 5n],
  ]);
  expect(seen[0]?.['data']).toMatchObject({ twist: { linear: { x: 'NaN' } }, mode: 'AUTO' });
  expect(seen[1]?.['data']).toMatchObject({ text: { $length: 3000 } });
  expect(seen[2]?.['data']).toMatchObject({ data: { $length: 500 } });
  expect(seen[4]?.['data']).toMatchObject({ trail: { $length: 100 } });
  const whole = await recordings.call('messages', {
    source,
    topics: ['/odom'],
    limit: 9,
    full: true,
    lines: false,
    startNs: sampleStart + 1n,
  });
  const [last] = JSON.parse(`[${new TextDecoder().decode(whole.text)}]`) as { data: unknown }[];
  expect(last?.data).toMatchObject({ trail: Array.from({ length: 100 }, (_, i) => i) });
});

test('a page of large messages stays near its size, and one that is broken says so', async () => {
  const big = { text: 'y'.repeat(400_000) };
  const broken: SampleMessage = { topic: '/odom', atNs: sampleStart + 9n, data: new Uint8Array(6) };
  const source = await stored([
    ...Array.from({ length: 6 }, (_, i) => noted(sampleStart + BigInt(i), big)),
    broken,
  ]);
  const input = { source, topics: ['/notes', '/odom'], limit: 100, full: true, lines: true };
  const page = await recordings.call('messages', input);
  expect(page.text.length).toBeLessThan(1024 * 1024);
  expect(page.next).toBeDefined();
  const odometry = await recordings.call('messages', { ...input, topics: ['/odom'] });
  expect(JSON.parse(new TextDecoder().decode(odometry.text))).toMatchObject({
    problem: { code: 'corrupt' },
  });
});

interface Column {
  x: number;
  count: number;
  gaps: number;
  min: number | null;
  max: number | null;
  first: number | null;
  last: number | null;
}

function rowsOf({ columns }: PlotSeries): Column[] {
  return columns.x.map((x, i) => ({
    x,
    count: columns.count[i] ?? 0,
    gaps: columns.gaps[i] ?? 0,
    min: columns.min[i] ?? null,
    max: columns.max[i] ?? null,
    first: columns.first[i] ?? null,
    last: columns.last[i] ?? null,
  }));
}

/** One message after the other into its column, with exact arithmetic. */
function plainPlot(
  points: readonly (readonly [bigint, number])[],
  range: { readonly startNs: bigint; readonly endNs: bigint; readonly px: number },
): Column[] {
  const { startNs, endNs, px } = range;
  const columns = new Map<number, Column>();
  const ordered = points.toSorted((a, b) => (a[0] < b[0] ? -1 : Number(a[0] > b[0])));
  for (const [atNs, value] of ordered) {
    if (atNs < startNs || atNs >= endNs) continue;
    const x = Number(((atNs - startNs) * BigInt(px)) / (endNs - startNs));
    const none = { min: null, max: null, first: null, last: null };
    const column = columns.get(x) ?? { x, count: 0, gaps: 0, ...none };
    columns.set(x, column);
    if (!Number.isFinite(value)) {
      column.gaps += 1;
      continue;
    }
    column.count += 1;
    column.min = Math.min(column.min ?? value, value);
    column.max = Math.max(column.max ?? value, value);
    column.first ??= value;
    column.last = value;
  }
  return [...columns.values()].toSorted((a, b) => a.x - b.x);
}

test('a plot is what a plain scan says, with every spike and every gap', async () => {
  const value = fc.oneof(
    fc.integer({ min: -9, max: 9 }),
    fc.constantFrom(Number.NaN, Infinity, 1e300, 0.1),
  );
  const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000_000_007 }), value), {
    maxLength: 80,
  });
  await fc.assert(
    fc.asyncProperty(
      points,
      fc.tuple(
        fc.integer({ min: 0, max: 2_000_000_000 }),
        fc.integer({ min: 1, max: 3_000_000_000 }),
        fc.integer({ min: 1, max: 50 }),
      ),
      async (given, [from, span, px]) => {
        const plain = given.map(([after, x]) => [sampleStart + BigInt(after), x] as const);
        const source = await stored(plain.map(([atNs, x]) => odom(atNs, x)));
        const startNs = sampleStart + BigInt(from);
        const range = { startNs, endNs: startNs + BigInt(span), px };
        const paths = ['/odom.twist.linear.x', '/odom.twist.linear.y'];
        const [x, y] = await recordings.call('plot', { source, paths, ...range });
        expect(x && rowsOf(x)).toEqual(plainPlot(plain, range));
        const negative = plain.map(([atNs, one]) => [atNs, -one] as const);
        expect(y && rowsOf(y)).toEqual(plainPlot(negative, range));
      },
    ),
    { numRuns: 60 },
  );
});

test('a plot names its units, folds lists, and says what is wrong with a path', async () => {
  const source = await stored(sampleDrive());
  const range = { startNs: sampleStart, endNs: sampleStart + 10_000_000_000n, px: 10 };
  const paths = ['/odom.twist.linear.x', '/odom.trail[]@max', '/odom.trail.$count'];
  const plotted = await recordings.call('plot', { source, paths, ...range });
  expect(plotted.map(({ unit, messages }) => [unit, messages])).toEqual([
    ['m/s', 500],
    [undefined, 500],
    [undefined, 500],
  ]);
  expect(plotted[1]?.columns.max).toEqual(Array.from({ length: 10 }, (_, i) => i * 50 + 50));
  for (const [path, words] of [
    ['/odom.twist.linear.xx', 'Did you mean'],
    ['/odom', 'names no field'],
    ['/odo.x', 'no topic'],
    ['/odom.mode', 'is text'],
    ['/odom.trail[]@most', 'folds no list'],
  ] as const) {
    const asked = recordings.call('plot', { source, paths: [path], ...range });
    await expect(asked, path).rejects.toThrow(words);
    await expect(asked, path).rejects.toMatchObject({ remedy: expect.stringMatching(/\.$/) });
  }
});

test('frames are the first, the last before the trigger and the middle one, small', async () => {
  const jpeg = async (red: number): Promise<Uint8Array> =>
    new Uint8Array(
      await sharp({
        create: { width: 800, height: 400, channels: 3, background: { r: red, g: 0, b: 0 } },
      })
        .jpeg()
        .toBuffer(),
    );
  const at = (s: number): bigint => sampleStart + BigInt(s * 1e9);
  const source = await stored([
    camera(at(0), await jpeg(10)),
    camera(at(1), await jpeg(100)),
    camera(at(2), new Uint8Array([1, 2, 3])),
    camera(at(3), await jpeg(200)),
  ]);
  const clip = { source, startNs: at(0), endNs: at(4), triggerNs: at(3) + 5n };
  const { frames, problem } = await recordings.call('frames', clip);
  expect(frames.map(({ kind, atNs, width, height }) => [kind, atNs, width, height])).toEqual([
    ['first', at(0), 320, 160],
    ['trigger', at(3), 320, 160],
  ]);
  expect(problem).toContain('cannot be decoded');
  const { dominant } = await sharp(frames[1]?.bytes).stats();
  expect(dominant.r).toBeGreaterThan(150);
});

test('a cut is a file of the chosen topics and times, and a merge names its devices', async () => {
  const source = await stored(sampleDrive());
  const from = sampleStart + 2_000_000_000n;
  const cut = contents(
    await streamed(
      recordings.stream('cut', {
        source,
        topics: ['/notes', '/tf_static'],
        startNs: from,
        endNs: from + 2_000_000_000n,
        note: { clip: 'clp_1' },
      }),
    ),
  );
  expect(cut.messages).toEqual(['/tf_static 2000000000', '/notes 2000000001', '/notes 3000000001']);
  expect(cut.metadata).toEqual(['fieldloop.clip', 'fieldloop.cut']);
  const other = await stored(sampleDrive(sampleStart + 1n));
  const done: number[] = [];
  const merged = contents(
    await streamed(
      recordings.stream(
        'merge',
        {
          sources: [
            { source, startNs: sampleStart, prefix: '/a' },
            { source: other, startNs: sampleStart + 1n, prefix: '/b' },
          ],
          topics: ['/notes'],
          note: { clips: '2' },
        },
        { onProgress: (n) => done.push(n) },
      ),
    ),
  );
  expect(merged.messages.slice(0, 3)).toEqual(['/a/notes 1', '/b/notes 2', '/a/notes 1000000001']);
  expect(merged.messages).toHaveLength(20);
  expect(done).toEqual([1, 2]);
});

test('what cannot be read is a Fault, and a file that nobody takes ends', async () => {
  const source = await stored(sampleDrive());
  const missing = { ...source, sha256: 'f'.repeat(64) };
  await expect(
    recordings.call('topics', { source: missing, withBytes: false }),
  ).rejects.toMatchObject({ code: 'not_found' });
  const foreign = await storeBytes(blobs, new Uint8Array(1000));
  const noise = { sha256: foreign, sizeBytes: 1000, name: 'clp_2' };
  await expect(
    recordings.call('topics', { source: noise, withBytes: false }),
  ).rejects.toMatchObject({ code: 'corrupt', remedy: expect.stringMatching(/\.$/) });
  for await (const piece of recordings.stream('cut', { source, note: {} })) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  const stopped = AbortSignal.abort();
  const call = { source, withBytes: true };
  await expect(recordings.call('topics', call, stopped)).rejects.toMatchObject({
    code: 'cancelled',
  });
  const topics = await recordings.call('topics', { source, withBytes: false });
  expect(topics).toHaveLength(4);
});

test('a file that is taken slowly is read slowly, and others are served meanwhile', async () => {
  const noise = (seed: number): Uint8Array => drawBytes(seededRandom(seed), 100_000);
  const frames = Array.from({ length: 70 }, (_, i) => camera(sampleStart + BigInt(i), noise(i)));
  const large = await stored(frames);
  const small = await stored(sampleDrive());
  let read = 0;
  const counted: Pick<BlobStore, 'read'> = {
    async *read(sha256, range) {
      for await (const piece of blobs.read(sha256, range)) {
        if (sha256 === large.sha256) read += piece.length;
        yield piece;
      }
    },
  };
  await using own = openRecordings({ bytes: counted, log: silentLog }, { threads: 1 });
  const file = own.stream('cut', { source: large, note: {} });
  const first = await file.next();
  for (let i = 0; i < 12; i += 1) await own.call('topics', { source: small, withBytes: true });
  expect(large.sizeBytes).toBeGreaterThan(6_900_000);
  expect(read).toBeLessThan(4_500_000);
  let taken = first.value?.length ?? 0;
  for await (const piece of file) taken += piece.length;
  expect(taken).toBeGreaterThan(6_900_000);
});

test('a thread that dies fails what it was asked, and nothing waits for it', async () => {
  const dies =
    "import{parentPort}from'node:worker_threads';parentPort.on('message',()=>process.exit(3))";
  const entry = new URL(`data:text/javascript,${encodeURIComponent(dies)}`);
  await using own = openRecordings({ bytes: blobs, log: silentLog }, { threads: 1, entry });
  const source = { sha256: 'a'.repeat(64), sizeBytes: 1, name: 'clp_1' };
  for (let i = 0; i < 2; i += 1) {
    const asked = own.call('topics', { source, withBytes: false });
    const taken = own.stream('cut', { source, note: {} }).next();
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    await expect(taken).rejects.toMatchObject({ code: 'unavailable' });
  }
});
