/**
 * The sending end of one transfer, pure: `(state, input) => [state, outputs]`. It knows neither
 * file, clock nor link: times come in as milliseconds that never step back, chance as a draw.
 * Only DONE or Done with the file's own hash ever ends it as `done`, which is what frees bytes.
 *
 * Whoever drives it asks `sendable` which bytes may go next, writes one chunk, and says `sent`.
 */
import { backoffMs } from '@fieldloop/core';
import * as most from '../limits.ts';
import type { Ack, CancelReason, Nack, Open, OpenAck, Transfer, WireCode } from '../messages.ts';

/**
 * waiting: may start at `notBeforeMs`; checking: the driver hashes its own file again;
 * done, refused and cancelled are ends.
 */
export type SenderPhase =
  | 'waiting'
  | 'opening'
  | 'sending'
  | 'finishing'
  | 'checking'
  | 'done'
  | 'refused'
  | 'cancelled';

export interface SenderState {
  readonly phase: SenderPhase;
  readonly open: Open;
  readonly epoch: number;
  /** Bytes that the receiver has on disk, and bytes that it has at all, in this epoch. */
  readonly durable: number;
  readonly received: number;
  /** The next byte to send, and one past the highest byte sent in this epoch. */
  readonly next: number;
  readonly sentTo: number;
  /** No byte at or past this offset may be sent: durable + credit. */
  readonly limit: number;
  /** Largest chunk that both ends take. */
  readonly chunkMax: number;
  readonly slot: string;
  /** Tries without progress, for the backoff. */
  readonly attempt: number;
  readonly notBeforeMs: number;
  /** In opening, sending and finishing: without progress until then, it starts again. */
  readonly deadlineMs: number;
  readonly fault: { readonly at: number; readonly count: number };
  readonly hashRetries: number;
}

export type SenderInput = {
  readonly nowMs: number /** Uniform in [0, 1). */;
  readonly draw: number;
} & (
  | /** A slot is free and both connections are up. */ { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly message: Transfer }
  | /** The chunk [from, to) was handed to the link. */ {
      readonly kind: 'sent';
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'tick' }
  | /** Either connection closed. */ { readonly kind: 'linkLost' }
  | /** Answer to `checkFile`. */ { readonly kind: 'fileChecked'; readonly equal: boolean }
  | /** The driver no longer wants to send it. */ {
      readonly kind: 'withdraw';
      readonly reason: CancelReason;
    }
);

export type SenderOutput =
  | { readonly kind: 'send'; readonly message: Transfer }
  /** The cloud holds the file: note it durably, then free the bytes. */
  | { readonly kind: 'done' }
  /** The cloud will not take it; HASH says that the file on this disk is not what it was. */
  | { readonly kind: 'refused'; readonly code: WireCode }
  /** Hash the whole file again and answer with `fileChecked`. */
  | { readonly kind: 'checkFile' }
  /** Forget read-ahead and read the disk again from here. */
  | { readonly kind: 'reread'; readonly from: number }
  /** The link damages bytes: open the bulk connection anew. */
  | { readonly kind: 'reconnect' };

export type SenderStep = readonly [SenderState, readonly SenderOutput[]];

/** A transfer that waits for its first start. */
export function newSender(open: Open): SenderState {
  return {
    phase: 'waiting',
    open,
    epoch: 0,
    durable: 0,
    received: 0,
    next: 0,
    sentTo: 0,
    limit: 0,
    chunkMax: most.firstChunkBytes,
    slot: '',
    attempt: 0,
    notBeforeMs: 0,
    deadlineMs: 0,
    fault: { at: -1, count: 0 },
    hashRetries: 0,
  };
}

/** The bytes that may be sent now. `paceBytes` bounds what is sent and not yet received. */
export function sendable(
  state: SenderState,
  paceBytes = Number.POSITIVE_INFINITY,
): { readonly from: number; readonly to: number } | undefined {
  if (state.phase !== 'sending') return undefined;
  const to = Math.min(state.open.sizeBytes, state.limit, state.received + paceBytes);
  return to > state.next ? { from: state.next, to } : undefined;
}

/** True while the transfer takes one of the device's places. */
export function isOpen(state: SenderState): boolean {
  return state.phase === 'opening' || state.phase === 'sending' || state.phase === 'finishing';
}

