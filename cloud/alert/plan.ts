/**
 * What a round of evaluations does to the alerts of one policy: which begin, change or go, what
 * their timelines say and who is told. Pure: the same answer for the same rows.
 */
import { alertFlapMs } from '../alert-limits.ts';
import type { Alert, AlertLife, Entry } from './alert.ts';
import { compared, type Evaluation, type Sample, summaryOf } from './evaluation.ts';
import type { Policy } from './policy.ts';
import { advance, type Notice, notify, type Reason, silence, type Timing } from './step.ts';

/** One alert before and after the round. */
export interface Turn {
  /** Undefined: it begins now. */
  readonly before: Alert | undefined;
  readonly sample: Sample | undefined;
  readonly group: string;
  readonly value: number | undefined;
  readonly summary: string;
  /** Undefined: a sign that is gone before anybody was told. */
  readonly life: AlertLife | undefined;
  readonly entries: readonly Entry[];
  readonly notices: readonly Notice[];
}

/** What is known of an alert when a silence is looked for. */
export interface Silenced {
  readonly before: Alert | undefined;
  readonly sample: Sample | undefined;
  readonly summary: string;
  readonly life: AlertLife;
}

export interface Round {
  readonly policy: Policy;
  /** Of this policy. */
  readonly tracked: readonly Alert[];
  readonly evaluation: Evaluation;
  /** The silence that covers an alert, if any. */
  readonly silenceOf: (alert: Silenced) => string | undefined;
  readonly now: number;
}

export function timingOf(policy: Policy): Timing {
  const ms = (seconds: number | undefined): number | undefined =>
    seconds === undefined ? undefined : seconds * 1000;
  return {
    forMs: policy.forS * 1000,
    flapMs: alertFlapMs,
    repeatMs: ms(policy.repeatS),
    ackWithinMs: ms(policy.ackWithinS),
    escalates: policy.escalateTo.length > 0,
  };
}

/** The turns that change something. */
export function turnsOf(round: Round): readonly Turn[] {
  const samples = new Map(round.evaluation.active.map((sample) => [sample.group, sample]));
  const known = new Map(round.tracked.map((alert) => [alert.group, alert]));
  const timing = timingOf(round.policy);
  const turns: Turn[] = [];
  for (const group of new Set([...known.keys(), ...samples.keys()])) {
    turns.push(
      ...turnsOfGroup(round, timing, {
        group,
        before: known.get(group),
        sample: samples.get(group),
      }),
    );
  }
  return turns;
}

/** Two turns where an alert ends for good and a new one begins. */
function turnsOfGroup(
  round: Round,
  timing: Timing,
  of: Pick<Turn, 'group' | 'before' | 'sample'>,
): readonly Turn[] {
  const first = turnOf(round, timing, of);
  const isOver = first.before !== undefined && first.life?.tracked === false;
  const begins = isOver && of.sample !== undefined ? [{ ...of, before: undefined }] : [];
  return [first, ...begins.map((next) => turnOf(round, timing, next))].filter(isChange);
}

function turnOf(round: Round, timing: Timing, of: Pick<Turn, 'group' | 'before' | 'sample'>): Turn {
  const { policy, now } = round;
  const { before, sample } = of;
  const { condition } = policy;
  const detail = sample === undefined ? undefined : { value: sample.value, ...compared(condition) };
  const summary = sample === undefined ? (before?.summary ?? '') : summaryOf(condition, sample);
  const seen = { active: sample !== undefined, ...(detail === undefined ? {} : { detail }) };
  const entries: Entry[] = [];
  const notices: Notice[] = [];
  let life: AlertLife | undefined = before === undefined ? undefined : lifeOf(before);
  // A resolve that is told makes room for what comes after it: at most three steps in one round.
  for (let steps = 0; steps < 3; steps += 1) {
    const [next, said] = advance(life, seen, timing, now);
    entries.push(...said);
    life = next;
    if (life === undefined || !life.tracked) break;
    const by = round.silenceOf({ before, sample, summary, life });
    const [quiet, told] = silence(life, by, now);
    entries.push(...told);
    const [heard, notice] = notify(quiet ?? life, timing, now);
    life = heard;
    if (notice === undefined) break;
    notices.push(notice);
    if (life.state !== 'resolved') break;
  }
  const value = sample?.value ?? before?.value;
  return { ...of, value, summary, life, entries, notices };
}

function isChange({ before, life, entries, notices }: Turn): boolean {
  if (before === undefined) return life !== undefined;
  if (life === undefined || entries.length > 0 || notices.length > 0) return true;
  return lifeKeys.some((key) => before[key] !== life[key]);
}

const lifeKeys = [
  'state',
  'tracked',
  'pendingAt',
  'firedAt',
  'acknowledgedAt',
  'acknowledgedBy',
  'resolvedAt',
  'resolvedBy',
  'silencedBy',
  'firstNotifiedAt',
  'notifiedAt',
  'escalatedAt',
  'resolveTold',
  'flaps',
] as const satisfies readonly (keyof AlertLife)[];

/** The parts of an alert that the steps know. */
export const lifeOf = (alert: AlertLife): AlertLife =>
  Object.fromEntries(lifeKeys.map((key) => [key, alert[key]])) as unknown as AlertLife;

/** Notices of the same reason for the same people are one message. */
export function bundles(
  turns: readonly Turn[],
): ReadonlyMap<string, { readonly notice: Notice; readonly turns: readonly Turn[] }> {
  const byNotice = new Map<string, { notice: Notice; turns: Turn[] }>();
  for (const turn of turns) {
    for (const notice of turn.notices) {
      const key = `${notice.reason} ${notice.to}`;
      const bundle = byNotice.get(key) ?? { notice, turns: [] };
      byNotice.set(key, bundle);
      bundle.turns.push(turn);
    }
  }
  return byNotice;
}

/** Ids of the channels that a notice is for, each once. */
export function receiversOf(policy: Policy, { to }: Pick<Notice, 'to'>): readonly string[] {
  if (to === 'channels') return [...new Set(policy.channels)];
  if (to === 'escalation') return [...new Set(policy.escalateTo)];
  return [...new Set([...policy.channels, ...policy.escalateTo])];
}

/** The outbox kind of what a turn did to the life of its alert, if anything. */
export function outboxKindOf(turn: Turn): 'alert.fired' | 'alert.resolved' | undefined {
  const kinds = turn.entries.map(({ kind }) => kind);
  if (kinds.includes('fired') || kinds.includes('fired_again')) return 'alert.fired';
  return kinds.includes('resolved') ? 'alert.resolved' : undefined;
}

export const entryKindOf = (reason: Reason): Entry['kind'] =>
  reason === 'escalated' ? 'escalated' : 'notified';
