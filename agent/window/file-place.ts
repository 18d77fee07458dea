/**
 * A block whose bytes stand in the recorder's own file: nothing is copied, and a cut reads it from
 * there again, also when the recorder has deleted or renamed the file since. One that was truncated
 * or overwritten has nothing.
 */
import { asFault } from '@fieldloop/core';
import type { Channel, MessageBlock } from '@fieldloop/recording';
import type { FilePlace, Place } from './entry.ts';
import type { HeldFiles } from './held-files.ts';

export interface FilePlaceDeps {
  readonly channels: ReadonlyMap<number, Channel>;
  readonly files: HeldFiles;
}

/** Undefined when the block is not one whole chunk of its file, or the file is not there. */
export async function filePlaceOf(
  block: MessageBlock,
  place: FilePlace | undefined,
  { channels, files }: FilePlaceDeps,
): Promise<Place | undefined> {
  const { chunk, count, firstNs, lastNs } = block;
  if (place === undefined || chunk === undefined) return undefined;
  const held = await files.hold(place);
  if (held === undefined) return undefined;
  const { uncompressedSize, uncompressedCrc } = chunk;
  const isSame = (found: MessageBlock | undefined): found is MessageBlock =>
    found?.count === count &&
    found.firstNs === firstNs &&
    found.lastNs === lastNs &&
    found.chunk?.uncompressedSize === uncompressedSize &&
    found.chunk.uncompressedCrc === uncompressedCrc;
  return {
    async load(loading) {
      try {
        await held.file.refresh();
        const found = await loading.readerOf(held.file, channels).at(place.offset);
        if (isSame(found)) return found;
        held.lost('it was overwritten');
      } catch (error) {
        held.lost(asFault(error));
      }
      return undefined;
    },
    drop: held.release,
  };
}
