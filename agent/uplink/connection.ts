/**
 * Keeps one link up while it is wanted: connects, tells when it is up and down, and waits with
 * full jitter between tries. The wait starts small again after a minute of being connected.
 */
import { asFault, backoffMs, type Clock, type Fault, faultLine } from '@fieldloop/core';
import type { Log, Random } from '@fieldloop/core';
import type { Link } from './link.ts';

export interface ReconnectRange {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Connected for this long, the next wait is short again. */
  readonly resetMs: number;
}

export interface ConnectionOptions {
  readonly name: string;
  readonly connect: (signal: AbortSignal) => Promise<Link>;
  /** False lets a closed link stay closed until `wake`. */
  readonly isWanted: () => boolean;
  readonly onUp: (link: Link) => void;
  readonly onDown: (why: string) => void;
  readonly onFault: (fault: Fault) => void;
  readonly reconnect: ReconnectRange;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Connection {
  /** The link while it is up. */
  readonly link: Link | undefined;
  /** Looks again whether the link is wanted. */
  wake(): void;
  /** Ends the link; it comes back by itself while wanted. */
  drop(why: string): void;
  close(): Promise<void>;
}

export function openConnection(options: ConnectionOptions): Connection {
  const { log, clock } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let link: Link | undefined;
  let notify = (): void => {};
  let lastFault = '';

  const untilWanted = async (): Promise<void> => {
    while (!signal.aborted && !options.isWanted()) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };

  /** Milliseconds that the link was up; undefined when it never came up. */
  const live = async (): Promise<number | undefined> => {
    try {
      link = await options.connect(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const fault = asFault(error);
      const fields = { connection: options.name, why: faultLine(fault) };
      // A robot may be out of reach for days: the same reason is said once.
      if (fault.message === lastFault) log.debug('the cloud could not be reached', fields);
      else log.warn('the cloud could not be reached', fields);
      lastFault = fault.message;
      options.onFault(fault);
      return undefined;
    }
    const since = clock.monotonicMs();
    lastFault = '';
    if (signal.aborted) await link.close();
    else options.onUp(link);
    const why = await link.ended;
    link = undefined;
    options.onDown(why);
    if (!signal.aborted) log.info('a connection ended', { connection: options.name, why });
    return clock.monotonicMs() - since;
  };

  const run = async (): Promise<void> => {
    let attempt = 0;
    while (!signal.aborted) {
      await untilWanted();
      if (signal.aborted) return;
      const upMs = await live();
      if (signal.aborted) return;
      // A link that nobody wanted any longer ended well; the next one starts at once.
      if (upMs !== undefined && !options.isWanted()) {
        attempt = 0;
        continue;
      }
      attempt = upMs !== undefined && upMs >= options.reconnect.resetMs ? 0 : attempt;
      const wait = backoffMs(attempt, options.reconnect, options.random);
      attempt += 1;
      await clock.sleep(wait, signal).catch(() => {});
    }
  };

  const running = run();
  return {
    get link() {
      return link;
    },
    wake: () => notify(),
    drop(why) {
      if (link === undefined) return;
      log.info('a connection is opened anew', { connection: options.name, why });
      void link.close().catch((error: unknown) => log.debug('closing failed', { error }));
    },
    async close() {
      stopping.abort();
      notify();
      await link?.close();
      await running;
    },
  };
}
