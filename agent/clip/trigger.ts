/** A verdict in the words of this station, within the limits of a manifest. Pure. */
import { triggerFor, type Verdict } from '@fieldloop/rules';
import type { Trigger } from './plan.ts';

type Values = Trigger['marker']['values'];

export function triggerOf(
  verdict: Verdict,
  about: {
    readonly why: string | undefined;
    readonly clipNs: bigint;
    /** Signals that no value may be told of. */
    readonly hidden?: ReadonlySet<string> | undefined;
  },
): Trigger {
  const { severity, atNs, margin } = verdict;
  const { hidden } = about;
  const label = labelOf(verdict, hidden);
  const marker = {
    rule: verdict.ruleId.slice(0, 96),
    ruleSet: verdict.ruleSet.slice(0, 96),
    version: verdict.version,
    ruleSetDigest: verdict.digest,
    severity,
    ...(about.why === undefined ? {} : { why: about.why.slice(0, 512) }),
    atNs: String(atNs),
    expression: verdict.expression.slice(0, 2_048),
    values: boundedValues(withoutHidden(verdict.values, hidden)),
    ...(label === undefined ? {} : { label }),
    ...(margin === undefined || !Number.isFinite(margin) ? {} : { margin }),
  };
  return triggerFor(verdict, { clipNs: about.clipNs, marker });
}

/** The wire takes so many; the document of a rule set takes no more. */
const maxLabels = 16;

/** Values stand under the text of their term, which names the signals that it reads. */
function withoutHidden(
  values: Readonly<Record<string, Values[string]>>,
  hidden: ReadonlySet<string> | undefined,
): Readonly<Record<string, Values[string]>> {
  if (hidden === undefined || hidden.size === 0) return values;
  const tells = (text: string): boolean =>
    (text.match(/[A-Za-z_]\w*/g) ?? []).some((word) => hidden.has(word));
  return Object.fromEntries(Object.entries(values).filter(([text]) => !tells(text)));
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
