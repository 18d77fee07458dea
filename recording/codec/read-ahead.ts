/**
 * Memory that files are read into, kept for the next file: a copy out of the page cache into pages
 * the process has just been given takes half as long again.
 */
import { readAheadBytes } from '../limits.ts';
import { chunkMemory, freeMemory } from './codec.ts';

/** As many as one file needs. */
const most = 2;
const idleMs = 1_000;
const spares: Uint8Array[] = [];
let idle: NodeJS.Timeout | undefined;

/** `readAheadBytes` of memory, not zeroed. */
export function takeReadAhead(): Uint8Array {
  return spares.pop() ?? chunkMemory(readAheadBytes);
}

/** For the next file; no view of it may be used any more. Without one, it is freed in a second. */
export function giveReadAhead(memory: Uint8Array): void {
  if (memory.length !== readAheadBytes || spares.length === most) {
    freeMemory(memory);
    return;
  }
  spares.push(memory);
  idle ??= setTimeout(freeSpares, idleMs).unref();
  idle.refresh();
}

function freeSpares(): void {
  for (const memory of spares.splice(0)) freeMemory(memory);
}
