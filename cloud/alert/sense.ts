/** Whether the parts of a policy that a person gave make sense together. */
import { checkDraft, type PolicyDraft } from './policy.ts';
import { checkRowsQuery } from './rows.ts';

/** Faults `invalid` for what does not fit together. */
export function demandSense(draft: Pick<PolicyDraft, 'condition' | 'groupBy' | 'devices'>): void {
  checkDraft(draft);
  const { condition, devices } = draft;
  if (devices !== undefined) checkRowsQuery('devices', devices, '/body/devices');
  if (condition.kind === 'event' || condition.kind === 'metric') return;
  const { source, q } = condition;
  if (source !== undefined && q !== undefined) checkRowsQuery(source, q, '/body/condition/q');
}
