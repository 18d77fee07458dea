/**
 * A condition's level to its rising edge: armed, then holding for `forNs`, then fired until it
 * is over. Unknown (2) never fires, breaks a hold, and leaves a fired rule fired.
 */
import type { Truth, TruthOf } from './cel/compare.ts';

export const phase = { armed: 0, holding: 1, fired: 2 } as const;
export type Phase = (typeof phase)[keyof typeof phase];

export interface Edge {
  /** The condition must hold so long. */
  readonly forNs: number;
  /** `clearWhen`; asked for only while fired. */
  readonly cleared: TruthOf | undefined;
  phase: Phase;
  /** While holding: when the condition became true, ns of the epoch. */
  sinceNs: number;
}

export function armedEdge(forNs: number, cleared: TruthOf | undefined): Edge {
  return { forNs, cleared, phase: phase.armed, sinceNs: 0 };
}

/** True when the rule fires at `nowNs`. */
export function stepEdge(edge: Edge, condition: Truth, nowNs: number): boolean {
  if (edge.phase === phase.fired) {
    if (isOver(edge, condition)) edge.phase = phase.armed;
    return false;
  }
  if (condition !== 1) {
    edge.phase = phase.armed;
    return false;
  }
  if (edge.phase === phase.armed) {
    edge.phase = phase.holding;
    edge.sinceNs = nowNs;
  }
  if (nowNs - edge.sinceNs < edge.forNs) return false;
  edge.phase = phase.fired;
  return true;
}

/** With `clearWhen` that has to hold; in any case the condition itself must not hold any more. */
function isOver(edge: Edge, condition: Truth): boolean {
  if (edge.cleared === undefined) return condition === 0;
  return condition !== 1 && edge.cleared() === 1;
}

/** When a condition that holds will have held long enough; Infinity when it does not. */
export function holdEndNs(edge: Edge): number {
  return edge.phase === phase.holding ? edge.sinceNs + edge.forNs : Number.POSITIVE_INFINITY;
}
