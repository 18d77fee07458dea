/**
 * Goal: every source gives the same timelines whatever happens to files and connections.
 * Method: recordings written for the test, a folder that files come into, a TCP server that cuts.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, seededRandom, silentLog } from '@fieldloop/core';
import type { MessageBlock } from '@fieldloop/recording';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSource } from './file.ts';
import { folderSource } from './folder.ts';
import { simSource } from './sim.ts';
import type { Source, SourceItem } from './source.ts';
import { blockOf } from '../window/testing.ts';
import { slices } from './pace.ts';
import { jsonBytes, writeRecording } from './testing.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-source-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const halve = (path: string): void => truncateSync(path, Math.floor(readFileSync(path).length / 2));

const second = 1_000_000_000n;
const odom = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    topic: '/odom',
    atNs: 1_700_000_000n * second + (BigInt(from + i) * second) / 10n,
    value: { i: from + i, pad: 'x'.repeat(200) },
  }));

/** Reads until `enough` says so, then stops the source. */
async function read(
  source: Source,
  enough: (items: readonly SourceItem[]) => boolean = () => false,
): Promise<SourceItem[]> {
  const stopping = new AbortController();
  const items: SourceItem[] = [];
  for await (const item of source.items(stopping.signal)) {
    items.push(item);
    if (enough(items)) stopping.abort();
  }
  return items;
}

const kinds = (items: readonly SourceItem[]): string[] =>
  items.map(({ kind }) => kind).filter((kind, i, all) => kind !== 'quiet' && kind !== all[i - 1]);

const messages = (items: readonly SourceItem[]): number =>
  items.reduce((sum, item) => sum + (item.kind === 'block' ? item.block.count : 0), 0);

const sessions = (items: readonly SourceItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'begin' ? [item.session.id] : []));

const count = (items: readonly SourceItem[], kind: SourceItem['kind']): number =>
  items.filter((item) => item.kind === kind).length;

test('a file is one timeline, and the same session however often it is read', async () => {
  const path = join(folder, 'a.mcap');
  await writeRecording(path, odom(50));
  const open = (device: string): Source =>
    fileSource({ name: 'main', device, path, speed: 'max' }, { clock: systemClock });
  const first = await read(open('amr-01'));
  expect(kinds(first)).toEqual(['begin', 'channel', 'block', 'end']);
  expect(messages(first)).toBe(50);
  expect(sessions(await read(open('amr-01')))).toEqual(sessions(first));
  expect(sessions(await read(open('amr-02')))).not.toEqual(sessions(first));
});

test('a torn file gives what stood before the damage, then an end with the fault', async () => {
  const path = join(folder, 'a.mcap');
  await writeRecording(path, odom(20_000));
  halve(path);
  const items = await read(
    fileSource({ name: 'main', device: 'amr', path, speed: 'max' }, { clock: systemClock }),
  );
  expect(messages(items)).toBeGreaterThan(100);
  const last = items.at(-1);
  expect(last).toMatchObject({ kind: 'end', fault: { code: 'corrupt' } });
});

test('a file that is not there is an end with the fault and its remedy', async () => {
  const path = join(folder, 'none.mcap');
  const items = await read(
    fileSource({ name: 'main', device: 'amr', path, speed: 'max' }, { clock: systemClock }),
  );
  expect(items).toMatchObject([{ kind: 'end', fault: { code: 'not_found', place: path } }]);
});

test('a folder of splits is one session of one timeline, and what is missing is told', async () => {
  const bag = join(folder, 'bag');
  mkdirSync(bag);
  for (const i of [0, 1, 2]) await writeRecording(join(bag, `bag_${i}.mcap`), odom(100, i * 100));
  const files = [0, 1, 2, 3].map((i) => `    - bag_${i}.mcap\n`);
  writeFileSync(join(bag, 'metadata.yaml'), `a:\n  relative_file_paths:\n${files.join('')}`);
  const items = await read(
    fileSource({ name: 'main', device: 'amr', path: bag, speed: 'max' }, { clock: systemClock }),
  );
  expect(messages(items)).toBe(300);
  expect(kinds(items).filter((kind) => kind !== 'block')).toEqual([
    'notice',
    'begin',
    'channel',
    'end',
  ]);
});

test('speed holds a replay back to the log time of its blocks', async () => {
  const path = join(folder, 'a.mcap');
  await writeRecording(path, odom(600));
  const slept: number[] = [];
  let nowMs = 5_000;
  const clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: async (ms: number) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
  await read(fileSource({ name: 'main', device: 'amr', path, speed: 10 }, { clock }));
  const total = slept.reduce((sum, ms) => sum + ms, 0);
  expect(total).toBeCloseTo(5_990, 0);
  // Ten messages a second at ten times the speed: none waits for its whole chunk.
  expect(Math.max(...slept)).toBeLessThanOrEqual(21);
});

