/**
 * What may be chosen for labelling, by whom, and with which probability. Pure: the shapes, what a
 * policy says, and who holds the capture lane.
 */

export const lanes = ['named', 'audit', 'capture', 'diversity'] as const;
export type Lane = (typeof lanes)[number];

export const grains = ['clip', 'frame'] as const;
export type Grain = (typeof grains)[number];

/** `fleet`: moments robots lived through, by baseline rules; `inbox`: all that is stored here. */
export const populations = ['fleet', 'inbox'] as const;
export type Population = (typeof populations)[number];

export const windowStates = ['frozen', 'drawn', 'void'] as const;
export type WindowState = (typeof windowStates)[number];

/** One moment as one model saw it. */
export interface Unit {
  readonly id: string;
  readonly n: number;
  readonly clip: string;
  readonly deviceId: string;
  readonly session: string;
  readonly site?: string;
  readonly topic: string;
  readonly atNs: bigint;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly grain: Grain;
  readonly population: Population;
  readonly propensityDevice: number;
  readonly model: string;
  readonly modelSha256: string;
  readonly predicted: string;
  readonly probabilities?: readonly number[];
  /** Base64 of singles, little endian. */
  readonly embedding?: string;
  readonly bytes: number;
  readonly suppressedBy?: string;
  readonly createdAt: number;
}

/** What a policy says; every member is there. */
export interface PolicyDefinition {
  /** Id of the model on robots whose moments are chosen. */
  readonly model: string;
  readonly grain: Grain;
  /** Only moments of this population; `any` takes both. */
  readonly population: Population | 'any';
  /** Only robots that are in this cohort when the window is frozen. */
  readonly cohort?: string | undefined;
  /** A window is frozen this long after the last one, when it has enough units. */
  readonly windowHours: number;
  readonly minUnits: number;
  /** Windows are frozen by the worker; else by people and workflows alone. */
  readonly auto: boolean;
  readonly budget: { readonly bytes: number; readonly labelMinutes: number };
  /** What a person takes for one unit. */
  readonly labelSeconds: number;
  readonly shares: { readonly named: number; readonly audit: number; readonly capture: number };
  readonly diversity: 'badge' | 'k_center';
  /** Near-duplicates; absent: they are all kept. */
  readonly duplicates?: { readonly cosine: number; readonly withinHours: number } | undefined;
  /** Scorers that may hold the capture lane. */
  readonly scorers: readonly string[];
  /** Mixed into the salt of each window. */
  readonly salt: string;
}

export const firstHolder = 'entropy';
export const failureScorer = 'failure';
export const noveltyScorer = 'novelty';

export const usualPolicy: Omit<PolicyDefinition, 'model' | 'salt'> = {
  grain: 'frame',
  population: 'any',
  windowHours: 24,
  minUnits: 100,
  auto: true,
  budget: { bytes: 2 * 1024 ** 3, labelMinutes: 60 },
  labelSeconds: 6,
  shares: { named: 0.3, audit: 0.15, capture: 0.5 },
  diversity: 'badge',
  duplicates: { cosine: 0.97, withinHours: 24 },
  scorers: ['entropy', 'margin', 'energy', 'disagreement', noveltyScorer, failureScorer],
};

/** What was measured of a scorer against entropy on the audit labels of one model. */
export interface Measured {
  readonly scorer: string;
  readonly labels: number;
  readonly auroc?: number | undefined;
  /** AUROC less that of entropy, and its 95 % interval. */
  readonly difference?: number | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/** A scorer's own AUROC with its interval, beside its lead over entropy. */
export interface MeasuredScorer extends Measured {
  readonly aurocLow?: number | undefined;
  readonly aurocHigh?: number | undefined;
}

export interface HolderChange {
  readonly scorer: string;
  readonly event: 'earned' | 'lost' | 'lapsed';
  readonly by?: Measured;
  readonly why: string;
}

export interface HolderState {
  readonly scorer: string;
  /** Unix milliseconds of the newest audit label behind any measurement. */
  readonly labelledAt?: number | undefined;
}

export interface HolderRules {
  readonly now: number;
  readonly leastLabels: number;
  readonly lapseMs: number;
  /** Scorers that the policy allows. */
  readonly allowed: readonly string[];
}

/**
 * Who holds the capture lane next; undefined: nothing changes. A scorer earns it when the lower end
 * of its lead over entropy is above 0 and it has enough audit labels of this model; it loses it
 * when the upper end is below 0, and it lapses when nothing was measured for long.
 */
export function nextHolder(
  holder: HolderState,
  measured: readonly Measured[],
  rules: HolderRules,
): HolderChange | undefined {
  const isOld = holder.labelledAt === undefined || rules.now - holder.labelledAt > rules.lapseMs;
  const isHeld = holder.scorer !== firstHolder;
  if (isHeld && !rules.allowed.includes(holder.scorer)) {
    return back('lost', `the policy no longer has ${holder.scorer}`);
  }
  if (isHeld && isOld) return back('lapsed', 'no audit label for 30 days');
  const own = measured.find(({ scorer }) => scorer === holder.scorer);
  if (isHeld && own?.high !== undefined && own.high < 0) {
    return { ...back('lost', `its lead over entropy is at most ${shown(own.high)}`), by: own };
  }
  const able = measured.filter(
    ({ scorer, labels, low }) =>
      scorer !== firstHolder &&
      rules.allowed.includes(scorer) &&
      labels >= rules.leastLabels &&
      low !== undefined &&
      low > 0,
  );
  const [best] = able.toSorted(
    (a, b) => (b.difference ?? 0) - (a.difference ?? 0) || (a.scorer < b.scorer ? -1 : 1),
  );
  if (best === undefined || isOld || best.scorer === holder.scorer) return undefined;
  // One that holds it is replaced by a better one only, not by the noise between two good ones.
  if (isHeld && (best.low ?? 0) <= (own?.difference ?? 0)) return undefined;
  const why = `it leads entropy by at least ${shown(best.low ?? 0)} on ${best.labels} audit labels`;
  return { scorer: best.scorer, event: 'earned', by: best, why };
}

const back = (event: 'lost' | 'lapsed', why: string): HolderChange => ({
  scorer: firstHolder,
  event,
  why,
});

const shown = (value: number): string => value.toFixed(3);
