/** The messages of one opened chunk in columns, so that its indexes can be compared quickly. */
import { Columns } from '../columns.ts';
import { messageHead, opcode, recordHead } from '../mcap/format.ts';
import { takeMessages } from '../mcap/messages.ts';
import { nestedEnd, type Piece, pieceOf } from '../mcap/piece.ts';
import { type McapRecord, parseRecord } from '../mcap/records.ts';

const anyChannel = new Uint8Array(65_536).fill(1);
const headSize = recordHead + messageHead;

export class ChunkContent {
  readonly #piece: Piece;
  readonly #columns = new Columns(true);
  readonly counts = new Map<number, number>();

  /** Walks the content; records that are no messages go to `other`. */
  constructor(
    data: Uint8Array,
    place: { readonly name: string; readonly offset: number },
    other: (record: McapRecord) => void,
  ) {
    const piece = pieceOf(data, 0);
    this.#piece = piece;
    const rules = { known: anyChannel, most: Infinity };
    let at = 0;
    while (at < piece.end) {
      const next = nestedEnd(piece, at, place);
      if (piece.bytes[at] === opcode.message && next - at >= headSize) {
        const here = takeMessages(this.#columns, piece, at, rules);
        if (here === at) this.#rebase(at);
        at = here;
      } else {
        other(parseRecord(piece.bytes[at] ?? 0, data.subarray(at + recordHead, next), place));
        at = next;
      }
    }
    for (let i = 0; i < this.count; i += 1) {
      const id = this.channelId(i);
      this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    }
  }

  get count(): number {
    return this.#columns.count;
  }

  channelId(i: number): number {
    return this.#columns.channelIds[i] ?? 0;
  }

  sequence(i: number): number {
    return this.#columns.sequences[i] ?? 0;
  }

  logTime(i: number): bigint {
    return this.#piece.view.getBigUint64((this.#columns.starts[i] ?? 16) - 16, true);
  }

  /** Whether a message of this channel and time stands at this offset of the content. */
  holds(offset: number, channelId: number, logTime: bigint): boolean {
    const start = offset + headSize;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#columns.starts[middle] ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    return (
      low < this.count &&
      this.#columns.starts[low] === start &&
      this.channelId(low) === channelId &&
      this.logTime(low) === logTime
    );
  }

  /** Times are read from the records, so the columns may change their base at any message. */
  #rebase(at: number): void {
    const { view } = this.#piece;
    this.#columns.rebase(view.getUint32(at + 19, true), view.getUint32(at + 15, true), 0n);
  }
}
