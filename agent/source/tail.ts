/**
 * What the end of a growing file tells. A recorder holds back what it has of a chunk, so a file
 * that does not grow says nothing of the last chunk's length: only what is older is silence.
 */
import type { MessageBlock } from '@fieldloop/recording';
import { clockJumpNs } from '@fieldloop/rules';
import { abandonedAfterMs, leastHoldMs, supersededAfterMs } from '../limits.ts';

export interface Tail {
  /** The longest stretch that came at once, of log time or of waiting. */
  readonly longestMs: number;
  /** Messages came at `nowMs`, which span so much log time. */
  came(nowMs: number, spanMs: number): void;
  /** The file grew, whatever of it is whole. */
  grew(nowMs: number): void;
  /** Longer than it should take, if its recorder lives. */
  isOverdue(nowMs: number): boolean;
  /** For how long the file did not grow. */
  stillMs(nowMs: number): number;
  /** For how long nothing was recorded, surely; negative while that cannot be said. */
  silentMs(nowMs: number): number;
}

/** How often longer than the longest chunk so far the next one may take. */
const margin = 3;
/** The same where another recording gives a reason to doubt that it comes at all. */
const doubtfulMargin = 1.5;

/** `restedMs`: for how long the file had not grown when reading it began, as far as is known. */
export function openTail(nowMs: number, restedMs = 0, before?: Tail): Tail {
  let grewMs = nowMs - restedMs;
  /** Only what was waited for is silence: not the time before, nor that of reading. */
  let readMs = nowMs;
  let cameMs: number | undefined;
  let longestMs = before?.longestMs ?? 0;
  return {
    get longestMs() {
      return longestMs;
    },
    came(at, spanMs) {
      const gap = cameMs === undefined ? 0 : at - cameMs;
      longestMs = Math.max(longestMs, spanMs, gap);
      cameMs = at;
      readMs = at;
    },
    grew(at) {
      grewMs = at;
    },
    isOverdue: (at) => at - grewMs >= Math.max(supersededAfterMs, doubtfulMargin * longestMs),
    stillMs: (at) => at - grewMs,
    silentMs: (at) => at - Math.max(grewMs, readMs) - Math.max(leastHoldMs, margin * longestMs),
  };
}

export type TailEnd =
  /** Another recording was written to since, while this one rested. */
  | 'superseded'
  | 'abandoned'
  /** Nobody can write to it any more: its name is gone, or is that of another file. */
  | 'deleted'
  | 'replaced';

/** Why nothing more is waited for; undefined: it may still grow. */
export function tailEnd(facts: {
  /** By the wall clock, since the file changed; undefined when its name is gone. */
  readonly restedMs: number | undefined;
  readonly isOverdue: boolean;
  readonly isReplaced: boolean;
  readonly hasNewer: boolean;
}): TailEnd | undefined {
  const { restedMs, isOverdue, isReplaced, hasNewer } = facts;
  if (isReplaced) return 'replaced';
  if (restedMs === undefined) return 'deleted';
  if (restedMs >= abandonedAfterMs) return 'abandoned';
  // A copy beside a slow recorder is newer, too: the recorder's own pace has to be over.
  const rests = isOverdue && restedMs >= supersededAfterMs;
  return hasNewer && rests ? 'superseded' : undefined;
}

/** Log time that a block spans, without what the clock was set by within it. */
export function spanMsOf({ count, timesNs }: MessageBlock): number {
  let ns = 0;
  for (let i = 1; i < count; i += 1) {
    const step = (timesNs[i] ?? 0) - (timesNs[i - 1] ?? 0);
    if (Math.abs(step) <= Number(clockJumpNs)) ns += step;
  }
  return Math.max(0, ns) / 1e6;
}
