/**
 * Goal: a folder that a recorder is writing into gives every message once, in order, whatever the
 * recorder does: it grows, splits, rotates, dies, pauses, renames, and the agent starts again.
 * Method: a recorder by hand in a temporary folder; the source's own items, with a clock whose
 * sleeps are short.
 */
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderSource } from './folder.ts';
import { chunkEnds, mcapBytes, openRecorder } from './recorder.cases.ts';
import type { SourceItem } from './source.ts';
import { jsonChannel } from './testing.ts';

let folder = '';
let known: Map<string, Json>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-live-'));
  known = new Map();
});
afterEach(() => rmSync(folder, { recursive: true }));

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;
const pad = 'x'.repeat(3_000);

/** Ten messages each tenth of a second, from the tenth `from` on; each is 3 kB. */
const said = (from: number, tenths: number, topic = '/odom') =>
  Array.from({ length: tenths * 10 }, (_, i) => ({
    topic,
    atNs: start + (BigInt(from * 10 + i) * second) / 100n,
    value: { i: from * 10 + i, pad },
  }));

interface Life {
  readonly items: SourceItem[];
  /** Numbers of the messages that came, without those that only fill the window. */
  readonly numbers: number[];
  readonly warm: number[];
  readonly sessions: string[];
  readonly ends: string[];
  readonly notices: string[];
}

const position = JSON.stringify;

/** A life of the agent, until `enough`; marks are kept each time when `marks`. */
async function live(
  enough: (life: Life) => boolean | Promise<boolean>,
  options: { readonly glob?: string; readonly hurries?: boolean } = {},
): Promise<Life> {
  const stopping = new AbortController();
  let ms = 0;
  // Waits are short, and time goes by faster where a test says so.
  const clock = {
    now: () => systemClock.now(),
    monotonicMs: () => systemClock.monotonicMs() + ms,
    async sleep(asked: number, signal?: AbortSignal) {
      if (options.hurries === true) ms += asked;
      await systemClock.sleep(1, signal);
    },
  };
  const positions = {
    get: async (key: string) => known.get(key),
    save: async (key: string, document: Json) =>
      void known.set(key, JSON.parse(position(document)) as Json),
    keep: async () => {},
  };
  const { glob = '**/*.{mcap,bag}' } = options;
  const source = folderSource(
    { name: 'main', device: 'amr', path: folder, glob, follow: true },
    { clock, log: silentLog, positions },
  );
  const life: Life = { items: [], numbers: [], warm: [], sessions: [], ends: [], notices: [] };
  for await (const item of source.items(stopping.signal)) {
    life.items.push(item);
    await note(item, life);
    if (!stopping.signal.aborted && (await enough(life))) stopping.abort();
  }
  return life;
}

