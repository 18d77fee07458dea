/** A verdict in the words of this station, within the limits of a manifest. Pure. */
import { triggerFor, type Verdict } from '@fieldloop/rules';
import type { Trigger } from './plan.ts';

type Values = Trigger['marker']['values'];

export function triggerOf(
  verdict: Verdict,
  about: { readonly why: string | undefined; readonly clipNs: bigint },
): Trigger {
  const { severity, atNs } = verdict;
  const marker = {
    rule: verdict.ruleId.slice(0, 96),
    ruleSet: verdict.ruleSet.slice(0, 96),
    version: verdict.version,
    ruleSetDigest: verdict.digest,
    severity,
    ...(about.why === undefined ? {} : { why: about.why.slice(0, 512) }),
    atNs: String(atNs),
    expression: verdict.expression.slice(0, 2_048),
    values: boundedValues(verdict.values),
  };
  return triggerFor(verdict, { clipNs: about.clipNs, marker });
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
