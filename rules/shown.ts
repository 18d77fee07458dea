/** The values that explain a trigger: signals and calls of a rule by their text. */
import { formatDurationNs } from '@fieldloop/core';
import { type Checked, type MemoryTerm, termsOf } from './cel/checked.ts';
import {
  compileNumber,
  compilePlace,
  compileText,
  compileTruth,
  type Sources,
} from './cel/compile.ts';
import { placeText } from './cel/place.ts';
import { type Rule, termsOfRule, type Trigger, triggerTerms } from './rule-set.ts';
import { type ShownValue, shownNumber } from './verdict.ts';

export type Shown = () => Record<string, ShownValue>;

const nsPerSecond = 1e9;

/** Values of one rule that a verdict carries at most. */
const mostValues = 64;

export function openShown(rule: Rule, sources: Sources): Shown {
  const terms = new Map<string, Checked>();
  for (const term of shownTerms(rule)) {
    for (const inner of termsOf(term)) {
      const isCall = inner.kind === 'memory' || inner.kind === 'function';
      if (inner.kind === 'signal' || inner.kind === 'fold' || isCall) terms.set(inner.text, inner);
    }
  }
  const readers = [...terms].slice(0, mostValues).map(([text, term]) => ({
    text,
    read: openReader(term, sources),
  }));
  return () => {
    const values: Record<string, ShownValue> = {};
    for (const { text, read } of readers) values[text] = read();
    return values;
  };
}

/** What led to the trigger; `clearWhen` did not. Absence shows how long the silence is. */
function shownTerms(rule: Rule): Checked[] {
  const { trigger } = rule;
  if (trigger.kind !== 'absent') {
    return triggerTerms(trigger).filter((term) => term !== undefined);
  }
  const { topic } = trigger;
  const text = `age(${JSON.stringify(topic)})`;
  const age: Checked = { kind: 'memory', fn: 'age', type: 'duration', topic, text, at: 0 };
  const terms = trigger.minHz === undefined ? [age] : [age, rateTerm(trigger)];
  return trigger.arm === undefined ? terms : [...terms, ...termsOfRule(rule).slice(0, 1)];
}

/** The rate that `minHz` speaks of, as an expression would write it. */
export function rateTerm(trigger: Extract<Trigger, { kind: 'absent' }>): MemoryTerm {
  const { topic, windowNs } = trigger;
  const window = formatDurationNs(BigInt(windowNs));
  const text = `rate(${JSON.stringify(topic)}, "${window}")`;
  return { kind: 'memory', fn: 'rate', type: 'double', topic, windowNs, text, at: 0 };
}

/** One value as it is shown: durations in seconds, unknown as null. */
export function openReader(term: Checked, sources: Sources): () => ShownValue {
  const { moment } = sources;
  switch (term.type) {
    case 'string': {
      const text = compileText(term, sources);
      return () => text() ?? null;
    }
    case 'bool': {
      const truth = compileTruth(term, sources);
      return () => {
        const value = truth();
        return value === 2 ? null : value === 1;
      };
    }
    case 'geo': {
      const text = placeText(compilePlace(term, sources));
      return () => text() ?? null;
    }
    case 'list':
      return () => null;
    case 'double':
    case 'duration': {
      const number = compileNumber(term, sources);
      const scale = term.type === 'duration' ? nsPerSecond : 1;
      return () => {
        moment.miss = false;
        const value = number() / scale;
        return moment.miss ? null : shownNumber(value);
      };
    }
  }
}
