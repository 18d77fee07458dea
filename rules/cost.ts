/**
 * What a rule set takes of a processor, estimated before it runs: nanoseconds of one look at each
 * part of an expression (measured on one core of about 3 GHz, docs/reference/rule-expressions.md)
 * times how often that part is looked at, by the rates of a recording.
 */
import { scoresTopic } from '@fieldloop/recording';
import { type Checked, type MemoryTerm, signalsOf, termsOf, topicsOf } from './cel/checked.ts';
import type { RecordingFacts } from './facts.ts';
import * as limits from './limits.ts';
import { memoryTermsOf } from './memory-terms.ts';
import { type Rule, type RuleSet, scoreSignals, scoreTopic, termsOfRule } from './rule-set.ts';

export interface RuleCost {
  readonly rule: string;
  /** One look at the rule, and its looks a second. */
  readonly ns: number;
  readonly hz: number;
  /** Looks, and the memory of its functions; what rules share counts for the first. */
  readonly nsPerSecond: number;
}

export interface SetCost {
  readonly rules: readonly RuleCost[];
  /** Reading the signals out of their messages, whichever rules read them. */
  readonly readingNsPerSecond: number;
  readonly nsPerSecond: number;
}

const nsPerSecond = 1e9;
/** Looks of rules that depend on the passing of time. */
const ticksHz = nsPerSecond / limits.tickNs;
/** A list has fewer items than it may have: what an estimate takes for its length. */
const typicalItems = 32;

/** Taking one message of a topic that is read, one value of it, and one field of an item. */
const messageNs = 60;
const valueNs = 15;
const itemNs = 4;
/** Finding out that a rule is to be looked at, and what follows. */
const lookNs = 25;

export function costOf(ruleSet: RuleSet, recording: RecordingFacts): SetCost {
  const { rateOf, hzOf } = openRates(ruleSet, recording);
  const counted = new Set<string>();
  const rules = ruleSet.rules.map((rule) => {
    const terms = termsOfRule(rule);
    const ns = lookNs + terms.reduce((sum, term) => sum + lookAt(term), 0);
    const hz = looksHz(rule, terms, hzOf(terms), rateOf);
    let rememberNs = 0;
    const remember = (key: string, term: MemoryTerm, ownNs: number): void => {
      if (counted.has(key)) return;
      counted.add(key);
      rememberNs += hzOf([term]) * (ownNs + (term.arg === undefined ? 0 : lookAt(term.arg)));
    };
    const { named, measured } = memoryTermsOf(rule);
    for (const term of named) remember(term.text, term, foldNs(term));
    for (const term of measured) remember(`margin of ${term.text}`, term, sampleNs);
    return { rule: rule.id, ns, hz, nsPerSecond: ns * hz + rememberNs };
  });
  const readingNsPerSecond = readingOf(ruleSet, rateOf);
  const all = rules.reduce((sum, rule) => sum + rule.nsPerSecond, readingNsPerSecond);
  return { rules, readingNsPerSecond, nsPerSecond: all };
}

export interface Rates {
  /** Messages a second of a topic, or of the scores of a model (`scoreTopic`). */
  readonly rateOf: (topic: string) => number;
  /** Those of all topics that the terms read. */
  readonly hzOf: (terms: readonly Checked[]) => number;
}

export function openRates(ruleSet: RuleSet, recording: RecordingFacts): Rates {
  const rates = ratesWithScores(ruleSet, recording);
  const topicOf = new Map([
    ...ruleSet.signals.map(({ name, topic }): [string, string] => [name, topic]),
    ...ruleSet.models.flatMap(({ id }) =>
      scoreSignals.map((name): [string, string] => [`${id}.${name}`, scoreTopic(id)]),
    ),
  ]);
  const rateOf = (topic: string): number => rates.get(topic) ?? 0;
  const topicsRead = (terms: readonly Checked[]): Set<string> =>
    new Set(
      terms.flatMap((term) => [
        ...[...signalsOf(term)].map((name) => topicOf.get(name) ?? ''),
        ...topicsOf(term),
      ]),
    );
  const hzOf = (terms: readonly Checked[]): number =>
    [...topicsRead(terms)].reduce((sum, topic) => sum + rateOf(topic), 0);
  return { rateOf, hzOf };
}

