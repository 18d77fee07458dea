/**
 * Saves what can be saved of an MCAP in two walks: the first finds the channels, the second writes.
 * Chunks that are whole are copied as bytes; all indexes, sums and checksums are built anew.
 */
import { asFault, Fault } from '@fieldloop/core';
import { openClipWriter, type ClipWriter } from '../clip/writer.ts';
import { chunkMemory } from '../codec/codec.ts';
import { crc32 } from '../codec/crc.ts';
import { recordBytes, summaryBytes } from '../limits.ts';
import { openChunk } from '../mcap/chunk.ts';
import { opcode, recordHead } from '../mcap/format.ts';
import type { ItemSink } from '../mcap/items.ts';
import { type McapRecord, parseChunk, parseRecord } from '../mcap/records.ts';
import { unmetered } from '../meter.ts';
import { FileWindow } from '../rosbag1/file-window.ts';
import type { Appendable, Readable } from '../types.ts';
import { attachmentOf } from './attachment.ts';
import { FoundChannels, sureness } from './channels.ts';
import { McapSurvey, type Stretch } from './mcap-survey.ts';
import { nested } from './nested.ts';
import { RepairLog, type RepairReport } from './report.ts';
import { primedSink, wholeBlock } from './whole-block.ts';

export interface RepairOptions {
  readonly library: string;
  readonly signal?: AbortSignal | undefined;
}

interface Found {
  profile: string;
  readonly channels: FoundChannels;
  statedMessages: number | undefined;
  /** Chunks with a message that could be opened, and their log times. */
  chunks: number;
  firstNs: bigint;
  lastNs: bigint;
}

/** Log times that the head of a chunk states. */
interface Times {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** The opened content, and whether a checksum covers it; or why it cannot be opened. */
type OpenedChunk =
  | { readonly data: Uint8Array; readonly times: Times; readonly isSure: boolean }
  | { readonly data: undefined; readonly why: string; readonly times?: Times | undefined };

type RecordStretch = Extract<Stretch, { readonly kind: 'record' }>;

export async function repairMcap(
  readable: Readable,
  out: Appendable,
  options: RepairOptions,
): Promise<RepairReport> {
  const repair = new McapRepair(readable, options);
  const found = await repair.look();
  const summary = await repair.write(out, found);
  const range =
    summary.messageCount === 0 ? {} : { startNs: summary.startNs, endNs: summary.endNs };
  return repair.log.report({ format: 'mcap', sizeBytes: readable.size ?? 0, ...range });
}

class McapRepair {
  readonly log: RepairLog;
  readonly #readable: Readable;
  readonly #options: RepairOptions;
  readonly #window: FileWindow;

  constructor(readable: Readable, options: RepairOptions) {
    this.log = new RepairLog(readable.name);
    this.#readable = readable;
    this.#options = options;
    this.#window = new FileWindow(readable, unmetered);
  }

