/**
 * Garbage goes sooner than V8 lets it: a robot's agent hardly grows, and what its buffers of
 * messages hold outside the heap counts little for V8.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bufferGrowthBytes } from './limits.ts';

let collect: ((wish: object) => void) | undefined;

function openCollect(): (wish: object) => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as (wish: object) => void;
}

/** What a start leaves behind. Stops the thread for some tens of milliseconds, once. */
export function collectGarbage(): void {
  collect ??= openCollect();
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

const buffers = (): number => process.memoryUsage().arrayBuffers;

/** Bytes of this thread's buffers after the last collection, and after the last whole one. */
let afterLast = buffers();
let afterWhole = afterLast;

/**
 * To be called again and again: collects when the thread's buffers have grown by so many bytes
 * since the last time. Most blocks die young, which is cheap to see; but V8 by itself looks at what
 * lies on its heap, and would let tens of megabytes of them stand.
 */
export function collectBuffers(): void {
  const now = buffers();
  afterLast = Math.min(afterLast, now);
  afterWhole = Math.min(afterWhole, now);
  if (now - afterLast < bufferGrowthBytes) return;
  collect ??= openCollect();
  collect({ type: 'minor', execution: 'sync' });
  afterLast = buffers();
  if (afterLast - afterWhole < bufferGrowthBytes) return;
  collect({ type: 'major', execution: 'sync' });
  afterLast = buffers();
  afterWhole = afterLast;
}
