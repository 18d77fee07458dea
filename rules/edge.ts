/**
 * A condition's level to its edges: armed, then holding for `forNs`, then fired until it is over.
 * Unknown (2) never fires, breaks a hold, and leaves a fired rule fired. Gaps shorter than `keepNs`
 * are no end; whether a gap is short shows only behind it, so nothing fires inside one.
 */
import type { Truth, TruthOf } from './cel/compare.ts';
import type { EdgeMode } from './rule-set.ts';

export const phase = { armed: 0, holding: 1, fired: 2 } as const;
export type Phase = (typeof phase)[keyof typeof phase];

/** What a look at the condition found. */
export const edgeStep = { none: 0, rose: 1, fell: 2 } as const;
export type EdgeStep = (typeof edgeStep)[keyof typeof edgeStep];

export interface Edge {
  readonly mode: EdgeMode;
  /** The condition must hold so long. */
  readonly forNs: number;
  readonly keepNs: number;
  /** `clearWhen`; asked for only while fired. */
  readonly cleared: TruthOf | undefined;
  phase: Phase;
  /** While holding: when the condition became true, ns of the epoch. */
  sinceNs: number;
  /** When the gap began that may be its end; NaN outside a gap. */
  gapNs: number;
}

export function armedEdge(
  modifiers: Pick<Edge, 'mode' | 'forNs' | 'keepNs'>,
  cleared: TruthOf | undefined,
): Edge {
  return { ...modifiers, cleared, phase: phase.armed, sinceNs: 0, gapNs: Number.NaN };
}

export function resetEdge(edge: Edge): void {
  edge.phase = phase.armed;
  edge.sinceNs = 0;
  edge.gapNs = Number.NaN;
}

export function stepEdge(edge: Edge, condition: Truth, nowNs: number): EdgeStep {
  if (edge.phase === phase.fired) return stepFired(edge, condition, nowNs);
  if (condition !== 1) {
    if (edge.phase === phase.armed || isShortGap(edge, nowNs)) return edgeStep.none;
    resetEdge(edge);
    return edgeStep.none;
  }
  edge.gapNs = Number.NaN;
  if (edge.phase === phase.armed) {
    edge.phase = phase.holding;
    edge.sinceNs = nowNs;
  }
  if (nowNs - edge.sinceNs < edge.forNs) return edgeStep.none;
  edge.phase = phase.fired;
  return edgeStep.rose;
}

function stepFired(edge: Edge, condition: Truth, nowNs: number): EdgeStep {
  const isEnding = isOver(edge, condition);
  // Unknown leaves a gap that began as it is.
  if (!isEnding && condition !== 2) edge.gapNs = Number.NaN;
  const isInGap = !Number.isNaN(edge.gapNs);
  if (!isEnding && !isInGap) return edgeStep.none;
  if (isShortGap(edge, nowNs)) return edgeStep.none;
  resetEdge(edge);
  return edgeStep.fell;
}

/** The gap begins with the first look inside it. */
function isShortGap(edge: Edge, nowNs: number): boolean {
  if (Number.isNaN(edge.gapNs)) edge.gapNs = nowNs;
  return nowNs - edge.gapNs < edge.keepNs;
}

/** With `clearWhen` that has to hold; in any case the condition itself must not hold any more. */
function isOver(edge: Edge, condition: Truth): boolean {
  if (edge.cleared === undefined) return condition === 0;
  return condition !== 1 && edge.cleared() === 1;
}

/** When time alone brings the next edge: a hold or a gap has lasted long enough. */
export function edgeDueNs(edge: Edge): number {
  if (!Number.isNaN(edge.gapNs)) return edge.gapNs + edge.keepNs;
  return edge.phase === phase.holding ? edge.sinceNs + edge.forNs : Number.POSITIVE_INFINITY;
}
