/** Waiting for other processes, which have no event to offer. */
import { setTimeout } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';

export const delay = async (ms: number): Promise<void> => await setTimeout(ms);

const withinMs = 300_000;

/** The first value that `look` gives. Fault `timeout` when it gives none. */
export async function awaited<T>(
  what: string,
  look: () => Promise<T | undefined>,
  everyMs = 500,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Fault('timeout', `${what}: not in ${withinMs} ms`);
    await delay(everyMs);
  }
}
