/** Records one behind the other in memory, as far as they are whole; never throws. */
import type { ClipMessage } from '../clip/chunk-builder.ts';
import { messageHead, opcode, recordHead } from '../mcap/format.ts';
import { type McapRecord, parseRecord } from '../mcap/records.ts';

export type NestedStep =
  | { readonly kind: 'message'; readonly channelId: number; readonly message: ClipMessage }
  /** A schema, a channel or another record of fields. */
  | { readonly kind: 'record'; readonly record: McapRecord }
  /** A record that may not stand in a chunk, or that cannot be read. */
  | { readonly kind: 'stray'; readonly at: number }
  /** From here on the bytes are no records. */
  | { readonly kind: 'cut'; readonly at: number };

export function* nested(data: Uint8Array): Generator<NestedStep, void> {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let at = 0;
  while (at < data.length) {
    const left = data.length - at - recordHead;
    const length = left < 0 ? 0 : view.getUint32(at + 1, true);
    const isWhole = left >= 0 && view.getUint32(at + 5, true) === 0 && length <= left;
    const code = data[at] ?? 0;
    if (!isWhole || code === 0 || (code === opcode.message && length < messageHead)) {
      yield { kind: 'cut', at };
      return;
    }
    const from = at + recordHead;
    const end = from + length;
    if (code === opcode.message) yield messageStep(data, view, from, end);
    else {
      const record = parsed(code, data.subarray(from, end));
      yield record === undefined ? { kind: 'stray', at } : { kind: 'record', record };
    }
    at = end;
  }
}

function messageStep(data: Uint8Array, view: DataView, from: number, end: number): NestedStep {
  return {
    kind: 'message',
    channelId: view.getUint16(from, true),
    message: {
      sequence: view.getUint32(from + 2, true),
      logTimeNs: view.getBigUint64(from + 6, true),
      publishTimeNs: view.getBigUint64(from + 14, true),
      data: data.subarray(from + messageHead, end),
    },
  };
}

/** What cannot be parsed is passed over: other copies of it may stand elsewhere. */
function parsed(code: number, content: Uint8Array): McapRecord | undefined {
  if (code !== opcode.schema && code !== opcode.channel) return undefined;
  try {
    return parseRecord(code, content, { name: '', offset: 0 });
  } catch {
    return undefined;
  }
}
