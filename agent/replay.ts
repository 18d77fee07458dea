/**
 * A recording through the whole agent in a folder that goes away: what would fire, and the clips.
 * The verdicts are those of a robot, because it is the same program.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Clock, Fault, type Ids, type Log, type Random } from '@fieldloop/core';
import { openRecording } from '@fieldloop/recording/folder';
import { redactionPolicy } from './clip/redaction-policy.ts';
import type { AgentConfig } from './config.ts';
import { askAgent } from './health/socket.ts';
import { type AgentStatus, statusSocketPath } from './health/status.ts';
import type { ListedClip } from './held-clips.ts';
import { maxListedClips, replayLookMs } from './limits.ts';
import { startAgent } from './main.ts';

export interface Replay {
  readonly status: AgentStatus;
  /** Oldest first. */
  readonly clips: readonly ListedClip[];
}

export interface ReplayWish {
  readonly recording: string;
  readonly rules: string;
  /** Where clips are copied to; nowhere when absent. */
  readonly out?: string | undefined;
}

export interface ReplayDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * `config` gives device, models and window; nothing of its buffer or cloud is touched. Fault
 * `not_found` when there is no such recording.
 */
export async function replay(
  config: AgentConfig | undefined,
  wish: ReplayWish,
  deps: ReplayDeps,
): Promise<Replay> {
  // An agent waits for what is not there, or calls it broken.
  await openRecording(wish.recording);
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-replay-'));
  try {
    const state = join(folder, 'state');
    await using agent = await started(replayConfig(config, wish, state), deps);
    for (;;) {
      const status = agent.status();
      const broken = status.source.each.find((one) => one.state === 'broken');
      if (broken !== undefined && status.idle) throw unreadable(wish.recording, broken.reason);
      if (status.finished || deps.signal.aborted) break;
      // An aborted sleep ends the loop above.
      await deps.clock.sleep(replayLookMs, deps.signal).catch(() => undefined);
    }
    const request = { ask: 'clips', limit: maxListedClips };
    const listed = (await askAgent(statusSocketPath(state), request)) as unknown as ListedClip[];
    const clips = listed.toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1));
    if (wish.out !== undefined) await cp(join(state, 'clips'), wish.out, { recursive: true });
    return { status: agent.status(), clips };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function started(config: AgentConfig, deps: ReplayDeps) {
  const agent = await startAgent(config, deps);
  return {
    status: (): AgentStatus => agent.status(),
    [Symbol.asyncDispose]: (): Promise<void> => agent.stop(),
  };
}

function replayConfig(
  config: AgentConfig | undefined,
  wish: ReplayWish,
  state: string,
): AgentConfig {
  const minute = 60_000_000_000n;
  return {
    file: config?.file ?? 'replay',
    device: config?.device ?? { name: 'replay', properties: {} },
    models: config?.models ?? [],
    scoring: config?.scoring ?? { providers: [] },
    window: config?.window ?? { ns: minute, memoryBytes: 64 * 2 ** 20 },
    // A recording stands in its file: nothing needs to be kept beside it.
    spool: { folder: join(state, 'spool'), maxBytes: 0, headroomBytes: 0 },
    redaction: config?.redaction ?? redactionPolicy([]),
    uplink: { reconnectMostMs: 60_000, downloadBytesPerSecond: 1, policies: [] },
    log: { level: 'warn' },
    sources: [{ kind: 'file', name: 'replay', path: resolve(wish.recording), speed: 'max' }],
    rules: resolve(wish.rules),
    buffer: {
      path: state,
      quotaBytes: Number.MAX_SAFE_INTEGER,
      headroomBytes: 64 * 2 ** 20,
      reserve: {},
    },
    limits: {
      clipNs: config?.limits.clipNs ?? 2n * minute,
      silentNs: config?.limits.silentNs ?? 5_000_000_000n,
      soakMs: 60_000,
    },
  };
}

const unreadable = (place: string, reason: string | undefined): Fault =>
  new Fault('corrupt', reason ?? 'the recording cannot be read', {
    place,
    remedy: 'Look at it with "fieldloop recording check"; "recording repair" saves what is whole.',
  });
