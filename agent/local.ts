/**
 * What a person on this robot asks of the agent that runs, by the local socket. Everything works
 * without a network.
 */
import { Fault, type Ids, type Json, uuidText } from '@fieldloop/core';
import { type CommandInputs, type LogLevel, logLevels, parseCommandBody } from '@fieldloop/proto';
import type { AgentBuffer } from './buffer/buffer.ts';
import { asJson, type ListedClip, listClips, showClip } from './held-clips.ts';
import type { LocalRequest } from './health/socket.ts';
import type { LeveledLog } from './leveled-log.ts';
import { maxKeptLines, maxPauseS } from './limits.ts';
import type { TopicDemands } from './topic-demands.ts';
import type { Updates } from './updates.ts';

export interface LocalDeps {
  readonly ids: Ids;
  readonly buffer: Pick<AgentBuffer, 'clips'>;
  readonly levels?: Pick<LeveledLog, 'lines'> | undefined;
  readonly updates: Pick<Updates, 'told' | 'hold' | 'release'>;
  /** What the rules that run ask of topics. */
  readonly demands: () => TopicDemands;
  readonly clipNow: (
    id: string,
    input: CommandInputs['clip_now'],
    about: { readonly atNs?: bigint | undefined; readonly rule?: string | undefined },
  ) => Promise<Json>;
  readonly pull: (id: string, input: CommandInputs['pull']) => Promise<Json>;
  /** Until `resume`, or for so many seconds. */
  readonly pause: (seconds: number | undefined) => void;
  readonly resume: () => void;
  /** Reads what may change again; gives what changed and what wants a restart. */
  readonly reload: () => Json;
}

/** Fault `invalid` for what nobody here knows. */
export async function carryOut(request: LocalRequest, deps: LocalDeps): Promise<Json> {
  const { ask, ...input } = request;
  const id = uuidText(deps.ids.uuid());
  switch (ask) {
    case 'clip_now': {
      const { atNs, rule, ...rest } = input as { readonly atNs?: unknown; readonly rule?: unknown };
      const at = typeof atNs === 'string' && /^\d{1,19}$/.test(atNs) ? BigInt(atNs) : undefined;
      const about = { atNs: at, rule: typeof rule === 'string' ? rule : undefined };
      return await deps.clipNow(id, bodyOf('clip_now', rest), about);
    }
    case 'pull':
      return await deps.pull(
        id,
        bodyOf('pull', { ...input, clip: showClip(deps.buffer.clips, String(input['clip'])).clip }),
      );
    case 'clips':
      return asJson(listClips(deps.buffer.clips, listOf(input)));
    case 'clip':
      return asJson(showClip(deps.buffer.clips, String(input['clip'])));
    case 'drop':
      return asJson(await dropClip(String(input['clip']), deps.buffer));
    case 'pause':
      deps.pause(secondsOf(input['seconds']));
      return { paused: true };
    case 'resume':
      deps.resume();
      return { paused: false };
    case 'logs':
      return logsOf(input, deps);
    case 'demands':
      return asJson(deps.demands());
    case 'updates':
      return asJson(deps.updates.told());
    case 'hold':
      deps.updates.hold();
      return asJson(deps.updates.told());
    case 'release':
      deps.updates.release();
      return asJson(deps.updates.told());
    case 'reload':
      return deps.reload();
    default:
      throw new Fault('invalid', `this agent does not know "${ask.slice(0, 40)}"`, {
        remedy: 'Use the fieldloop-agent of the same version as the one that runs.',
      });
  }
}

function bodyOf<K extends 'clip_now' | 'pull'>(kind: K, input: unknown): CommandInputs[K] {
  return parseCommandBody(kind, input).input as CommandInputs[K];
}

function secondsOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value > 0 && value <= maxPauseS) return value;
  throw new Fault('invalid', 'a pause lasts more than nothing and at most a day', {
    remedy: 'Write for example --for 30m, or leave it out and resume by hand.',
  });
}

/** The bytes go, the manifest stays, as with an eviction; the cloud hears of it. */
export async function dropClip(
  id: string,
  buffer: Pick<AgentBuffer, 'clips'>,
): Promise<ListedClip> {
  const { path: _, manifest: __, ...listed } = showClip(buffer.clips, id);
  await buffer.clips.drop(listed.clip);
  return listed;
}

function listOf({ rule, limit }: Readonly<Record<string, unknown>>): {
  rule?: string;
  limit?: number;
} {
  return {
    ...(typeof rule === 'string' ? { rule } : {}),
    ...(typeof limit === 'number' && limit > 0 ? { limit } : {}),
  };
}

function logsOf(input: Readonly<Record<string, unknown>>, { levels }: LocalDeps): Json {
  const level = levelOf(input['level'] ?? 'debug');
  const count = Math.min(Number(input['count'] ?? maxKeptLines) || maxKeptLines, maxKeptLines);
  return asJson((levels?.lines(level) ?? []).slice(-count));
}

function levelOf(value: unknown): LogLevel {
  const level = logLevels.find((one) => one === value);
  if (level !== undefined) return level;
  throw new Fault('invalid', `there is no level "${String(value).slice(0, 40)}"`, {
    remedy: `Levels are ${logLevels.join(', ')}.`,
  });
}
