/**
 * Where in its files a session was read to, and from where the window would be filled again. A
 * mark stands between two looks at a file: everything before its offset was given on.
 */
import type { Clock, Log } from '@fieldloop/core';
import type { ChannelMap, MessageBlock, Schema } from '@fieldloop/recording';
import { markEveryMs } from '../limits.ts';
import type { GrowingFile } from './growing.ts';
import type { Place } from './places.ts';
import type { SaveMark } from './source.ts';

interface Part {
  readonly index: number;
  readonly begun: string;
  readonly map: ChannelMap;
  readonly opening: string | undefined;
}

export interface Marks {
  /** Gives the number of the block in its session. */
  block(part: Part, block: Pick<MessageBlock, 'offset'>): number;
  /** All that `file` gave up to its offset was given on. */
  reached(part: Part, file: Pick<GrowingFile, 'offset' | 'isDone' | 'spare'>, nowMs: number): void;
  readonly isDue: boolean;
  /** What saves the place reached last. */
  take(about: Pick<Place, 'sessionId' | 'profile' | 'live'>): SaveMark;
}

/** A stretch of the session that the window may still hold. */
interface Stretch {
  readonly part: Part;
  readonly offset: number;
  readonly at: number;
}

interface Reached {
  readonly part: Part;
  readonly offset: number;
  readonly isDone: boolean;
  readonly spare: readonly Schema[];
}

export function openMarks(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly savePlace: (place: Place) => Promise<void>;
}): Marks {
  let stretches: Stretch[] = [];
  let count = 0;
  let at: Reached | undefined;
  let markedMs = deps.clock.monotonicMs();
  let isDue = false;
  return {
    get isDue() {
      return isDue;
    },
    block(part, { offset }) {
      count += 1;
      stretches.push({ part, offset, at: count });
      return count;
    },
    reached(part, { offset, isDone, spare }, nowMs) {
      const isNew = offset !== at?.offset || part !== at.part;
      at = { part, offset, isDone, spare };
      isDue = isNew && nowMs - markedMs >= markEveryMs;
    },
    take(about) {
      const reached = at;
      markedMs = deps.clock.monotonicMs();
      isDue = false;
      return async (state, oldest) => {
        // A format that is read as a whole has no place inside.
        if (reached === undefined || reached.offset === 0) return;
        const from = stretches.findIndex((one) => one.at === oldest);
        stretches = from < 0 ? [] : stretches.slice(from);
        const first = stretches[0] ?? reached;
        const parts = [...new Set([...stretches.map(({ part }) => part), reached.part])];
        const files = parts.map(({ index, begun, opening = '', map }) => ({
          index,
          begun,
          opening,
          channels: map.own,
        }));
        const { offset, isDone, spare } = reached;
        const warmOffset = first.offset;
        await deps.savePlace({ ...about, files, offset, isDone, spare, warmOffset, state });
      };
    },
  };
}
