/** A verdict in the words of this station, within the limits of a manifest. Pure. */
import type { ClipClass } from '@fieldloop/proto';
import type { Verdict } from '@fieldloop/rules';
import type { Trigger } from './plan.ts';

type Values = Trigger['marker']['values'];

export function triggerOf(
  verdict: Verdict,
  about: { readonly why: string | undefined; readonly clipNs: bigint },
): Trigger {
  const { capture, severity, atNs } = verdict;
  const own = capture.preNs + capture.postNs;
  return {
    atNs,
    preNs: capture.preNs,
    postNs: capture.postNs,
    // What one rule asks for is never too long; the limit is for what merging adds.
    maxNs: own > about.clipNs ? own : about.clipNs,
    topics: capture.topics,
    severity,
    class: classOf(verdict),
    tags: verdict.tags,
    priority: verdict.priority,
    marker: {
      rule: verdict.ruleId.slice(0, 96),
      ruleSet: verdict.ruleSet.slice(0, 96),
      version: verdict.version,
      ruleSetDigest: verdict.digest,
      severity,
      ...(about.why === undefined ? {} : { why: about.why.slice(0, 512) }),
      atNs: String(atNs),
      expression: verdict.expression.slice(0, 2_048),
      values: boundedValues(verdict.values),
    },
  };
}

/** Clips of sampling rules stay apart from those that something led to. */
function classOf(verdict: Pick<Verdict, 'class' | 'severity'>): ClipClass {
  return verdict.class === 'baseline' ? 'baseline' : verdict.severity;
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
