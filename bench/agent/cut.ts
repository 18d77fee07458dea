/**
 * A piece of a stored recording as a file of its own: whole chunks copied as bytes with their
 * indexes, against the same piece with every message packed into new chunks. From the same file, in
 * turn, the same messages asserted; checksums included, hash and disk left out of both. Two rows
 * inform: the same bytes read and nothing else, which no copy can save, and the agent's cut out of
 * its window, which is unpacked already and hashes the clip.
 */
import { deepStrictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import {
  type Appendable,
  type Channel,
  type ClipSummary,
  cutClip,
  type IndexedMcap,
  type MessageBlock,
  messageAt,
  openClipWriter,
  openIndexedMcap,
  type Readable,
  readRecording,
  trimMcap,
} from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import { type Compression, generate, type Mix, mixes } from '../generate.ts';
import { type Bench, median, type Row, row } from '../report.ts';

const pairs = 9;
const warmUp = 2;
const settleMs = 30;

/** Faster by so much than packing again; of a recording that is packed, as recorders do. */
const bar = 10;

export const cutPart: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const rows: Row[] = [];
    for (const mix of mixes) {
      for (const compression of ['none', 'zstd'] as const) {
        progress(`cut: ${mix.name}, ${compression}`);
        rows.push(...(await measured(mix, compression, folder)));
      }
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What one leaves behind is neither collected nor freed, by threads beside, in another's time. */
function settle(): void {
  collect();
  const until = performance.now() + settleMs;
  // A core that sleeps is slow to wake: this one turns.
  while (performance.now() < until);
}

type Work = (out: Appendable) => Promise<ClipSummary>;

async function measured(mix: Mix, compression: Compression, folder: string): Promise<Row[]> {
  const path = join(folder, `${mix.name}-${compression}.mcap`);
  await generate(mix, compression, path);
  await using file = await openFile(path);
  const indexed = await openIndexedMcap(file);
  const range = innerRange(indexed);
  const atLeast = compression === 'none' ? undefined : bar;
  const name = `${mix.name}, ${compression}`;
  const stored = {
    whole: (out: Appendable) => trim(out, indexed, range),
    packed: (out: Appendable) => packAgain(out, indexed, range),
  };
  const rows = [...(await race(`${name}: a piece of a file`, stored, atLeast))];
  const packedMs = rows[0]?.rival ?? 0;
  rows.push(await onlyRead(`${name}: a piece of a file, its bytes only read`, file, packedMs));
  const window = await windowOf(file);
  const held = {
    whole: (out: Appendable) => cut(out, window, range),
    packed: (out: Appendable) => cut(out, withoutChunks(window), range),
  };
  rows.push(...(await race(`${name}: a clip of the window`, held, undefined)));
  await rm(path);
  return rows;
}

async function race(
  figure: string,
  work: { readonly whole: Work; readonly packed: Work },
  atLeast: number | undefined,
): Promise<readonly Row[]> {
  deepStrictEqual(await messagesOf(work.whole), await messagesOf(work.packed), figure);
  const ms = { whole: [] as number[], packed: [] as number[] };
  const bytes = { whole: 0, packed: 1 };
  for (let pair = 0; pair < pairs + warmUp; pair += 1) {
    const turns = pair % 2 === 0 ? (['whole', 'packed'] as const) : (['packed', 'whole'] as const);
    for (const turn of turns) {
      settle();
      const started = performance.now();
      bytes[turn] = (await work[turn](nothing)).sizeBytes;
      if (pair >= warmUp) ms[turn].push(performance.now() - started);
    }
  }
  return [
    row({
      figure,
      unit: 'ms',
      value: median(ms.whole),
      rival: median(ms.packed),
      ratio: median(ms.packed.map((packed, i) => packed / (ms.whole[i] ?? packed))),
      atLeast,
    }),
    row({
      figure: `${figure}, its size`,
      unit: 'MB',
      value: bytes.whole / 1e6,
      rival: bytes.packed / 1e6,
      ratio: bytes.whole / bytes.packed,
    }),
  ];
}

/** All bytes of the file, in stretches that are read one after the other into the same memory. */
async function onlyRead(figure: string, file: Readable, packedMs: number): Promise<Row> {
  const { size = 0 } = file;
  const into = new Uint8Array(4 * 2 ** 20);
  const ms: number[] = [];
  for (let turn = 0; turn < pairs + warmUp; turn += 1) {
    settle();
    const started = performance.now();
    for (let at = 0; at < size; at += into.length) await file.read(at, into.length, into);
    if (turn >= warmUp) ms.push(performance.now() - started);
  }
  const value = median(ms);
  return row({ figure, unit: 'ms', value, rival: packedMs, ratio: packedMs / value });
}

const nothing: Appendable = {
  write: () => Promise.resolve(),
  sync: () => Promise.resolve(),
};

interface Range {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** From the second chunk to the last but one: no edges, which both would pack. */
function innerRange({ chunks }: IndexedMcap): Range {
  const inner = chunks.slice(1, -1);
  const starts = inner.map((chunk) => chunk.messageStartTime).sort((a, b) => Number(a - b));
  const ends = inner.map((chunk) => chunk.messageEndTime).sort((a, b) => Number(b - a));
  return { startNs: starts[0] ?? 0n, endNs: ends[0] ?? 0n };
}

function trim(out: Appendable, file: IndexedMcap, { startNs, endNs }: Range): Promise<ClipSummary> {
  const note = { name: 'bench', entries: new Map<string, string>() };
  return trimMcap(out, { startNs, endNs: endNs + 1n, library: 'bench', note, hash: false }, file);
}

/** The same with every chunk opened and its messages written one by one. */
async function packAgain(out: Appendable, file: IndexedMcap, range: Range): Promise<ClipSummary> {
  const { startNs, endNs } = range;
  const writer = await openClipWriter(out, { profile: 'ros2', library: 'bench', hash: false });
  for (const channel of file.channels.values()) await writer.channel(channel);
  for await (const block of file.blocks({ startNs, endNs: endNs + 1n })) {
    for (let i = 0; i < block.count; i += 1) {
      const message = messageAt(block, i);
      if (message.logTimeNs < startNs || message.logTimeNs > endNs) continue;
      await writer.message(message.channelId, message);
    }
  }
  await writer.metadata('bench', new Map());
  return writer.finish();
}

interface Window {
  readonly channels: ReadonlyMap<number, Channel>;
  readonly blocks: readonly MessageBlock[];
}

async function windowOf(file: Readable): Promise<Window> {
  const channels = new Map<number, Channel>();
  const blocks: MessageBlock[] = [];
  for await (const item of readRecording(file)) {
    if (item.kind === 'channel') channels.set(item.channel.id, item.channel);
    if (item.kind === 'block') blocks.push(item.block);
  }
  return { channels, blocks };
}

function withoutChunks({ channels, blocks }: Window): Window {
  return { channels, blocks: blocks.map((block) => ({ ...block, chunk: undefined })) };
}

function cut(out: Appendable, window: Window, range: Range): Promise<ClipSummary> {
  const plan = {
    ...range,
    topics: ['*'],
    library: 'bench',
    markers: [],
    scores: [],
    metadata: () => new Map(),
  };
  return cutClip(out, plan, { profile: 'ros2', ...window });
}

/** Channel, time and a sum of each message of what was written. */
async function messagesOf(work: Work): Promise<readonly string[]> {
  const parts: Uint8Array[] = [];
  const write = (bytes: Uint8Array): Promise<void> => {
    parts.push(bytes.slice());
    return Promise.resolve();
  };
  await work({ write, sync: () => Promise.resolve() });
  const bytes = Buffer.concat(parts);
  const read = (offset: number, length: number): Promise<Uint8Array> =>
    Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length)));
  const lines: string[] = [];
  for await (const item of readRecording({ name: 'clip', size: bytes.length, read })) {
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      const at = block.baseNs + BigInt(block.timesNs[i] ?? 0);
      const sum = crc32(block.data.subarray(block.starts[i], block.ends[i]));
      lines.push(`${block.channelIds[i]} ${at} ${sum}`);
    }
  }
  return lines.sort();
}
