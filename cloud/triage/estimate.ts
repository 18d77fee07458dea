/**
 * What labels say of a model: how often it fails, and what each lane found for its cost. A figure
 * names its population and its n; one that lost too many of its units is withheld. Pure.
 */
import { captureLift, censusAndAudit, drawnRate, type Figure } from '@fieldloop/learning';
import type { AuditCounts, ChosenCounts, Labelled } from './labelled.ts';
import type { Lane, Population } from './triage.ts';

export interface RateEstimate {
  readonly population: Population;
  readonly drawn: number;
  readonly labelled: number;
  readonly lost: number;
  readonly figure?: Figure;
  /** Why there is no figure. */
  readonly withheld?: string;
}

export interface Loss {
  readonly lost: number;
  readonly of: number;
}

/**
 * The failure rate of one population. `inbox`: units drawn one by one from what is stored, π = π_c.
 * `fleet`: only units of baseline clips, π = π_d π_c, in clips as the robots drew them.
 */
export function rateOf(
  population: Population,
  audit: readonly Labelled[],
  of: {
    readonly counts: readonly Omit<AuditCounts, 'modelSha256'>[];
    readonly baseline: Loss;
    readonly mostLost: number;
  },
): RateEstimate {
  const isIn = (one: { readonly population: string }): boolean =>
    population === 'inbox' || one.population === 'fleet';
  const own = audit.filter(isIn);
  const counts = of.counts.filter(isIn);
  const sum = (name: 'drawn' | 'labelled' | 'lost'): number =>
    counts.reduce((all, one) => all + one[name], 0);
  const base = { population, drawn: sum('drawn'), labelled: own.length, lost: sum('lost') };
  const { lost, of: clips } = of.baseline;
  const share = Math.max(
    base.drawn === 0 ? 0 : base.lost / base.drawn,
    population === 'fleet' && clips > 0 ? lost / clips : 0,
  );
  if (own.length === 0) return { ...base, withheld: 'no audit label yet' };
  if (share > of.mostLost) {
    const percent = (share * 100).toFixed(1);
    return { ...base, withheld: `${percent} % of the audit is lost, more than 5 %` };
  }
  const figure = drawnRate(
    own.map((one) => ({
      value: Number(one.failed),
      propensity: population === 'fleet' ? one.propensity * one.propensityDevice : one.propensity,
      cluster: population === 'fleet' ? one.clip : one.unit,
    })),
  );
  return { ...base, figure };
}

export interface CensusEstimate {
  /** Windows whose chosen units are all labelled. */
  readonly windows: number;
  /** Units that could be chosen in them, and those that were and are known. */
  readonly whole: number;
  readonly chosen: number;
  /** Labels of the audit on the rest. */
  readonly audit: number;
  readonly figure?: Figure;
  /** Why there is no figure. */
  readonly withheld?: string;
}

/**
 * The failure rate of the inbox from more labels than the audit's: what the other lanes chose is
 * known and has no interval, and the audit tells the rest of the same windows. Only of windows
 * whose choices are all labelled: those labelled first need not be like the others. `rate` is the
 * audit's own figure; what withholds that withholds this.
 */
export function censusOf(
  chosen: readonly ChosenCounts[],
  audit: readonly Labelled[],
  rate: RateEstimate,
): CensusEstimate {
  const full = chosen.filter((one) => one.labelled === one.chosen.size && one.whole > 0);
  const windows = new Map(full.map((one) => [one.window, one]));
  const rest = audit.filter((one) => windows.get(one.window)?.chosen.has(one.unit) === false);
  const sum = (of: (one: ChosenCounts) => number): number =>
    full.reduce((all, one) => all + of(one), 0);
  const base = {
    windows: full.length,
    whole: sum(({ whole }) => whole),
    chosen: sum((one) => one.chosen.size),
    audit: rest.length,
  };
  if (rate.withheld !== undefined) return { ...base, withheld: rate.withheld };
  if (full.length === 0) return { ...base, withheld: 'no window whose choices are all labelled' };
  if (rest.length === 0) return { ...base, withheld: 'no audit label of the rest yet' };
  const drawn = rest.map((one) => ({
    value: Number(one.failed),
    propensity: one.propensity,
    cluster: one.unit,
  }));
  const known = { failed: sum(({ failed }) => failed), n: base.chosen };
  return { ...base, figure: censusAndAudit(known, drawn, base.whole) };
}

export interface CaptureValue {
  readonly lane: Lane;
  readonly scorer: string;
  readonly n: number;
  readonly failed: number;
  readonly nAudit: number;
  readonly failedAudit: number;
  /** Failures a label finds, over those that an audit label finds. */
  readonly lift?: Figure;
  readonly withheld?: string;
  readonly perMegabyte: number;
  readonly perMinute: number;
}

/** Every lane and scorer that has labels, against the audit lane. */
export function captureValues(
  labels: readonly Labelled[],
  labelSeconds: number,
): readonly CaptureValue[] {
  const audit = labels.filter(({ lane }) => lane === 'audit');
  const failedAudit = audit.filter(({ failed }) => failed).length;
  const groups = Map.groupBy(labels, ({ lane, scorer }) => `${lane}\u0000${scorer}`);
  return [...groups.values()]
    .map((own): CaptureValue => {
      const [first] = own;
      const lane = first?.lane ?? 'audit';
      const failed = own.filter((one) => one.failed).length;
      const bytes = own.reduce((sum, one) => sum + one.bytes, 0);
      const base = {
        lane,
        scorer: first?.scorer ?? '',
        n: own.length,
        failed,
        nAudit: audit.length,
        failedAudit,
        perMegabyte: bytes === 0 ? 0 : failed / (bytes / 1e6),
        perMinute: labelSeconds === 0 ? 0 : failed / ((own.length * labelSeconds) / 60),
      };
      if (lane === 'audit') return { ...base, withheld: 'it is what the others are compared with' };
      const lift = captureLift({ failed, n: own.length }, { failed: failedAudit, n: audit.length });
      return lift === undefined
        ? { ...base, withheld: 'one of the two lanes found no failure yet' }
        : { ...base, lift };
    })
    .toSorted((a, b) => (a.lane + a.scorer < b.lane + b.scorer ? -1 : 1));
}
