/**
 * Which units of a window are labelled. One model's units at a time: audit by hash, near-duplicates
 * out, the capture lane by value for cost, diversity from what is left. Pure; run in a thread.
 */
import { seededRandom } from '@fieldloop/core';
import {
  badge,
  duplicatesOf,
  fillBudget,
  hashShare,
  isDrawn,
  kCenter,
  type Rows,
} from '@fieldloop/learning';

/** Columns of the units of one model in one window. */
export interface PlanUnits {
  readonly ids: readonly string[];
  readonly bytes: Float64Array;
  /** Which robot: only moments of one are near-duplicates. */
  readonly device: Int32Array;
  readonly atMs: Float64Array;
  /** What the holder of the capture lane gives each; NaN: it has no score. */
  readonly value: Float64Array;
  /** 1 for units that go through the named lane. */
  readonly named: Uint8Array;
  readonly probabilities?: Rows | undefined;
  readonly embeddings?: Rows | undefined;
  /** Units that windows before this one chose: what equals one of them is known. */
  readonly before?: EarlierUnits | undefined;
}

export interface EarlierUnits {
  readonly ids: readonly string[];
  readonly device: Int32Array;
  readonly atMs: Float64Array;
  readonly embeddings: Rows;
}

export interface PlanRules {
  readonly salt: string;
  readonly audit: number;
  /** For the audit, capture and diversity lanes of these units. */
  readonly budget: { readonly bytes: number; readonly minutes: number };
  readonly minutesPerUnit: number;
  readonly captureShare: number;
  readonly diversity: 'badge' | 'k_center';
  readonly duplicates?: { readonly cosine: number; readonly withinMs: number } | undefined;
  /** Units that the diversity lane compares. */
  readonly diversityUnits: number;
}

/** Columns, one entry a near-duplicate: there may be as many as units. */
export interface Suppressed {
  readonly unit: Int32Array;
  /** Below 0: -1 for the first of the earlier units, and so on. */
  readonly leader: Int32Array;
  readonly cosine: Float32Array;
}

/** Indices of units, the first of each lane first. */
export interface Plan {
  readonly audit: readonly number[];
  readonly capture: readonly number[];
  readonly diversity: readonly number[];
  readonly suppressed: Suppressed;
  /** Units without a score of the holder: capture cannot choose them. */
  readonly unscored: number;
  /** What the lanes could not do, for people. */
  readonly notes: readonly string[];
}

export function planUnits(units: PlanUnits, rules: PlanRules): Plan {
  const count = units.ids.length;
  const all = Array.from({ length: count }, (_, i) => i);
  const audit = all.filter((i) => isDrawn(rules.salt, units.ids[i] ?? '', rules.audit));
  const isAudit = new Set(audit);
  const free = all.filter((i) => !isAudit.has(i) && units.named[i] === 0);
  const suppressed = suppressedOf(units, free, rules);
  const isOut = new Set(suppressed.unit);
  const open = free.filter((i) => !isOut.has(i));
  // A named unit is paid for by its own lane, also when the audit drew it.
  const unpaid = audit.filter((i) => units.named[i] === 0);
  const left = less(rules.budget, costOf(units, unpaid, rules));
  const scored = open.filter((i) => !Number.isNaN(units.value[i]));
  const capture = captured(units, scored, {
    rules,
    budget: { bytes: left.bytes * rules.captureShare, minutes: left.minutes * rules.captureShare },
  });
  const isCaptured = new Set(capture);
  const rest = open.filter((i) => !isCaptured.has(i));
  const budget = less(left, costOf(units, capture, rules));
  const spread = diverse(units, rest, { rules, budget });
  return {
    audit,
    capture,
    diversity: spread.chosen,
    suppressed,
    unscored: open.length - scored.length,
    notes: spread.notes,
  };
}

/** Best first, so that the best of a cluster leads it. */
function suppressedOf(units: PlanUnits, free: readonly number[], rules: PlanRules): Suppressed {
  const { embeddings } = units;
  const none = { unit: new Int32Array(0), leader: new Int32Array(0), cosine: new Float32Array(0) };
  if (rules.duplicates === undefined || embeddings === undefined) return none;
  const worth = (i: number): number => {
    const value = units.value[i] as number;
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };
  const order = [...free].sort((a, b) => compare(worth(b), worth(a)) || a - b);
  const { before } = units;
  const isKnown = before !== undefined && before.embeddings.width === embeddings.width;
  const first = isKnown ? before.ids.length : 0;
  const rows = picked(embeddings, order);
  const { leader, cosine } = duplicatesOf(
    {
      embeddings: isKnown ? joined(before.embeddings, rows) : rows,
      group: Int32Array.from([
        ...(isKnown ? before.device : []),
        ...order.map((i) => units.device[i] as number),
      ]),
      atMs: Float64Array.from([
        ...(isKnown ? before.atMs : []),
        ...order.map((i) => units.atMs[i] as number),
      ]),
      leading: first,
    },
    rules.duplicates,
  );
  const out = order.map((_, at) => at).filter((at) => (leader[first + at] as number) >= 0);
  const leaderOf = (at: number): number => {
    const found = leader[first + at] as number;
    return found < first ? -1 - found : (order[found - first] as number);
  };
  return {
    unit: Int32Array.from(out, (at) => order[at] as number),
    leader: Int32Array.from(out, leaderOf),
    cosine: Float32Array.from(out, (at) => cosine[first + at] as number),
  };
}