  async look(): Promise<Found> {
    const channels = new FoundChannels();
    const found: Found = {
      profile: '',
      channels,
      statedMessages: undefined,
      chunks: 0,
      firstNs: 0n,
      lastNs: 0n,
    };
    await this.#summary(found);
    for await (const stretch of this.#stretches()) {
      if (stretch.kind === 'torn') this.#lookInside(await this.#tornData(stretch), found, false);
      if (stretch.kind !== 'record') continue;
      if (stretch.code === opcode.chunk) await this.#lookIntoChunk(stretch, found);
      else if (stretch.code === opcode.message) {
        channels.used.add((await this.#bytes(stretch, recordHead + 2)).readUInt16LE(recordHead));
      } else if (wanted.has(stretch.code)) {
        const record = await this.#parsed(stretch);
        if (record?.type === 'Header') found.profile = record.profile;
        if (record?.type === 'Statistics') found.statedMessages = Number(record.messageCount);
        if (record !== undefined) channels.offer(record, sureness.plain);
      }
    }
    return found;
  }

  async write(out: Appendable, found: Found): Promise<Awaited<ReturnType<ClipWriter['finish']>>> {
    const { library } = this.#options;
    const { channels, notes } = found.channels.settled();
    this.log.notes.push(...notes);
    this.log.statedMessages = found.statedMessages;
    const writer = await openClipWriter(out, { profile: found.profile, library });
    const sink = primedSink(this.#readable.name, channels);
    for (const channel of [...channels.values()].toSorted((a, b) => a.id - b.id)) {
      await writer.channel(channel);
    }
    for await (const stretch of this.#stretches()) {
      await this.#put(stretch, { writer, sink, found });
    }
    return writer.finish();
  }

  async #put(
    stretch: Stretch,
    to: { readonly writer: ClipWriter; readonly sink: ItemSink; readonly found: Found },
  ): Promise<void> {
    const { log } = this;
    const { offset, length } = stretch;
    if (stretch.kind === 'gap') {
      log.lose({ offset, bytes: length, what: 'bytes', why: stretch.why });
    } else if (stretch.kind === 'magic') {
      log.bytes.rebuilt += length;
    } else if (stretch.kind === 'torn') {
      await this.#putTorn(stretch, to.writer);
    } else if (stretch.code === opcode.chunk) {
      await this.#putChunk(stretch, to);
    } else if (stretch.code === opcode.message) {
      await this.#putMessage(stretch, to);
    } else if (stretch.code === opcode.attachment) {
      await this.#putAttachment(stretch, to.writer);
    } else if (stretch.code === opcode.messageIndex) {
      // Entries have 16 bytes; they tell how much a lost chunk held.
      log.alsoLost(Math.floor((length - recordHead - 6) / 16));
      log.bytes.rebuilt += length;
    } else if (stretch.code === opcode.metadata) {
      const record = await this.#parsed(stretch);
      if (record?.type !== 'Metadata') return this.#lost(stretch, 'its fields cannot be read');
      await to.writer.metadata(record.name, record.metadata);
      log.kept.metadata += 1;
      log.bytes.kept += length;
    } else {
      log.bytes[kept.has(stretch.code) ? 'kept' : 'rebuilt'] += length;
    }
  }

  async #putChunk(
    stretch: RecordStretch,
    to: { readonly writer: ClipWriter; readonly sink: ItemSink },
  ): Promise<void> {
    const { log } = this;
    const { offset, length } = stretch;
    const bytes = length > recordBytes ? undefined : await this.#bytes(stretch, length);
    const block = bytes && wholeBlock(to.sink, bytes, offset);
    if (block !== undefined) {
      await to.writer.chunk(block);
      log.kept.messages += block.count;
    } else {
      const opened = await this.#open(stretch);
      if (opened.data === undefined) return this.#lost(stretch, opened.why, opened.times);
      const { data, times } = opened;
      const { cut, strays } = await this.#putInside(data, to.writer);
      if (cut !== undefined || strays > 0) {
        const why =
          cut === undefined
            ? `${strays} records in it may not stand there`
            : `its records are not whole from byte ${cut} of its content on`;
        log.lose({ offset, bytes: 0, what: 'record', why, ...times });
      }
    }
    log.settle();
    log.kept.chunks += 1;
    log.bytes.kept += length;
  }

  /** Message by message; `cut` is where the content stops to be records. */
  async #putInside(
    data: Uint8Array,
    writer: ClipWriter,
  ): Promise<{ readonly cut?: number; readonly strays: number }> {
    let strays = 0;
    for (const step of nested(data)) {
      if (step.kind === 'cut') return { cut: step.at, strays };
      if (step.kind === 'stray') strays += 1;
      if (step.kind !== 'message') continue;
      await writer.message(step.channelId, step.message);
      this.log.kept.messages += 1;
    }
    return { strays };
  }

  async #putTorn(
    stretch: Extract<Stretch, { readonly kind: 'torn' }>,
    writer: ClipWriter,
  ): Promise<void> {
    const data = await this.#tornData(stretch);
    const before = this.log.kept.messages;
    const { cut = data.length } = await this.#putInside(data, writer);
    const saved = this.log.kept.messages - before;
    const head = saved === 0 ? 0 : stretch.dataAt;
    this.log.bytes.kept += head + (saved === 0 ? 0 : cut);
    const bytes = stretch.length - head - (saved === 0 ? 0 : cut);
    const why = `the file ends inside it; ${saved} messages before its end are kept`;
    this.log.lose({ offset: stretch.offset, bytes, what: 'chunk', why });
  }

