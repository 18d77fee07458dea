/**
 * The receiving end of one transfer, pure: `(state, input) => [state, outputs]`. The driver owns
 * part, database and link; it carries out one `begin`, `sync` or `finish` at a time and answers
 * with what became of it. Bytes are appended in the order in which the machine took them.
 *
 * What it says follows what is safe: `durable` only after the sync and the row it speaks of, Done
 * only after the blob is in its place and the one transaction that makes it known.
 */
import * as most from '../limits.ts';
import type { Cancel, ContentKind, Nack, Open, OpenAck, Transfer, WireCode } from '../messages.ts';
import { embeddedSlot } from '../topics.ts';
import type {
  ReceiverInput,
  ReceiverOutput,
  ReceiverState,
  ReceiverStep,
} from './receiver-types.ts';

/** An Open that was admitted. */
export function newReceiver(open: Open): ReceiverStep {
  return [
    {
      phase: 'beginning',
      open,
      next: undefined,
      epoch: 0,
      received: 0,
      durable: 0,
      credit: 0,
      limit: 0,
      isSyncing: false,
      unrowed: 0,
      covered: 0,
      dirtySinceMs: 0,
      lastAck: { received: 0, atMs: 0 },
      lastStaleAckMs: 0,
      gapAt: -1,
    },
    [{ kind: 'begin', open }],
  ];
}

/** Why an Open is not taken at all, from the Open and what this end takes alone. */
export function refuseOpen(
  open: Open,
  takes: readonly ContentKind[] = ['clip', 'preview'],
): WireCode | undefined {
  if (open.sizeBytes > most.maxContentBytes) return 'TOO_LARGE';
  return takes.includes(open.content) ? undefined : 'KIND';
}

/** The answer to an Open. */
export function openAnswer(
  open: Open,
  answer: Pick<OpenAck, 'state'> & Partial<OpenAck>,
): Transfer {
  return {
    kind: 'openAck',
    openAck: {
      tid: open.tid,
      sha256: open.sha256,
      epoch: 0,
      durable: 0,
      credit: 0,
      chunkMax: most.maxChunkBytes,
      slot: '',
      retryAfterMs: 0,
      ...answer,
    },
  };
}

/** When the machine wants a tick although nothing arrives. */
export function receiverWakesAtMs(state: ReceiverState): number {
  const isDirty = state.phase === 'receiving' && state.received > state.covered;
  return isDirty && !state.isSyncing
    ? state.dirtySinceMs + most.syncAfterMs
    : Number.POSITIVE_INFINITY;
}

export function stepReceiver(state: ReceiverState, input: ReceiverInput): ReceiverStep {
  if (state.phase === 'closed') return [state, []];
  switch (input.kind) {
    case 'open':
      return opened(state, input.open);
    case 'begun':
      return begun(state, input);
    case 'known':
      return known(state);
    case 'chunk':
      return chunk(state, input);
    case 'badChunk':
      return badChunk(state, input);
    case 'partSynced':
      return partSynced(state, input);
    case 'synced':
      return synced(state, input);
    case 'stored':
      return stored(state);
    case 'differs':
      return differs(state);
    case 'notBegun':
      return notBegun(state, input);
    case 'failed':
      return failed(state, input);
    case 'credit':
      return credited(state, input.credit);
    case 'tick':
      return sync(state, input.nowMs);
    case 'cancel':
      return cancelled(state, input.cancel);
    case 'linkLost':
      return linkLost(state);
  }
}

/** An Open of the same content waits for the sync or the finish under way, never beside it. */
function opened(state: ReceiverState, open: Open): ReceiverStep {
  const isIdle = state.phase === 'receiving' && state.unrowed === 0;
  return isIdle ? reopened(state, open) : [{ ...state, next: open }, []];
}

function begun(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'begun' },
): ReceiverStep {
  if (state.phase !== 'beginning') return [state, []];
  const { epoch, durable, credit, nowMs } = input;
  const receiving: ReceiverState = {
    ...state,
    phase: 'receiving',
    // Nobody was told of this epoch yet, so it serves the newest Open.
    open: state.next ?? state.open,
    next: undefined,
    epoch,
    durable,
    received: durable,
    covered: durable,
    credit,
    limit: durable + credit,
    lastAck: { received: durable, atMs: nowMs },
  };
  const message = openAnswer(receiving.open, {
    state: durable === 0 ? 'new' : 'partial',
    epoch,
    durable,
    credit,
    slot: embeddedSlot,
    chunkMax: Math.min(receiving.open.chunkMax, most.maxChunkBytes),
  });
  const [next, outputs] = finishWhenWhole(receiving);
  return [next, [{ kind: 'send', message }, ...outputs]];
}

