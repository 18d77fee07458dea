/** Which silence covers an alert, before its row is written. */
import { passesQuery } from '../http/q/evaluate.ts';
import { queryTree } from '../http/q/filter.ts';
import { alertSource } from '../http/q/sources/alerts.ts';
import type { Alert } from './alert.ts';
import { alertJson } from './alert-json.ts';
import { compared } from './evaluation.ts';
import type { Silenced } from './plan.ts';
import type { Policy } from './policy.ts';
import { covers, type Silence } from './silence.ts';

/** Looks through the silences that hold now. */
export function openSilencing(
  silences: readonly Silence[],
  now: number,
): (policy: Policy, of: Silenced) => string | undefined {
  const ready = silences.map((silence) => ({
    silence,
    tree:
      silence.q === undefined
        ? undefined
        : queryTree(silence.q, alertSource, { now, pointer: '/body/q' }),
  }));
  return (policy, of) => {
    const about = {
      policyId: policy.id,
      deviceId: of.sample?.device?.id ?? of.before?.deviceId,
      severity: of.before?.severity ?? policy.severity,
    };
    const found = ready.find(({ silence, tree }) =>
      covers(silence, about, () => tree !== undefined && passesQuery(tree, shown(policy, of, now))),
    );
    return found?.silence.id;
  };
}

/** The alert as it will be written, in the shape that queries know. */
function shown(policy: Policy, { before, sample, summary, life }: Silenced, now: number) {
  const fresh: Omit<Alert, keyof typeof life> = before ?? {
    id: '',
    policy,
    group: sample?.group ?? '',
    device: sample?.device?.name,
    deviceId: sample?.device?.id,
    site: sample?.site,
    rule: sample?.rule,
    severity: policy.severity,
    value: sample?.value,
    ...compared(policy.condition),
    summary,
    entries: 0,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  return alertJson({ ...fresh, ...life, summary });
}
