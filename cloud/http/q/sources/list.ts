import type { QSource } from '../source.ts';
import { apiKeySource } from './api-keys.ts';
import { approvalSource } from './approvals.ts';
import { alertSource } from './alerts.ts';
import {
  evaluationSource,
  modelSource,
  modelVersionSource,
  regressionCaseSource,
  trainingCheckSource,
  trainingPolicySource,
  trainingSource,
} from './models.ts';
import { policySource } from './alert-policies.ts';
import { auditSource } from './audit.ts';
import { caseProposalSource, caseQueueSource, caseSource } from './cases.ts';
import { channelSource } from './channels.ts';
import { clipSource } from './clips.ts';
import { cohortSource } from './cohorts.ts';
import { commandSource } from './commands.ts';
import { datasetExportSource, datasetSource, datasetVersionSource } from './datasets.ts';
import { correctionSource } from './corrections.ts';
import { deliverySource } from './deliveries.ts';
import { deviceSource } from './devices.ts';
import { eventSource } from './events.ts';
import { exportSource } from './exports.ts';
import { artifactSource, freezeSource, releaseSource, rolloutSource } from './releases.ts';
import { publicationSource, ruleSetSource } from './rule-sets.ts';
import { failureSource } from './failures.ts';
import { regionSource, reviewSource } from './reviews.ts';
import { savedQuerySource } from './saved-queries.ts';
import { sessionSource } from './sessions.ts';
import { labelSource } from './labels.ts';
import { gateSource } from './gates.ts';
import { runSource } from './runs.ts';
import { silenceSource } from './silences.ts';
import { taskSource } from './tasks.ts';
import {
  triageItemSource,
  triageLedgerSource,
  triagePolicySource,
  triageValueSource,
  triageWindowSource,
} from './triage.ts';
import { webhookSource } from './webhooks.ts';
import { userSource } from './users.ts';

/** Everything that can be asked about with `q`, in the order of the reference. */
export const sources: readonly QSource[] = [
  clipSource,
  eventSource,
  exportSource,
  datasetSource,
  datasetVersionSource,
  datasetExportSource,
  trainingSource,
  trainingPolicySource,
  trainingCheckSource,
  modelSource,
  modelVersionSource,
  evaluationSource,
  regressionCaseSource,
  deviceSource,
  cohortSource,
  failureSource,
  caseSource,
  caseQueueSource,
  caseProposalSource,
  correctionSource,
  reviewSource,
  regionSource,
  taskSource,
  labelSource,
  triageItemSource,
  triageLedgerSource,
  triageWindowSource,
  triagePolicySource,
  triageValueSource,
  sessionSource,
  commandSource,
  ruleSetSource,
  publicationSource,
  artifactSource,
  releaseSource,
  rolloutSource,
  freezeSource,
  runSource,
  gateSource,
  savedQuerySource,
  userSource,
  apiKeySource,
  approvalSource,
  auditSource,
  alertSource,
  policySource,
  silenceSource,
  channelSource,
  webhookSource,
  deliverySource,
];
