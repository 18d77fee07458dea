/**
 * A block whose bytes stand in the recorder's own file: nothing is copied, and a cut reads it from
 * there again. A file that is gone, or is another one under the old name, has nothing.
 */
import { blockAt, type Channel, type MessageBlock } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';
import type { FilePlace, Place } from './entry.ts';

/** Undefined when the block is not one whole chunk of its file. */
export function filePlaceOf(
  block: MessageBlock,
  file: FilePlace | undefined,
  channels: ReadonlyMap<number, Channel>,
): Place | undefined {
  const { chunk, count, firstNs, lastNs } = block;
  if (file === undefined || chunk === undefined) return undefined;
  const { uncompressedSize, uncompressedCrc } = chunk;
  const isSame = (found: MessageBlock): boolean =>
    found.count === count &&
    found.firstNs === firstNs &&
    found.lastNs === lastNs &&
    found.chunk?.uncompressedSize === uncompressedSize &&
    found.chunk.uncompressedCrc === uncompressedCrc;
  return {
    async load() {
      try {
        await using opened = await openFile(file.path);
        const found = await blockAt(opened, file.offset, channels.values());
        return found !== undefined && isSame(found) ? found : undefined;
      } catch {
        // Rotated away, truncated or overwritten: for the window all of it is the same loss.
        return undefined;
      }
    },
    drop() {},
  };
}
