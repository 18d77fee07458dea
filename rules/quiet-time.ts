/**
 * How long after the last message the passing of time can still change something: then every age
 * and window has passed each duration that is named or remembered, and ticks may rest.
 */
import { type Checked, isTimed, isTimedCall, type MemoryTerm, termsOf } from './cel/checked.ts';
import type { Sources } from './cel/compile.ts';
import * as limits from './limits.ts';
import { type Rule, termsOfRule, valueTermsOf } from './rule-set.ts';

/** Whether it is looked at on the grid of ticks. */
export function isTimedRule(rule: Rule): boolean {
  if (rule.trigger.kind === 'every') return false;
  if (rule.trigger.kind === 'absent' && rule.trigger.minHz !== undefined) return true;
  return termsOfRule(rule).some(isTimed);
}

/** Ns of silence, at the moment at which it is asked. */
export function openQuietTime(rules: readonly Rule[], sources: Sources): () => number {
  const timed = rules.filter((rule) => isTimedRule(rule) || expressionsOf(rule).some(isTimed));
  const terms = timed.flatMap(expressionsOf).flatMap(termsOf);
  const named = [...timed.map(silenceOf), ...terms.map(namedIn)];
  const namedNs = named.reduce((a, b) => a + b, limits.tickNs);
  const remembered = terms.filter(isRememberedDuration).map((term) => sources.memoryOf(term));
  return () =>
    remembered.reduce(
      (sum, one) => sum + (one.known(sources.moment.nowNs) ? one.number : 0),
      namedNs,
    );
}

const expressionsOf = (rule: Rule): Checked[] => [...termsOfRule(rule), ...valueTermsOf(rule)];

function silenceOf({ trigger }: Rule): number {
  return trigger.kind === 'absent' ? trigger.forNs + trigger.windowNs + limits.tickNs : 0;
}

function namedIn(term: Checked): number {
  // What a call sees of another one it sees at the next tick.
  const tickNs = isTimedCall(term) ? limits.tickNs : 0;
  if (term.kind === 'memory') return tickNs + (term.windowNs ?? 0);
  if (term.kind === 'function') return tickNs + (term.fn === 'now' ? limits.nowQuietNs : 0);
  return term.kind === 'constant' && term.type === 'duration' ? Number(term.value) : 0;
}

/** `gap`, and what was one: as long as the past has made it. */
function isRememberedDuration(term: Checked): term is MemoryTerm {
  return term.kind === 'memory' && term.type === 'duration' && !isTimed(term);
}