export function stepSender(state: SenderState, input: SenderInput): SenderStep {
  switch (input.kind) {
    case 'start':
      return start(state, input.nowMs);
    case 'message':
      return receive(state, input, input.message);
    case 'sent':
      return sent(state, input);
    case 'tick':
      return isOpen(state) && input.nowMs >= state.deadlineMs ? retry(state, input) : [state, []];
    case 'linkLost':
      return isOpen(state) ? [{ ...state, phase: 'waiting', notBeforeMs: 0 }, []] : [state, []];
    case 'fileChecked':
      return fileChecked(state, input);
    case 'withdraw':
      return withdraw(state, input.reason);
  }
}

type Moment = Pick<SenderInput, 'nowMs' | 'draw'>;

function start(state: SenderState, nowMs: number): SenderStep {
  if (state.phase !== 'waiting' || nowMs < state.notBeforeMs) return [state, []];
  const opening = { ...state, phase: 'opening', deadlineMs: nowMs + most.progressMs } as const;
  return [opening, [{ kind: 'send', message: { kind: 'open', open: state.open } }]];
}

function receive(state: SenderState, now: Moment, message: Transfer): SenderStep {
  switch (message.kind) {
    case 'openAck':
      return openAcknowledged(state, now, message.openAck);
    case 'ack':
      return acknowledged(state, now, message.ack);
    case 'done': {
      const { tid, sha256, sizeBytes } = message.done;
      const isOurs = tid === state.open.tid && sizeBytes === state.open.sizeBytes;
      return isOurs ? finish(state, sha256) : [state, []];
    }
    case 'nack':
      return refused(state, now, message.nack);
    case 'fetch':
    case 'open':
    case 'cancel':
    case 'unknown':
      return [state, []];
  }
}

function openAcknowledged(state: SenderState, now: Moment, ack: OpenAck): SenderStep {
  if (ack.tid !== state.open.tid || ack.sha256 !== state.open.sha256) return [state, []];
  switch (ack.state) {
    case 'done':
      return finish(state, ack.sha256);
    case 'later':
      if (state.phase !== 'opening') return [state, []];
      return retry(state, now, ack.retryAfterMs);
    case 'refused':
      if (state.phase !== 'opening') return [state, []];
      return end(state, ack.code ?? 'UNKNOWN');
    case 'new':
    case 'partial':
      return isOpen(state) && ack.epoch > state.epoch ? beginEpoch(state, now, ack) : [state, []];
  }
}

function beginEpoch(state: SenderState, now: Moment, ack: OpenAck): SenderStep {
  const size = state.open.sizeBytes;
  if (ack.durable > size) return [state, []];
  const epoch: SenderState = {
    ...state,
    epoch: ack.epoch,
    durable: ack.durable,
    received: ack.durable,
    next: ack.durable,
    sentTo: ack.durable,
    limit: ack.durable + ack.credit,
    chunkMax: Math.max(most.minChunkBytes, Math.min(ack.chunkMax, state.open.chunkMax)),
    slot: ack.slot,
    fault: { at: -1, count: 0 },
  };
  return [onward(epoch, now.nowMs), []];
}

/** Sending while bytes remain, else finishing; either way the clock of progress starts anew. */
function onward(state: SenderState, nowMs: number): SenderState {
  const size = state.open.sizeBytes;
  if (state.next < size) {
    return { ...state, phase: 'sending', deadlineMs: nowMs + most.progressMs };
  }
  const wait = most.doneMs + size / most.verifyBytesPerMs;
  return { ...state, phase: 'finishing', deadlineMs: nowMs + wait };
}

function acknowledged(state: SenderState, now: Moment, ack: Ack): SenderStep {
  const isCurrent = ack.tid === state.open.tid && ack.epoch === state.epoch;
  if (!isCurrent || !isMoving(state)) return [state, []];
  // What was never sent cannot have arrived: such an Ack is not believed.
  if (ack.received > state.sentTo || ack.durable > ack.received) return [state, []];
  const received = Math.max(state.received, ack.received);
  const durable = Math.max(state.durable, ack.durable);
  const limit = Math.max(state.limit, ack.durable + ack.credit);
  const progressed = received > state.received || durable > state.durable;
  const moved = { ...state, received, durable, limit };
  return [progressed ? { ...onward(moved, now.nowMs), attempt: 0 } : moved, []];
}

