/**
 * Blocks that left memory, loaded one after the other: what a cut looks at is held once, in memory
 * that serves again, and goes when the cut is over.
 */
import { type BlockReader, type Channel, openBlockReader } from '@fieldloop/recording';
import type { OpenFile } from '@fieldloop/recording/file';

export interface Loading extends Disposable {
  /** Its blocks are valid until the next one is loaded here, of whatever file. */
  readerOf(file: OpenFile, channels: ReadonlyMap<number, Channel>): BlockReader;
}

export function openLoading(): Loading {
  let last: { readonly file: OpenFile; readonly reader: BlockReader } | undefined;
  const close = (): void => {
    last?.reader[Symbol.dispose]();
    last = undefined;
  };
  return {
    readerOf(file, channels) {
      if (last?.file === file) return last.reader;
      close();
      const reader = openBlockReader(file, channels);
      last = { file, reader };
      return reader;
    },
    [Symbol.dispose]: close,
  };
}
