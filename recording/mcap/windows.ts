/** A file as a sequence of pieces that a parser takes in turn. */
import { Fault } from '@fieldloop/core';
import { chunkMemory } from '../codec/codec.ts';
import { giveReadAhead, takeReadAhead } from '../codec/read-ahead.ts';
import { readAheadBytes } from '../limits.ts';
import { unmetered } from '../meter.ts';
import type { ReadOptions } from '../options.ts';
import type { Readable } from '../types.ts';
import { wholeBytes } from './whole.ts';

/** Of the first window; each is twice as long as the one before it, up to `readAheadBytes`. */
const firstBytes = readAheadBytes / 8;

/**
 * The bytes of a file in order, cut between records where that is easy; while one window is at work
 * the next is being read. The first ones are short, so that work begins soon. With `reuse` a window
 * is valid until the next one is asked for, and two buffers serve for the whole file.
 */
export async function* windows(
  readable: Readable,
  options: Pick<ReadOptions, 'signal' | 'meter' | 'reuse'>,
): AsyncGenerator<Uint8Array, void> {
  const meter = options.meter ?? unmetered;
  const buffers: (Uint8Array | undefined)[] = [];
  let turn = 0;
  let length = firstBytes;
  const ask = (offset: number): Promise<Uint8Array> => {
    if (readable.size !== undefined && offset >= readable.size) {
      return Promise.resolve(new Uint8Array(0));
    }
    meter.take(readAheadBytes);
    turn = 1 - turn;
    const into = options.reuse === true ? (buffers[turn] ??= memoryFor(readable)) : undefined;
    const read = readable.read(offset, length, into);
    length = Math.min(2 * length, readAheadBytes);
    // A failed read is met when it is awaited; until then nobody else hears of it.
    read.catch(() => {});
    return read;
  };
  let next = ask(0);
  let offset = 0;
  for (;;) {
    if (options.signal?.aborted === true) throw new Fault('cancelled', 'stopped on request');
    const bytes = await next;
    if (bytes.length === 0) {
      for (const buffer of buffers) if (buffer !== undefined) giveReadAhead(buffer);
      return;
    }
    const whole = wholeBytes(bytes, offset === 0);
    offset += whole;
    next = ask(offset);
    yield whole === bytes.length ? bytes : bytes.subarray(0, whole);
    meter.release(readAheadBytes);
  }
}

/** Room for any window of this file. */
function memoryFor({ size = readAheadBytes }: Readable): Uint8Array {
  return size < readAheadBytes ? chunkMemory(size) : takeReadAhead();
}
