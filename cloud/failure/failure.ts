/**
 * The failure log: a moment in which the system did wrong, what was measured then, what it did and
 * should have done, and its way from open to closed by a release. Pure.
 */
import { Fault } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import type { PropertyValue } from '../property/property.ts';

export const failureStates = [
  'open',
  'linked',
  'labelled',
  'in_dataset',
  'fixed_in',
  'released',
  'closed',
  'recurred',
  'wont_fix',
  'not_a_failure',
] as const;
export type FailureState = (typeof failureStates)[number];

export const failureSources = ['rule', 'operator', 'intervention', 'robot'] as const;
export type FailureSource = (typeof failureSources)[number];

/** Where the clip of the moment is. `pulling`: the robot has it and was asked to send it. */
export const failureLinks = ['searching', 'pulling', 'linked', 'unrecoverable'] as const;
export type FailureLink = (typeof failureLinks)[number];

export type SignalValue = number | string | boolean | null;

/** What was measured on the robot at the beginning of the failure. */
export interface Conditions {
  /** Values at that moment, from the event or the nearest verdict of a clip. */
  readonly signals: Readonly<Record<string, SignalValue>>;
  readonly site?: string;
  readonly firmware?: string;
  readonly agent?: string;
  /** Digest of the rules that ran. */
  readonly rules?: string;
  readonly ruleSet?: string;
  /** SHA-256 by model id. */
  readonly models: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, PropertyValue>>;
}

export interface Did {
  readonly signal: string;
  readonly value: SignalValue;
}

/** A label of an ontology, or words. */
export interface ShouldHaveDone {
  readonly label?: string | undefined;
  readonly text?: string | undefined;
}

