/** The hot loop for bags: consecutive message records into columns. */
import { type Columns, exactNs } from '../columns.ts';
import { bagOpcode } from './foxglove.ts';

export interface BagBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;
}

/** What the header of one message record says; filled anew for each. */
export interface BagMessageHead {
  op: number;
  connection: number;
  seconds: number;
  nanoseconds: number;
  /** Where the data starts and ends; `end` is -1 when the record is not whole. */
  start: number;
  end: number;
}

export function emptyHead(): BagMessageHead {
  return { op: -1, connection: -1, seconds: -1, nanoseconds: 0, start: 0, end: -1 };
}

const letterO = 0x6f;
const letterC = 0x63;
const letterT = 0x74;
const equals = 0x3d;

/** Reads the record header at `at`: the fields `op`, `conn` and `time`, in any order. */
export function readHead(from: BagBytes, at: number, head: BagMessageHead): void {
  const { bytes, view, end } = from;
  head.op = -1;
  head.connection = -1;
  head.seconds = -1;
  head.end = -1;
  if (at + 8 > end) return;
  const headEnd = at + 4 + view.getUint32(at, true);
  if (headEnd + 4 > end) return;
  let here = at + 4;
  while (here + 4 < headEnd) {
    const length = view.getUint32(here, true);
    const start = here + 4;
    here = start + length;
    if (here > headEnd) return;
    const letter = bytes[start];
    if (letter === letterO && length === 4 && bytes[start + 2] === equals) {
      head.op = bytes[start + 3] ?? -1;
    } else if (letter === letterC && length === 9 && bytes[start + 4] === equals) {
      head.connection = view.getUint32(start + 5, true);
    } else if (letter === letterT && length === 13 && bytes[start + 4] === equals) {
      head.seconds = view.getUint32(start + 5, true);
      head.nanoseconds = view.getUint32(start + 9, true);
    }
  }
  head.start = headEnd + 4;
  const dataEnd = head.start + view.getUint32(headEnd, true);
  if (dataEnd <= end) head.end = dataEnd;
}

/** As `takeMessages` for MCAP: returns where it stopped. The base is seconds and nanoseconds. */
export function takeBagMessages(
  columns: Columns,
  from: BagBytes,
  at: number,
  rules: { readonly known: Uint8Array; readonly most: number },
): number {
  const head = emptyHead();
  const { known, most } = rules;
  let here = at;
  while (here < from.end && columns.count < most) {
    readHead(from, here, head);
    if (head.op !== bagOpcode.message || head.end < 0 || head.seconds < 0) break;
    if (head.connection < 0 || known[head.connection] !== 1) break;
    const time = (head.seconds - columns.baseHigh) * 1e9 + (head.nanoseconds - columns.baseLow);
    if (!(time < exactNs && time > -exactNs)) break;
    if (columns.count === columns.capacity) columns.grow();
    const i = columns.count;
    columns.channelIds[i] = head.connection;
    columns.sequences[i] = 0;
    columns.starts[i] = head.start;
    columns.ends[i] = head.end;
    columns.timesNs[i] = time;
    if (time < columns.least) columns.least = time;
    if (time > columns.most) columns.most = time;
    columns.count = i + 1;
    here = head.end;
  }
  return here;
}
