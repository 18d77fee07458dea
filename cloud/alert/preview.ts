/** A dry evaluation: for whom a condition holds now, and when it would have fired. */
import type { Clock } from '@fieldloop/core';
import { previewMs, previewSteps } from '../alert-limits.ts';
import type { Alert } from './alert.ts';
import { openRound } from './evaluate.ts';
import type { Evaluation } from './evaluation.ts';
import type { Moment } from './fleet-numbers.ts';
import { type Turn, turnsOf } from './plan.ts';
import type { Policy } from './policy.ts';
import { fleetSignal } from './signals.ts';

export interface PreviewAlert {
  readonly summary: string;
  readonly group: string;
  readonly firedAt: number;
  readonly resolvedAt?: number | undefined;
}

export interface Preview {
  readonly now: Evaluation;
  /** Undefined where nobody keeps what was before. */
  readonly past:
    | {
        readonly fromAt: number;
        readonly stepS: number;
        readonly alerts: readonly PreviewAlert[];
        /** Time was up: it begins later than asked. */
        readonly partial: boolean;
      }
    | undefined;
}

/** Plays the last `hours` through the same steps as the engine, at up to `previewSteps` moments. */
export async function previewOf(
  deps: Omit<Moment, 'now'> & { readonly clock: Clock },
  policy: Policy,
  hours: number,
): Promise<Preview> {
  const { clock, read, freeBytes } = deps;
  const now = clock.now();
  const at = async (moment: number): Promise<Evaluation> =>
    await openRound({ read, freeBytes, now: moment })(policy);
  const present = await at(now);
  if (!isKept(policy)) return { now: present, past: undefined };
  const stepMs = Math.max(15_000, (hours * 3_600_000) / previewSteps);
  const until = clock.monotonicMs() + previewMs;
  // The newest moments are read first: when time is up the oldest are missing.
  const rounds: { readonly at: number; readonly evaluation: Evaluation }[] = [];
  const steps = Math.floor((hours * 3_600_000) / stepMs);
  let step = 0;
  for (; step <= steps && clock.monotonicMs() < until; step += 1) {
    const moment = Math.round(now - step * stepMs);
    rounds.unshift({ at: moment, evaluation: step === 0 ? present : await at(moment) });
  }
  return {
    now: present,
    past: {
      fromAt: rounds[0]?.at ?? now,
      stepS: Math.round(stepMs / 1000),
      alerts: played(policy, rounds),
      partial: step <= steps,
    },
  };
}

/** How things are now is known of signals without a window, how they were is not. */
function isKept({ condition }: Policy): boolean {
  if (condition.kind !== 'metric') return true;
  const signal = fleetSignal(condition.metric);
  return signal === undefined || signal.windowed;
}

function played(
  policy: Policy,
  rounds: readonly { readonly at: number; readonly evaluation: Evaluation }[],
): readonly PreviewAlert[] {
  const fired: { summary: string; group: string; firedAt: number; resolvedAt?: number }[] = [];
  let tracked: readonly Alert[] = [];
  for (const { at, evaluation } of rounds) {
    const turns = turnsOf({ policy, tracked, evaluation, silenceOf: () => undefined, now: at });
    for (const turn of turns) note(fired, turn, at);
    tracked = after(policy, tracked, turns);
  }
  return fired;
}

function note(
  fired: { summary: string; group: string; firedAt: number; resolvedAt?: number }[],
  turn: Turn,
  at: number,
): void {
  const kinds = turn.entries.map(({ kind }) => kind);
  const { group, summary } = turn;
  if (kinds.includes('fired')) fired.push({ summary, group, firedAt: at });
  const mine = fired.findLast((one) => one.group === group);
  if (mine === undefined) return;
  if (kinds.includes('fired_again')) delete mine.resolvedAt;
  if (kinds.includes('resolved')) mine.resolvedAt = at;
}

/** The rows that a table would hold after the turns. */
function after(
  policy: Policy,
  tracked: readonly Alert[],
  turns: readonly Turn[],
): readonly Alert[] {
  const byGroup = new Map(tracked.map((alert) => [alert.group, alert]));
  for (const { group, before, life, summary } of turns) {
    if (life === undefined || !life.tracked) byGroup.delete(group);
    else byGroup.set(group, { ...(before ?? fresh(policy, group)), ...life, summary });
  }
  return [...byGroup.values()];
}

const fresh = (policy: Policy, group: string): Alert => ({
  id: group,
  policy: { id: policy.id, name: policy.name },
  group,
  severity: policy.severity,
  summary: '',
  entries: 0,
  state: 'pending',
  tracked: true,
  pendingAt: 0,
  resolveTold: false,
  flaps: 0,
  createdAt: 0,
  updatedAt: 0,
  version: 1,
});
