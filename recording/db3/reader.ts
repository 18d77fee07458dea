/**
 * rosbag2's sqlite3 storage (`.db3`, layouts 1 to 4) as items: topics first, then messages in the
 * order of their rows, which is the order in which they were recorded.
 */
import { asFault, Fault } from '@fieldloop/core';
import { Columns as Block, exactNs } from '../columns.ts';
import { chunkMemory } from '../codec/codec.ts';
import { zstd } from '../codec/zstd.ts';
import { blockMessages, chunkBytes, db3BlockBytes, recordBytes } from '../limits.ts';
import { type ReadMeter, unmetered } from '../meter.ts';
import type { ReadOptions } from '../options.ts';
import type { Readable, RecordingItem } from '../types.ts';
import {
  type Cell,
  copyRow,
  emptyCell,
  emptyColumns,
  readCell,
  splitRow,
  valueOf,
  widthOf,
} from './cells.ts';
import { isZstdFrame, zstdContentSize } from './frame-size.ts';
import { openPages, type Page, type Pages } from './pages.ts';
import { readTables } from './tables.ts';
import { type Db3Contents, readContents } from './topics.ts';
import { cellAt, cellsOf, leafPages } from './walk.ts';

export async function* readDb3(
  readable: Readable,
  options: ReadOptions = {},
): AsyncGenerator<RecordingItem, void> {
  const meter = options.meter ?? unmetered;
  const pages = await openPages(readable, meter);
  const skip = options.salvage === true ? (options.skipped ?? (() => {})) : undefined;
  const skipped = skip && ((error: unknown) => skip(damageOf(error)));
  try {
    const contents = await readContents(pages, await readTables(pages));
    yield headerOf(contents);
    for (const channel of contents.channels) yield { kind: 'channel', channel };
    const rows = new MessageRows(pages, contents, meter);
    for await (const page of leafPages(pages, contents.messages.root, skipped)) {
      if (options.signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
      yield* rows.page(page, skipped);
    }
    yield* rows.seal();
    rows.release();
  } finally {
    pages.close();
  }
}

function headerOf({ version, distro }: Db3Contents): RecordingItem {
  const library = `rosbag2 sqlite3, layout ${version}${distro === '' ? '' : `, ${distro}`}`;
  return { kind: 'header', format: 'db3', profile: 'ros2', library };
}

/** What is no damage of the file is thrown on. */
function damageOf(error: unknown): Fault {
  const fault = asFault(error);
  if (fault.code !== 'corrupt' && fault.code !== 'limited') throw error;
  return fault;
}

const other = 1;
const cdr = 2;

/** Fills blocks with the messages of leaf pages. */
class MessageRows {
  readonly #pages: Pages;
  readonly #meter: ReadMeter;
  readonly #at: { readonly topic: number; readonly time: number; readonly data: number };
  readonly #known = new Uint8Array(65_536);
  readonly #cell: Cell = emptyCell();
  readonly #row = emptyColumns();
  readonly #block = new Block(false);
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the block at work begins in them, and how far they are filled. */
  #begin = 0;
  #filled = 0;
  #lent = 0;
  #offset = 0;
  #lastRowid = -1;
  #items: RecordingItem[] = [];

  constructor(pages: Pages, { channels, messages }: Db3Contents, meter: ReadMeter) {
    this.#pages = pages;
    this.#meter = meter;
    const column = (name: string): number => messages.columns.indexOf(name);
    this.#at = { topic: column('topic_id'), time: column('timestamp'), data: column('data') };
    for (const { id, messageEncoding } of channels) {
      this.#known[id] = messageEncoding === 'cdr' ? cdr : other;
    }
  }

  async *page(
    page: Page,
    skipped: ((error: unknown) => void) | undefined,
  ): AsyncGenerator<RecordingItem, void> {
    const cells = cellsOf(this.#pages, page);
    for (let i = 0; i < cells; i += 1) {
      let damage: Fault | undefined;
      try {
        await this.#take(page, i);
      } catch (error) {
        damage = asFault(error);
      }
      if (damage !== undefined && skipped === undefined) {
        yield* this.seal();
        throw damage;
      }
      if (damage !== undefined) skipped?.(damage);
      if (this.#items.length > 0) {
        yield* this.#drain();
        this.release();
      }
    }
  }

  *seal(): Generator<RecordingItem, void> {
    this.#close();
    yield* this.#drain();
  }

  release(): void {
    this.#meter.release(this.#lent);
    this.#lent = 0;
  }

  *#drain(): Generator<RecordingItem, void> {
    const items = this.#items;
    this.#items = [];
    yield* items;
  }

  async #take(page: Page, i: number): Promise<void> {
    const cell = this.#cell;
    readCell(this.#pages, page, cellAt(this.#pages, page, i), cell);
    if (cell.rowid <= this.#lastRowid) throw this.#broken(page, 'comes after a larger one');
    this.#lastRowid = cell.rowid;
    const { pageCount, usable } = this.#pages.header;
    if (cell.size > Math.min(recordBytes, pageCount * usable)) {
      throw this.#broken(page, `states ${cell.size} bytes`);
    }
    this.#reserve(cell.size);
    const from = this.#filled;
    await copyRow(this.#pages, page, cell, { bytes: this.#bytes, at: from });
    const row = this.#row;
    if (!splitRow(this.#bytes, from, from + cell.size, row)) {
      throw this.#broken(page, 'has a broken head');
    }
    const { encoding } = this.#pages.header;
    const topic = valueOf(this.#bytes, row, this.#at.topic, encoding);
    const time = valueOf(this.#bytes, row, this.#at.time, encoding);
    if (typeof topic !== 'number' || (this.#known[topic] ?? 0) === 0) {
      throw this.#broken(page, `is of topic ${String(topic)}, which no row defines`);
    }
    const isTime = typeof time === 'bigint' || (typeof time === 'number' && Number.isInteger(time));
    if (!isTime || time < 0) throw this.#broken(page, `has the time ${String(time)}`);
    const start = row.starts[this.#at.data] ?? 0;
    const type = row.types[this.#at.data] ?? 0;
    if (type < 12 || this.#at.data >= row.count) throw this.#broken(page, 'has no data');
    const end = start + widthOf(type);
    this.#filled = from + cell.size;
    this.#add(
      topic,
      BigInt(time),
      isZstdFrame(this.#bytes, start) ? this.#unpack(page, start, end) : [start, end],
    );
  }

  #add(topic: number, ns: bigint, [start, end]: readonly [number, number]): void {
    const block = this.#block;
    if (!block.based) this.#rebase(ns);
    let after = Number(ns - block.baseNs);
    if (Math.abs(after) >= exactNs) {
      this.#close(false);
      this.#rebase(ns);
      after = 0;
    }
    if (block.count === block.capacity) block.grow();
    const i = block.count;
    block.channelIds[i] = topic;
    block.sequences[i] = 0;
    block.starts[i] = start - this.#begin;
    block.ends[i] = end - this.#begin;
    block.timesNs[i] = after;
    if (after < block.least) block.least = after;
    if (after > block.most) block.most = after;
    block.count = i + 1;
    if (block.count >= blockMessages) this.#close();
  }

  #rebase(ns: bigint): void {
    this.#block.rebase(Number(ns >> 32n), Number(ns & 0xffff_ffffn), ns);
  }

  /** A message that rosbag2 packed alone (`--compression-mode message`). */
  #unpack(page: Page, start: number, end: number): readonly [number, number] {
    const frame = this.#bytes.slice(start, end);
    const size = zstdContentSize(frame);
    if (size === undefined || size > chunkBytes) {
      throw this.#broken(page, `is a zstd frame of ${size ?? 'unknown'} bytes`);
    }
    this.#reserve(size);
    const into = this.#bytes.subarray(this.#filled, this.#filled + size);
    try {
      zstd.decode(frame, into);
    } catch {
      throw this.#broken(page, 'does not unpack');
    }
    const at = this.#filled;
    this.#filled += size;
    return [at, at + size];
  }

  /** Room for `size` bytes in the block at work; a block that is full is closed. */
  #reserve(size: number): void {
    if (this.#filled + size <= this.#bytes.length) return;
    this.#close();
    const room = Math.max(size, db3BlockBytes);
    this.#meter.take(room);
    this.#lent += room;
    this.#bytes = chunkMemory(room);
    this.#begin = 0;
    this.#filled = 0;
  }

  #close(last = true): void {
    if (this.#block.count === 0) return;
    const data = this.#bytes.subarray(this.#begin, this.#filled);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const parts = { data, view, offset: this.#offset };
    this.#begin = this.#filled;
    this.#items.push({ kind: 'block', block: this.#block.seal(parts, last) });
  }

  #broken(page: Page, what: string): Error {
    const message = `row ${this.#cell.rowid} of messages ${what}`;
    return this.#pages.broken(page.number, message, 'a message of a topic with its time and data');
  }
}
