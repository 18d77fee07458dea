/**
 * From triggers to clips. A trigger asks for a range; ranges that overlap become one clip with a
 * marker each, the union of their topics and the highest severity, up to the longest duration.
 * The robot cuts by it and a backtest counts by it. Pure: times are log time in ns.
 */
import { maxClipMarkers, maxClipTags, maxOpenClips } from './limits.ts';
import type { Severity } from './rule-set.ts';
import type { Verdict } from './verdict.ts';

export type ClipClass = Severity | 'baseline';

/** One verdict as the planner sees it; the marker is what its clip keeps of it. */
export interface ClipTrigger<Marker> {
  readonly atNs: bigint;
  readonly preNs: bigint;
  readonly postNs: bigint;
  /** Longest clip that it may become part of. */
  readonly maxNs: bigint;
  /** `*` is every topic. */
  readonly topics: readonly string[];
  readonly severity: Severity;
  readonly class: ClipClass;
  readonly tags: readonly string[];
  readonly priority: number;
  /** The probability with which this trigger was kept. */
  readonly propensity: number;
  readonly marker: Marker;
}

/** A clip that is not cut yet, because its range is not over. */
export interface ClipDraft<Marker> {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Time of the first trigger: the range grows around it. */
  readonly firstAtNs: bigint;
  readonly maxNs: bigint;
  readonly topics: readonly string[];
  readonly severity: Severity;
  readonly class: ClipClass;
  readonly tags: readonly string[];
  readonly priority: number;
  /** The probability with which at least one of its triggers was kept. */
  readonly propensity: number;
  readonly markers: readonly Marker[];
}

export interface PlanState<Marker> {
  readonly open: readonly ClipDraft<Marker>[];
}

export type PlanInput<Marker> =
  | { readonly kind: 'trigger'; readonly trigger: ClipTrigger<Marker> }
  /** Everything before `watermarkNs` was seen. */
  | { readonly kind: 'time'; readonly watermarkNs: bigint }
  /** The window must let go of what is at or before `throughNs`. */
  | { readonly kind: 'pressure'; readonly throughNs: bigint; readonly newestNs: bigint }
  /** The timeline is over. */
  | { readonly kind: 'end' };

export type PlanOutput<Marker> =
  | { readonly kind: 'cut'; readonly draft: ClipDraft<Marker> }
  /** The trigger became part of an earlier clip. */
  | { readonly kind: 'merged'; readonly trigger: ClipTrigger<Marker> }
  /** Too many clips are open; the moment is kept as a marker alone. */
  | { readonly kind: 'overload'; readonly trigger: ClipTrigger<Marker> };

type Planned<M> = [PlanState<M>, readonly PlanOutput<M>[]];

export const nothingPlanned: PlanState<never> = { open: [] };

/** A verdict as the planner takes it. `clipNs` bounds what merging may add to a clip. */
export function triggerFor<M>(
  verdict: Pick<
    Verdict,
    'atNs' | 'capture' | 'severity' | 'class' | 'tags' | 'priority' | 'propensity'
  >,
  about: { readonly clipNs: bigint; readonly marker: M },
): ClipTrigger<M> {
  const { capture, severity, atNs, tags, priority, propensity = 1 } = verdict;
  const own = capture.preNs + capture.postNs;
  return {
    atNs,
    preNs: capture.preNs,
    postNs: capture.postNs,
    // What one rule asks for is never too long; the limit is for what merging adds.
    maxNs: own > about.clipNs ? own : about.clipNs,
    topics: capture.topics,
    severity,
    // Clips of sampling rules stay apart from those that something led to.
    class: verdict.class === 'baseline' ? 'baseline' : severity,
    tags,
    priority,
    propensity,
    marker: about.marker,
  };
}

export function planClips<M>(state: PlanState<M>, input: PlanInput<M>): Planned<M> {
  switch (input.kind) {
    case 'trigger':
      return take(state, input.trigger);
    case 'time':
      return cut(state, (draft) => draft.endNs < input.watermarkNs);
    case 'pressure':
      return cut(state, (draft) => mustGo(draft, input));
    case 'end':
      return cut(state, () => true);
  }
}

