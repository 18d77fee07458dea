/**
 * Trials of one device's recordings as one timeline: each moment counts once, cooldowns reach from
 * one recording into the next, and triggers merge into clips as the robot's planner merges them.
 */
import { type ClipTrigger, nothingPlanned, planClips, type PlanInput } from './clip-plan.ts';
import type { RuleSet } from './rule-set.ts';
import { holds, unionOf } from './strata.ts';
import type { Trial, TrialTrigger } from './trial.ts';

export interface SeenRecording {
  readonly device: string;
  readonly session: string;
  /** Kept because its turn came, whatever happened: its moments stand for ordinary ones. */
  readonly sampled: boolean;
  /** Bytes of the recording as it is stored. */
  readonly storedBytes: number;
  readonly trial: Trial;
}

/** A trigger that counts, or those of a rule and session that were not listed. */
export interface Fired {
  readonly rule: string;
  readonly count: number;
  readonly session: string;
  /** Outside all triggered recordings. */
  readonly sampled: boolean;
  readonly cold: boolean;
}

export interface PlannedClip {
  readonly device: string | undefined;
  readonly topics: readonly string[];
  readonly seconds: number;
  readonly first: Fired;
  /** Counted in a whole session; else told by the rates of its topics. */
  readonly bytes?: number;
}

export interface FoldedDevice {
  readonly fired: readonly Fired[];
  readonly clips: readonly PlannedClip[];
}

const coldNs = 1_000_000_000n;

export function foldDevice(ruleSet: RuleSet, recordings: readonly SeenRecording[]): FoldedDevice {
  if (recordings.every(({ trial }) => trial.whole !== undefined)) return foldWhole(recordings);
  const triggers = withCooldown(ruleSet, onceEach(ruleSet, recordings));
  return { fired: triggers.map(({ marker }) => marker), clips: planned(recordings, triggers) };
}

/** Whole sessions stand each for itself: what fired and was cut is known. */
function foldWhole(recordings: readonly SeenRecording[]): FoldedDevice {
  const firedAt = ({ trial, ...one }: SeenRecording, rule: string, atNs: bigint): Fired => ({
    rule,
    count: 1,
    session: one.session,
    sampled: one.sampled,
    cold: atNs < trial.startNs + coldNs,
  });
  return {
    fired: recordings.flatMap((one) => [
      ...one.trial.triggers.map(({ marker, atNs }) => firedAt(one, marker, atNs)),
      ...unlisted(one),
    ]),
    clips: recordings.flatMap((one) =>
      (one.trial.whole?.clips ?? []).flatMap(({ topics, startNs, endNs, markers, bytes }) => {
        const [first] = markers;
        if (first === undefined) return [];
        const seconds = Number(endNs - startNs) / 1e9;
        const device = one.device;
        return [{ device, topics, seconds, first: firedAt(one, first.rule, first.atNs), bytes }];
      }),
    ),
  };
}

/** What the rules of a session fired beyond the triggers that are listed. */
function unlisted({ trial, session, sampled }: SeenRecording): Fired[] {
  if (trial.dropped === 0) return [];
  const listed = Map.groupBy(trial.triggers, ({ marker }) => marker);
  return [...(trial.whole?.rules ?? [])].flatMap(([rule, { fired }]) => {
    const count = fired - (listed.get(rule)?.length ?? 0);
    return count === 0 ? [] : [{ rule, count, session, sampled, cold: false }];
  });
}

type FiredTrigger = ClipTrigger<Fired>;

/**
 * Where recordings overlap, the one that began first knows more of what came before: its triggers
 * count. A recording without a rule's topics says nothing of the rule.
 */
function onceEach(ruleSet: RuleSet, recordings: readonly SeenRecording[]): FiredTrigger[] {
  const triggered = unionOf(recordings.filter((one) => !one.sampled).map(({ trial }) => trial));
  const seenUntil = new Map<string, bigint>();
  const kept: FiredTrigger[] = [];
  const ordered = recordings.toSorted((a, b) => compare(a.trial.startNs, b.trial.startNs));
  for (const { trial, session } of ordered) {
    const found = trial.triggers.filter((trigger) => {
      const untilNs = seenUntil.get(trigger.marker);
      return !trial.blind.has(trigger.marker) && (untilNs === undefined || trigger.atNs > untilNs);
    });
    for (const trigger of found) {
      const marker = firedOf(trigger, {
        session,
        sampled: !holds(triggered, trigger.atNs),
        cold: trigger.atNs < trial.startNs + coldNs,
      });
      kept.push({ ...trigger, marker });
    }
    for (const { id } of ruleSet.rules) {
      const before = seenUntil.get(id);
      if (trial.blind.has(id) || (before !== undefined && before >= trial.endNs)) continue;
      seenUntil.set(id, trial.endNs);
    }
  }
  return kept.toSorted((a, b) => compare(a.atNs, b.atNs));
}

const firedOf = (trigger: TrialTrigger, about: Omit<Fired, 'rule' | 'count'>): Fired => ({
  rule: trigger.marker,
  count: 1,
  ...about,
});

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

function withCooldown(ruleSet: RuleSet, triggers: readonly FiredTrigger[]): FiredTrigger[] {
  const cooldowns = new Map(ruleSet.rules.map(({ id, cooldownNs }) => [id, cooldownNs]));
  const quietUntil = new Map<string, bigint>();
  return triggers.filter(({ marker: { rule }, atNs }) => {
    if (atNs < (quietUntil.get(rule) ?? atNs)) return false;
    quietUntil.set(rule, atNs + BigInt(Math.round(cooldowns.get(rule) ?? 0)));
    return true;
  });
}

function planned(
  recordings: readonly SeenRecording[],
  triggers: readonly FiredTrigger[],
): PlannedClip[] {
  const device = recordings[0]?.device;
  const clips: PlannedClip[] = [];
  let state: Parameters<typeof planClips<Fired>>[0] = nothingPlanned;
  const step = (input: PlanInput<Fired>): void => {
    const [next, outputs] = planClips(state, input);
    state = next;
    for (const output of outputs) {
      if (output.kind !== 'cut') continue;
      const { topics, startNs, endNs, markers } = output.draft;
      const [first] = markers;
      if (first === undefined) continue;
      clips.push({ device, topics, seconds: Number(endNs - startNs) / 1e9, first });
    }
  };
  for (const trigger of triggers) step({ kind: 'trigger', trigger });
  step({ kind: 'end' });
  return clips;
}