export interface Failure {
  readonly id: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly device: string;
  readonly session?: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly conditions: Conditions;
  readonly did?: Did;
  readonly shouldHaveDone?: ShouldHaveDone;
  readonly note?: string;
  readonly source: FailureSource;
  readonly event?: string;
  readonly clip?: string;
  readonly link: FailureLink;
  readonly cluster?: string;
  readonly state: FailureState;
  readonly datasetVersion?: string;
  readonly model?: string;
  readonly fix?: 'memorised' | 'generalised';
  readonly release?: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** One step of its life, as it was after it. */
export interface FailureStep {
  readonly n: number;
  readonly at: number;
  readonly actor: string;
  /** `log`, `link`, `advance`, `close`, `reopen`, `dismiss`, `update`. */
  readonly action: string;
  readonly state: FailureState;
  readonly link: FailureLink;
  readonly why?: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where each state leads. Closing takes a release from any state in which work goes on. */
export const nextStates: Readonly<Record<FailureState, readonly FailureState[]>> = {
  open: ['linked', 'closed', 'wont_fix', 'not_a_failure'],
  linked: ['labelled', 'closed', 'wont_fix', 'not_a_failure'],
  labelled: ['in_dataset', 'closed', 'wont_fix', 'not_a_failure'],
  in_dataset: ['fixed_in', 'closed', 'wont_fix', 'not_a_failure'],
  fixed_in: ['released', 'closed', 'recurred'],
  released: ['closed', 'recurred'],
  closed: ['recurred'],
  recurred: ['labelled', 'closed', 'wont_fix', 'not_a_failure'],
  wont_fix: ['open', 'linked'],
  not_a_failure: ['open', 'linked'],
};

/** Nobody works on these any more: no robot is asked for their clips. */
export const overStates: readonly FailureState[] = ['closed', 'wont_fix', 'not_a_failure'];

/** Fault `conflict` unless the table leads from the one state to the other. */
export function checkStep(from: FailureState, to: FailureState): void {
  const allowed = nextStates[from];
  if (allowed.includes(to)) return;
  throw new Fault('conflict', `a failure that is ${from} cannot become ${to}`, {
    remedy: `From ${from} it becomes ${allowed.join(', ')}.`,
  });
}

/** Back into work: what was fixed has recurred; what was dismissed begins where it stands. */
export function reopened(state: FailureState, link: FailureLink): FailureState {
  const to = ['wont_fix', 'not_a_failure'].includes(state)
    ? link === 'linked'
      ? 'linked'
      : 'open'
    : 'recurred';
  checkStep(state, to);
  return to;
}

/** Clips this far from a failure show it. */
export const linkSlackNs = 5_000_000_000n;

export interface ClipFacts {
  readonly id: string;
  readonly state: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface LinkChoice {
  readonly link: FailureLink;
  readonly clip?: string;
  /** The bytes are on the robot only: it is to be asked for them. */
  readonly pull: boolean;
}

type Span = Pick<Failure, 'startNs' | 'endNs'>;

const rank: Readonly<Record<string, number>> = { stored: 0, uploading: 1, on_device: 2 };

/**
 * The clip that shows the failure best: one whose bytes are here before one on its way, that
 * before one on the robot, that before one that is lost; then the one that overlaps it most.
 */
export function chooseClip(failure: Span, clips: readonly ClipFacts[]): LinkChoice {
  const from = failure.startNs - linkSlackNs;
  const to = failure.endNs + linkSlackNs;
  const near = clips.filter(({ startNs, endNs }) => startNs <= to && endNs >= from);
  const [best] = near.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      sign(shared(b, { startNs: from, endNs: to }) - shared(a, { startNs: from, endNs: to })) ||
      (a.id < b.id ? -1 : 1),
  );
  if (best === undefined) return { link: 'searching', pull: false };
  const clip = best.id;
  if (best.state === 'stored') return { link: 'linked', clip, pull: false };
  if (best.state === 'uploading') return { link: 'pulling', clip, pull: false };
  if (best.state === 'on_device') return { link: 'pulling', clip, pull: true };
  return { link: 'unrecoverable', clip, pull: false };
}

const rankOf = ({ state }: ClipFacts): number => rank[state] ?? 3;
const sign = (ns: bigint): number => (ns > 0n ? 1 : ns < 0n ? -1 : 0);

function shared(a: Span, b: Span): bigint {
  const start = a.startNs > b.startNs ? a.startNs : b.startNs;
  const end = a.endNs < b.endNs ? a.endNs : b.endNs;
  return end > start ? end - start : 0n;
}

/** A verdict inside a clip: values at a moment. */
export interface VerdictFacts {
  readonly atNs: bigint;
  readonly values: Readonly<Record<string, SignalValue>>;
}

/** The values of the verdict nearest to the beginning of the failure, when one is near at all. */
export function nearestSignals(
  failure: Span,
  verdicts: readonly VerdictFacts[],
): Readonly<Record<string, SignalValue>> {
  const away = ({ atNs }: VerdictFacts): bigint =>
    atNs > failure.startNs ? atNs - failure.startNs : failure.startNs - atNs;
  const near = verdicts.filter(
    ({ atNs }) => atNs >= failure.startNs - linkSlackNs && atNs <= failure.endNs + linkSlackNs,
  );
  const [best] = near.toSorted((a, b) => sign(away(a) - away(b)));
  return best?.values ?? {};
}

/** What the properties of a device at a moment say of the conditions. */
export function conditionsOf(
  properties: Readonly<Record<string, PropertyValue>>,
  signals: Readonly<Record<string, SignalValue>>,
): Conditions {
  const models: Record<string, string> = {};
  const others: Record<string, PropertyValue> = {};
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('models.')) models[key.slice('models.'.length)] = String(value);
    else if (!named.some((one) => one === key)) others[key] = value;
  }
  const known = Object.fromEntries(
    named.flatMap((key) => (properties[key] === undefined ? [] : [[key, String(properties[key])]])),
  );
  return { signals, ...known, models, properties: others };
}

const named = ['site', 'firmware', 'agent', 'rules', 'ruleSet'] as const;

/** The conditions as one flat list of keys and values, for queries. */
export function conditionValues(
  conditions: Conditions,
): readonly { readonly key: string; readonly value: PropertyValue }[] {
  const { signals, models, properties, ...known } = conditions;
  const flat = (before: string, of: Readonly<Record<string, SignalValue>>) =>
    Object.entries(of).flatMap(([key, value]) =>
      value === null ? [] : [{ key: `${before}${key}`, value }],
    );
  return [
    ...flat('', known),
    ...flat('models.', models),
    ...flat('signals.', signals),
    ...flat('properties.', properties),
  ];
}
