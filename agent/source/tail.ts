/**
 * What the end of a growing file tells. A recorder holds back what it has of a chunk, so a file
 * that does not grow says nothing of the last chunk's length: only what is older is silence.
 */
import { abandonedAfterMs, leastHoldMs, supersededAfterMs } from '../limits.ts';

export interface Tail {
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

/** `sinceMs`: when the file last grew, as far as is known. */
export function openTail(sinceMs: number): Tail {
  let grewMs = sinceMs;
  let cameMs: number | undefined;
  let longestMs = 0;
  return {
    came(at, spanMs) {
      const gap = cameMs === undefined ? 0 : at - cameMs;
      longestMs = Math.max(longestMs, spanMs, gap);
      cameMs = at;
    },
    grew(at) {
      grewMs = at;
    },
    isOverdue: (at) => at - grewMs >= Math.max(supersededAfterMs, doubtfulMargin * longestMs),
    stillMs: (at) => at - grewMs,
    silentMs: (at) => at - grewMs - Math.max(leastHoldMs, margin * longestMs),
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