function joined(a: Rows, b: Rows): Rows {
  const values = new Float32Array(a.values.length + b.values.length);
  values.set(a.values);
  values.set(b.values, a.values.length);
  return { width: a.width, values };
}

const compare = (a: number, b: number): number => (a === b ? 0 : a - b);

interface Lane {
  readonly rules: PlanRules;
  readonly budget: { readonly bytes: number; readonly minutes: number };
}

/**
 * By value for cost. Energies are negative: values are lifted so that the least is worth a little,
 * which keeps their order.
 */
function captured(units: PlanUnits, scored: readonly number[], lane: Lane): readonly number[] {
  const values = scored.map((i) => units.value[i] as number);
  const least = values.reduce((low, value) => Math.min(low, value), 0);
  const chosen = fillBudget(
    scored.map((i, at) => ({
      value: (values[at] as number) - least,
      bytes: units.bytes[i] as number,
      minutes: lane.rules.minutesPerUnit,
    })),
    lane.budget,
  );
  return chosen.map((at) => scored[at] as number);
}

function diverse(
  units: PlanUnits,
  rest: readonly number[],
  { rules, budget }: Lane,
): { readonly chosen: readonly number[]; readonly notes: readonly string[] } {
  const rows = units.embeddings ?? units.probabilities;
  if (rest.length === 0) return { chosen: [], notes: [] };
  if (rows === undefined) {
    return { chosen: [], notes: ['the robots gave no embeddings: the diversity lane is empty'] };
  }
  const notes: string[] = [];
  const some = fewest(units, rest, rules);
  if (some.length < rest.length) {
    notes.push(`the diversity lane compared ${some.length} of ${rest.length} units`);
  }
  const wanted = affordable(units, some, { rules, budget });
  const { probabilities, embeddings } = units;
  const byBadge =
    rules.diversity === 'badge' && probabilities !== undefined && embeddings !== undefined;
  if (rules.diversity === 'badge' && !byBadge) {
    notes.push('BADGE needs probabilities and embeddings: k-center chose instead');
  }
  const order = byBadge
    ? badge(
        { probabilities: picked(probabilities, some), embeddings: picked(embeddings, some) },
        wanted,
        seededRandom(`${rules.salt}/diversity`),
      )
    : kCenter(picked(rows, some), wanted);
  const left = { bytes: budget.bytes, minutes: budget.minutes };
  const chosen = order
    .map((at) => some[at] as number)
    .filter((i) => {
      const bytes = units.bytes[i] as number;
      if (bytes > left.bytes || rules.minutesPerUnit > left.minutes + slack) return false;
      left.bytes -= bytes;
      left.minutes -= rules.minutesPerUnit;
      return true;
    });
  return { chosen, notes };
}

/** Sums of fractions of minutes are not exact. */
const slack = 1e-5;

/** Those with the lowest hash, when there are more than can be compared. */
function fewest(units: PlanUnits, rest: readonly number[], rules: PlanRules): readonly number[] {
  if (rest.length <= rules.diversityUnits) return rest;
  const shares = new Map(
    rest.map((i) => [i, hashShare(`${rules.salt}/diversity`, units.ids[i] ?? '')]),
  );
  return rest
    .toSorted((a, b) => (shares.get(a) ?? 0) - (shares.get(b) ?? 0))
    .slice(0, rules.diversityUnits)
    .toSorted((a, b) => a - b);
}

/** No more than the minutes allow; bytes are seen to one by one. */
function affordable(units: PlanUnits, some: readonly number[], { rules, budget }: Lane): number {
  const least = some.reduce((low, i) => Math.min(low, units.bytes[i] as number), Infinity);
  const byBytes = least === 0 ? Infinity : Math.floor(budget.bytes / least);
  const minutes = rules.minutesPerUnit;
  const byMinutes = minutes === 0 ? Infinity : Math.floor((budget.minutes + slack) / minutes);
  return Math.max(0, Math.min(some.length, byBytes, byMinutes));
}

function costOf(units: PlanUnits, chosen: readonly number[], rules: PlanRules) {
  const bytes = chosen.reduce((sum, i) => sum + (units.bytes[i] as number), 0);
  return { bytes, minutes: chosen.length * rules.minutesPerUnit };
}

const less = (
  budget: { readonly bytes: number; readonly minutes: number },
  cost: { readonly bytes: number; readonly minutes: number },
) => ({
  bytes: Math.max(0, budget.bytes - cost.bytes),
  minutes: Math.max(0, budget.minutes - cost.minutes),
});

function picked({ width, values }: Rows, indices: readonly number[]): Rows {
  const out = new Float32Array(indices.length * width);
  indices.forEach((i, at) => out.set(values.subarray(i * width, (i + 1) * width), at * width));
  return { width, values: out };
}

/**
 * The audit propensity that a budget pays for: its share of the minutes and of the bytes, in the
 * mean over draws.
 */
export function auditPropensity(
  whole: { readonly units: number; readonly bytes: number; readonly minutes: number },
  budget: { readonly bytes: number; readonly minutes: number },
  share: number,
): number {
  const byBytes = whole.bytes === 0 ? 1 : (share * budget.bytes) / whole.bytes;
  const byMinutes = whole.minutes === 0 ? 1 : (share * budget.minutes) / whole.minutes;
  return Math.min(1, byBytes, byMinutes);
}
