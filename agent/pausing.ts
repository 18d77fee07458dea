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

/** As the buffer keeps it, in JSON; times by the clock on the wall. */
interface Kept {
  /** When the person asked. */
  readonly askedMs: number;
  /** When this was written. */
  readonly atMs: number;
  /** Left at that time; absent: until resumed. */
  readonly seconds?: number;
}

/** A pause while it lasts. */
interface Running {
  readonly askedMs: number;
  /** By the monotonic clock; absent: until resumed. */
  readonly untilMs: number | undefined;
  readonly ending: AbortController;
}

export function openPausing({ clock, log, clips, tell, onChange }: PausingDeps): Pausing {
  let running: Running | undefined;
  const keep = (): void => {
    const { askedMs, untilMs } = running ?? {};
    const leftMs = untilMs === undefined ? undefined : untilMs - clock.monotonicMs();
    const left = leftMs === undefined ? {} : { seconds: Math.max(0, leftMs / 1_000) };
    try {
      const kept = askedMs === undefined ? undefined : { askedMs, atMs: clock.now(), ...left };
      clips.pause(kept && JSON.stringify(kept satisfies Kept));
    } catch (error) {
      log.warn('a restart will not know of this pause, or not of its end', {
        error: asFault(error),
      });
    }
  };
  const become = (next: Running | undefined): void => {
    running?.ending.abort();
    running = next;
    keep();
    onChange();
  };
  const resume = (): void => {
    if (running === undefined) return;
    become(undefined);
    log.warn('the pause is over');
    tell({ name: 'resumed', severity: 'info', text: 'the pause is over' });
  };
  const quiet = (askedMs: number, seconds: number | undefined, who: string): void => {
    const ms = seconds === undefined ? undefined : seconds * 1_000;
    const ending = new AbortController();
    const untilMs = ms === undefined ? undefined : clock.monotonicMs() + ms;
    become({ askedMs, untilMs, ending });
    log.warn(`${who} paused this agent`, { seconds: seconds ?? 'until resumed' });
    const text = `paused by ${who} on the robot: nothing is read and no clip is sent`;
    tell({ name: 'paused', severity: 'warning', text });
    if (ms !== undefined) clock.sleep(ms, ending.signal).then(resume, () => undefined);
  };
  return {
    get isPaused() {
      return running !== undefined;
    },
    begin() {
      if (clips.paused === undefined) return;
      const kept = JSON.parse(clips.paused) as Kept;
      const { askedMs } = kept;
      const who = `a person at ${new Date(askedMs).toISOString()}`;
      quiet(askedMs, secondsLeft(kept, clock.now()), who);
    },
    pause: (seconds) => quiet(clock.now(), seconds, 'a person'),
    resume,
    close() {
      if (running === undefined) return;
      running.ending.abort();
      keep();
    },
  };
}

/** While nothing ran, the clock on the wall counts; set back, it makes no pause longer. */
function secondsLeft({ atMs, seconds }: Kept, nowMs: number): number | undefined {
  if (seconds === undefined) return undefined;
  return Math.min(seconds, Math.max(0, seconds - (nowMs - atMs) / 1_000));
}
