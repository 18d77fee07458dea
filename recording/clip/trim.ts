/**
 * A clip of a clip: chosen topics and times of an indexed MCAP as a valid MCAP of its own, written
 * as it is read. Chunks that go in whole are copied as bytes, unopened where the index says what is
 * in them. The same file and plan give the same bytes.
 */
import { Fault } from '@fieldloop/core';
import { giveReadAhead, takeReadAhead } from '../codec/read-ahead.ts';
import { damaged } from '../damage.ts';
import { readAheadBytes } from '../limits.ts';
import { type IndexedMcap, mayHold } from '../mcap/indexed.ts';
import type { McapChunkIndex } from '../mcap/records.ts';
import { storedLength, type StoredRecords } from '../mcap/stored-records.ts';
import type { Appendable, Channel, MessageBlock } from '../types.ts';
import type { ClipSummary } from './contents.ts';
import { openLatchedContext } from './latched.ts';
import { type LatchedMessage, messageAt, picksOf, type Range, selectBlock } from './select.ts';
import { type ClipWriter, openClipWriter } from './writer.ts';

export interface TrimPlan {
  /** Log time at or after, ns. */
  readonly startNs?: bigint | undefined;
  /** Log time before, ns. */
  readonly endNs?: bigint | undefined;
  /** Exact names; all topics when absent. */
  readonly topics?: readonly string[] | undefined;
  /** Who writes, such as `fieldloop`. */
  readonly library: string;
  /** Metadata record beside those of the source. */
  readonly note: { readonly name: string; readonly entries: ReadonlyMap<string, string> };
  readonly signal?: AbortSignal | undefined;
  /** Of chunks that are read at once; 0 reads them one by one, for who serves many at a time. */
  readonly runBytes?: number | undefined;
  /** False: the summary's hash is empty, which saves more time than all else of a copy. */
  readonly hash?: boolean | undefined;
}

/** Behind every log time. */
const mostNs = 2n ** 64n;

/** Latched topics begin with their last message before the start, at the start's log time. */
export async function trimMcap(
  out: Appendable,
  plan: TrimPlan,
  file: IndexedMcap,
): Promise<ClipSummary> {
  const { library, topics } = plan;
  const startNs = plan.startNs ?? 0n;
  const channels = [...file.channels.values()]
    .filter(({ topic }) => topics === undefined || topics.includes(topic))
    .toSorted((a, b) => a.id - b.id);
  const ids = new Set(channels.map(({ id }) => id));
  const writer = await openClipWriter(out, { profile: file.profile, library, hash: plan.hash });
  for (const channel of channels) await writer.channel(channel);
  for (const message of await context(file, channels, plan)) {
    await writer.message(message.channelId, { ...message, logTimeNs: startNs });
  }
  const range = { startNs, endNs: (plan.endNs ?? mostNs) - 1n };
  const chosen = topics === undefined ? undefined : flagsOf(ids);
  const isAll = channels.length === file.channels.size;
  for await (const part of parts(file, plan, { range, ids, isAll })) {
    if ('chunk' in part) await writer.stored(part);
    else await select(writer, part, range, chosen);
  }
  for (const [name, entries] of await file.metadata()) await writer.metadata(name, entries);
  await writer.metadata(plan.note.name, plan.note.entries);
  return await writer.finish();
}

type Part = StoredRecords | readonly MessageBlock[];

