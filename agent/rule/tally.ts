/** What a rule set did, counted over all timelines since it came. */
import { ownOf } from '@fieldloop/core';
import type { EngineCounters } from '@fieldloop/rules';

/** Looks at a rule's condition, and those of them that knew no value of it. */
export interface ConditionCounts {
  readonly looks: number;
  readonly unknown: number;
}

export interface RuleTally {
  /** Of the rule set that is counted. */
  readonly digest: string;
  evaluations: number;
  faults: number;
  /** Messages behind the watermark. */
  late: number;
  /** By rule. */
  readonly conditions: Record<string, ConditionCounts>;
  readonly fired: Record<string, number>;
  /** Triggers that became no clip, by `rule reason`. */
  readonly suppressed: Record<string, number>;
  /** Rules that are off, and why. */
  readonly off: Record<string, string>;
  clips: number;
  bytes: number;
}

export const newTally = (digest: string): RuleTally => ({
  digest,
  evaluations: 0,
  faults: 0,
  late: 0,
  conditions: {},
  fired: {},
  suppressed: {},
  off: {},
  clips: 0,
  bytes: 0,
});

/** The sum over lanes; all of the same rule set. */
export function sumOf(tallies: readonly RuleTally[]): RuleTally | undefined {
  const [first] = tallies;
  if (first === undefined) return undefined;
  const sum = newTally(first.digest);
  for (const one of tallies) {
    sum.evaluations += one.evaluations;
    sum.faults += one.faults;
    sum.late += one.late;
    sum.clips += one.clips;
    sum.bytes += one.bytes;
    addAll(sum.fired, one.fired);
    addAll(sum.suppressed, one.suppressed);
    for (const [rule, counts] of Object.entries(one.conditions)) addLooks(sum, rule, counts);
    Object.assign(sum.off, one.off);
  }
  return sum;
}

export function addAll(into: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [key, n] of Object.entries(more)) into[key] = (ownOf(into, key) ?? 0) + n;
}

function addLooks({ conditions }: RuleTally, rule: string, more: ConditionCounts): void {
  if (more.looks === 0) return;
  const { looks = 0, unknown = 0 } = ownOf(conditions, rule) ?? {};
  conditions[rule] = { looks: looks + more.looks, unknown: unknown + more.unknown };
}

/** What an engine counted between two looks at it. */
export function addCounts(tally: RuleTally, before: EngineCounters, after: EngineCounters): void {
  tally.evaluations += after.evaluations - before.evaluations;
  tally.faults += after.faults - before.faults;
  tally.late += after.late - before.late;
  for (const [rule, { evaluations, suppressed, unknown, off }] of Object.entries(after.rules)) {
    const old = before.rules[rule];
    if (off !== undefined) tally.off[rule] = off;
    addLooks(tally, rule, {
      looks: evaluations - (old?.evaluations ?? 0),
      unknown: unknown - (old?.unknown ?? 0),
    });
    for (const [reason, count] of Object.entries(suppressed)) {
      const known = old?.suppressed as Readonly<Record<string, number>> | undefined;
      const more = count - (known?.[reason] ?? 0);
      if (more > 0) addAll(tally.suppressed, { [`${rule} ${reason}`]: more });
    }
  }
}