/**
 * Scores come as often as a model is asked, at most for each frame; of a recording without frames
 * its own scores say how often.
 */
function ratesWithScores(ruleSet: RuleSet, recording: RecordingFacts): Map<string, number> {
  const rates = ratesOf(recording);
  for (const { id, inputTopic, everyNs } of ruleSet.models) {
    const frames = rates.get(inputTopic) ?? rates.get(scoresTopic) ?? 0;
    rates.set(scoreTopic(id), Math.min(frames, nsPerSecond / Number(everyNs)));
  }
  return rates;
}

/** Messages a second by topic. */
function ratesOf({ channels, durationNs }: RecordingFacts): Map<string, number> {
  const seconds = Number(durationNs) / nsPerSecond;
  const rates = new Map<string, number>();
  if (seconds <= 0) return rates;
  for (const { channel, messages } of channels) {
    rates.set(channel.topic, (rates.get(channel.topic) ?? 0) + messages / seconds);
  }
  return rates;
}

function looksHz(
  { trigger }: Rule,
  terms: readonly Checked[],
  readHz: number,
  rateOf: (topic: string) => number,
): number {
  if (trigger.kind === 'every') return nsPerSecond / trigger.periodNs;
  const timed = terms.flatMap(termsOf).some(isTimed) ? ticksHz : 0;
  const silence = trigger.kind === 'absent' ? rateOf(trigger.topic) + ticksHz : 0;
  return readHz + timed + silence;
}

const isTimed = (term: Checked): boolean =>
  (term.kind === 'function' && term.fn === 'now') ||
  (term.kind === 'memory' && ['held', 'once', 'count', 'rate', 'age'].includes(term.fn));

/** Each topic once, each of its values once, and each question to an item of a list. */
function readingOf({ signals }: RuleSet, rateOf: (topic: string) => number): number {
  let sum = 0;
  for (const topic of new Set(signals.map((signal) => signal.topic))) {
    let ns = messageNs;
    for (const { type, topic: of, paths, reduce, folds, maxItems } of signals) {
      if (of !== topic) continue;
      const items = Math.min(maxItems, typicalItems);
      ns += paths.length * (reduce === undefined ? valueNs : valueNs + items * itemNs);
      if (type !== 'list') continue;
      for (const { filters, body } of folds.values()) {
        const parts = body === undefined ? filters : [...filters, body];
        ns += items * parts.reduce((inner, part) => inner + lookAt(part) + itemNs, itemNs);
      }
    }
    sum += ns * rateOf(topic);
  }
  return sum;
}

/** Nanoseconds of one look, without what a function remembers. */
function lookAt(term: Checked): number {
  return termsOf(term).reduce((sum, inner) => sum + ownNs(inner), 0);
}

function ownNs(term: Checked): number {
  switch (term.kind) {
    case 'constant':
      return 1;
    case 'match':
      return 400;
    case 'member':
      return 3 + term.items.length;
    case 'memory':
      return term.fn === 'p' ? 15 : 8;
    case 'function':
      return term.fence === undefined
        ? (functionNs[term.fn] ?? 5)
        : 20 + (term.fence.corners === 0 ? 80 : 4 * term.fence.corners);
    default:
      return 4;
  }
}

const functionNs: Readonly<Record<string, number>> = {
  dist: 80,
  geo: 5,
  geohash: 30,
  size: 20,
  startsWith: 10,
  endsWith: 10,
  contains: 20,
};

/** Nanoseconds by which a window over samples takes one value. */
const sampleNs = 30;

/** Nanoseconds by which a function remembers one value. */
function foldNs(term: MemoryTerm): number {
  switch (term.fn) {
    case 'p':
      return 250;
    case 'zscore':
      return 40;
    case 'avg':
    case 'drop':
    case 'max':
    case 'min':
    case 'rate':
      return sampleNs;
    default:
      return 12;
  }
}
