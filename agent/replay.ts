/**
 * A recording through the whole agent in a folder that goes away: what would fire, and the clips.
 * The verdicts are those of a robot, because it is the same program.
 */
import { access, constants, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { asFault, Fault } from '@fieldloop/core';
import { openRecording } from '@fieldloop/recording/folder';
import type { AgentDeps } from './agent-types.ts';
import { redactionPolicy } from './clip/redaction-policy.ts';
import type { AgentConfig } from './config.ts';
import type { AgentStatus } from './health/status.ts';
import { everyClip, type ListedClip, type ShownClip } from './held-clips.ts';
import { replayLookMs } from './limits.ts';
import { startAgent } from './main.ts';
import { makeFolder } from './make-folder.ts';
import { openOffline } from './offline-buffer.ts';

export interface Replay {
  readonly status: AgentStatus;
  /** Oldest first. */
  readonly clips: readonly ReplayedClip[];
  /** The recording is damaged: what stands before it was replayed. */
  readonly damage?: Fault | undefined;
}

export interface ReplayedClip extends ListedClip {
  /** The copy, where one was wanted. */
  readonly file?: string;
}

export interface ReplayWish {
  readonly recording: string;
  readonly rules: string;
  /** Where clips are copied to; nowhere when absent. */
  readonly out?: string | undefined;
}

export interface ReplayDeps
  extends Pick<AgentDeps, 'clock' | 'ids' | 'random' | 'log' | 'levels' | 'isQuiet'> {
  readonly signal: AbortSignal;
}

/**
 * `config` gives device, models and window; nothing of its buffer or cloud is touched. Fault
 * `not_found` when there is no such recording, `corrupt` when nothing of it can be read.
 */
export async function replay(
  config: AgentConfig | undefined,
  wish: ReplayWish,
  deps: ReplayDeps,
): Promise<Replay> {
  // An agent waits for what is not there, or calls it broken.
  await openRecording(wish.recording);
  if (wish.out !== undefined) await demandWritable(wish.out);
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-replay-'));
  try {
    const state = join(folder, 'state');
    const status = await played(replayConfig(config, wish, state), deps);
    const broken = status.source.each.find((one) => one.state === 'broken');
    const damage = broken && unreadable(broken.reason);
    if (damage !== undefined && status.source.messages === 0) throw damage;
    await using buffer = await openOffline(state, deps.log);
    const clips: ReplayedClip[] = [];
    for (const clip of everyClip(buffer.clips)) clips.push(await handedOut(clip, wish.out));
    return { status, clips, damage };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the agent said of itself at the end. */
async function played(config: AgentConfig, deps: ReplayDeps): Promise<AgentStatus> {
  const agent = await startAgent(config, deps);
  try {
    while (!agent.status().finished && !deps.signal.aborted) {
      // An aborted sleep ends the loop.
      await deps.clock.sleep(replayLookMs, deps.signal).catch(() => undefined);
    }
    return agent.status();
  } finally {
    await agent.stop();
  }
}

/** Before a replay that may take long. */
async function demandWritable(folder: string): Promise<void> {
  try {
    await makeFolder(resolve(folder), 0o755);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw notWritten(folder, error);
  }
}

async function handedOut(shown: ShownClip, folder: string | undefined): Promise<ReplayedClip> {
  const { path, manifest: _, ...clip } = shown;
  if (folder === undefined) return clip;
  const file = join(folder, `${clip.clip}.mcap`);
  await copyFile(path, file).catch((error: unknown) => {
    throw notWritten(file, error);
  });
  return { ...clip, file };
}

const notWritten = (place: string, error: unknown): Fault =>
  new Fault('unavailable', `clips cannot be written here: ${asFault(error).message}`, {
    place,
    remedy: 'Give --out a folder with room that this user may write to.',
    cause: error,
  });

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

/** The reason says where. */
const unreadable = (reason = 'the recording cannot be read'): Fault =>
  new Fault('corrupt', reason, {
    remedy: 'Look at it with "fieldloop recording check"; "recording repair" saves what is whole.',
  });
