/** The clips that are open as JSON and back. */
import type { Json } from '@fieldloop/core';
import type { ClipDraft, PlanState } from './clip-plan.ts';

type JsonMap = Readonly<Record<string, Json>>;

/** `markerJson` says what is kept of a marker. */
export function savePlan<M>(plan: PlanState<M>, markerJson: (marker: M) => Json): Json {
  return plan.open.map((draft) => ({
    ...(draft as unknown as JsonMap),
    startNs: String(draft.startNs),
    endNs: String(draft.endNs),
    firstAtNs: String(draft.firstAtNs),
    maxNs: String(draft.maxNs),
    markers: draft.markers.map(markerJson),
    triggers: draft.triggers.map(({ ruleId, atNs }) => ({ ruleId, atNs: String(atNs) })),
  }));
}

export function loadPlan<M>(saved: Json, markerOf: (json: Json) => M): PlanState<M> {
  const drafts = (saved ?? []) as readonly JsonMap[];
  const ns = (value: Json | undefined): bigint => BigInt(value as string);
  const open = drafts.map((draft): ClipDraft<M> => {
    const triggers = draft['triggers'] as readonly { ruleId: string; atNs: string }[];
    return {
      ...(draft as unknown as ClipDraft<M>),
      startNs: ns(draft['startNs']),
      endNs: ns(draft['endNs']),
      firstAtNs: ns(draft['firstAtNs']),
      maxNs: ns(draft['maxNs']),
      markers: (draft['markers'] as readonly Json[]).map(markerOf),
      triggers: triggers.map(({ ruleId, atNs }) => ({ ruleId, atNs: BigInt(atNs) })),
    };
  });
  return { open };
}
