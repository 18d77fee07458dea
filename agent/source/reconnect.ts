/**
 * A live source over a connection that comes and goes: each connection is a session of its own, and
 * the next one is tried after a pause that grows until one gives messages, or lasts.
 */
import { asFault, backoffMs, type Clock, type Fault, type Random } from '@fieldloop/core';
import { sourceBackoff } from '../limits.ts';
import type { SourceItem } from './source.ts';

export interface Connecting {
  /** One connection, from `begin` on; a Fault when it is not there or breaks. */
  readonly connect: (signal: AbortSignal) => AsyncIterable<SourceItem>;
  /** Said when the other side closed it. */
  readonly closed: string;
  readonly reasonOf?: (fault: Fault) => string;
}

export async function* reconnecting(
  { connect, closed, reasonOf = ({ message }) => message }: Connecting,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal,
): AsyncGenerator<SourceItem, void> {
  let failures = 0;
  while (!signal.aborted) {
    let fault: Fault | undefined;
    let begun = false;
    let gave = false;
    const sinceMs = clock.monotonicMs();
    try {
      for await (const item of connect(signal)) {
        begun ||= item.kind === 'begin';
        gave ||= item.kind === 'block';
        yield item;
      }
    } catch (error) {
      fault = asFault(error);
      if (fault.code === 'internal') throw error;
    }
    if (signal.aborted) return;
    const lasted = clock.monotonicMs() - sinceMs >= sourceBackoff.mostMs;
    if (begun && (lasted || (gave && fault === undefined))) failures = 0;
    if (begun) yield { kind: 'end', fault: fault?.code === 'corrupt' ? fault : undefined };
    yield { kind: 'waiting', reason: fault === undefined ? closed : reasonOf(fault) };
    // An aborted sleep ends the loop.
    await clock.sleep(backoffMs(failures, sourceBackoff, random), signal).catch(() => undefined);
    failures += 1;
  }
}