function isMoving(state: SenderState): boolean {
  return state.phase === 'sending' || state.phase === 'finishing';
}

function sent(state: SenderState, input: SenderInput & { kind: 'sent' }): SenderStep {
  const window = sendable(state);
  if (window === undefined || input.from !== window.from || input.to > window.to)
    return [state, []];
  const sentTo = Math.max(state.sentTo, input.to);
  return [onward({ ...state, next: input.to, sentTo }, input.nowMs), []];
}

function refused(state: SenderState, now: Moment, nack: Nack): SenderStep {
  const isCurrent = nack.tid === state.open.tid && nack.epoch === state.epoch;
  if (!isCurrent || !isMoving(state)) return [state, []];
  switch (nack.code) {
    case 'GAP':
    case 'CRC':
      return rewind(state, now, nack.from);
    case 'UNKNOWN':
      return state.attempt === 0
        ? [{ ...state, phase: 'waiting', notBeforeMs: now.nowMs, attempt: 1 }, []]
        : retry(state, now);
    case 'HASH':
      return state.hashRetries >= most.maxHashRetries
        ? end(state, 'HASH')
        : [{ ...state, phase: 'checking' }, [{ kind: 'checkFile' }]];
    case 'OVERRUN':
    case 'BUSY':
    case 'DRAINING':
    case 'MOVED':
    case 'QUOTA':
    case 'NO_SPACE':
    case 'IO':
      return retry(state, now, nack.retryAfterMs);
    case 'TOO_LARGE':
    case 'KIND':
    case 'UNWANTED':
    case 'SEQ_REUSED':
    case 'MALFORMED':
    case 'VERSION':
      return end(state, nack.code);
  }
}

function rewind(state: SenderState, now: Moment, from: number): SenderStep {
  if (from < state.durable || from > state.sentTo) return [state, []];
  const count = state.fault.at === from ? state.fault.count + 1 : 1;
  const back = { ...state, next: from, fault: { at: from, count } };
  if (count >= most.faultsBeforeReconnect) {
    const [waiting] = retry(back, now);
    return [waiting, [{ kind: 'reconnect' }]];
  }
  const outputs: SenderOutput[] =
    count === most.faultsBeforeReread ? [{ kind: 'reread', from }] : [];
  return [onward(back, now.nowMs), outputs];
}

/** Waits before the next Open, at least as long as the receiver asked. */
function retry(state: SenderState, now: Moment, atLeastMs = 0): SenderStep {
  const wait = backoffMs(state.attempt, most.backoffRange, { next: () => now.draw });
  const notBeforeMs = now.nowMs + Math.max(wait, atLeastMs);
  return [{ ...state, phase: 'waiting', notBeforeMs, attempt: state.attempt + 1 }, []];
}

function fileChecked(state: SenderState, input: Moment & { readonly equal: boolean }): SenderStep {
  if (state.phase !== 'checking') return [state, []];
  if (!input.equal) return end(state, 'HASH');
  return retry({ ...state, hashRetries: state.hashRetries + 1 }, input);
}

function isEnded(state: SenderState): boolean {
  return state.phase === 'done' || state.phase === 'refused' || state.phase === 'cancelled';
}

function finish(state: SenderState, sha256: string): SenderStep {
  if (isEnded(state) || sha256 !== state.open.sha256) return [state, []];
  return [{ ...state, phase: 'done' }, [{ kind: 'done' }]];
}

function end(state: SenderState, code: WireCode): SenderStep {
  return [{ ...state, phase: 'refused' }, [{ kind: 'refused', code }]];
}

function withdraw(state: SenderState, reason: CancelReason): SenderStep {
  if (isEnded(state)) return [state, []];
  const cancel = { tid: state.open.tid, epoch: state.epoch, reason };
  const outputs: SenderOutput[] =
    state.phase === 'waiting' && state.epoch === 0
      ? []
      : [{ kind: 'send', message: { kind: 'cancel', cancel } }];
  return [{ ...state, phase: 'cancelled' }, outputs];
}
