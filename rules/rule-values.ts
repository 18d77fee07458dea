/** What a rule reads only when it fires: its labels, its priority, its margin, its limit's key. */
import type { Checked } from './cel/checked.ts';
import { compileNumber, type Sources } from './cel/compile.ts';
import { compileMargin } from './cel/margin.ts';
import * as limits from './limits.ts';
import type { Rule } from './rule-set.ts';
import { openReader } from './shown.ts';
import type { ShownValue } from './verdict.ts';

export interface RuleValues {
  labels(): Readonly<Record<string, ShownValue>> | undefined;
  priority(): number;
  /** Signed distance of the condition to its threshold; undefined when none is known. */
  margin(): number | undefined;
  /** What `limits.per` counts apart; unknown is a key of its own. */
  key(): string;
}

export function openRuleValues(rule: Rule, sources: Sources): RuleValues {
  const { trigger, priorityTerm, priority, label } = rule;
  const { moment } = sources;
  const labels = label.map(({ name, term }) => ({ name, read: openReader(term, sources) }));
  const term = priorityTerm && compileNumber(priorityTerm, sources);
  const margin =
    trigger.kind === 'when' ? compileMargin(trigger.condition, sources) : () => Number.NaN;
  const key = openKey(rule.limits.per?.key, sources);
  return {
    labels: () =>
      labels.length === 0
        ? undefined
        : Object.fromEntries(labels.map(({ name, read }) => [name, read()])),
    priority() {
      if (term === undefined) return priority;
      moment.miss = false;
      const value = term();
      return moment.miss || !Number.isFinite(value) ? priority : value;
    },
    margin() {
      const value = margin();
      return Number.isFinite(value) ? value : undefined;
    },
    key,
  };
}

function openKey(term: Checked | undefined, sources: Sources): () => string {
  if (term === undefined) return () => '';
  const read = openReader(term, sources);
  return () => {
    const value = read();
    return value === null ? '' : String(value).slice(0, limits.limitKeyCharacters);
  };
}
