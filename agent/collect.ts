/**
 * Garbage goes sooner than V8 lets it: a robot's agent hardly grows, and what its buffers of
 * messages hold outside the heap counts little for V8.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

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

/**
 * To be called again and again: collects when the thread's buffers have grown by so many bytes
 * since the last time. Blocks outlive the young generation, and V8 by itself would let tens of
 * megabytes of them stand.
 */
export function openCollector(growth: number): () => void {
  let before = buffers();
  return () => {
    if (buffers() - before < growth) return;
    collect ??= openCollect();
    collect({ type: 'major', execution: 'sync' });
    before = buffers();
  };
}
