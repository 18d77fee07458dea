/**
 * What main does with the results of the data worker: one after another, each durable before its
 * credit goes back, so that a position is never saved before the clips that stand before it.
 */
import { asFault, type Clock, type Log } from '@fieldloop/core';
import type { AgentBuffer } from './buffer/buffer.ts';
import { sealRetries, sealRetryMs } from './limits.ts';
import type { ClipAnswer, FromData, Notice, Result, ToData } from './messages.ts';
import { openRecent, type Recent } from './recent.ts';
import { type EventContext, wireEventOf, wireMarkerOf } from './wire-event.ts';

export interface ResultsDeps {
  readonly buffer: AgentBuffer;
  readonly clock: Clock;
  readonly log: Log;
  readonly context: () => EventContext;
  /** Called when the clip that it speaks of is durable. */
  readonly onAnswer: (answer: ClipAnswer) => void;
}

/** What is more than news. */
type ToKeep = Exclude<FromData, { kind: 'progress' | 'modelOff' | 'line' | 'stopped' }>;

export interface Results {
  /** The newest clip that became durable. */
  readonly lastClip:
    | { readonly clipId: string; readonly rule: string; readonly why: string }
    | undefined;
  /** Clips that no earlier process cut. */
  readonly cut: number;
  readonly recent: Pick<Recent, 'unread' | 'verdicts'>;
  /** Results that are not dealt with yet. */
  readonly waiting: number;
  /** `reply` reaches whoever sent it: a thread that started again has its own credit. */
  take(message: ToKeep, reply: (message: ToData) => void): void;
  /** An event of main itself. */
  tell(notice: Notice): void;
  /** Resolves when everything taken so far is dealt with. */
  settled(): Promise<void>;
}

export function openResults(deps: ResultsDeps): Results {
  const { buffer, log } = deps;
  let chain: Promise<void> = Promise.resolve();
  let waiting = 0;
  let cut = 0;
  let lastClip: Results['lastClip'];
  const recent = openRecent();
  const inTurn = (work: () => Promise<void> | void): void => {
    waiting += 1;
    chain = chain.then(async () => {
      try {
        await work();
      } catch (error) {
        log.error('a result could not be kept', { error: asFault(error) });
      } finally {
        waiting -= 1;
      }
    });
  };
  /** The data worker waits for its answer, also where the work failed and gave nothing. */
  const answered = <T>(work: () => Promise<T> | T, answer: (found: T | undefined) => void): void =>
    inTurn(async () => {
      let found: T | undefined;
      try {
        found = await work();
      } finally {
        answer(found);
      }
    });
  const keep = async (result: Result): Promise<void> => {
    recent.take(result);
    switch (result.kind) {
      case 'clip': {
        const { clip } = result;
        if (!buffer.clips.knows(clip.clipId)) cut += 1;
        await seal(deps, clip);
        const marker = clip.manifest.markers[0];
        const why = marker?.why ?? marker?.expression ?? '';
        lastClip = { clipId: clip.clipId, rule: marker?.rule ?? '', why };
        return;
      }
      case 'notice':
        return buffer.addEvent(wireEventOf(result.notice, deps.context()));
      case 'lost':
        // It was sealed before the note of it could go.
        if (buffer.clips.knows(result.notice.clipId)) return;
        return buffer.addEvent(wireEventOf(result.notice, deps.context()));
      case 'marker':
        return buffer.addMarker(wireMarkerOf(result.marker, deps.context()));
      case 'suppressed':
        return buffer.noteTrigger(result.rule, result.reason, result);
      case 'answer':
        deps.onAnswer(result.answer);
        return;
      case 'savePosition':
        return buffer.savePosition(result.key, result.document);
      case 'keepPositions':
        return buffer.keepPositions(result.folder, result.paths);
    }
  };
  return {
    get lastClip() {
      return lastClip;
    },
    get cut() {
      return cut;
    },
    recent,
    get waiting() {
      return waiting;
    },
    take(message, reply) {
      if (message.kind === 'getPosition') {
        const { id, key } = message;
        answered(
          () => buffer.position(key),
          (document) => reply({ kind: 'position', id, document }),
        );
      } else if (message.kind === 'makeRoom') {
        const { id, need } = message;
        answered(
          () => buffer.makeRoom(need),
          (made) => reply({ kind: 'room', id, made: made === true }),
        );
      } else {
        answered(
          () => keep(message),
          () => reply({ kind: 'credit', bytes: message.bytes }),
        );
      }
    },
    tell: (notice) => inTurn(() => buffer.addEvent(wireEventOf(notice, deps.context()))),
    settled: () => chain,
  };
}

/** A clip that cannot be sealed stays a part: the next start of the agent tries again. */
async function seal(
  deps: Pick<ResultsDeps, 'buffer' | 'clock' | 'log'>,
  clip: Extract<Result, { kind: 'clip' }>['clip'],
): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await deps.buffer.seal(clip);
      return;
    } catch (error) {
      const fault = asFault(error);
      const again = fault.code === 'unavailable' || fault.code === 'limited';
      if (!again || attempt >= sealRetries) throw error;
      deps.log.warn('a clip could not be sealed; it is tried again', { error: fault });
      await deps.clock.sleep(sealRetryMs);
    }
  }
}
