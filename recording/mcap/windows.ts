/** A file as a sequence of pieces that a parser takes in turn. */
import { Fault } from '@fieldloop/core';
import { readAheadBytes } from '../limits.ts';
import { unmetered } from '../meter.ts';
import type { ReadOptions } from '../options.ts';
import type { Readable } from '../types.ts';

/** The bytes of a file in order; while one window is at work the next is being read. */
export async function* windows(
  readable: Readable,
  options: Pick<ReadOptions, 'signal' | 'meter'>,
): AsyncGenerator<Uint8Array, void> {
  const meter = options.meter ?? unmetered;
  const ask = (offset: number): Promise<Uint8Array> => {
    if (readable.size !== undefined && offset >= readable.size) {
      return Promise.resolve(new Uint8Array(0));
    }
    meter.take(readAheadBytes);
    const read = readable.read(offset, readAheadBytes);
    // A failed read is met when it is awaited; until then nobody else hears of it.
    read.catch(() => {});
    return read;
  };
  let next = ask(0);
  let offset = 0;
  for (;;) {
    if (options.signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
    const bytes = await next;
    if (bytes.length === 0) return;
    offset += bytes.length;
    next = ask(offset);
    yield bytes;
    meter.release(readAheadBytes);
  }
}
