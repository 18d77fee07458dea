/**
 * The pages of an SQLite database file (sqlite.org/fileformat2.html) through the port `Readable`,
 * so that a db3 is read wherever bytes come from, in bounded memory, and hostile bytes meet our own
 * bounds. Nothing is ever written; committed pages of a write-ahead log beside it are seen.
 */
import { damaged, remedies } from '../damage.ts';
import { db3SegmentBytes, db3Segments } from '../limits.ts';
import { type ReadMeter, unmetered } from '../meter.ts';
import type { Readable } from '../types.ts';
import { noLog, readLog, type WriteAheadLog } from './write-ahead-log.ts';

export const sqliteMagic = 'SQLite format 3\0';

export interface Page {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export interface Db3Header {
  readonly pageSize: number;
  /** Bytes of a page that hold content. */
  readonly usable: number;
  readonly pageCount: number;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
}

const encodings = ['utf-8', 'utf-8', 'utf-16le', 'utf-16be'] as const;

export const db3Remedy =
  'Copy the file again from where it was recorded. `fieldloop recording repair FILE OUT` saves what can be read; `sqlite3 FILE .recover` may find more.';

export class Pages {
  readonly name: string;
  readonly header: Db3Header;
  readonly #readable: Readable;
  readonly #log: WriteAheadLog;
  readonly #meter: ReadMeter;
  readonly #segmentBytes: number;
  /** The stretches of the file read last, the newest at the end. */
  readonly #segments = new Map<number, Uint8Array>();

  constructor(
    readable: Readable,
    opened: { readonly header: Db3Header; readonly log: WriteAheadLog; readonly meter: ReadMeter },
  ) {
    this.name = readable.name;
    this.header = opened.header;
    this.#readable = readable;
    this.#log = opened.log;
    this.#meter = opened.meter;
    const { pageSize } = opened.header;
    this.#segmentBytes = Math.max(pageSize, db3SegmentBytes - (db3SegmentBytes % pageSize));
  }

  offsetOf(number: number): number {
    return (number - 1) * this.header.pageSize;
  }

  /** Fault `corrupt` for a page that the file does not have. */
  async page(number: number, from: string): Promise<Page> {
    const { pageSize, pageCount } = this.header;
    if (number < 1 || number > pageCount) {
      throw this.broken(
        1,
        `${from} points to page ${number} of ${pageCount}`,
        'a page of the file',
      );
    }
    const logged = this.#log.pages.get(number);
    const bytes = logged === undefined ? await this.#stored(number) : await this.#log.read(logged);
    if (bytes.length < pageSize) {
      throw this.broken(number, `the file ends ${bytes.length} bytes into it`, 'a whole page');
    }
    return { number, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
  }

  broken(page: number, message: string, expected: string): Error {
    return damaged({
      name: this.name,
      offset: this.offsetOf(page),
      record: `Page ${page}`,
      message,
      expected,
      remedy: db3Remedy,
    });
  }

  /** Gives back what is held. */
  close(): void {
    for (const bytes of this.#segments.values()) this.#meter.release(bytes.length);
    this.#segments.clear();
  }

  async #stored(number: number): Promise<Uint8Array> {
    const offset = this.offsetOf(number);
    const index = Math.floor(offset / this.#segmentBytes);
    const segment = this.#segments.get(index) ?? (await this.#load(index));
    const at = offset - index * this.#segmentBytes;
    return segment.subarray(at, at + this.header.pageSize);
  }

  async #load(index: number): Promise<Uint8Array> {
    if (this.#segments.size >= db3Segments) {
      const [oldest] = this.#segments.keys();
      if (oldest !== undefined) {
        this.#meter.release(this.#segments.get(oldest)?.length ?? 0);
        this.#segments.delete(oldest);
      }
    }
    const bytes = await this.#readable.read(index * this.#segmentBytes, this.#segmentBytes);
    this.#meter.take(bytes.length);
    this.#segments.set(index, bytes);
    return bytes;
  }
}

/** Fault `corrupt` or `invalid` when the header is not that of a database we read. */
export async function openPages(readable: Readable, meter: ReadMeter = unmetered): Promise<Pages> {
  const { name } = readable;
  const head = await readable.read(0, 100);
  const place = { name, offset: 0, record: 'Header' };
  if (Buffer.from(head.subarray(0, 16)).toString('latin1') !== sqliteMagic) {
    const message = head.length < 16 ? 'the file ends inside its header' : 'no SQLite database';
    throw damaged({ ...place, message, expected: '"SQLite format 3"', remedy: remedies.foreign });
  }
  if (head.length < 100) {
    throw damaged({ ...place, message: 'ends after it began', expected: '100 bytes' });
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const stated = view.getUint16(16);
  const pageSize = stated === 1 ? 65_536 : stated;
  const usable = pageSize - view.getUint8(20);
  const isPower = (pageSize & (pageSize - 1)) === 0;
  if (!isPower || pageSize < 512 || usable < 480) {
    const message = `states pages of ${stated} bytes, ${usable} of them usable`;
    throw damaged({ ...place, message, expected: '512 to 65,536, a power of 2' });
  }
  const encoding = encodings[view.getUint32(56)];
  if (encoding === undefined || view.getUint8(19) > 2) {
    const message = `has read version ${view.getUint8(19)}, encoding ${view.getUint32(56)}`;
    throw damaged({ ...place, message, expected: 'versions 1 and 2, encodings 1 to 3' });
  }
  const isLogged = view.getUint8(19) === 2;
  const log = isLogged ? await readLog(readable, pageSize) : noLog;
  const inFile = Math.ceil((readable.size ?? view.getUint32(28) * pageSize) / pageSize);
  // The stated count is only meant when the two change counters agree; the file knows better.
  const isStated = view.getUint32(24) === view.getUint32(92) && view.getUint32(28) > 0;
  const pageCount = log.pageCount ?? (isStated ? view.getUint32(28) : inFile);
  return new Pages(readable, { header: { pageSize, usable, pageCount, encoding }, log, meter });
}