function reopened(state: ReceiverState, open: Open): ReceiverStep {
  return [{ ...newReceiver(open)[0], epoch: state.epoch }, [{ kind: 'begin', open }]];
}

function known(state: ReceiverState): ReceiverStep {
  const open = state.next ?? state.open;
  return close(state, [{ kind: 'send', message: openAnswer(open, { state: 'done' }) }]);
}

function chunk(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'chunk' },
): ReceiverStep {
  if (state.phase !== 'receiving' || input.epoch !== state.epoch) return [state, []];
  const { offset, length, nowMs } = input;
  const end = offset + length;
  const size = state.open.sizeBytes;
  if (end > size || input.last !== (end === size) || length === 0) return overrun(state, 'size');
  if (end > state.limit) return overrun(state, 'credit');
  if (offset < state.received) return stale(state, nowMs);
  if (offset > state.received) return gap(state, 'GAP');
  const isClean = state.received === state.covered;
  const taken: ReceiverState = {
    ...state,
    received: end,
    gapAt: -1,
    dirtySinceMs: isClean ? nowMs : state.dirtySinceMs,
  };
  if (end === size) {
    const [finishing, outputs] = finishWhenWhole(taken);
    return [finishing, [append(state), ...outputs]];
  }
  const [told, acks] = acknowledge(taken, nowMs);
  const [synced, syncs] = sync(told, nowMs);
  return [synced, [append(state), ...acks, ...syncs]];
}

const append = ({ epoch }: ReceiverState): ReceiverOutput => ({ kind: 'append', epoch });

function finishWhenWhole(state: ReceiverState): ReceiverStep {
  if (state.received < state.open.sizeBytes) return [state, []];
  return [{ ...state, phase: 'finishing' }, [{ kind: 'finish', epoch: state.epoch }]];
}

/** Soon on a slow link, each 256 KiB on a fast one; a sync's Ack covers what is left. */
function acknowledge(state: ReceiverState, nowMs: number): ReceiverStep {
  const { received, atMs } = state.lastAck;
  const isDue = state.received - received >= most.ackEveryBytes || nowMs - atMs >= most.ackEveryMs;
  if (!isDue) return [state, []];
  return [{ ...state, lastAck: { received: state.received, atMs: nowMs } }, [ackOf(state)]];
}

/** A quarter of the credit or 30 ms: at the credit itself both ends would wait for ever. */
function sync(state: ReceiverState, nowMs: number): ReceiverStep {
  const dirty = state.received - state.covered;
  // An Open that waits gets its turn when the rows of all syncs are written: no new one begins.
  const isFree = state.phase === 'receiving' && !state.isSyncing && state.next === undefined;
  if (!isFree || dirty === 0) return [state, []];
  const isDue = dirty >= state.credit / 4 || nowMs - state.dirtySinceMs >= most.syncAfterMs;
  if (!isDue) return [state, []];
  const { epoch, received, unrowed } = state;
  const syncing = { ...state, isSyncing: true, unrowed: unrowed + 1, covered: received };
  return [syncing, [{ kind: 'sync', epoch, durable: received }]];
}

function stale(state: ReceiverState, nowMs: number): ReceiverStep {
  if (nowMs - state.lastStaleAckMs < most.staleAckEveryMs) return [state, []];
  return [{ ...state, lastStaleAckMs: nowMs }, [ackOf(state)]];
}

function gap(state: ReceiverState, code: 'GAP' | 'CRC'): ReceiverStep {
  if (code === 'GAP' && state.gapAt === state.received) return [state, []];
  const nack = nackOf(state, { code, from: state.received });
  return [{ ...state, gapAt: state.received }, [nack]];
}

function badChunk(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'badChunk' },
): ReceiverStep {
  if (state.phase !== 'receiving' || input.epoch !== state.epoch) return [state, []];
  if (input.code === 'CRC') return gap(state, 'CRC');
  return close(state, [nackOf(state, { code: input.code })]);
}

function overrun(state: ReceiverState, detail: string): ReceiverStep {
  return close(state, [nackOf(state, { code: 'OVERRUN', detail })]);
}

/** While the next epoch begins, the state still has the number of the one that ended. */
function isOfNow(state: ReceiverState, input: { readonly epoch: number }): boolean {
  return state.phase !== 'beginning' && input.epoch === state.epoch;
}