test('a step of the clock that a replay meets is not waited for, and its pace goes on', async () => {
  const path = join(folder, 'a.mcap');
  // Before its clock was set, an hour later, and two hours back.
  const steps = [0n, 1_700_000_000n, 1_700_003_600n, 1_699_996_400n];
  const messages = steps.flatMap((step) =>
    odom(50).map(({ atNs, ...one }) => ({
      ...one,
      atNs: atNs - 1_700_000_000n * second + step * second,
    })),
  );
  await writeRecording(path, messages);
  let sleptMs = 0;
  const clock = {
    ...systemClock,
    monotonicMs: () => sleptMs,
    sleep: async (ms: number) => {
      sleptMs += ms;
      await Promise.resolve();
    },
  };
  await read(fileSource({ name: 'main', device: 'amr', path, speed: 10 }, { clock }));
  expect(sleptMs).toBeCloseTo(4 * 490, 0);
});

test('slices of a block are the block: every message once, with its own times', () => {
  const at = (ms: number) => ({
    channelId: ms % 7,
    atNs: second + BigInt(ms) * 1_000_000n,
    data: jsonBytes({ ms }),
  });
  // Out of order by a little, as recorders write.
  const times = Array.from({ length: 500 }, (_, i) => i * 10 + ((i * 13) % 5) * 3);
  const whole = blockOf(times.map(at));
  const parts = [...slices(whole)];
  expect(parts.length).toBeGreaterThan(40);
  const read = (block: MessageBlock): unknown[] =>
    Array.from({ length: block.count }, (_, i) => [
      block.channelIds[i],
      block.sequences[i],
      block.baseNs + BigInt(block.timesNs[i] ?? 0),
      block.publishTimeNs(i),
      Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString(),
    ]);
  expect(parts.flatMap(read)).toEqual(read(whole));
  for (const part of parts) {
    const ns = Array.from(part.timesNs, (time) => part.baseNs + BigInt(time));
    expect([part.firstNs, part.lastNs]).toEqual([
      ns.reduce((a, b) => (a < b ? a : b)),
      ns.reduce((a, b) => (a > b ? a : b)),
    ]);
  }
});

function positions(): {
  known: Map<string, Json>;
  get: (key: string) => Promise<Json | undefined>;
  save: (key: string, document: Json) => Promise<void>;
  keep: () => Promise<void>;
} {
  const known = new Map<string, Json>();
  return {
    keep: async () => {},
    known,
    get: async (key) => known.get(key),
    save: async (key, document) => {
      known.set(key, document);
    },
  };
}

const folderDeps = (at: ReturnType<typeof positions>) => ({
  clock: systemClock,
  log: silentLog,
  positions: at,
});

const isWaiting = (items: readonly SourceItem[]): boolean => items.at(-1)?.kind === 'waiting';

test('a folder: files in the order of their names, the same content once, what comes later', async () => {
  await writeRecording(join(folder, 'b.mcap'), odom(20, 100));
  await writeRecording(join(folder, 'a.mcap'), odom(10));
  copyFileSync(join(folder, 'a.mcap'), join(folder, 'c-copy-of-a.mcap'));
  writeFileSync(join(folder, 'notes.txt'), 'not a recording');
  const at = positions();
  const options = { name: 'bags', device: 'amr', path: folder, glob: '*.mcap', follow: false };
  let added = false;
  const items = await read(folderSource(options, folderDeps(at)), (so) => {
    if (!isWaiting(so)) return false;
    if (added) return messages(so) === 35;
    added = true;
    const away = join(folder, 'd.part');
    void writeRecording(away, odom(5, 500)).then(() => renameSync(away, join(folder, 'd.mcap')));
    return false;
  });
  expect(messages(items)).toBe(35);
  expect(sessions(items)).toHaveLength(3);
  const names = items.flatMap((item) => (item.kind === 'begin' ? [item.session.recording] : []));
  expect(names).toEqual(['a.mcap', 'b.mcap', 'd.mcap'].map((name) => join(folder, name)));
  const again = await read(folderSource(options, folderDeps(at)), isWaiting);
  expect(kinds(again)).toEqual(['waiting']);
});

test('a broken file is set aside for good, and the next one is read', async () => {
  await writeRecording(join(folder, 'a.mcap'), odom(20_000));
  halve(join(folder, 'a.mcap'));
  // Nobody wrote to it for an hour: it is as finished as it will be.
  utimesSync(join(folder, 'a.mcap'), Date.now() / 1000 - 3_600, Date.now() / 1000 - 3_600);
  await writeRecording(join(folder, 'b.mcap'), odom(10));
  const at = positions();
  const options = { name: 'bags', device: 'amr', path: folder, glob: '*.mcap', follow: false };
  const items = await read(folderSource(options, folderDeps(at)), isWaiting);
  const ends = items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code] : []));
  expect(ends).toEqual(['corrupt', undefined]);
  expect([...at.known.values()]).toMatchObject([{ state: 'quarantined' }, { state: 'read' }]);
  expect(await read(folderSource(options, folderDeps(at)), isWaiting)).toHaveLength(1);
});