/** Log time from which on open clips need the window; undefined when none is open. */
export function neededFrom(state: PlanState<unknown>): bigint | undefined {
  let from: bigint | undefined;
  for (const { startNs } of state.open) if (from === undefined || startNs < from) from = startNs;
  return from;
}

/**
 * A trigger comes when everything before it was seen, so clips that ended before it are cut first:
 * triggers of a chunk that spans minutes become the clips that those of small chunks become.
 */
function take<M>(before: PlanState<M>, trigger: ClipTrigger<M>): Planned<M> {
  const [state, cuts] = cut(before, (draft) => draft.endNs < trigger.atNs);
  const at = state.open.findIndex((draft) => fits(draft, trigger));
  const draft = state.open[at];
  if (draft !== undefined) {
    const open = state.open.with(at, merge(draft, trigger));
    return [{ open }, [...cuts, { kind: 'merged', trigger }]];
  }
  if (state.open.length >= maxOpenClips) return [state, [...cuts, { kind: 'overload', trigger }]];
  return [{ open: [...state.open, begin(trigger)] }, cuts];
}

function begin<M>(trigger: ClipTrigger<M>): ClipDraft<M> {
  const { topics, severity, priority, propensity, maxNs } = trigger;
  return {
    ...rangeOf(trigger),
    firstAtNs: trigger.atNs,
    maxNs,
    topics,
    severity,
    class: trigger.class,
    tags: trigger.tags.slice(0, maxClipTags),
    priority,
    propensity,
    markers: [trigger.marker],
  };
}

function rangeOf({ atNs, preNs, postNs }: ClipTrigger<unknown>): {
  startNs: bigint;
  endNs: bigint;
} {
  return { startNs: atNs > preNs ? atNs - preNs : 0n, endNs: atNs + postNs };
}

function fits<M>(draft: ClipDraft<M>, trigger: ClipTrigger<M>): boolean {
  const { startNs, endNs } = rangeOf(trigger);
  if (startNs > draft.endNs || endNs < draft.startNs) return false;
  const longest = max(draft.maxNs, trigger.maxNs);
  const length = max(draft.endNs, endNs) - min(draft.startNs, startNs);
  return length <= longest && draft.markers.length < maxClipMarkers;
}

function merge<M>(draft: ClipDraft<M>, trigger: ClipTrigger<M>): ClipDraft<M> {
  const { startNs, endNs } = rangeOf(trigger);
  return {
    startNs: min(draft.startNs, startNs),
    endNs: max(draft.endNs, endNs),
    firstAtNs: min(draft.firstAtNs, trigger.atNs),
    maxNs: max(draft.maxNs, trigger.maxNs),
    topics: unionOf(draft.topics, trigger.topics),
    severity: higher(severities, draft.severity, trigger.severity),
    class: higher(classes, draft.class, trigger.class),
    tags: unionOf(draft.tags, trigger.tags).slice(0, maxClipTags),
    priority: Math.max(draft.priority, trigger.priority),
    propensity: 1 - (1 - draft.propensity) * (1 - trigger.propensity),
    markers: [...draft.markers, trigger.marker],
  };
}

/**
 * A full window takes the pre-roll first. When that has become as short as the post-roll that is
 * there, the clip is cut as it is, with its trigger in the middle.
 */
function mustGo(
  draft: ClipDraft<unknown>,
  pressure: { readonly throughNs: bigint; readonly newestNs: bigint },
): boolean {
  if (pressure.throughNs < draft.startNs) return false;
  const preNs = draft.firstAtNs - pressure.throughNs;
  return preNs <= pressure.newestNs - draft.firstAtNs;
}

function cut<M>(state: PlanState<M>, isDue: (draft: ClipDraft<M>) => boolean): Planned<M> {
  if (!state.open.some(isDue)) return [state, []];
  const due = state.open.filter(isDue);
  const open = state.open.filter((draft) => !due.includes(draft));
  return [{ open }, due.map((draft) => ({ kind: 'cut', draft }))];
}

/** From the highest. */
const severities: readonly Severity[] = ['critical', 'warning', 'info'];
const classes: readonly ClipClass[] = ['critical', 'warning', 'info', 'baseline'];

function higher<T>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) <= order.indexOf(b) ? a : b;
}

const unionOf = (a: readonly string[], b: readonly string[]): string[] => [
  ...new Set([...a, ...b]),
];
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
