/**
 * Whether the clock of this robot is right, as far as its system knows. systemd-timesyncd leaves a
 * file; chrony, ntpd and PTP tell the kernel, which `timedatectl` asks. Where nobody can say, a
 * clock counts as right once it shows a time at which this program may run.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '@fieldloop/core';
import type { ClockState } from '../clip/clock.ts';
import { clockAskMs, clockAskWithinMs, clockUnsetAskMs, plausibleClockMs } from '../limits.ts';

export interface ClockSync extends AsyncDisposable {
  readonly state: ClockState;
}

export interface ClockSyncOptions {
  readonly clock: Clock;
  /** The state is another one than before. */
  readonly onChange: (state: ClockState) => void;
  /** What systemd-timesyncd leaves behind, and where `timedatectl` is looked for. */
  readonly file?: string | undefined;
  readonly path?: string | undefined;
}

/** Asks the system now and again. */
export function openClockSync(options: ClockSyncOptions): ClockSync {
  const { clock, onChange, file = timesyncdFile, path } = options;
  const stop = new AbortController();
  let answer: boolean | undefined;
  const now = (): ClockState => {
    if (existsSync(file)) return { synced: true, source: 'systemd-timesyncd' };
    if (answer === true) return { synced: true, source: 'ntp' };
    return { synced: answer ?? clock.now() > plausibleClockMs, source: 'system' };
  };
  let told = now();
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      answer = existsSync(file) ? undefined : await kernelSays(path, stop.signal);
      const state = now();
      const isOther = told.synced !== state.synced || told.source !== state.source;
      told = state;
      if (isOther && !stop.signal.aborted) onChange(state);
      const restMs = state.synced ? clockAskMs : clockUnsetAskMs;
      await clock.sleep(restMs, stop.signal).catch(() => undefined);
    }
  };
  const followed = follow();
  return {
    get state() {
      return now();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await followed;
    },
  };
}

const timesyncdFile = '/run/systemd/timesync/synchronized';
const words = ['show', '--property=NTPSynchronized', '--value'];
const run = promisify(execFile);

/** Undefined where there is no such program, or no systemd that answers it. */
async function kernelSays(
  path: string | undefined,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const env = path === undefined ? process.env : { ...process.env, PATH: path };
  try {
    const how = { env, signal, timeout: clockAskWithinMs, killSignal: 'SIGKILL' } as const;
    const { stdout } = await run('timedatectl', words, how);
    const said = stdout.trim();
    return said === 'yes' ? true : said === 'no' ? false : undefined;
  } catch {
    return undefined;
  }
}
