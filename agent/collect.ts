/**
 * Garbage goes sooner than V8 lets it: a robot's agent hardly grows, and what its buffers of
 * messages hold outside the heap counts little for V8.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bufferGrowthBytes, collectEveryMs } from './limits.ts';

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

/** Bytes outside this thread's heap: nearly all of them are buffers of messages. */
const outside = (): number => getHeapStatistics().external_memory;

let before = outside();
let collectedMs = performance.now();

/**
 * To be called again and again: collects when the thread's buffers have grown by so many bytes
 * since the last time, and now and then all the same. Blocks outlive the young generation, and V8
 * by itself looks at what lies on its heap: it would let tens of megabytes of them stand, and on
 * the heap of a thread that scores four megabytes after two hours.
 */
export function collectBuffers(): void {
  const now = outside();
  const nowMs = performance.now();
  before = Math.min(before, now);
  if (now - before < bufferGrowthBytes && nowMs - collectedMs < collectEveryMs) return;
  collect ??= openCollect();
  collect({ type: 'major', execution: 'sync' });
  before = outside();
  collectedMs = nowMs;
}
