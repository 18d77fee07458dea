/** The planner of clips with the markers of a manifest. Pure. */
import type { ClipMarker } from '@fieldloop/proto';
import {
  type ClipDraft,
  type ClipTrigger,
  nothingPlanned as nothing,
  type PlanInput as Input,
  type PlanOutput as Output,
  type PlanState as State,
} from '@fieldloop/rules';

export { neededFrom, planClips } from '@fieldloop/rules';

export type Trigger = ClipTrigger<ClipMarker>;
export type Draft = ClipDraft<ClipMarker>;
export type PlanState = State<ClipMarker>;
export type PlanInput = Input<ClipMarker>;
export type PlanOutput = Output<ClipMarker>;

export const nothingPlanned: PlanState = nothing;
