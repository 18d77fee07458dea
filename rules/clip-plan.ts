/**
 * From triggers to clips. A trigger asks for a range; ranges that overlap become one clip with a
 * marker each, the union of their captures and the highest severity, up to the longest duration.
 * What is longer becomes several clips of one group. The robot cuts by it and a backtest counts by
 * it. Pure: times are log time in ns.
 */
import { type Content, unionOfContents } from './clip-content.ts';
import { groupParts, maxClipMarkers, maxClipTags, maxOpenClips } from './limits.ts';
import type { Severity } from './rule-set.ts';
import type { Verdict } from './verdict.ts';

export type ClipClass = Severity | 'baseline';

/** One verdict as the planner sees it; the marker is what its clip keeps of it. */
export interface ClipTrigger<Marker> extends Content {
  readonly ruleId: string;
  readonly atNs: bigint;
  readonly preNs: bigint;
  readonly postNs: bigint;
  /** Longest clip that it may become part of. */
  readonly maxNs: bigint;
  readonly severity: Severity;
  readonly class: ClipClass;
  readonly tags: readonly string[];
  readonly priority: number;
  /** The probability with which this trigger was kept. */
  readonly propensity: number;
  readonly marker: Marker;
}

/** A clip that is not cut yet, because its range is not over. */
export interface ClipDraft<Marker> extends Content {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Time of the first trigger: the range grows around it. */
  readonly firstAtNs: bigint;
  readonly maxNs: bigint;
  readonly severity: Severity;
  readonly class: ClipClass;
  readonly tags: readonly string[];
  readonly priority: number;
  /** The probability with which at least one of its triggers was kept. */
  readonly propensity: number;
  readonly markers: readonly Marker[];
  /** One each of `markers`: what `extend` names. */
  readonly triggers: readonly PlannedTrigger[];
  /** Of a moment that became several clips; absent while it is one. */
  readonly group?: ClipGroup;
}

export interface PlannedTrigger {
  readonly ruleId: string;
  readonly atNs: bigint;
}

export interface ClipGroup {
  /** `rule@ns` of the first trigger of the first clip. */
  readonly id: string;
  /** From 1. A part that only goes on with an earlier one repeats a marker of it. */
  readonly part: number;
}

export interface PlanState<Marker> {
  readonly open: readonly ClipDraft<Marker>[];
}