  async #putMessage(
    stretch: RecordStretch,
    { writer, found }: { readonly writer: ClipWriter; readonly found: Found },
  ): Promise<void> {
    if (stretch.length > recordBytes) return this.#lost(stretch, 'is too large to be read');
    const bytes = await this.#bytes(stretch, stretch.length);
    const [step] = nested(bytes);
    if (step?.kind !== 'message') return this.#lost(stretch, 'is not whole');
    // Writers use chunks or not: a message between chunks far from their times is something else.
    if (found.chunks > 0 && !isNear(step.message.logTimeNs, found)) {
      return this.#lost(stretch, 'stands outside chunks and its time is far from theirs');
    }
    await writer.message(step.channelId, step.message);
    this.log.kept.messages += 1;
    this.log.bytes.kept += stretch.length;
  }

  async #putAttachment(stretch: RecordStretch, writer: ClipWriter): Promise<void> {
    const found = await attachmentOf(this.#readable, stretch);
    if (found instanceof Fault) return this.#lost(stretch, found.message);
    await writer.attachment(found.index, found.bytes());
    this.log.kept.attachments += 1;
    this.log.bytes.kept += stretch.length;
  }

  #lost({ offset, length, code }: RecordStretch, why: string, times?: Times): void {
    const what = code === opcode.chunk ? 'chunk' : 'record';
    this.log.lose({ offset, bytes: length, what, why, ...times });
  }

  async #open(stretch: RecordStretch): Promise<OpenedChunk> {
    const { offset, length } = stretch;
    const place = { name: this.#readable.name, offset };
    if (length > recordBytes) return { data: undefined, why: 'is larger than chunks may be' };
    let times: Times | undefined;
    try {
      const content = await this.#content(stretch);
      const chunk = parseChunk(content, { ...place, record: 'Chunk' });
      times = { startNs: chunk.messageStartTime, endNs: chunk.messageEndTime };
      const isSure = chunk.uncompressedCrc !== 0;
      return { data: openChunk(chunk, place, chunkMemory), times, isSure };
    } catch (error) {
      const { code, message } = asFault(error);
      if (code === 'internal') throw error;
      return { data: undefined, why: message, times };
    }
  }

  async #lookIntoChunk(stretch: RecordStretch, found: Found): Promise<void> {
    const opened = await this.#open(stretch);
    if (opened.data !== undefined) this.#lookInside(opened.data, found, opened.isSure);
  }

  #lookInside(data: Uint8Array, found: Found, isSure: boolean): void {
    const rank = isSure ? sureness.chunk : sureness.plain;
    let count = 0;
    for (const step of nested(data)) {
      if (step.kind === 'record') found.channels.offer(step.record, rank);
      if (step.kind !== 'message') continue;
      found.channels.used.add(step.channelId);
      const ns = step.message.logTimeNs;
      const isFirst = found.chunks === 0 && count === 0;
      if (isFirst || ns < found.firstNs) found.firstNs = ns;
      if (isFirst || ns > found.lastNs) found.lastNs = ns;
      count += 1;
    }
    if (count > 0) found.chunks += 1;
  }

  /** The summary's own definitions, when its checksum says that they are as written. */
  async #summary(found: Found): Promise<void> {
    const size = this.#readable.size ?? 0;
    const tail = Buffer.from(await this.#readable.read(Math.max(0, size - 37), 37));
    if (tail.length < 37 || tail[0] !== opcode.footer) return;
    const start = Number(tail.readBigUInt64LE(recordHead));
    const crc = tail.readUInt32LE(recordHead + 16);
    if (start === 0 || start > size - 37 || size - 37 - start > summaryBytes || crc === 0) return;
    const bytes = await this.#readable.read(start, size - 37 - start);
    if (crc32(tail.subarray(0, recordHead + 16), crc32(bytes)) !== crc) return;
    const ids = new Set<number>();
    for (const step of nested(bytes)) {
      if (step.kind !== 'record') continue;
      found.channels.offer(step.record, sureness.summary);
      if (step.record.type === 'Channel') ids.add(step.record.id);
    }
    if (ids.size > 0) found.channels.summary = ids;
  }

  async #parsed(stretch: RecordStretch): Promise<McapRecord | undefined> {
    const { code, offset } = stretch;
    try {
      return parseRecord(code, await this.#content(stretch), { name: this.#readable.name, offset });
    } catch (error) {
      if (asFault(error).code === 'internal') throw error;
      return undefined;
    }
  }

  async #content(stretch: RecordStretch): Promise<Uint8Array> {
    return (await this.#bytes(stretch, stretch.length)).subarray(recordHead);
  }

  async #bytes({ offset }: RecordStretch, length: number): Promise<Buffer> {
    const bytes = await this.#window.see(offset, length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async #tornData(stretch: Extract<Stretch, { readonly kind: 'torn' }>): Promise<Uint8Array> {
    const { offset, length, dataAt } = stretch;
    const head = await this.#window.see(offset, Math.min(length, dataAt));
    const isStored =
      new DataView(head.buffer, head.byteOffset).getUint32(recordHead + 28, true) === 0;
    if (!isStored || length > recordBytes || head.length < dataAt) return new Uint8Array(0);
    return (await this.#window.see(offset, length)).subarray(dataAt);
  }

  async *#stretches(): AsyncGenerator<Stretch, void> {
    const readable = this.#readable;
    const window = new FileWindow(readable, unmetered);
    const probe = new FileWindow(readable, unmetered, 2 ** 20);
    for await (const stretch of new McapSurvey(readable, window, probe).stretches()) {
      if (this.#options.signal?.aborted === true)
        throw new Fault('cancelled', 'stopped on request');
      yield stretch;
    }
  }
}

const wanted = new Set<number>([opcode.header, opcode.schema, opcode.channel, opcode.statistics]);
const kept = new Set<number>([opcode.header, opcode.schema, opcode.channel]);

/** One day: clocks of one recording do not differ by more. */
const nearNs = 86_400_000_000_000n;

function isNear(ns: bigint, { firstNs, lastNs }: Found): boolean {
  return ns >= firstNs - nearNs && ns <= lastNs + nearNs;
}
