/** What `check` says of a redaction: a line that fits no topic hides nothing. Pure. */
import type { RecordingFacts } from '@fieldloop/rules';
import type { Finding } from '../finding.ts';
import { isRedactedBy } from './redaction.ts';
import type { RedactionPolicy } from './redaction-policy.ts';

/** Topics that are named of a recording. */
const mostNamed = 8;

/** Against the recordings of `facts`; without any there is nothing to say. */
export function* checkRedaction(
  { rules }: RedactionPolicy,
  facts: readonly RecordingFacts[],
): Generator<Finding> {
  const channels = facts.flatMap((one) => one.channels);
  const topics = [...new Set(channels.map(({ channel }) => channel.topic))];
  if (topics.length === 0) return;
  for (const [i, rule] of rules.entries()) {
    if (topics.some((topic) => isRedactedBy(rule, topic))) continue;
    const named = topics.slice(0, mostNamed).join(', ');
    const more = topics.length > mostNamed ? ', …' : '';
    const text = `"${rule.topic}" fits no topic of the recordings that were looked at, so nothing of them is changed by it. They have ${named}${more}: correct the name if it should fit one.`;
    yield { level: 'warning', about: `redaction.topics[${i}]`, text };
  }
}
