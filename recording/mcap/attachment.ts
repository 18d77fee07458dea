/** An attachment passes by in pieces: its fields first, then its data, then its checksum. */
import { crc32 } from '../codec/crc.ts';
import { damaged, remedies } from '../damage.ts';
import { attachmentFieldBytes } from '../limits.ts';
import { Fields } from './fields.ts';
import { recordHead } from './format.ts';
import type { Piece } from './piece.ts';
import type { McapAttachment } from './records.ts';

export interface OpenAttachment {
  /** File offset of the record. */
  readonly offset: number;
  /** Opcode, length and the fields before the data. */
  readonly headSize: number;
  readonly dataSize: number;
  /** Bytes after the checksum, which readers pass over. */
  readonly padding: number;
  data(bytes: Uint8Array): void;
  /** The finished attachment; Fault `corrupt` when the stated checksum does not hold. */
  end(statedCrc: number): McapAttachment;
}

/** Log time, create time; then two texts and the length of the data. */
const timesSize = 16;

/** Bytes from `at` that hold the fields before the data, or as many as must be there to tell. */
export function attachmentHead(piece: Piece, at: number, name: string): number {
  let size = recordHead + timesSize;
  for (let text = 0; text < 2; text += 1) {
    if (piece.end - at < size + 4) return size + 4;
    const length = piece.view.getUint32(at + size, true);
    if (length > attachmentFieldBytes) {
      throw damaged({
        name,
        offset: piece.offset + at,
        record: 'Attachment',
        message: `states a name or media type of ${length} bytes`,
        expected: `at most ${attachmentFieldBytes} bytes`,
        remedy: remedies.writer,
      });
    }
    size += 4 + length;
  }
  return size + 8;
}

/** The fields must stand in the piece. `keep`: up to this size the data is collected. */
export function openAttachment(
  piece: Piece,
  at: number,
  how: { readonly name: string; readonly keep: number },
): OpenAttachment {
  const offset = piece.offset + at;
  const place = { name: how.name, offset, record: 'Attachment' };
  const headSize = attachmentHead(piece, at, how.name);
  const head = piece.bytes.subarray(at + recordHead, at + headSize);
  const fields = new Fields(head, place);
  const logTime = fields.u64();
  const createTime = fields.u64();
  const name = fields.text();
  const mediaType = fields.text();
  const dataSize = fields.size();
  const length = Number(piece.view.getBigUint64(at + 1, true));
  const padding = length - head.length - dataSize - 4;
  if (padding < 0) {
    throw damaged({
      ...place,
      message: `states ${dataSize} bytes of data in a record of ${length}`,
      expected: 'data that fits into its record',
      remedy: remedies.writer,
    });
  }
  let crc = crc32(head);
  const kept = dataSize <= how.keep ? new Uint8Array(dataSize) : undefined;
  let filled = 0;
  return {
    offset,
    headSize,
    dataSize,
    padding,
    data(bytes) {
      crc = crc32(bytes, crc);
      kept?.set(bytes, filled);
      filled += bytes.length;
    },
    end(statedCrc) {
      if (statedCrc !== 0 && statedCrc !== crc) {
        throw damaged({
          ...place,
          message: `has checksum ${crc}`,
          expected: `${statedCrc}, which is stated`,
          remedy: remedies.changed,
        });
      }
      const base = { type: 'Attachment', name, mediaType, logTime, createTime } as const;
      return { ...base, dataSize, data: kept, crc: statedCrc };
    },
  };
}
