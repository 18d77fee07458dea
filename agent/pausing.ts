/** A person stops the agent's work for a while, and lets it go on. */
import type { Clock, Log } from '@fieldloop/core';
import type { AgentBuffer } from './buffer/buffer.ts';
import type { Notice } from './messages.ts';

export interface Pausing {
  readonly isPaused: boolean;
  /** Until resumed when there are no seconds. */
  pause(seconds: number | undefined): void;
  resume(): void;
}

export interface PausingDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly buffer: Pick<AgentBuffer, 'clips'>;
  readonly tell: (notice: Notice) => void;
  readonly onChange: () => void;
}

export function openPausing({ clock, log, buffer, tell, onChange }: PausingDeps): Pausing {
  let pausing: AbortController | undefined;
  const become = (next: AbortController | undefined): void => {
    pausing?.abort();
    pausing = next;
    buffer.clips.pause(next !== undefined);
    onChange();
  };
  const resume = (): void => {
    if (pausing === undefined) return;
    become(undefined);
    log.warn('the pause is over');
    tell({ name: 'resumed', severity: 'info', text: 'the pause is over' });
  };
  return {
    get isPaused() {
      return pausing !== undefined;
    },
    pause(seconds) {
      const own = new AbortController();
      become(own);
      log.warn('a person paused this agent', { seconds: seconds ?? 'until resumed' });
      const text = 'paused by a person on the robot: nothing is read and no clip is sent';
      tell({ name: 'paused', severity: 'warning', text });
      if (seconds === undefined) return;
      clock.sleep(seconds * 1_000, own.signal).then(resume, () => undefined);
    },
    resume,
  };
}