async function note(item: SourceItem, life: Life): Promise<void> {
  if (item.kind === 'begin') life.sessions.push(item.session.id);
  if (item.kind === 'end') life.ends.push(item.fault?.code ?? 'whole');
  if (item.kind === 'notice') life.notices.push(item.name);
  // The window of these tests holds nothing of the past but one second.
  const blocks = life.items.filter((one) => one.kind === 'block');
  const fromNs = (blocks.at(-1)?.block.lastNs ?? 0n) - second;
  const oldest = blocks.find(({ block }) => block.lastNs >= fromNs);
  if (item.kind === 'mark') await item.save({ n: life.numbers.length }, oldest?.at);
  if (item.kind !== 'block') return;
  const { block } = item;
  for (let i = 0; i < block.count; i += 1) {
    const text = Buffer.from(block.data.subarray(block.starts[i], block.ends[i])).toString();
    const { i: number } = JSON.parse(text) as { i: number };
    (item.isWarm === true ? life.warm : life.numbers).push(number);
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('a growing file is read chunk by chunk, and ends when its recorder ends it', async () => {
  const bytes = await mcapBytes(said(0, 100));
  const recorder = openRecorder(join(folder, 'run/run_0.mcap'), bytes);
  const ends = chunkEnds(bytes);
  expect(ends.length).toBeGreaterThan(2);
  let written = 0;
  // Each time less than a chunk is missing.
  recorder.write((ends[0] ?? 0) + 5);
  const seen: number[] = [];
  const life = await live(
    ({ numbers, items }) => {
      if (items.at(-1)?.kind === 'waiting') return true;
      if (items.at(-1)?.kind !== 'block') return false;
      seen.push(numbers.length);
      written += 1;
      recorder.write(written < ends.length ? (ends[written] ?? 0) + 5 : undefined);
      return false;
    },
    { hurries: true },
  );
  expect(life.numbers).toEqual(upTo(1_000));
  expect(seen.length).toBe(ends.length);
  expect([life.sessions.length, life.ends]).toEqual([1, ['whole']]);
  // The next life has nothing to do.
  const again = await live(({ items }) => items.at(-1)?.kind === 'waiting');
  expect(again.items.map(({ kind }) => kind)).toEqual(['waiting']);
});

test('splits are one session, with other channel numbers in each, and gone ones are told of', async () => {
  const parts = [0, 10, 20, 40].map((from, i) => mcapBytes(said(from, 10), { firstId: 1 + i }));
  for (const [i, part] of [0, 1, 2, 10].entries()) {
    openRecorder(join(folder, `run_${part}.mcap`), (await parts[i]) ?? Buffer.alloc(0)).write();
  }
  const life = await live(({ items }) => items.at(-1)?.kind === 'waiting', { hurries: true });
  expect(life.numbers).toEqual([...upTo(300), ...upTo(500).slice(400)]);
  expect([life.sessions.length, life.ends]).toEqual([1, ['whole']]);
  expect(life.notices).toEqual(['recording_gap']);
  const channels = life.items.flatMap((item) => (item.kind === 'channel' ? [item.channel.id] : []));
  expect(channels).toEqual([1]);
  const ids = life.items.flatMap((item) =>
    item.kind === 'block' ? [...item.block.channelIds.subarray(0, item.block.count)] : [],
  );
  expect(new Set(ids)).toEqual(new Set([1]));
});

test('a split that is written next is waited for, and one of another name is another session', async () => {
  openRecorder(join(folder, 'run_0.mcap'), await mcapBytes(said(0, 2))).write();
  const later = openRecorder(join(folder, 'run_1.mcap'), await mcapBytes(said(2, 2)));
  const other = openRecorder(join(folder, 'walk_0.mcap'), await mcapBytes(said(4, 2)));
  const life = await live(({ numbers, items, ends }) => {
    if (numbers.length === 20 && items.at(-1)?.kind === 'mark') later.write();
    if (ends.length === 1 && items.at(-1)?.kind === 'end') other.write();
    return ends.length === 2 && items.at(-1)?.kind === 'waiting';
  });
  expect(life.numbers).toEqual(upTo(60));
  expect(life.sessions.length).toBe(2);
});

test('a topic with another schema in the next split is another channel', async () => {
  const channelOf = (name: string) => (id: number, topic: string) => ({
    ...jsonChannel(id, topic),
    schema: { id: 1, name, encoding: 'jsonschema', data: new Uint8Array([123, 125]) },
  });
  const [a, b] = [{ channelOf: channelOf('A') }, { channelOf: channelOf('B') }];
  openRecorder(join(folder, 'run_0.mcap'), await mcapBytes(said(0, 2), a)).write();
  openRecorder(join(folder, 'run_1.mcap'), await mcapBytes(said(2, 2), b)).write();
  const life = await live(({ items }) => items.at(-1)?.kind === 'waiting', { hurries: true });
  expect(life.numbers).toEqual(upTo(40));
  const channels = life.items.flatMap((item) => (item.kind === 'channel' ? [item.channel] : []));
  expect(channels.map(({ id, schema }) => [id, schema?.name, schema?.id])).toEqual([
    [1, 'A', 1],
    // The number of its schema is taken.
    [2, 'B', undefined],
  ]);
  const chunks = life.items.flatMap((item) =>
    item.kind === 'block' ? [item.block.chunk !== undefined, item.file !== undefined] : [],
  );
  expect(chunks).toEqual([true, true, false, false]);
});

test('a recorder killed within a chunk: what is whole, then the fault, then its next recording', async () => {
  const bytes = await mcapBytes(said(0, 100));
  const [first = 0, second_ = 0] = chunkEnds(bytes);
  openRecorder(join(folder, 'a.mcap'), bytes).write(Math.floor((first + second_) / 2));
  const past = (Date.now() - 20_000) / 1_000;
  utimesSync(join(folder, 'a.mcap'), past, past);
  const next = openRecorder(join(folder, 'b.mcap'), await mcapBytes(said(200, 2)));
  const life = await live(
    ({ numbers, items, ends }) => {
      if (numbers.length > 0 && ends.length === 0) next.write();
      return ends.length === 2 && items.at(-1)?.kind === 'waiting';
    },
    { hurries: true },
  );
  expect(life.ends).toEqual(['corrupt', 'whole']);
  expect(life.numbers.slice(-20)).toEqual(upTo(2_020).slice(2_000));
  expect(life.numbers.slice(0, -20)).toEqual(upTo(life.numbers.length - 20));
  // It is not read, nor told of, again.
  const again = await live(({ items }) => items.at(-1)?.kind === 'waiting');
  expect(again.items.map(({ kind }) => kind)).toEqual(['waiting']);
});

test.each([2, 3, 4])(
  'stopped and started again in the middle (seed %i), each message comes once, after its past',
  async (seed) => {
    const parts = [await mcapBytes(said(0, 80)), await mcapBytes(said(80, 60))];
    const recorders = parts.map((bytes, i) => openRecorder(join(folder, `r_${i}.mcap`), bytes));
    const whole = parts.map(chunkEnds);
    let random = seed;
    const chance = (): number => {
      random = (random * 16_807) % 2_147_483_647;
      return random / 2_147_483_647;
    };
    const numbers: number[] = [];
    const sessions: string[] = [];
    const joints: number[] = [];
    for (const [i, ends] of whole.entries()) {
      for (const [k, end] of ends.entries()) {
        const isLast = k === ends.length - 1;
        recorders[i]?.write(isLast ? undefined : end + Math.floor(chance() * 2_000));
        if (chance() < 0.3 && !isLast) continue;
        const done = (life: Life): boolean =>
          ended(life) || life.items.at(-1)?.kind === 'quiet' || chance() < 0.2;
        const isVeryLast = isLast && i === 1;
        const life = await live(isVeryLast ? ended : done, { hurries: true });
        numbers.push(...life.numbers);
        sessions.push(...life.sessions);
        const [next] = life.numbers;
        const before = life.warm.at(-1);
        if (next !== undefined && before !== undefined) joints.push(next - before);
      }
    }
    const rest = await live(ended, { hurries: true });
    numbers.push(...rest.numbers);
    expect(numbers).toEqual(upTo(1_400));
    expect(new Set(sessions).size).toBe(1);
    // What fills the window ends where reading goes on.
    expect(joints.every((joint) => joint === 1)).toBe(true);
  },
);

const ended = ({ items }: Life): boolean => items.at(-1)?.kind === 'waiting';

test('a copy of what was read is not read, also while it is being made', async () => {
  const bytes = await mcapBytes(said(0, 100));
  openRecorder(join(folder, 'a.mcap'), bytes).write();
  await live(ended, { hurries: true });
  const copy = openRecorder(join(folder, 'b.mcap'), bytes);
  copy.write(Math.floor(bytes.length / 2));
  const half = await live(ended);
  copyFileSync(join(folder, 'a.mcap'), join(folder, 'b.mcap'));
  const whole = await live(ended);
  expect([half.numbers, whole.numbers, whole.sessions]).toEqual([[], [], []]);
});

test('a file that becomes shorter is an end with its fault; another one in its place is read', async () => {
  const bytes = await mcapBytes(said(0, 100));
  const path = join(folder, 'a.mcap');
  const [first = 0, then = 0] = chunkEnds(bytes);
  openRecorder(path, bytes).write(then + 10);
  const cut = await live(
    ({ numbers, ends, items }) => {
      if (numbers.length > 0 && ends.length === 0) truncateSync(path, first - 100);
      return ends.length === 1 && items.at(-1)?.kind === 'waiting';
    },
    { hurries: true },
  );
  expect(cut.ends).toEqual(['corrupt']);
  rmSync(path);
  openRecorder(path, await mcapBytes(said(300, 5))).write();
  const next = await live(ended, { hurries: true });
  expect(next.numbers).toEqual(upTo(3_050).slice(3_000));
  expect(next.sessions).not.toEqual(cut.sessions);
});

test('a file that is deleted while it grows is told of, and the session goes on with its next part', async () => {
  const bytes = await mcapBytes(said(0, 100));
  const path = join(folder, 'r_0.mcap');
  const [first = 0] = chunkEnds(bytes);
  openRecorder(path, bytes).write(first);
  let count = 0;
  const life = await live(
    async ({ numbers, ends, items }) => {
      if (numbers.length > 0 && count === 0) {
        count = numbers.length;
        rmSync(path);
        openRecorder(join(folder, 'r_1.mcap'), await mcapBytes(said(100, 5))).write();
      }
      return ends.length === 1 && items.at(-1)?.kind === 'waiting';
    },
    { hurries: true },
  );
  expect(life.notices).toEqual(['recording_broken']);
  expect(life.numbers).toEqual([...upTo(count), ...upTo(1_050).slice(1_000)]);
  expect(life.sessions).toHaveLength(1);
});

const isRoot = process.getuid?.() === 0;
test.skipIf(isRoot)(
  'a file that may not be read is told of once (skipped for root, who reads all)',
  async () => {
    writeFileSync(join(folder, 'a.mcap'), await mcapBytes(said(0, 2)));
    chmodSync(join(folder, 'a.mcap'), 0);
    const life = await live(ended);
    expect(life.notices).toEqual(['recording_forbidden']);
  },
);
