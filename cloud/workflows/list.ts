/** All workflows, each version that runs may still be open for. */
import { candidateToReleaseWorkflow } from './candidate-to-release-deps.ts';
import { complianceReview } from './compliance-review-deps.ts';
import { correctionWorkflow } from './correction-loop-deps.ts';
import { dataToTrainingWorkflow, labelBatchWorkflow } from './data-to-training-deps.ts';
import { hotfixWorkflow } from './fleet-hotfix-and-rollback-deps.ts';
import type { Workflow } from './kit/workflow.ts';
import { rolloutStageWorkflow, stagedRolloutWorkflow } from './staged-rollout-deps.ts';
import { maintenanceEscalation } from './maintenance-escalation-deps.ts';

export const workflows: readonly Workflow[] = [
  candidateToReleaseWorkflow,
  complianceReview,
  correctionWorkflow,
  dataToTrainingWorkflow,
  labelBatchWorkflow,
  maintenanceEscalation,
  hotfixWorkflow,
  stagedRolloutWorkflow,
  rolloutStageWorkflow,
];
