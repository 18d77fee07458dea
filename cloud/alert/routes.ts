/** Everything of alerts over the API: policies, alerts and silences. */
import type { Operation } from '../http/operation.ts';
import { alertOperations as ofAlerts } from './alert-routes.ts';
import { policyOperations } from './policy-routes.ts';
import { type PreviewDeps, previewOperations } from './preview-routes.ts';
import { silenceOperations } from './silence-routes.ts';

export type AlertDeps = PreviewDeps;

export const alertOperations = (deps: AlertDeps): readonly Operation[] => [
  ...previewOperations(deps),
  ...policyOperations(deps),
  ...ofAlerts(deps),
  ...silenceOperations(deps),
];
