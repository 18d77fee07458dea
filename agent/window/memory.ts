/** Memory that blocks keep alive. They may be views of one buffer: it is counted once. */
import type { MessageBlock } from '@fieldloop/recording';

export interface Memory {
  take(block: MessageBlock): void;
  give(block: MessageBlock): void;
  bytes(): number;
}

export function openMemory(): Memory {
  const users = new Map<ArrayBufferLike, number>();
  let bytes = 0;
  return {
    take(block) {
      for (const buffer of buffersOf(block)) {
        const n = users.get(buffer) ?? 0;
        if (n === 0) bytes += buffer.byteLength;
        users.set(buffer, n + 1);
      }
    },
    give(block) {
      for (const buffer of buffersOf(block)) {
        const n = users.get(buffer) ?? 0;
        if (n > 1) users.set(buffer, n - 1);
        else if (users.delete(buffer)) bytes -= buffer.byteLength;
      }
    },
    bytes: () => bytes,
  };
}

function buffersOf(block: MessageBlock): Set<ArrayBufferLike> {
  const views = [block.data, block.channelIds, block.sequences, block.starts, block.ends];
  const buffers = new Set<ArrayBufferLike>([block.timesNs.buffer]);
  for (const view of views) buffers.add(view.buffer);
  if (block.chunk !== undefined) buffers.add(block.chunk.records.buffer);
  return buffers;
}
