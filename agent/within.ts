/** Waiting with an end. */
import type { Clock } from '@fieldloop/core';

/** True when `work` ended within `ms` and before a stop was asked for. */
export async function within(
  ms: number,
  work: Promise<unknown>,
  deps: { readonly clock: Clock; readonly stopping?: AbortSignal | undefined },
): Promise<boolean> {
  const waiting = new AbortController();
  const signals = [waiting.signal, ...(deps.stopping === undefined ? [] : [deps.stopping])];
  const timer = deps.clock.sleep(ms, AbortSignal.any(signals)).then(
    () => false,
    () => false,
  );
  const inTime = await Promise.race([work.then(() => true), timer]);
  waiting.abort();
  return inTime;
}
