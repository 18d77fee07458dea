/**
 * A recording that its recorder split into files, or one file: readers and rules see one stream.
 * A channel keeps its id over a split, however each file numbers its own.
 */
import { openChannelTable } from './channel-table.ts';
import type { ReadOptions } from './options.ts';
import { readRecording } from './read.ts';
import type { Readable, RecordingItem } from './types.ts';

/** One file of a recording. */
export interface Split {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  open(): Promise<Readable & AsyncDisposable>;
}

export interface SplitRecording {
  /** A file or a folder, as it was named. */
  readonly name: string;
  /** Bytes of all files. */
  readonly size: number;
  /** In the order in which they were recorded; at least one. */
  readonly splits: readonly Split[];
  /** Files that `metadata.yaml` lists and that are not there. */
  readonly missing: readonly string[];
  /** Messages that `metadata.yaml` states. */
  readonly statedMessages?: number | undefined;
}

export interface SplitOptions extends ReadOptions {
  /** Hears how many bytes of the whole recording were read. */
  readonly progress?: ((bytes: number) => void) | undefined;
}

/**
 * As `readRecording`, one file after the other; the first header stands for all. The offset of a
 * block is that in its own file.
 */
export async function* readSplits(
  recording: SplitRecording,
  options: SplitOptions = {},
): AsyncGenerator<RecordingItem, void> {
  const { progress, ...own } = options;
  const table = openChannelTable();
  let beforeBytes = 0;
  for (const [i, split] of recording.splits.entries()) {
    await using file = await split.open();
    // One file alone is given as it is, with its chunks and its numbers.
    const map = recording.splits.length === 1 ? undefined : table.open();
    for await (const item of readRecording(file, own)) {
      if (item.kind === 'header' && i > 0) continue;
      if (item.kind === 'block') progress?.(beforeBytes + Math.min(item.block.offset, split.size));
      if (item.kind === 'channel' && map !== undefined) {
        const { channel, isNew } = map.take(item.channel);
        if (isNew) yield { kind: 'channel', channel };
      } else if (item.kind === 'block' && map !== undefined) {
        yield { kind: 'block', block: map.block(item.block) };
      } else yield item;
    }
    beforeBytes += split.size;
    progress?.(beforeBytes);
  }
}
