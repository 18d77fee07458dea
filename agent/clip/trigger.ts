/** A verdict in the words of this station, within the limits of a manifest. Pure. */
import { type Rule, triggerFor, type Verdict } from '@fieldloop/rules';
import type { Trigger } from './plan.ts';

type Values = Trigger['marker']['values'];

export function triggerOf(
  verdict: Verdict,
  about: {
    readonly rule: Pick<Rule, 'why' | 'priority' | 'priorityTerm'> | undefined;
    readonly clipNs: bigint;
    /** Signals that no value may be told of. */
    readonly hidden?: ReadonlySet<string> | undefined;
  },
): Trigger {
  const { severity, atNs } = verdict;
  const { rule, hidden } = about;
  const label = labelOf(verdict, hidden);
  // A distance from a threshold that stands in the rule tells the value.
  const margin = tells(verdict.expression, hidden) ? undefined : verdict.margin;
  const marker = {
    rule: verdict.ruleId.slice(0, 96),
    ruleSet: verdict.ruleSet.slice(0, 96),
    version: verdict.version,
    ruleSetDigest: verdict.digest,
    severity,
    ...(rule?.why === undefined ? {} : { why: rule.why.slice(0, 512) }),
    atNs: String(atNs),
    expression: verdict.expression.slice(0, 2_048),
    values: boundedValues(withoutHidden(verdict.values, hidden)),
    ...(label === undefined ? {} : { label }),
    ...(margin === undefined || !Number.isFinite(margin) ? {} : { margin }),
  };
  const priority = priorityOf(verdict, rule, hidden);
  return triggerFor({ ...verdict, priority }, { clipNs: about.clipNs, marker });
}

/** Whether an expression reads a signal that no value may be told of. */
function tells(expression: string, hidden: ReadonlySet<string> | undefined): boolean {
  if (hidden === undefined || hidden.size === 0) return false;
  return (expression.match(/[A-Za-z_]\w*/g) ?? []).some((word) => hidden.has(word));
}

/** What is computed from a hidden signal gives way to the number that the rule has without it. */
function priorityOf(
  { priority, expression }: Verdict,
  rule: Pick<Rule, 'priority' | 'priorityTerm'> | undefined,
  hidden: ReadonlySet<string> | undefined,
): number {
  const term = rule?.priorityTerm?.text;
  if (rule === undefined || term === undefined) return priority;
  const readsMargin = /\bmargin\(/.test(term);
  const isTold = tells(term, hidden) || (readsMargin && tells(expression, hidden));
  return isTold ? rule.priority : priority;
}

/** The wire takes so many; the document of a rule set takes no more. */
const maxLabels = 16;

/** Values stand under the text of their term, which names the signals that it reads. */
function withoutHidden(
  values: Readonly<Record<string, Values[string]>>,
  hidden: ReadonlySet<string> | undefined,
): Readonly<Record<string, Values[string]>> {
  return Object.fromEntries(Object.entries(values).filter(([text]) => !tells(text, hidden)));
}

/** A label may be of any signal: where one is hidden, none is told. */
function labelOf({ label }: Verdict, hidden: ReadonlySet<string> | undefined): Values | undefined {
  if (label === undefined || (hidden !== undefined && hidden.size > 0)) return undefined;
  return boundedValues(Object.fromEntries(Object.entries(label).slice(0, maxLabels)));
}

/** JSON has no infinity and no NaN: they are told as words. */
function boundedValues(values: Readonly<Record<string, Values[string]>>): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value === 'number' && !Number.isFinite(value)) value = String(value);
      return [name.slice(0, 64), typeof value === 'string' ? value.slice(0, 256) : value];
    }),
  );
}
