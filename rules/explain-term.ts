/** The parts of a condition at one moment: value, distance to the threshold, why it is unknown. */
import { formatAboutNs, formatDurationNs } from '@fieldloop/core';
import { type Checked, partsOf, termsOf } from './cel/checked.ts';
import { compileMargin } from './cel/margin.ts';
import type { EngineState } from './engine-state.ts';
import { scoreTopic } from './rule-set.ts';
import { openReader } from './shown.ts';
import type { ShownValue } from './verdict.ts';

export interface ExplainedTerm {
  readonly text: string;
  /** 0 for the condition itself, 1 for its parts, and so on. */
  readonly depth: number;
  /** Durations are seconds; unknown is null. */
  readonly value: ShownValue;
  /** Of a condition: how far it is from its threshold, above 0 where it holds. */
  readonly margin?: number;
  /** Why it is unknown, where the term itself is the reason. */
  readonly unknown?: string;
}

export interface ExplainMoment {
  readonly state: EngineState;
  /** Of the epoch, and as log time. */
  readonly nowNs: number;
  readonly atNs: bigint;
}

/** The term, then its parts, each before its own parts; constants explain nothing. */
export function explainTerm(term: Checked, moment: ExplainMoment, depth = 0): ExplainedTerm[] {
  if (term.kind === 'constant') return [];
  const value = valueOf(term, moment);
  const inner = partsOf(term).flatMap((part) => explainTerm(part, moment, depth + 1));
  const margin = term.type === 'bool' ? marginOf(term, moment) : undefined;
  const unknown = value === null ? whyUnknown(term, moment) : undefined;
  const told = {
    text: term.text,
    depth,
    value,
    ...(margin === undefined ? {} : { margin }),
    ...(unknown === undefined ? {} : { unknown }),
  };
  return [told, ...inner];
}

export function valueOf(term: Checked, { state }: ExplainMoment): ShownValue {
  return openReader(term, state.program.sources)();
}

/** Undefined where the condition has no distance or it is not known. */
export function marginOf(term: Checked, { state }: ExplainMoment): number | undefined {
  const margin = compileMargin(term, state.program.sources)();
  return Number.isFinite(margin) ? margin : undefined;
}

/** What would have to change, from a condition that does not hold. */
export function needsOf(term: Checked, moment: ExplainMoment): string[] {
  const value = valueOf(term, moment);
  if (value === true) return [];
  if (term.kind === 'and') return term.args.flatMap((arg) => needsOf(arg, moment));
  if (term.kind === 'or') {
    return [term.args.map((arg) => needsOf(arg, moment).join(' and ')).join(', or ')];
  }
  const margin = marginOf(term, moment);
  if (margin !== undefined) return [`${term.text} (it is ${rounded(-margin)} away)`];
  if (value !== null) return [term.text];
  const why = termsOf(term).flatMap((inner) =>
    valueOf(inner, moment) === null ? (whyUnknown(inner, moment) ?? []) : [],
  );
  return [`${term.text} (it is unknown: ${why[0] ?? 'a part of it is'})`];
}

const rounded = (value: number): string => String(Number(value.toPrecision(4)));

function whyUnknown(term: Checked, moment: ExplainMoment): string | undefined {
  if (term.kind === 'signal') return whySignal(term.name, moment);
  if (term.kind !== 'memory') return undefined;
  if (term.topic !== undefined) return whyTopic(term.topic, moment) ?? 'its window is not full yet';
  const isFed = term.arg !== undefined && valueOf(term.arg, moment) !== null;
  return isFed ? 'there is too little in its window yet' : undefined;
}

function whySignal(name: string, moment: ExplainMoment): string {
  const { ruleSet, unreadable } = moment.state;
  const signal = ruleSet.signals.find((one) => one.name === name);
  if (signal === undefined) return whyScore(name, moment);
  const { topic, path, maxAgeNs } = signal;
  const never = whyTopic(topic, moment);
  if (never !== undefined) return never;
  const why = [...unreadable.values()].find((one) => one.topic === topic && one.path === path);
  if (why !== undefined) return why.why;
  return whyOld(`the last message of ${topic}`, maxAgeNs, ageOf(topic, moment));
}

function whyScore(name: string, moment: ExplainMoment): string {
  const model = moment.state.ruleSet.models.find(({ id }) => name.startsWith(`${id}.`));
  if (model === undefined) return 'nothing gives it';
  const age = ageOf(scoreTopic(model.id), moment);
  if (age === undefined) return `no score of ${model.id} yet`;
  return whyOld(`the last score of ${model.id}`, model.maxAgeNs, age);
}

function whyOld(what: string, maxAgeNs: number, ageNs = 0): string {
  if (ageNs <= maxAgeNs) return `${what} does not hold it`;
  const most = formatDurationNs(BigInt(maxAgeNs));
  return `${what} is ${formatAboutNs(ageNs)} old, maxAge is ${most}`;
}

const whyTopic = (topic: string, moment: ExplainMoment): string | undefined =>
  ageOf(topic, moment) === undefined ? `no message of ${topic} yet` : undefined;

function ageOf(topic: string, { state, nowNs }: ExplainMoment): number | undefined {
  const newestNs = state.program.topics.get(topic)?.newestNs;
  return newestNs === undefined || !Number.isFinite(newestNs) ? undefined : nowNs - newestNs;
}