/** What each chunk of the range gives; runs are read ahead of the one at work. */
async function* parts(
  file: IndexedMcap,
  { topics, endNs, signal, runBytes = readAheadBytes }: TrimPlan,
  how: { readonly range: Range; readonly ids: ReadonlySet<number>; readonly isAll: boolean },
): AsyncGenerator<Part, void> {
  const want = { startNs: how.range.startNs, endNs, channels: topics && how.ids };
  const wanted = file.chunks.filter((chunk) => mayHold(chunk, want));
  // A chunk may define channels inside: only with all of them is it copied unopened.
  const isCopied = (chunk: McapChunkIndex): boolean => how.isAll && isInside(chunk, how.range);
  const runs = runsOf(wanted, isCopied, Math.min(runBytes, slotBytes));
  const buffers: (Uint8Array | undefined)[] = [];
  const slot = (i: number): Uint8Array => {
    const memory = (buffers[Math.floor((i % slots) / 2)] ??= takeReadAhead());
    return memory.subarray((i % 2) * slotBytes).subarray(0, slotBytes);
  };
  const read = async (run: Run, i: number): Promise<readonly Part[]> => {
    const { chunks, isStored } = run;
    if (!isStored) return await Promise.all(chunks.map((chunk) => file.chunk(chunk)));
    const into = hasSlot(run) ? slot(i) : undefined;
    const found: Part[] = [];
    for (const [k, stored] of (await file.stored(chunks, into)).entries()) {
      const chunk = chunks[k];
      if (chunk === undefined) continue;
      if (stored !== undefined) demandKnown(file, chunk, stored.counts.keys());
      found.push(stored ?? (await file.chunk(chunk)));
    }
    return found;
  };
  const asked: Promise<readonly Part[]>[] = [];
  const ahead = runBytes === 0 ? 1 : slots - 1;
  /** All that have a slot while another is written; of the others, which may be large, the next. */
  const askAfter = (i: number): void => {
    for (let next = i + asked.length + 1; next <= i + ahead; next += 1) {
      const run = runs[next];
      if (run === undefined || (asked.length > 0 && !hasSlot(run))) break;
      const found = read(run, next);
      // A failed read is met when it is awaited; until then nobody else hears of it.
      found.catch(() => {});
      asked.push(found);
    }
  };
  askAfter(-1);
  for (const [i, { chunks }] of runs.entries()) {
    if (signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
    const found = (await asked.shift()) ?? [];
    askAfter(i);
    for (const [k, part] of found.entries()) {
      if (how.isAll && !('chunk' in part)) {
        for (const { channelIds, count } of part) {
          demandKnown(file, chunks[k], channelIds.subarray(0, count));
        }
      }
      yield part;
    }
  }
  for (const buffer of buffers) if (buffer !== undefined) giveReadAhead(buffer);
}

/**
 * Two runs are on their way while one is written and one waits: a disk's thread that has work never
 * sleeps between two of them.
 */
const slots = 4;
const slotBytes = (2 * readAheadBytes) / slots;

/** Chunks that are read at once: those that are copied and stand one behind the other, or one. */
interface Run {
  readonly chunks: McapChunkIndex[];
  readonly isStored: boolean;
  bytes: number;
}

/** A larger chunk gets memory of its own. */
const hasSlot = ({ isStored, bytes }: Run): boolean => isStored && bytes <= slotBytes;

function runsOf(
  wanted: readonly McapChunkIndex[],
  isCopied: (chunk: McapChunkIndex) => boolean,
  mostBytes: number,
): readonly Run[] {
  const runs: Run[] = [];
  let endOffset = -1;
  for (const chunk of wanted) {
    const isStored = isCopied(chunk);
    const last = runs.at(-1);
    const bytes = storedLength(chunk);
    const isNext = isStored && last?.isStored === true && chunk.chunkStartOffset === endOffset;
    if (isNext && last.bytes + bytes <= mostBytes) {
      last.chunks.push(chunk);
      last.bytes += bytes;
    } else {
      runs.push({ chunks: [chunk], isStored, bytes });
    }
    endOffset = chunk.chunkStartOffset + bytes;
  }
  return runs;
}

/** A summary that left out a channel cannot say what a clip of it holds. */
function demandKnown(
  file: IndexedMcap,
  chunk: McapChunkIndex | undefined,
  ids: Iterable<number>,
): void {
  for (const id of ids) {
    if (file.channels.has(id)) continue;
    throw damaged({
      name: file.name,
      offset: chunk?.chunkStartOffset ?? 0,
      record: 'Chunk',
      message: `it holds messages of channel ${id}, which the summary does not name`,
      expected: 'channels of the summary',
      remedy: '`fieldloop recording repair FILE OUT` writes it with a summary of its own.',
    });
  }
}

function isInside(chunk: McapChunkIndex, { startNs, endNs }: Range): boolean {
  return chunk.messageStartTime >= startNs && chunk.messageEndTime <= endNs;
}

async function select(
  writer: ClipWriter,
  blocks: readonly MessageBlock[],
  range: Range,
  chosen: Uint8Array | undefined,
): Promise<void> {
  for (const block of blocks) {
    const selected = selectBlock(block, range, chosen);
    if (selected === undefined) continue;
    // A chunk that defines channels that are not chosen cannot go in as it is.
    const isOwn = block.chunk?.declares.every((id) => chosen === undefined || chosen[id] === 1);
    if (selected.picks === undefined && isOwn === true) await writer.chunk(block);
    else await copyMessages(writer, block, selected.picks ?? picksOf(block, range, chosen));
  }
}

async function copyMessages(
  writer: ClipWriter,
  block: Parameters<typeof messageAt>[0],
  picks: Uint32Array,
): Promise<void> {
  for (const i of picks) {
    const message = messageAt(block, i);
    await writer.message(message.channelId, message);
  }
}

/** What chosen latched topics said before the start. */
async function context(
  file: IndexedMcap,
  chosen: readonly Channel[],
  { startNs, signal }: TrimPlan,
): Promise<readonly LatchedMessage[]> {
  const latched = new Map(chosen.flatMap((one) => (one.latched ? [[one.id, one] as const] : [])));
  if (startNs === undefined || latched.size === 0) return [];
  const said = openLatchedContext(latched);
  const channels = new Set(latched.keys());
  for await (const block of file.blocks({ endNs: startNs, channels, signal })) {
    said.take(block, startNs);
  }
  return said.all();
}

function flagsOf(ids: ReadonlySet<number>): Uint8Array {
  const flags = new Uint8Array(65_536);
  for (const id of ids) flags[id] = 1;
  return flags;
}
