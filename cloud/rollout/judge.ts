/**
 * The judge of a rollout: canaries against the control that runs at the same time. An e-process per
 * metric (Lindon & Malek 2022, arXiv 2011.03567; Waudby-Smith & Ramdas, arXiv 2010.09686): under
 * the null it is a non-negative supermartingale that begins at 1, so by Ville's inequality the chance
 * that it ever reaches 1/α is at most α, at any number of looks. Pure: counts in, evidence out.
 */

/** Alternatives that the test for harm mixes, as ratios of canary to control. */
export const harmRatios = [1.25, 1.5, 2, 3, 5, 10] as const;
/** Alternatives of the test that the canary is not worse by the margin. */
export const calmRatios = [0.2, 0.35, 0.5, 0.65] as const;
/** Bets on a bounded metric. */
export const bets = [0.1, 0.25, 0.5, 0.9] as const;
/** A mean difference of a bounded metric up to this is borne. */
export const borneDifference = 0.05;

export interface EventMetric {
  readonly name: string;
  readonly kind: 'event';
  /** Share of the evidence; all weights together are 1. */
  readonly weight: number;
  /** Null: the canary's rate is at most this many times the control's. */
  readonly margin: number;
  /** The canary must be shown not to be this many times worse; undefined: it need not be shown. */
  readonly calmMargin?: number | undefined;
}

export interface BoundedMetric {
  readonly name: string;
  readonly kind: 'bounded';
  readonly weight: number;
}

export type Metric = EventMetric | BoundedMetric;

/** What one interval saw of an event metric: `k` capped events, `x` of them in canaries. */
export interface EventCount {
  readonly k: number;
  readonly x: number;
  /** Weight of canaries in that of both arms, fixed before the interval. */
  readonly p: number;
}

/** Mean of canaries minus mean of control of z in [0, 1]. */
export interface BoundedCount {
  readonly difference: number;
}

export interface Interval {
  readonly counts: Readonly<Record<string, EventCount | BoundedCount>>;
  /** Devices whose counters were heard, by arm. */
  readonly heard: { readonly canary: number; readonly control: number };
  /** Devices that are in, by arm. */
  readonly assigned: { readonly canary: number; readonly control: number };
  /** Share of canaries among both arms as planned, 0 to 1. */
  readonly planned: number;
}

/** Logs of the e-values, by alternative. */
export interface MetricEvidence {
  readonly harm: readonly number[];
  readonly calm: readonly number[];
  readonly k: number;
  readonly x: number;
}

export interface Evidence {
  readonly intervals: number;
  readonly metrics: Readonly<Record<string, MetricEvidence>>;
  /** Intervals in which one arm was not heard at all, and in which exposure was off the plan. */
  readonly unheard: number;
  readonly unbalanced: number;
}

export const noEvidence: Evidence = { intervals: 0, metrics: {}, unheard: 0, unbalanced: 0 };

export interface JudgeLimits {
  readonly alpha: number;
  readonly beta: number;
}

export const outcomes = [
  'regressed',
  'non_inferior',
  'inconclusive',
  'no_data',
  'imbalanced',
] as const;
export type Outcome = (typeof outcomes)[number];

export interface Verdict {
  readonly outcome: Outcome;
  /** Of all metrics by their weights: at 1/α the release is halted. */
  readonly e: number;
  readonly metrics: Readonly<Record<string, { readonly harm: number; readonly calm: number }>>;
}

/** Weight of a device: its baseline against the fleet's, drawn towards 1 by two events. */
export const offsetOf = (events: number, expected: number): number => (events + 2) / (expected + 2);

/** Share of an event under the null, when the canary's rate is `margin` times the control's. */
export const nullShare = (p: number, margin: number): number => (p * margin) / (p * margin + 1 - p);