function partSynced(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'partSynced' },
): ReceiverStep {
  if (!isOfNow(state, input)) return [state, []];
  return sync({ ...state, isSyncing: false, dirtySinceMs: input.nowMs }, input.nowMs);
}

function synced(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'synced' },
): ReceiverStep {
  if (!isOfNow(state, input)) return [state, []];
  // A row for all that any sync covers says that no sync runs, also without `partSynced`.
  const isSyncing = state.isSyncing && input.durable < state.covered;
  const rowed = { ...state, isSyncing, unrowed: state.unrowed - 1 };
  if (state.phase !== 'receiving') return [rowed, []];
  if (state.next !== undefined) {
    return rowed.unrowed === 0 ? reopened(rowed, state.next) : [rowed, []];
  }
  const durable = Math.max(state.durable, input.durable);
  const moved: ReceiverState = {
    ...rowed,
    durable,
    limit: Math.max(state.limit, durable + state.credit),
    lastAck: { received: state.received, atMs: input.nowMs },
  };
  const [next, outputs] = sync(moved, input.nowMs);
  return [next, [ackOf(moved), ...outputs]];
}

function credited(state: ReceiverState, credit: number): ReceiverStep {
  const limit = Math.max(state.limit, state.durable + credit);
  const changed = { ...state, credit, limit };
  const grew = state.phase === 'receiving' && limit > state.limit;
  return state.phase === 'receiving' ? [changed, grew ? [ackOf(changed)] : []] : [state, []];
}

function stored(state: ReceiverState): ReceiverStep {
  if (state.phase !== 'finishing') return [state, []];
  const { sha256, sizeBytes, tid } = state.open;
  const done = { tid, epoch: state.epoch, sha256, sizeBytes };
  const outputs: ReceiverOutput[] = [{ kind: 'send', message: { kind: 'done', done } }];
  if (state.next !== undefined) {
    outputs.push({ kind: 'send', message: openAnswer(state.next, { state: 'done' }) });
  }
  return close(state, outputs);
}

function differs(state: ReceiverState): ReceiverStep {
  if (state.phase !== 'finishing') return [state, []];
  return again(state, nackOf(state, { code: 'HASH' }));
}

function notBegun(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'notBegun' },
): ReceiverStep {
  if (state.phase !== 'beginning') return [state, []];
  const open = state.next ?? state.open;
  const later = { state: 'later', code: input.code, retryAfterMs: most.progressMs } as const;
  return close(state, [{ kind: 'send', message: openAnswer(open, later) }]);
}

function failed(
  state: ReceiverState,
  input: ReceiverInput & { readonly kind: 'failed' },
): ReceiverStep {
  if (!isOfNow(state, input)) return [state, []];
  const { code, detail } = input;
  return again(state, nackOf(state, { code, detail, retryAfterMs: most.progressMs }));
}

/** Ends this epoch with a Nack; an Open that came meanwhile gets the next one. */
function again(state: ReceiverState, nack: ReceiverOutput): ReceiverStep {
  if (state.next === undefined) return close(state, [nack]);
  const [next, outputs] = reopened(state, state.next);
  return [next, [nack, ...outputs]];
}

function cancelled(state: ReceiverState, cancel: Cancel): ReceiverStep {
  if (cancel.epoch !== state.epoch || state.phase === 'finishing') return [state, []];
  return close(state, cancel.reason === 'evicted' ? [{ kind: 'discard' }] : []);
}

/** What is being finished is finished: the next Open is then answered with DONE. */
function linkLost(state: ReceiverState): ReceiverStep {
  return state.phase === 'finishing' ? [state, []] : close(state, []);
}

function close(state: ReceiverState, outputs: readonly ReceiverOutput[]): ReceiverStep {
  return [{ ...state, phase: 'closed', next: undefined }, [...outputs, { kind: 'close' }]];
}

function ackOf(state: ReceiverState): ReceiverOutput {
  const { epoch, received, durable, limit } = state;
  const ack = { tid: state.open.tid, epoch, received, durable, credit: limit - durable };
  return { kind: 'send', message: { kind: 'ack', ack } };
}

function nackOf(
  state: ReceiverState,
  why: Pick<Nack, 'code'> & Partial<Pick<Nack, 'from' | 'retryAfterMs' | 'detail'>>,
): ReceiverOutput {
  const detail = (why.detail ?? '').slice(0, most.maxDetailText);
  const nack = {
    tid: state.open.tid,
    epoch: state.epoch,
    from: 0,
    retryAfterMs: 0,
    ...why,
    detail,
  };
  return { kind: 'send', message: { kind: 'nack', nack } };
}
