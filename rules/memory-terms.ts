/** The functions with memory that run for a rule, whichever part of it asks for them. */
import { type MemoryTerm, termsOf } from './cel/checked.ts';
import { measuredWindows } from './cel/margin.ts';
import { type Rule, termsOfRule, valueTermsOf } from './rule-set.ts';
import { rateTerm } from './shown.ts';

export interface MemoryTerms {
  /** Of its conditions, its values, and the rate of `minHz`. */
  readonly named: readonly MemoryTerm[];
  /** Calls of `held` and `once` that remember the margin of their condition besides. */
  readonly measured: readonly MemoryTerm[];
}

export function memoryTermsOf(rule: Rule): MemoryTerms {
  const { trigger } = rule;
  const named = [...termsOfRule(rule), ...valueTermsOf(rule)]
    .flatMap(termsOf)
    .filter((term) => term.kind === 'memory');
  if (trigger.kind === 'absent' && trigger.minHz !== undefined) named.push(rateTerm(trigger));
  const measured = trigger.kind === 'when' ? measuredWindows(trigger.condition) : [];
  return { named, measured };
}
