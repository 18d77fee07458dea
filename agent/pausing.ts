/** A person stops the agent's work for a while, and lets it go on. No restart does that for them. */
import { asFault, type Clock, type Log } from '@fieldloop/core';
import type { ClipShelf } from './buffer/shelves.ts';
import type { Notice } from './messages.ts';

export interface Pausing {
  readonly isPaused: boolean;
  /** Goes on with the pause that an earlier process left. */
  begin(): void;
  /** Until resumed when there are no seconds. */
  pause(seconds: number | undefined): void;
  resume(): void;
  /** The agent stops; its pause stays. */
  close(): void;
}

export interface PausingDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly clips: Pick<ClipShelf, 'paused' | 'pause'>;
  readonly tell: (notice: Notice) => void;
  readonly onChange: () => void;
}

/** As the buffer keeps it, in JSON. */
interface Kept {
  /** By the clock on the wall. */
  readonly sinceMs: number;
  readonly seconds?: number;
}

export function openPausing({ clock, log, clips, tell, onChange }: PausingDeps): Pausing {
  let pausing: AbortController | undefined;
  const become = (next: AbortController | undefined): void => {
    pausing?.abort();
    pausing = next;
    onChange();
  };
  const keep = (pause: Kept | undefined): void => {
    try {
      clips.pause(pause && JSON.stringify(pause));
    } catch (error) {
      log.warn('a restart will not know of this pause, or not of its end', {
        error: asFault(error),
      });
    }
  };
  const resume = (): void => {
    if (pausing === undefined) return;
    become(undefined);
    keep(undefined);
    log.warn('the pause is over');
    tell({ name: 'resumed', severity: 'info', text: 'the pause is over' });
  };
  const quiet = (seconds: number | undefined, who: string): void => {
    const own = new AbortController();
    become(own);
    log.warn(`${who} paused this agent`, { seconds: seconds ?? 'until resumed' });
    const text = `paused by ${who} on the robot: nothing is read and no clip is sent`;
    tell({ name: 'paused', severity: 'warning', text });
    if (seconds === undefined) return;
    clock.sleep(seconds * 1_000, own.signal).then(resume, () => undefined);
  };
  return {
    get isPaused() {
      return pausing !== undefined;
    },
    begin() {
      if (clips.paused === undefined) return;
      const kept = JSON.parse(clips.paused) as Kept;
      quiet(secondsLeft(kept, clock.now()), `a person at ${new Date(kept.sinceMs).toISOString()}`);
    },
    pause(seconds) {
      keep({ sinceMs: clock.now(), ...(seconds === undefined ? {} : { seconds }) });
      quiet(seconds, 'a person');
    },
    resume,
    close: () => pausing?.abort(),
  };
}

/** A clock that was set back makes no pause longer than it was asked for. */
function secondsLeft({ sinceMs, seconds }: Kept, nowMs: number): number | undefined {
  if (seconds === undefined) return undefined;
  return Math.min(seconds, Math.max(0, seconds - (nowMs - sinceMs) / 1_000));
}
