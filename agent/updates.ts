/**
 * What the cloud changed on this robot, and a hold: while it lasts, wishes for other rules and
 * models wait. Both outlive the process.
 */
import type { Clock, Json, Log } from '@fieldloop/core';
import { asFault } from '@fieldloop/core';
import type { Desired } from '@fieldloop/proto';
import type { AgentBuffer } from './buffer/buffer.ts';
import { maxUpdateHistory } from './limits.ts';
import type { ModelsInUse } from './models-types.ts';
import type { RulesInUse } from './rules-in-use.ts';

export interface UpdateNote {
  readonly atMs: number;
  /** `rules` or `models`. */
  readonly what: string;
  /** What runs since then, or why something does not. */
  readonly text: string;
}

export interface UpdateStatus {
  /** Unix milliseconds; absent while nothing is held. */
  readonly heldSinceMs?: number | undefined;
  /** The cloud wishes for something that waits for the release. */
  readonly waits: boolean;
  readonly running: readonly string[];
  /** Newest last. */
  readonly history: readonly UpdateNote[];
}

export interface Updates {
  told(): UpdateStatus;
  hold(): void;
  release(): void;
  /** True when the wish is to be followed now; else it waits. */
  admits(desired: Desired): boolean;
  /** Notes what runs when it is not what ran before. */
  look(): void;
}

export interface UpdatesDeps {
  readonly buffer: Pick<AgentBuffer, 'position' | 'savePosition'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** One line each of what runs, by what it is. */
  readonly running: () => Readonly<Record<string, string>>;
  /** Follows a wish that waited. */
  readonly follow: (desired: Desired) => void;
}

const key = 'update/log';

interface Kept {
  readonly heldSinceMs?: number | undefined;
  readonly last: Readonly<Record<string, string>>;
  readonly history: readonly UpdateNote[];
}

/** As it stands on the disk, for when no agent runs. */
export function readUpdates(document: Json | undefined): UpdateStatus {
  const { heldSinceMs, history, last } = keptOf(document);
  return { heldSinceMs, waits: false, running: Object.values(last), history };
}

const keptOf = (document: Json | undefined): Kept =>
  (document as unknown as Kept | undefined) ?? { last: {}, history: [] };

export const updatesKey = key;

export function openUpdates(deps: UpdatesDeps): Updates {
  let kept = keptOf(deps.buffer.position(key));
  let waiting: Desired | undefined;
  const save = (next: Kept): void => {
    kept = next;
    try {
      deps.buffer.savePosition(key, JSON.parse(JSON.stringify(next)) as Json);
    } catch (error) {
      deps.log.warn('the history of updates could not be kept', { error: asFault(error) });
    }
  };
  return {
    told: () => ({
      heldSinceMs: kept.heldSinceMs,
      waits: waiting !== undefined,
      running: Object.values(deps.running()),
      history: kept.history,
    }),
    hold() {
      if (kept.heldSinceMs !== undefined) return;
      deps.log.warn('updates are held; what the cloud wishes for waits');
      save({ ...kept, heldSinceMs: deps.clock.now() });
    },
    release() {
      if (kept.heldSinceMs === undefined) return;
      deps.log.warn('updates are released');
      save({ ...kept, heldSinceMs: undefined });
      const desired = waiting;
      waiting = undefined;
      if (desired !== undefined) deps.follow(desired);
    },
    admits(desired) {
      if (kept.heldSinceMs === undefined) return true;
      waiting = desired;
      return false;
    },
    look() {
      const now = deps.running();
      const fresh = Object.entries(now).filter(([what, text]) => kept.last[what] !== text);
      if (fresh.length === 0) return;
      const atMs = deps.clock.now();
      const notes = fresh.map(([what, text]) => ({ atMs, what, text }));
      save({ ...kept, last: now, history: [...kept.history, ...notes].slice(-maxUpdateHistory) });
    },
  };
}

/** One line each of what runs and of what could not. */
export function runningNow(parts: {
  readonly rules: Pick<RulesInUse, 'ruleSet' | 'state'>;
  readonly models: Pick<ModelsInUse, 'crew' | 'state'>;
}): Readonly<Record<string, string>> {
  const { ruleSet, state } = parts.rules;
  const { rejected, returned } = state;
  const { crew } = parts.models;
  const ready = (crew?.models ?? []).map(
    ({ id, version, sha256 }) => `model ${id} ${version} (${sha256.slice(0, 12)})`,
  );
  const bad = parts.models.state.rejected ?? parts.models.state.returned;
  const lines = {
    rules: `rules ${ruleSet.name}@${ruleSet.version} (${ruleSet.digest.slice(0, 12)})`,
    'rules refused': rejected && `rules ${rejected.digest.slice(0, 12)} were refused`,
    'rules returned': returned && `rules were taken back: ${returned.reason}`,
    models: ready.length === 0 ? undefined : ready.join(', '),
    'models failed': bad && `models failed: ${bad.fault.message}`,
  };
  return Object.fromEntries(
    Object.entries(lines).filter((one): one is [string, string] => one[1] !== undefined),
  );
}
