/**
 * The clips that are on their way: up to four, each driven by the pure machine of the wire. This
 * file carries out what the machines ask for; when bytes go, is decided by the sending loop.
 */
import { asFault, type Clock, type Log, type Random } from '@fieldloop/core';
import {
  type ClipClass,
  isOpen,
  newSender,
  sendable,
  type SenderInput,
  type SenderOutput,
  type SenderState,
  stepSender,
  type Transfer,
  wireLimits,
} from '@fieldloop/proto';
import type { ClipShelf } from '../buffer/shelves.ts';
import type { HeldClip } from '../buffer/types.ts';
import { maxWaitInPlaceMs } from '../limits.ts';
import { type ChunkSource, openChunkSource, openFramePool } from './chunks.ts';
import type { Contender } from './plan.ts';

export interface Moving extends Contender {
  readonly clip: HeldClip;
  readonly tid: number;
  state: SenderState;
  readonly source: ChunkSource;
}

export interface TransfersOptions {
  readonly clips: ClipShelf;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly send: (message: Transfer) => void;
  readonly reconnectBulk: (why: string) => void;
  readonly onAcknowledged: (clip: HeldClip) => void;
  /** Something ended in the background: look again. */
  readonly wake: () => void;
}

/** An input without the moment, which is filled in here. */
type Input = WithoutMoment<SenderInput>;
type WithoutMoment<T> = T extends unknown ? Omit<T, 'nowMs' | 'draw'> : never;

export interface Transfers {
  readonly size: number;
  /**
   * Takes clips of these classes whose turn it is (undefined: of all) and gives others back, starts
   * and times out what is due. Call while control is up.
   */
  tick(bulkIsUp: boolean, classes?: readonly ClipClass[]): void;
  /** False when no transfer of this boot has the handle. */
  receive(message: Transfer): boolean;
  /** The bulk link is gone: what was open starts again with the next one. */
  bulkLost(): void;
  /** The control link is gone: every clip goes back to the shelf, where it may be evicted. */
  controlLost(): void;
  /** Transfers that may send bytes now. */
  ready(): Moving[];
  /** Carries out an input, such as `sent`. */
  apply(moving: Moving, input: Input): void;
  /** The file could not be read. */
  unreadable(moving: Moving, error: unknown): void;
  /** Says goodbye to the cloud and waits for what is being written. */
  close(): Promise<void>;
}

