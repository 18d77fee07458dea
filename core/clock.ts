/** Wall time in Unix milliseconds. Log times are a different thing: `bigint` nanoseconds. */
export type Instant = number;

/** Time as a port, so that tests and replays bring their own. */
export interface Clock {
  now(): Instant;
  /** Milliseconds that never step back; only differences mean something. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
