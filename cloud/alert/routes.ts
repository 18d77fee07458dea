/** Everything of alerts over the API: policies, alerts and silences. */
import type { Operation } from '../http/operation.ts';
import { alertOperations as ofAlerts } from './alert-routes.ts';
import { type PolicyDeps, policyOperations } from './policy-routes.ts';
import { silenceOperations } from './silence-routes.ts';

export type AlertDeps = PolicyDeps;

export const alertOperations = (deps: AlertDeps): readonly Operation[] => [
  ...policyOperations(deps),
  ...ofAlerts(deps),
  ...silenceOperations(deps),
];
