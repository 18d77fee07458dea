/** A clock that a test moves; disks and databases in the test are real and take no time on it. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@fieldloop/core';

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class TestClock implements Clock {
  #ms = 0;
  #startMs = 1_760_000_000_000;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#startMs + Math.floor(this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const sleeper = { atMs: this.#ms + Math.max(0, ms), wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  /** Sets the clock on the wall forward; no time passes. */
  jump(ms: number): void {
    this.#startMs += ms;
  }

  /** Steps through `ms` in order of what is due, with room for real input and output between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#ms + ms;
    for (;;) {
      await untilDiskIsIdle();
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      );
      if (next === undefined || next.atMs > endMs) break;
      this.#ms = Math.max(this.#ms, next.atMs);
      this.#sleepers = this.#sleepers.filter((one) => one !== next);
      next.wake();
    }
    this.#ms = endMs;
    await untilDiskIsIdle();
  }
}

/** Simulated time stands still while this process waits for its real disk. */
async function untilDiskIsIdle(): Promise<void> {
  do await turn();
  while (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq')));
}