export function openTransfers(options: TransfersOptions): Transfers {
  const { clips, clock, random, log } = options;
  const all = new Map<number, Moving>();
  const pool = openFramePool();
  const working = new Set<Promise<void>>();
  const closing = new AbortController();
  let lastTid = 0;

  /** Work on the disk that a machine asked for; a failure leaves the clip for a later try. */
  const work = (moving: Moving, what: () => Promise<void>): void => {
    const done = what()
      .catch((error: unknown) => {
        log.error('the buffer could not carry out a step of an upload', {
          clipId: moving.clip.clipId,
          error,
        });
        leave(moving, wireLimits.backoffRange.firstMs * 10);
      })
      .finally(() => {
        working.delete(done);
        options.wake();
      });
    working.add(done);
  };

  const forget = (moving: Moving): void => {
    all.delete(moving.tid);
    void closeSource(moving.source, log);
  };

  const release = (clipId: string): void => {
    clips.release(clipId);
    options.wake();
  };

  /** Gives the place away; the clip comes back after `waitMs`. */
  const leave = (moving: Moving, waitMs: number): void => {
    forget(moving);
    const { clipId } = moving.clip;
    try {
      clips.postpone(clipId, waitMs, moving.state.attempt);
      release(clipId);
    } catch (error) {
      log.warn('a wait could not be noted', { clipId, error: asFault(error) });
      // It is held instead, or it would have its turn at once, on a disk that takes no Done either.
      const heldMs = Math.max(waitMs, wireLimits.backoffRange.mostMs);
      clock.sleep(heldMs, closing.signal).then(
        () => release(clipId),
        () => undefined,
      );
    }
  };

  const carryOut = (moving: Moving, output: SenderOutput): void => {
    const { clip } = moving;
    switch (output.kind) {
      case 'send':
        options.send(output.message);
        return;
      case 'done':
        forget(moving);
        work(moving, () =>
          clips.acknowledged(clip.clipId, clip.sha256, () => options.onAcknowledged(clip)),
        );
        return;
      case 'refused':
        refuse(moving, output.code);
        return;
      case 'checkFile':
        work(moving, async () => {
          const equal = await clips.recheck(clip.clipId);
          if (all.has(moving.tid)) apply(moving, { kind: 'fileChecked', equal });
        });
        return;
      case 'reread':
        moving.source.forget();
        return;
      case 'reconnect':
        options.reconnectBulk('the link damages chunks');
    }
  };

  const refuse = (moving: Moving, code: string): void => {
    const { clipId } = moving.clip;
    log.error('the cloud refused a clip', {
      clipId,
      code,
      remedy: 'The clip stays on the robot until it is evicted; look at the log of the cloud.',
    });
    forget(moving);
    work(moving, async () => {
      // After HASH the file was checked already: a damaged one is in quarantine.
      if (clips.get(clipId) !== undefined) clips.refuse(clipId, code);
      release(clipId);
    });
  };

  const apply = (moving: Moving, input: Input): void => {
    const now = { nowMs: clock.monotonicMs(), draw: random.next() };
    const [state, outputs] = stepSender(moving.state, { ...now, ...input });
    const wasOpen = isOpen(moving.state);
    moving.state = state;
    if (wasOpen && !isOpen(state)) moving.source.forget();
    for (const output of outputs) carryOut(moving, output);
    const waitMs = state.phase === 'waiting' ? state.notBeforeMs - now.nowMs : 0;
    if (waitMs > maxWaitInPlaceMs && all.has(moving.tid)) leave(moving, waitMs);
  };

  /** A clip that an operator waits for takes the place of the one that matters least. */
  const makeWay = (classes: readonly ClipClass[] | undefined): void => {
    if (all.size < wireLimits.maxOpenTransfers) return;
    if (clips.turn(1, classes)[0]?.pulled !== true) return;
    const least = leastOf([...all.values()]);
    if (least !== undefined) giveBack(least);
  };

  const giveBack = (moving: Moving): void => {
    apply(moving, { kind: 'withdraw', reason: 'priority' });
    forget(moving);
    clips.release(moving.clip.clipId);
  };

  const confine = (classes: readonly ClipClass[]): void => {
    for (const moving of all.values()) {
      // Of one that is sent whole nothing but the cloud's word is missing.
      if (moving.state.phase === 'finishing' || classes.includes(moving.class)) continue;
      giveBack(moving);
    }
  };

  const take = (clip: HeldClip): void => {
    if (!clips.hold(clip.clipId)) return;
    lastTid += 1;
    const tid = lastTid;
    const sender = newSender({
      tid,
      sha256: clip.sha256,
      sizeBytes: clip.sizeBytes,
      content: 'clip',
      clipId: clip.clipId,
      chunkMax: wireLimits.maxChunkBytes,
    });
    const source = openChunkSource(() => clips.open(clip.clipId), pool, clip.clipId);
    const state = { ...sender, attempt: clip.attempts };
    const turn = clip.pulled ? 'critical' : clip.class;
    all.set(tid, { clip, tid, class: turn, deficit: 0, state, source });
  };

  return {
    get size() {
      return all.size;
    },
    tick(bulkIsUp, classes) {
      if (classes !== undefined) confine(classes);
      makeWay(classes);
      const room = wireLimits.maxOpenTransfers - all.size;
      if (room > 0) for (const clip of clips.turn(room, classes)) take(clip);
      for (const moving of all.values()) {
        apply(moving, { kind: 'tick' });
        if (bulkIsUp && all.has(moving.tid)) apply(moving, { kind: 'start' });
      }
    },
    receive(message) {
      const tid = tidOf(message);
      const moving = tid === undefined ? undefined : all.get(tid);
      if (moving === undefined) return false;
      apply(moving, { kind: 'message', message });
      return true;
    },
    bulkLost() {
      for (const moving of all.values()) apply(moving, { kind: 'linkLost' });
    },
    controlLost() {
      for (const moving of all.values()) {
        forget(moving);
        clips.release(moving.clip.clipId);
      }
    },
    ready: () => [...all.values()].filter((moving) => sendable(moving.state) !== undefined),
    apply,
    unreadable(moving, error) {
      log.error('a clip could not be read', { clipId: moving.clip.clipId, error });
      if (!all.has(moving.tid)) return;
      apply(moving, { kind: 'withdraw', reason: 'evicted' });
      forget(moving);
      work(moving, async () => {
        if (await clips.recheck(moving.clip.clipId)) leave(moving, 10_000);
      });
    },
    async close() {
      closing.abort();
      for (const moving of all.values()) {
        apply(moving, { kind: 'withdraw', reason: 'shutdown' });
        forget(moving);
        clips.release(moving.clip.clipId);
      }
      await Promise.allSettled(working);
    },
  };
}

const classOrder: readonly string[] = ['baseline', 'info', 'warning', 'critical'];

/** Of those that nobody asked for: the lowest class, and of it the newest. */
function leastOf(moving: readonly Moving[]): Moving | undefined {
  return moving
    .filter(({ clip }) => !clip.pulled)
    .toSorted(
      ({ clip: a }, { clip: b }) =>
        classOrder.indexOf(a.class) - classOrder.indexOf(b.class) || b.sealedMs - a.sealedMs,
    )[0];
}

async function closeSource(source: ChunkSource, log: Log): Promise<void> {
  try {
    await source[Symbol.asyncDispose]();
  } catch (error) {
    log.debug('closing a clip failed', { error });
  }
}

function tidOf(message: Transfer): number | undefined {
  switch (message.kind) {
    case 'openAck':
      return message.openAck.tid;
    case 'ack':
      return message.ack.tid;
    case 'done':
      return message.done.tid;
    case 'nack':
      return message.nack.tid;
    case 'fetch':
    case 'open':
    case 'cancel':
    case 'unknown':
      return undefined;
  }
}
