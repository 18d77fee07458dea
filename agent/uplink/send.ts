/**
 * The sending loop of the bulk link: one chunk in the socket, the next one being read. It ends
 * when no transfer may send, and is started again when one may.
 */
import type { Clock } from '@fieldloop/core';
import { chunkTopic, sealChunk, sendable, wireLimits } from '@fieldloop/proto';
import type { Allowance } from './allowance.ts';
import type { Link } from './link.ts';
import { chunkSizeAfter, nextTurn } from './plan.ts';
import type { Moving, Transfers } from './transfers.ts';

export interface SendOptions {
  readonly device: string;
  readonly transfers: Pick<Transfers, 'ready' | 'apply' | 'unreadable'>;
  readonly clock: Clock;
  readonly isUp: () => boolean;
  readonly onSent: (bytes: number) => void;
  readonly pace: Pace;
  readonly allowance: Pick<Allowance, 'chunkBytes' | 'waitMs'>;
  /** Ends a wait for the allowance. */
  readonly signal: AbortSignal;
}

/** What a link was found to carry. */
export interface Pace {
  chunkBytes: number;
}

export const newPace = (): Pace => ({ chunkBytes: wireLimits.firstChunkBytes });

/** The transfers that `sendChunks` would send of; when there is none it ends at once. */
export function readyToSend(
  options: Pick<SendOptions, 'transfers' | 'pace' | 'allowance'>,
): Moving[] {
  const { transfers } = options;
  const size = sizeOf(options);
  return transfers.ready().filter((one) => nextChunk(one, size) !== undefined);
}

const sizeOf = ({ pace, allowance }: Pick<SendOptions, 'pace' | 'allowance'>): number =>
  Math.min(pace.chunkBytes, allowance.chunkBytes);

export async function sendChunks(link: Link, options: SendOptions): Promise<void> {
  const { pace, clock, allowance, signal } = options;
  while (options.isUp()) {
    const size = sizeOf(options);
    const ready = readyToSend(options);
    if (ready.length === 0) return;
    const waitMs = allowance.waitMs(size);
    if (waitMs > 0) {
      // Others may have their turn by then, or nobody.
      await clock.sleep(waitMs, signal).catch(() => undefined);
      continue;
    }
    const moving = nextTurn(ready);
    if (moving === undefined) return;
    const startedMs = clock.monotonicMs();
    const sent = await sendOne(link, options, { moving, size });
    if (sent === 'linkLost') return;
    if (sent === pace.chunkBytes)
      pace.chunkBytes = chunkSizeAfter(size, clock.monotonicMs() - startedMs);
  }
}

/** Bytes that were sent; 0 when the transfer moved on while its bytes were read. */
async function sendOne(
  link: Link,
  options: SendOptions,
  turn: { readonly moving: Moving; readonly size: number },
): Promise<number | 'linkLost'> {
  const { moving, size } = turn;
  const { transfers } = options;
  const chunk = nextChunk(moving, size);
  if (chunk === undefined) return 0;
  const { from, to } = chunk;
  let bytes: Uint8Array;
  try {
    ({ bytes } = await moving.source.frame(from, to));
  } catch (error) {
    transfers.unreadable(moving, error);
    return 0;
  }
  const window = sendable(moving.state);
  if (!options.isUp() || window?.from !== from || window.to < to) {
    moving.source.pool.give(bytes);
    return options.isUp() ? 0 : 'linkLost';
  }
  const { epoch, slot, open } = moving.state;
  sealChunk(bytes, { tid: moving.tid, epoch, offset: from, last: to === open.sizeBytes });
  const topic = chunkTopic(options.device, slot);
  const taken = link.publish({ topic, payload: bytes, qos: 0 });
  // Said before the socket is done with it: the Ack may be faster.
  transfers.apply(moving, { kind: 'sent', from, to });
  const next = nextChunk(moving, size);
  if (next !== undefined) moving.source.readAhead(next.from, next.to);
  try {
    await taken;
  } catch {
    return 'linkLost';
  }
  moving.source.pool.give(bytes);
  options.onSent(to - from);
  return to - from;
}

/**
 * The next bytes, or undefined when it is better to wait: a small piece of credit is left alone
 * while bytes are under way whose Ack will bring more.
 */
function nextChunk(moving: Moving, size: number): { from: number; to: number } | undefined {
  const { state } = moving;
  const window = sendable(state);
  if (window === undefined) return undefined;
  const most = Math.min(size, state.chunkMax);
  const to = Math.min(window.to, window.from + most);
  const isWhole = to - window.from === most || to === state.open.sizeBytes;
  return isWhole || state.durable === window.from ? { from: window.from, to } : undefined;
}
