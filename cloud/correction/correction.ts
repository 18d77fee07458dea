/**
 * An intervention: a person took the command of a robot and gave it back. What happened before,
 * during and after is cut into phases, and somebody says whose fault it was. Pure.
 */
import { correctionContextNs } from '../care-limits.ts';

export const correctionStates = [
  'open',
  'context',
  'phases',
  'verdict',
  'learning',
  'fed',
  'dismissed',
  'case_opened',
  'unrecoverable',
  'aborted',
] as const;
export type CorrectionState = (typeof correctionStates)[number];

export const endedCorrections: readonly CorrectionState[] = [
  'fed',
  'dismissed',
  'case_opened',
  'unrecoverable',
  'aborted',
];

export const verdicts = ['model', 'environment', 'operator', 'hardware', 'no_failure'] as const;
export type Verdict = (typeof verdicts)[number];

/** The first three say that a person took the command; the others are signs of trouble. */
export const correctionSources = [
  'marker',
  'operator',
  'failure',
  'rate',
  'drift',
  'cluster',
] as const;
export type CorrectionSource = (typeof correctionSources)[number];

/** Whether a person had the command at some time of it. */
export const isIntervention = ({ timeline }: Pick<Correction, 'timeline'>): boolean =>
  timeline.some(({ owner }) => owner === 'person');

/** Who has the command from this moment on. */
export interface OwnerChange {
  readonly atNs: bigint;
  readonly owner: 'robot' | 'person';
}

export interface Correction {
  readonly id: string;
  readonly deviceId: string;
  readonly device: string;
  readonly session?: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly source: CorrectionSource;
  readonly state: CorrectionState;
  /** The operator's own. */
  readonly words?: string;
  readonly timeline: readonly OwnerChange[];
  readonly clip?: string;
  readonly command?: string;
  readonly taskBatch?: string;
  readonly phases?: readonly Phase[];
  readonly verdict?: Verdict;
  readonly verdictBy?: string;
  readonly verdictReason?: string;
  readonly failure?: string;
  readonly regression?: string;
  readonly case?: string;
  readonly datasetVersion?: string;
  readonly evaluation?: string;
  readonly run?: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export const phaseNames = ['before', 'takeover', 'correction', 'handback'] as const;
export type PhaseName = (typeof phaseNames)[number];

export interface Phase {
  readonly name: PhaseName;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** Ten seconds to either side of what the command's owner did. */
export const contextOf = (of: {
  readonly startNs: bigint;
  readonly endNs: bigint;
}): { readonly startNs: bigint; readonly endNs: bigint } => ({
  startNs: of.startNs > correctionContextNs ? of.startNs - correctionContextNs : 0n,
  endNs: of.endNs + correctionContextNs,
});

/** Whether two interventions of one session are the same: their contexts touch. */
export function isSame(
  a: { readonly startNs: bigint; readonly endNs: bigint },
  b: { readonly startNs: bigint; readonly endNs: bigint },
): boolean {
  return a.startNs <= b.endNs + correctionContextNs && b.startNs <= a.endNs + correctionContextNs;
}

const takeoverNs = 1_000_000_000n;

/**
 * The four phases as command ownership tells them: before, one second of takeover, the correction
 * as long as a person had the command, and the handback after it.
 */
export function phasesOf(of: Pick<Correction, 'startNs' | 'endNs' | 'timeline'>): readonly Phase[] {
  const context = contextOf(of);
  const taken = of.timeline.find(({ owner }) => owner === 'person')?.atNs ?? of.startNs;
  const given = of.timeline.findLast(({ owner, atNs }) => owner === 'robot' && atNs > taken);
  const last = given?.atNs ?? (of.endNs > taken ? of.endNs : taken + takeoverNs);
  const end = last > context.endNs ? context.endNs : last;
  const full = taken + takeoverNs > end ? end : taken + takeoverNs;
  const bounds = [context.startNs, taken, full, end, context.endNs];
  return phaseNames.flatMap((name, i) => {
    const [startNs, endNs] = [bounds[i] ?? 0n, bounds[i + 1] ?? 0n];
    return endNs > startNs ? [{ name, startNs, endNs }] : [];
  });
}

/** Whose fault it was decides what is learnt from it. */
export function consequence(verdict: Verdict): 'learn' | 'case' | 'dismiss' {
  if (verdict === 'hardware') return 'case';
  return verdict === 'model' || verdict === 'environment' ? 'learn' : 'dismiss';
}