/** Adds one interval to what is known; an interval that one arm missed tells nothing. */
export function weigh(before: Evidence, metrics: readonly Metric[], interval: Interval): Evidence {
  const { heard, assigned, planned } = interval;
  const isHeard = heard.canary > 0 && heard.control > 0;
  const both = assigned.canary + assigned.control;
  const share = both === 0 ? planned : assigned.canary / both;
  const next: Record<string, MetricEvidence> = {};
  for (const metric of metrics) {
    const known = before.metrics[metric.name] ?? fresh(metric);
    const count = interval.counts[metric.name];
    next[metric.name] = count === undefined || !isHeard ? known : added(known, metric, count);
  }
  return {
    intervals: before.intervals + 1,
    metrics: next,
    unheard: before.unheard + (isHeard ? 0 : 1),
    unbalanced: before.unbalanced + (Math.abs(share - planned) > offPlan ? 1 : 0),
  };
}

/** Exposure that is off the plan by more is no longer the comparison that was planned. */
const offPlan = 0.25;

const fresh = ({ kind }: Metric): MetricEvidence => ({
  harm: (kind === 'event' ? harmRatios : bets).map(() => 0),
  calm: kind === 'event' ? calmRatios.map(() => 0) : [],
  k: 0,
  x: 0,
});

function added(
  known: MetricEvidence,
  metric: Metric,
  count: EventCount | BoundedCount,
): MetricEvidence {
  if (metric.kind === 'bounded') {
    const d = 'difference' in count ? count.difference : 0;
    // A bet of less than 1 on a difference in [-1, 1] less the borne one keeps the factor positive.
    const grown = bets.map(
      (bet, i) => (known.harm[i] ?? 0) + Math.log1p(bet * (d - borneDifference)),
    );
    return { ...known, harm: grown };
  }
  if (!('k' in count)) return known;
  const { k, x, p } = count;
  const share = nullShare(p, metric.margin);
  const calmShare = nullShare(p, metric.calmMargin ?? metric.margin);
  return {
    k: known.k + k,
    x: known.x + x,
    harm: harmRatios.map((ratio, i) => (known.harm[i] ?? 0) + step(ratio, share, k, x)),
    calm: calmRatios.map((ratio, i) => (known.calm[i] ?? 0) + step(ratio, calmShare, k, x)),
  };
}

const step = (ratio: number, share: number, k: number, x: number): number =>
  x * Math.log(ratio) - k * Math.log1p(share * (ratio - 1));

/** The mean of e-values is one. */
function mean(logs: readonly number[]): number {
  if (logs.length === 0) return 0;
  return logs.reduce((sum, log) => sum + Math.exp(log), 0) / logs.length;
}

/** What the evidence says by now. */
export function judge(
  evidence: Evidence,
  metrics: readonly Metric[],
  { alpha, beta }: JudgeLimits,
): Verdict {
  const found: Record<string, { harm: number; calm: number }> = {};
  let e = 0;
  for (const metric of metrics) {
    const known = evidence.metrics[metric.name];
    const one = { harm: known === undefined ? 1 : mean(known.harm), calm: mean(known?.calm ?? []) };
    found[metric.name] = one;
    e += metric.weight * one.harm;
  }
  const critical = metrics.filter((metric) => metric.kind === 'event' && metric.calmMargin);
  const isCalm =
    critical.length > 0 && critical.every(({ name }) => (found[name]?.calm ?? 0) >= 1 / beta);
  const outcome = ((): Outcome => {
    if (e >= 1 / alpha) return 'regressed';
    if (evidence.intervals === evidence.unheard) return 'no_data';
    if (evidence.unbalanced * 2 > evidence.intervals) return 'imbalanced';
    return isCalm ? 'non_inferior' : 'inconclusive';
  })();
  return { outcome, e, metrics: found };
}

/** A value of a bounded metric against the device's own baseline, as [0, 1] with .5 for equal. */
export function boundedValue(value: number, baseline: number, scale: number): number {
  if (baseline === 0) return value > 0 ? 1 : 0.5;
  return Math.min(1, Math.max(0, (value - baseline) / (scale * Math.abs(baseline)) + 0.5));
}
