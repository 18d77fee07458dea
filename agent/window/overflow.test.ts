/**
 * Goal: a window reaches back beyond its memory, gives the same messages from the disk, stays in
 * its bytes, and no disk that is full, slow or broken ever stops it.
 * Method: real folders and a real process that is killed; disks that fail are object literals.
 */
import { spawn } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as breathe } from 'node:timers/promises';
import { type Clock, drawBytes, type Log, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import {
  cutClip,
  type MessageBlock,
  messageAt,
  readRecording,
  type RecordingItem,
} from '@fieldloop/recording';
import { createFile, openFile } from '@fieldloop/recording/file';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { overflowQueueBytes, overflowRestMs } from '../clip-limits.ts';
import { jsonChannel, writeRecording } from '../source/testing.ts';
import { slices } from '../source/pace.ts';
import type { RecordedFile } from '../source/source.ts';
import { packBlock } from './packed.ts';
import { openOverflow, type Overflow, type OverflowDisk } from './overflow.ts';
import { openLoading } from './loading.ts';
import { blockOf, clipSource } from './testing.ts';
import { openWindow, type Window, type WindowOptions } from './window.ts';

const second = 1_000_000_000n;
let folder: string;
let offs: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-spool-'));
  offs = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const spoolFolder = (): string => join(folder, 'spool');

function open(
  more: { disk?: OverflowDisk; clock?: Clock; maxBytes?: number } = {},
): Promise<Overflow> {
  const { disk, clock = systemClock, maxBytes = 1e9 } = more;
  return openOverflow(
    { folder: spoolFolder(), maxBytes, headroomBytes: 0, key: new Uint8Array(32).fill(7) },
    { clock, log: silentLog, disk, onOff: (why) => void offs.push(why) },
  );
}

const random = seededRandom(11);
const noise = drawBytes(random, 1_500_000);

/** Five messages, `bytes` of noise in all, which does not compress. */
const secondOf = (s: number, bytes: number): MessageBlock =>
  blockOf(
    Array.from({ length: 5 }, (_, i) => ({
      channelId: 1 + (i % 2),
      atNs: BigInt(s) * second + (BigInt(i) * second) / 5n,
      data: noise.subarray(s + (i * bytes) / 5, s + ((i + 1) * bytes) / 5),
    })),
  );

/** As the timeline does it. */
async function add(window: Window, block: MessageBlock, patient = true): Promise<void> {
  window.addBlock(block);
  while (window.isFull) if (!(await window.moveOldest(patient))) await window.dropOldest();
  await window.forget(undefined);
  await breathe();
}

/** Blocks that are in memory, those on their way included. */
const inMemory = ({ held }: Window): number =>
  held.filter(({ block }) => block !== undefined).length;

function windowOf(options: Partial<WindowOptions>, log: Log = silentLog): Window {
  const window = openWindow({ ns: 60n * second, memoryBytes: 1e9, ...options }, { log });
  window.addChannel(jsonChannel(1, '/odom'));
  window.addChannel(jsonChannel(2, '/scan'));
  return window;
}

async function clipOf(window: Window): Promise<string> {
  await using file = await createFile(join(folder, 'clip.mcap'));
  using loading = openLoading();
  const { sha256 } = await cutClip(
    file,
    {
      startNs: window.heldFromNs ?? 0n,
      endNs: window.newestNs ?? 0n,
      topics: ['*'],
      library: 'test',
      markers: [],
      scores: [],
      metadata: () => new Map(),
    },
    clipSource(window, loading),
  );
  return sha256;
}

test('a minute before the trigger from 4 MiB of memory is the clip of an endless one', async () => {
  await using spool = await open();
  const small = windowOf({ memoryBytes: 4 * 1024 * 1024, spool });
  const large = windowOf({});
  for (let s = 0; s < 90; s += 1) {
    const block = secondOf(s, 400_000);
    await add(small, block);
    await add(large, block);
    expect(small.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  }
  expect(small.heldFromNs).toBe(large.heldFromNs);
  expect(small.held.length).toBe(large.held.length);
  while (inMemory(small) > 12) await breathe();
  expect(await clipOf(small)).toBe(await clipOf(large));
  small.clear();
});

test('what leaves the window leaves the disk, and the end takes all of it', async () => {
  const spool = await open({ maxBytes: 40e6 });
  const window = windowOf({ ns: 10n * second, memoryBytes: 500_000, spool });
  let most = 0;
  for (let s = 0; s < 100; s += 1) {
    await add(window, secondOf(s, 400_000));
    most = Math.max(most, spool.figures.bytes);
  }
  // Segments of 5 MB go as a whole: two of them and what is being written are held at most.
  expect(most).toBeLessThan(20e6);
  expect(readdirSync(spoolFolder()).length).toBeGreaterThan(0);
  window.clear();
  await spool[Symbol.asyncDispose]();
  expect(readdirSync(folder)).not.toContain('spool');
});

test('the spool never takes more than its bytes; the window reaches back less far then', async () => {
  await using spool = await open({ maxBytes: 3e6 });
  const window = windowOf({ memoryBytes: 1e6, spool });
  for (let s = 0; s < 60; s += 1) {
    await add(window, secondOf(s, 200_000));
    while (inMemory(window) > 6) await breathe();
    expect(spool.figures.bytes).toBeLessThanOrEqual(3e6);
  }
  const heldS = Number((window.newestNs ?? 0n) - (window.heldFromNs ?? 0n)) / 1e9;
  expect(heldS).toBeGreaterThan(6);
  expect(heldS).toBeLessThan(25);
  expect(offs).toEqual([]);
});

test('a full disk turns it off, is told of once, and costs no more than the pre-roll', async () => {
  let isFull = true;
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const files: string[] = [];
  const disk: OverflowDisk = {
    freeBytes: () => Promise.resolve(1e12),
    remove: () => Promise.resolve(),
    async open(path) {
      const { open: openReal } = await import('node:fs/promises');
      const file = await openReal(path, 'ax+');
      files.push(path);
      const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      return {
        appendFile: async (data) => (isFull ? await Promise.reject(full) : file.appendFile(data)),
        read: file.read.bind(file),
        close: () => file.close(),
      };
    },
  };
  await using spool = await open({ disk, clock });
  const window = windowOf({ memoryBytes: 1e6, spool });
  let s = 0;
  const more = async (seconds: number): Promise<void> => {
    for (const end = s + seconds; s < end; s += 1) await add(window, secondOf(s, 200_000), false);
  };
  await more(10);
  while (offs.length === 0) await breathe();
  await more(20);
  expect(offs).toHaveLength(1);
  expect(offs[0]).toContain('no space left');
  expect(spool.figures).toMatchObject({ bytes: 0, off: offs[0] });
  expect(spool.figures.refused).toBeGreaterThan(10);
  const seconds = (): number =>
    Number(window.newestNs ?? 0n) / 1e9 - Number(window.heldFromNs) / 1e9;
  // The newest four seconds are in memory, as without a disk.
  expect(seconds()).toBeLessThan(8);
  expect(await clipOf(window)).toMatch(/^[0-9a-f]{64}$/);
  isFull = false;
  nowMs = overflowRestMs;
  await more(20);
  expect(spool.figures.off).toBeUndefined();
  expect(seconds()).toBeGreaterThan(18);
  window.clear();
});

test('a disk that hangs is waited for a moment by a live source, and its queue is bounded', async () => {
  let nowMs = 0;
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const hang = new AbortController();
  const disk: OverflowDisk = {
    freeBytes: () => Promise.resolve(1e12),
    remove: () => Promise.resolve(),
    open: () =>
      Promise.resolve({
        appendFile: () =>
          new Promise<void>((_, reject) => {
            const giveUp = (): void => reject(new Error('gave up'));
            if (hang.signal.aborted) giveUp();
            else hang.signal.addEventListener('abort', giveUp);
          }),
        read: () => Promise.reject(new Error('hangs')),
        close: () => Promise.resolve(),
      }),
  };
  await using spool = await open({ disk, clock });
  const window = windowOf({ memoryBytes: 1e6, spool });
  for (let s = 0; s < 40; s += 1) await add(window, secondOf(s, 1e6), false);
  expect(offs).toEqual(['the disk is too slow']);
  expect(inMemory(window) * 1e6).toBeLessThan(overflowQueueBytes + 3e6);
  hang.abort();
});

test('no byte of a message can be read on the disk', async () => {
  await using spool = await open();
  const secret = Buffer.from('a face at the window, and a name '.repeat(100));
  const way = await spool.take(blockOf([{ channelId: 1, atNs: 1n, data: secret }]), true);
  const place = await way?.done;
  const [name = ''] = readdirSync(spoolFolder());
  const file = readFileSync(join(spoolFolder(), name));
  expect(file.length).toBeGreaterThan(50);
  expect(file.includes('face')).toBe(false);
  using loading = openLoading();
  const block = await place?.load(loading);
  expect(Buffer.from(block?.data ?? []).equals(secret)).toBe(true);
  // A bit that turned is noticed, and the block is gone.
  file.writeUInt8(file.readUInt8(40) ^ 1, 40);
  writeFileSync(join(spoolFolder(), name), file);
  expect(await place?.load(loading)).toBeUndefined();
});

test('kill -9 while it writes leaves nothing behind after the next start', async () => {
  const program = join(import.meta.dirname, 'overflow.cases.ts');
  const child = spawn(process.execPath, [program, spoolFolder()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lines = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    lines += 1;
    if (lines === 20) child.kill('SIGKILL');
  }
  expect(readdirSync(spoolFolder()).length).toBeGreaterThan(0);
  await using spool = await open();
  expect(readdirSync(spoolFolder())).toEqual([]);
  expect(spool.figures.bytes).toBe(0);
});

const plain = (block: MessageBlock): unknown[] =>
  Array.from({ length: block.count }, (_, i) => {
    const { data, ...message } = messageAt(block, i);
    return { ...message, data: Buffer.from(data).toString('hex') };
  });

async function recorded(messages = 4_000): Promise<string> {
  const path = join(folder, 'source.mcap');
  const said = Array.from({ length: messages }, (_, i) => ({
    topic: i % 3 === 0 ? '/odom' : '/scan',
    atNs: 1_700_000_000n * second + BigInt(i) * 10_000_000n,
    value: { i, text: 'x'.repeat(i % 900) },
  }));
  await writeRecording(path, said);
  return path;
}

test('a chunk, and a slice of one, come back as they were, and a whole chunk can be copied', async () => {
  await using file = await openFile(await recorded());
  let count = 0;
  for await (const item of readRecording(file)) {
    if (item.kind !== 'block') continue;
    for (const block of [item.block, ...slices(item.block)]) {
      const { bytes, unpack } = await packBlock(block);
      const back = await unpack(Buffer.concat(bytes));
      expect(plain(back)).toEqual(plain(block));
      expect(back.chunk).toEqual(block.chunk);
      expect([back.firstNs, back.lastNs]).toEqual([block.firstNs, block.lastNs]);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(10);
});

test('blocks of a file are not copied: a cut reads them there, whatever its name is by now', async () => {
  const path = await recorded();
  const window = windowOf({ ns: 1_000n * second, memoryBytes: 10_000 });
  const whole = windowOf({ ns: 1_000n * second });
  await addAll(path, async (item, from) => {
    if (item.kind === 'channel') for (const one of [window, whole]) one.addChannel(item.channel);
    if (item.kind !== 'block') return;
    whole.addBlock(item.block);
    window.addBlock(item.block, { file: from });
    while (window.isFull) expect(await window.moveOldest(false)).toBe(true);
  });
  expect(inMemory(window)).toBeLessThan(window.held.length);
  const clip = await clipOf(whole);
  expect(await clipOf(window)).toBe(clip);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'another recording');
  expect(await clipOf(window)).toBe(clip);
  rmSync(`${path}.1`);
  expect(await clipOf(window)).toBe(clip);
  window.clear();
  const left = (): string[] => openFiles().filter((name) => name.startsWith(path));
  for (let i = 0; i < 200 && left().length > 0; i += 1) await breathe();
  expect(left()).toEqual([]);
});

async function addAll(
  path: string,
  take: (item: RecordingItem, from: RecordedFile) => Promise<void>,
): Promise<void> {
  await using file = await openFile(path);
  const { identity } = file;
  for await (const item of readRecording(file)) await take(item, { path, identity });
}

/** What this process holds open. */
const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });

test('a file that was overwritten, or gone before it was needed, has nothing', async () => {
  const path = await recorded(16_000);
  const told: string[] = [];
  const log: Log = { ...silentLog, warn: (phrase) => void told.push(phrase) };
  const window = windowOf({ ns: 1_000n * second, memoryBytes: 10_000 }, log);
  const late = windowOf({ ns: 1_000n * second, memoryBytes: 1e9 });
  await addAll(path, async (item, from) => {
    if (item.kind === 'channel') for (const one of [window, late]) one.addChannel(item.channel);
    if (item.kind !== 'block') return;
    for (const one of [window, late]) one.addBlock(item.block, { file: from });
    while (window.isFull) expect(await window.moveOldest(false)).toBe(true);
  });
  const away = window.held.filter(({ block }) => block === undefined);
  expect(away.length).toBeGreaterThan(3);
  writeFileSync(path, Buffer.alloc(readFileSync(path).length, 1));
  using loading = openLoading();
  for (const one of away) expect(await one.load(loading)).toBeUndefined();
  expect(told).toEqual([
    "a recorder's file does not hold any more what it held; clips may have gaps",
  ]);
  // A recorder that turned its files: the name is that of another one.
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'another recording');
  // What is in memory stays there, up to the bytes of memory.
  while (late.isFull) if (!(await late.moveOldest(false))) await late.dropOldest();
  expect(inMemory(late)).toBe(late.held.length);
  expect(late.held.length).toBeGreaterThan(3);
  for (const one of [window, late]) one.clear();
});

test('what leaves a window on the disk leaves the last of its latched messages', async () => {
  const path = await recorded();
  const span = { ns: 10n * second };
  const window = windowOf({ ...span, memoryBytes: 10_000 });
  const whole = windowOf(span);
  await addAll(path, async (item, from) => {
    for (const one of [window, whole]) {
      if (item.kind === 'channel') one.addChannel({ ...item.channel, latched: true });
      if (item.kind !== 'block') continue;
      one.addBlock(item.block, one === window ? { file: from } : {});
      while (one.isFull) expect(await one.moveOldest(false)).toBe(true);
      await one.forget(undefined);
    }
  });
  const kept = [...whole.latched()];
  expect(kept).toHaveLength(2);
  expect([...window.latched()]).toEqual(kept);
  window.clear();
});
