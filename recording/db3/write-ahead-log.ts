/**
 * The write-ahead log beside a database (`FILE-wal`): what a recorder committed and did not yet copy
 * back, for instance because it was killed. Frames count up to the last whole commit.
 */
import { db3LogPages } from '../limits.ts';
import type { Readable } from '../types.ts';

export interface WriteAheadLog {
  /** Page number to the offset of its newest committed content in the log. */
  readonly pages: ReadonlyMap<number, number>;
  /** Pages of the database after the last commit; absent without one. */
  readonly pageCount: number | undefined;
  /** The content of one page. */
  read(offset: number): Promise<Uint8Array>;
}

const nothing = new Uint8Array(0);

export const noLog: WriteAheadLog = {
  pages: new Map(),
  pageCount: undefined,
  read: () => Promise.resolve(nothing),
};

const headBytes = 32;
const frameHead = 24;
/** Frames read at once. */
const batch = 64;

interface Sums {
  first: number;
  second: number;
}

/** A log that does not belong to the database, or is cut, counts as far as its checksums hold. */
export async function readLog(readable: Readable, pageSize: number): Promise<WriteAheadLog> {
  const beside = await readable.beside?.('-wal');
  if (beside === undefined) return noLog;
  const head = await beside.read(0, headBytes);
  if (head.length < headBytes) return noLog;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const isLittle = view.getUint32(0) === 0x377f_0682;
  if (!isLittle && view.getUint32(0) !== 0x377f_0683) return noLog;
  if (view.getUint32(8) !== pageSize) return noLog;
  const sums: Sums = { first: 0, second: 0 };
  add(sums, head.subarray(0, 24), isLittle);
  if (sums.first !== view.getUint32(24) || sums.second !== view.getUint32(28)) return noLog;
  const salts = head.slice(16, 24);
  const found = await frames(beside, { pageSize, isLittle, salts, sums });
  return { ...found, read: (offset) => beside.read(offset, pageSize) };
}

async function frames(
  log: Readable,
  how: {
    readonly pageSize: number;
    readonly isLittle: boolean;
    readonly salts: Uint8Array;
    readonly sums: Sums;
  },
): Promise<Pick<WriteAheadLog, 'pages' | 'pageCount'>> {
  const { pageSize, isLittle, salts, sums } = how;
  const frameSize = frameHead + pageSize;
  const pages = new Map<number, number>();
  const open = new Map<number, number>();
  let pageCount: number | undefined;
  for (let offset = headBytes; ; offset += frameSize * batch) {
    const bytes = await log.read(offset, frameSize * batch);
    for (let at = 0; at + frameSize <= bytes.length; at += frameSize) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at, frameSize);
      const isOurs = Buffer.compare(bytes.subarray(at + 8, at + 16), salts) === 0;
      add(sums, bytes.subarray(at, at + 8), isLittle);
      add(sums, bytes.subarray(at + frameHead, at + frameSize), isLittle);
      const isSound = sums.first === view.getUint32(16) && sums.second === view.getUint32(20);
      if (!isOurs || !isSound) return { pages, pageCount };
      open.set(view.getUint32(0), offset + at + frameHead);
      const committed = view.getUint32(4);
      if (committed === 0) continue;
      for (const [number, place] of open) pages.set(number, place);
      open.clear();
      pageCount = committed;
    }
    if (bytes.length < frameSize * batch || pages.size > db3LogPages) return { pages, pageCount };
  }
}

/** The log's running checksum over pairs of 32-bit words. */
function add(sums: Sums, bytes: Uint8Array, isLittle: boolean): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let { first, second } = sums;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    first = (first + view.getUint32(at, isLittle) + second) >>> 0;
    second = (second + view.getUint32(at + 4, isLittle) + first) >>> 0;
  }
  sums.first = first;
  sums.second = second;
}
