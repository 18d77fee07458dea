/**
 * Feeds the watchdog of the service manager, but only while every station moved since the last
 * time: a process whose main thread lives on beside a dead station is started anew.
 */
import { asFault, type Clock, faultLine, type Log } from '@fieldloop/core';
import type { Notify } from './health/notify.ts';
import { lookForSignsEveryMs, mostFeedEveryMs, statusEveryMs } from './limits.ts';

/** Monotonic time of a station's last sign of life; undefined: it is off and told as degraded. */
export type Signs = Readonly<Record<string, number | undefined>>;

export interface PulseDeps {
  readonly notify: Notify;
  readonly clock: Clock;
  readonly log: Log;
  readonly signs: () => Signs;
  /** One line for `systemctl status`. */
  readonly statusLine: () => string;
}

export interface Pulse {
  close(): Promise<void>;
}

export function openPulse(deps: PulseDeps): Pulse {
  const closing = new AbortController();
  const done = run(deps, closing.signal);
  return {
    async close() {
      closing.abort();
      await done;
    },
  };
}

async function run(deps: PulseDeps, signal: AbortSignal): Promise<void> {
  const { notify, clock, log, signs } = deps;
  if (!notify.isHeard) return;
  const statusLine = (): string => lineOf(deps);
  notify.ready(statusLine());
  const everyMs = Math.min(mostFeedEveryMs, (notify.watchdogMs ?? statusEveryMs) / 3);
  let fedMs = clock.monotonicMs();
  let told = fedMs;
  let standing = '';
  while (!signal.aborted) {
    // An aborted sleep ends the loop.
    await clock.sleep(Math.min(lookForSignsEveryMs, everyMs), signal).catch(() => undefined);
    if (signal.aborted) return;
    const now = clock.monotonicMs();
    if (now - fedMs >= everyMs) {
      const still = standingStill(signs(), fedMs);
      if (still.length === 0) {
        if (notify.watchdogMs === undefined) notify.status(statusLine());
        else notify.alive(statusLine());
        [fedMs, told, standing] = [now, now, ''];
        continue;
      }
      if (standing !== still.join()) {
        standing = still.join();
        log.error('a station stands still; the watchdog is not fed', { stations: still });
      }
    }
    if (now - told < statusEveryMs) continue;
    told = now;
    notify.status(statusLine());
  }
}

/** An agent that cannot say how it is lives all the same. */
function lineOf({ statusLine }: PulseDeps): string {
  try {
    return statusLine();
  } catch (error) {
    return `degraded: ${faultLine(asFault(error))}`;
  }
}

/** Stations without a sign since `sinceMs`. */
export const standingStill = (signs: Signs, sinceMs: number): readonly string[] =>
  Object.entries(signs).flatMap(([name, at]) => (at !== undefined && at <= sinceMs ? [name] : []));