export type PlanInput<Marker> =
  | { readonly kind: 'trigger'; readonly trigger: ClipTrigger<Marker> }
  /** The clip of a trigger goes on through `throughNs`, because its rule still holds. */
  | {
      readonly kind: 'extend';
      readonly ruleId: string;
      readonly atNs: bigint;
      readonly throughNs: bigint;
    }
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
    'ruleId' | 'atNs' | 'capture' | 'severity' | 'class' | 'tags' | 'priority' | 'propensity'
  >,
  about: { readonly clipNs: bigint; readonly marker: M },
): ClipTrigger<M> {
  const { capture, severity, atNs, tags, priority, propensity = 1 } = verdict;
  const own = capture.preNs + capture.postNs;
  const longest = capture.maxNs ?? about.clipNs;
  return {
    ruleId: verdict.ruleId,
    atNs,
    preNs: capture.preNs,
    postNs: capture.postNs,
    // What one rule asks for is never too long; the limit is for what merging adds.
    maxNs: own > longest ? own : longest,
    topics: capture.topics,
    ...(capture.downsample === undefined ? {} : { downsample: capture.downsample }),
    ...(capture.maxBytes === undefined ? {} : { maxBytes: capture.maxBytes }),
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
    case 'extend':
      return extend(state, input);
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
  const fresh = begin(trigger);
  // It overlaps a clip that is as long as it may be: both are parts of one moment.
  const split = lastOf(state.open.filter((one) => overlaps(one, trigger)));
  if (split === undefined) return [{ open: [...state.open, fresh] }, cuts];
  const first = grouped(split);
  const group = { id: first.group.id, part: first.group.part + 1 };
  const open = state.open.map((one) => (one === split ? first : one));
  return [{ open: [...open, { ...fresh, group }] }, cuts];
}

/** The clip that the next part follows: the last one of its group. */
function lastOf<M>(drafts: readonly ClipDraft<M>[]): ClipDraft<M> | undefined {
  return drafts.reduce<ClipDraft<M> | undefined>(
    (last, one) => ((one.group?.part ?? 1) >= (last?.group?.part ?? 1) ? one : last),
    undefined,
  );
}

function grouped<M>(draft: ClipDraft<M>): ClipDraft<M> & { readonly group: ClipGroup } {
  const [first] = draft.triggers;
  const id = `${first?.ruleId ?? ''}@${first?.atNs ?? ''}`;
  return { ...draft, group: draft.group ?? { id, part: 1 } };
}

/**
 * Moves the end of the clip that holds the trigger. Past its longest duration it ends there, and
 * the rest is the next part; behind the last part nothing is recorded.
 */
function extend<M>(
  state: PlanState<M>,
  { ruleId, atNs, throughNs }: Extract<PlanInput<M>, { kind: 'extend' }>,
): Planned<M> {
  const index = state.open.findLastIndex(({ triggers }) =>
    triggers.some((one) => one.ruleId === ruleId && one.atNs === atNs),
  );
  const draft = state.open[index];
  if (draft === undefined || throughNs <= draft.endNs) return [state, []];
  const mostNs = draft.startNs + draft.maxNs;
  if (throughNs <= mostNs) {
    return [{ open: state.open.with(index, { ...draft, endNs: throughNs }) }, []];
  }
  const first = grouped({ ...draft, endNs: max(mostNs, draft.endNs) });
  const isLast = first.group.part >= groupParts || state.open.length >= maxOpenClips;
  if (isLast) return [{ open: state.open.with(index, { ...draft, endNs: first.endNs }) }, []];
  const at = draft.triggers.findIndex((one) => one.ruleId === ruleId && one.atNs === atNs);
  const rest: ClipDraft<M> = {
    ...first,
    startNs: first.endNs + 1n,
    endNs: throughNs,
    firstAtNs: first.endNs + 1n,
    markers: draft.markers.slice(at, at + 1),
    triggers: draft.triggers.slice(at, at + 1),
    group: { id: first.group.id, part: first.group.part + 1 },
  };
  const open = state.open.with(index, first);
  if (rest.endNs - rest.startNs <= rest.maxNs) return [{ open: [...open, rest] }, []];
  // Even the rest is too long: it is split again.
  const begun = { open: [...open, { ...rest, endNs: rest.startNs }] };
  return extend(begun, { kind: 'extend', ruleId, atNs, throughNs });
}

function begin<M>(trigger: ClipTrigger<M>): ClipDraft<M> {
  const { topics, downsample, maxBytes, severity, priority, propensity, maxNs } = trigger;
  return {
    ...rangeOf(trigger),
    firstAtNs: trigger.atNs,
    maxNs,
    topics,
    ...(downsample === undefined ? {} : { downsample }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    severity,
    class: trigger.class,
    tags: trigger.tags.slice(0, maxClipTags),
    priority,
    propensity,
    markers: [trigger.marker],
    triggers: [{ ruleId: trigger.ruleId, atNs: trigger.atNs }],
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
  if (!overlaps(draft, trigger)) return false;
  const longest = max(draft.maxNs, trigger.maxNs);
  const length = max(draft.endNs, endNs) - min(draft.startNs, startNs);
  return length <= longest && draft.markers.length < maxClipMarkers;
}

function overlaps(draft: ClipDraft<unknown>, trigger: ClipTrigger<unknown>): boolean {
  const { startNs, endNs } = rangeOf(trigger);
  return startNs <= draft.endNs && endNs >= draft.startNs;
}

function merge<M>(draft: ClipDraft<M>, trigger: ClipTrigger<M>): ClipDraft<M> {
  const { startNs, endNs } = rangeOf(trigger);
  return {
    startNs: min(draft.startNs, startNs),
    endNs: max(draft.endNs, endNs),
    firstAtNs: min(draft.firstAtNs, trigger.atNs),
    maxNs: max(draft.maxNs, trigger.maxNs),
    ...unionOfContents(draft, trigger),
    severity: higher(severities, draft.severity, trigger.severity),
    class: higher(classes, draft.class, trigger.class),
    tags: unionOf(draft.tags, trigger.tags).slice(0, maxClipTags),
    priority: Math.max(draft.priority, trigger.priority),
    propensity: 1 - (1 - draft.propensity) * (1 - trigger.propensity),
    markers: [...draft.markers, trigger.marker],
    triggers: [...draft.triggers, { ruleId: trigger.ruleId, atNs: trigger.atNs }],
    ...(draft.group === undefined ? {} : { group: draft.group }),
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

/** However time passes, the clip that ends first is cut first. */
const byEnd = (a: ClipDraft<unknown>, b: ClipDraft<unknown>): number =>
  a.endNs < b.endNs ? -1 : Number(a.endNs > b.endNs);

function cut<M>(state: PlanState<M>, isDue: (draft: ClipDraft<M>) => boolean): Planned<M> {
  if (!state.open.some(isDue)) return [state, []];
  const due = state.open.filter(isDue).toSorted(byEnd);
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