test.each([true, false])(
  'a file that cannot be opened for a moment is read later (follow: %s)',
  async (follow) => {
    const path = join(folder, 'a.mcap');
    await writeRecording(path, odom(10));
    utimesSync(path, Date.now() / 1000 - 3_600, Date.now() / 1000 - 3_600);
    let state: 'fine' | 'away' | 'back' = 'fine';
    const clock = {
      ...systemClock,
      // Asked between the look at the folder and the opening, as a disk fails: ELOOP, in its place.
      now(): number {
        if (state === 'fine') {
          state = 'away';
          renameSync(path, `${path}.aside`);
          symlinkSync(path, path);
        }
        return systemClock.now();
      },
      sleep: () => Promise.resolve(),
    };
    const options = { name: 'bags', device: 'amr', path: folder, glob: '*.mcap', follow };
    const items = await read(folderSource(options, { ...folderDeps(positions()), clock }), (so) => {
      if (isWaiting(so) && state === 'away') {
        state = 'back';
        renameSync(`${path}.aside`, path);
      }
      return count(so, 'end') === 1 || count(so, 'waiting') === 9;
    });
    expect(messages(items)).toBe(10);
  },
);

test('a recording that is still being written is left alone', async () => {
  await writeRecording(join(folder, 'a.mcap'), odom(100));
  truncateSync(join(folder, 'a.mcap'), 2_000);
  const options = { name: 'bags', device: 'amr', path: folder, glob: '*.mcap', follow: false };
  const items = await read(folderSource(options, folderDeps(positions())), isWaiting);
  const reason = expect.stringMatching(/^1 recordings are still being written; .* after 10 min/);
  expect(items).toEqual([{ kind: 'waiting', reason }]);
});

test('a folder that is not there is waited for, and read once it is', async () => {
  const path = join(folder, 'later');
  const options = { name: 'bags', device: 'amr', path, glob: '*.mcap', follow: false };
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  let made = false;
  const items = await read(folderSource(options, { ...folderDeps(positions()), clock }), (so) => {
    if (!made) {
      made = true;
      mkdirSync(path);
      void writeRecording(join(path, 'a.mcap'), odom(3));
    }
    return messages(so) === 3 && isWaiting(so);
  });
  expect(items[0]).toMatchObject({ kind: 'waiting', reason: expect.stringMatching(/ENOENT/) });
  expect(messages(items)).toBe(3);
});

async function serve(onConnect: (socket: Socket, n: number) => void): Promise<Server> {
  let n = 0;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    n += 1;
    onConnect(socket, n);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const simDeps = { clock: systemClock, ids: systemIds, random: seededRandom(1) };
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

test('a live stream: connects again after a loss, and each connection is its own session', async () => {
  const path = join(folder, 'a.mcap');
  await writeRecording(path, odom(20_000));
  const bytes = readFileSync(path);
  const server = await serve((socket, n) => {
    // The first connection breaks in the middle of a record.
    if (n === 1) socket.end(bytes.subarray(0, Math.floor(bytes.length / 2)));
    else socket.write(bytes);
  });
  const source = simSource({ name: 'live', host: '127.0.0.1', port: portOf(server) }, simDeps);
  const items = await read(source, (so) => count(so, 'begin') === 2 && messages(so) > 20_000);
  server.close();
  expect(new Set(sessions(items)).size).toBe(2);
  expect(kinds(items).slice(0, 6)).toEqual([
    'begin',
    'channel',
    'block',
    'end',
    'waiting',
    'begin',
  ]);
  const ends = items.flatMap((item) => (item.kind === 'end' ? [item.fault] : []));
  expect(ends[0]).toBeUndefined();
});

test('a live stream that turns to rubbish is an end with its fault, and tried again', async () => {
  const path = join(folder, 'a.mcap');
  await writeRecording(path, odom(10));
  const bytes = readFileSync(path);
  const server = await serve((socket, n) => {
    if (n === 1) socket.write(Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(400, 0xff)]));
    else socket.write(bytes);
  });
  const source = simSource({ name: 'live', host: '127.0.0.1', port: portOf(server) }, simDeps);
  const items = await read(source, (so) => messages(so) === 10);
  server.close();
  const ends = items.flatMap((item) => (item.kind === 'end' ? [item.fault?.code] : []));
  expect(ends).toContain('corrupt');
});

test('a connected stream that says nothing is told of, again and again', async () => {
  const path = join(folder, 'a.mcap');
  await writeRecording(path, odom(10));
  const server = await serve((socket) => socket.write(readFileSync(path)));
  const source = simSource({ name: 'live', host: '127.0.0.1', port: portOf(server) }, simDeps);
  const items = await read(source, (so) => count(so, 'quiet') === 3);
  server.close();
  expect(messages(items)).toBe(10);
  expect(items.filter((item) => item.kind === 'quiet').length).toBe(3);
});

test('nobody there: it says so and goes on trying', async () => {
  const server = await serve(() => {});
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  const source = simSource({ name: 'live', host: '127.0.0.1', port }, { ...simDeps, clock });
  const items = await read(source, (so) => so.length === 3);
  expect(items).toMatchObject([
    { kind: 'waiting', reason: 'the simulator does not answer (ECONNREFUSED)' },
    { kind: 'waiting' },
    { kind: 'waiting' },
  ]);
});
