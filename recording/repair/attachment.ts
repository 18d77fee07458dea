/** An attachment of a damaged file: read once for its checksum, then again to be copied. */
import { asFault, type Fault } from '@fieldloop/core';
import { readAheadBytes } from '../limits.ts';
import { attachmentHead, openAttachment } from '../mcap/attachment.ts';
import type { NewAttachment } from '../clip/writer.ts';
import { pieceOf } from '../mcap/piece.ts';
import type { Readable } from '../types.ts';

/** Head fields are small: two texts of 64 KiB at most. */
const headBytes = 2 ** 18;

export async function attachmentOf(
  readable: Readable,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<{ readonly index: NewAttachment; bytes(): AsyncGenerator<Uint8Array, void> } | Fault> {
  const { name } = readable;
  try {
    const head = pieceOf(await readable.read(offset, Math.min(length, headBytes)), offset);
    const size = attachmentHead(head, 0, name);
    const open = openAttachment(head, 0, { name, keep: 0 });
    for await (const bytes of stretch(readable, offset + size, open.dataSize)) open.data(bytes);
    const stated = pieceOf(await readable.read(offset + size + open.dataSize, 4), 0);
    const {
      logTime,
      createTime,
      name: title,
      mediaType,
      dataSize,
    } = open.end(stated.view.getUint32(0, true));
    const times = { logTime, createTime };
    const index = { ...times, name: title, mediaType, dataSize: BigInt(dataSize), length };
    return { index, bytes: () => stretch(readable, offset, length) };
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'corrupt' && fault.code !== 'limited') throw error;
    return fault;
  }
}

async function* stretch(
  readable: Readable,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array, void> {
  for (let done = 0; done < length; ) {
    const bytes = await readable.read(offset + done, Math.min(readAheadBytes, length - done));
    if (bytes.length === 0) return;
    yield bytes;
    done += bytes.length;
  }
}
