/** One row as it stands in a leaf page of a table, and the values of its columns. */
import type { Db3Header, Page, Pages } from './pages.ts';

/** Filled anew for each cell. */
export interface Cell {
  rowid: number;
  /** Bytes of the whole row. */
  size: number;
  /** The part of it in the page. */
  start: number;
  local: number;
  /** Page of the rest; 0 without one. */
  overflow: number;
}

export function emptyCell(): Cell {
  return { rowid: 0, size: 0, start: 0, local: 0, overflow: 0 };
}

export type Value = number | bigint | string | Uint8Array | undefined;

/** Where each column of one row stands. */
export interface Columns {
  count: number;
  readonly types: Float64Array;
  readonly starts: Float64Array;
}

const mostColumns = 64;

export function emptyColumns(): Columns {
  return {
    count: 0,
    types: new Float64Array(mostColumns),
    starts: new Float64Array(mostColumns + 1),
  };
}

let after = 0;

/** A big-endian number of 1 to 9 bytes, 7 bits each; `after` is left behind it. -1: cut off. */
function varint(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 8; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return -1;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      after = at + i + 1;
      return value;
    }
  }
  const last = bytes[at + 8];
  if (last === undefined) return -1;
  after = at + 9;
  return value * 256 + last;
}

/** Fault `corrupt` when the cell at `at` leaves its page. */
export function readCell(pages: Pages, page: Page, at: number, into: Cell): void {
  const { usable } = pages.header;
  const size = varint(page.bytes, at);
  const rowid = size < 0 ? -1 : varint(page.bytes, after);
  if (size < 0 || rowid < 0) throw pages.broken(page.number, 'a row has no head', 'whole rows');
  into.size = size;
  into.rowid = rowid;
  into.start = after;
  into.local = localSize(pages.header, size);
  const isCut = into.local < size;
  if (into.start + into.local + (isCut ? 4 : 0) > usable) {
    const message = `row ${rowid} of ${size} bytes leaves the page`;
    throw pages.broken(page.number, message, `at most ${usable - into.start} bytes`);
  }
  into.overflow = isCut ? page.view.getUint32(into.start + into.local) : 0;
}

/** How much of a row stands in its leaf page. */
function localSize({ usable }: Db3Header, size: number): number {
  if (size <= usable - 35) return size;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const wanted = least + ((size - least) % (usable - 4));
  return wanted <= usable - 35 ? wanted : least;
}

/**
 * Copies the row behind the cell to `into[at..]`, overflow pages included. Fault `corrupt` when
 * their chain is shorter or longer than the row.
 */
export async function copyRow(
  pages: Pages,
  page: Page,
  cell: Cell,
  into: { readonly bytes: Uint8Array; readonly at: number },
): Promise<void> {
  const { bytes, at } = into;
  bytes.set(page.bytes.subarray(cell.start, cell.start + cell.local), at);
  let filled = cell.local;
  let next = cell.overflow;
  const room = pages.header.usable - 4;
  while (filled < cell.size) {
    const more = await pages.page(next, `row ${cell.rowid}`);
    const take = Math.min(room, cell.size - filled);
    bytes.set(more.bytes.subarray(4, 4 + take), at + filled);
    filled += take;
    next = more.view.getUint32(0);
  }
  if (next === 0 || cell.overflow === 0) return;
  throw pages.broken(page.number, `row ${cell.rowid} goes on after its end`, 'a chain that ends');
}

/** Splits `bytes[from, to)`; false when the head of the row is not sound. */
export function splitRow(bytes: Uint8Array, from: number, to: number, into: Columns): boolean {
  const headSize = varint(bytes, from);
  const headEnd = from + headSize;
  if (headSize < 1 || headEnd > to) return false;
  let at = headEnd;
  let count = 0;
  for (let head = after; head < headEnd; head = after) {
    const type = varint(bytes, head);
    if (type < 0 || after > headEnd || count >= mostColumns) return false;
    into.types[count] = type;
    into.starts[count] = at;
    at += widthOf(type);
    count += 1;
  }
  into.starts[count] = at;
  into.count = count;
  return at <= to || count === 0;
}

const widths = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

export function widthOf(type: number): number {
  return type < 12 ? (widths[type] ?? 0) : Math.floor((type - 12) / 2);
}

/** Integers beyond 2^53 as bigint. */
export function valueOf(
  bytes: Uint8Array,
  columns: Columns,
  i: number,
  encoding: Db3Header['encoding'],
): Value {
  if (i >= columns.count) return undefined;
  const type = columns.types[i] ?? 0;
  const start = columns.starts[i] ?? 0;
  const end = start + widthOf(type);
  if (type >= 12) {
    const part = bytes.subarray(start, end);
    return type % 2 === 0 ? part : new TextDecoder(encoding).decode(part);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  switch (type) {
    case 1:
      return view.getInt8(0);
    case 2:
      return view.getInt16(0);
    case 3:
      return view.getInt8(0) * 65_536 + view.getUint16(1);
    case 4:
      return view.getInt32(0);
    case 5:
      return view.getInt16(0) * 4_294_967_296 + view.getUint32(2);
    case 6: {
      const value = view.getBigInt64(0);
      const short = Number(value);
      return Number.isSafeInteger(short) ? short : value;
    }
    case 7:
      return view.getFloat64(0);
    case 8:
      return 0;
    case 9:
      return 1;
    default:
      return undefined;
  }
}
