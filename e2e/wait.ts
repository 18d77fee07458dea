/** Waits for a condition of another process that has no event to offer. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '@fieldloop/core';

const pollMs = 50;

/** The first value that `look` gives. Fault `timeout` with `describe()` when it gives none. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  options: { readonly withinMs?: number; describe?(): Promise<string> } = {},
): Promise<T> {
  const within = options.withinMs ?? 30_000;
  const end = performance.now() + within;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) {
      const state = (await options.describe?.()) ?? '';
      throw new Fault('timeout', `${what}: not within ${within} ms. ${state}`);
    }
    await delay(pollMs);
  }
}
