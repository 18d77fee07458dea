/** The worker: periodic and long work, done by one process at a time. */
import { alertOperationKinds } from './alert/alert-routes.ts';
import { openConsensus } from './annotation/consensus-work.ts';
import { clipOperationKinds } from './clip/bulk-work.ts';
import { openPreviewMaker } from './clip/preview-maker.ts';
import { openCorrectionFollow } from './correction/follow.ts';
import { openCorrectionSigns } from './correction/watch.ts';
import { openCommandExpiry } from './command/expiry.ts';
import { openDatasetExportSweep } from './dataset/export-work.ts';
import { datasetOperationKinds } from './dataset/work.ts';
import { deviceOperationKinds } from './device/bulk-work.ts';
import { evaluationOperationKinds } from './evaluation/work.ts';
import { exportKind, makeExport } from './export/make.ts';
import { openExportSweep } from './export/sweep.ts';
import { openFailureClusters } from './failure/clusters.ts';
import { openFailureLabels } from './failure/labels.ts';
import { openFailureField } from './failure/field.ts';
import { openFailureLinker } from './failure/linker.ts';
import { openDeadNodes, openStalledUploads, openTelemetryUpkeep } from './ingest/upkeep.ts';
import { type OperationKinds, openOperationRunner } from './operation/runner.ts';
import { backtest, backtestKind } from './rule/backtest.ts';
import { openRolloutWatch } from './rollout/watch.ts';
import { settleRules } from './rule/settle.ts';
import { openPublicationWatch } from './rule/watch.ts';
import { openHousekeeping } from './store/housekeeping.ts';
import { holdLease } from './store/lease.ts';
import { openPropertyBackfill } from './store/property-backfill.ts';
import { openQueryBackfill } from './store/query-values.ts';
import type { WorkerDeps } from './store/work.ts';
import { openTrainingPolicies } from './training/policies.ts';
import { modelOperationKinds } from './trainings.ts';
import { withdrawGates } from './workflows/staged-rollout-deps.ts';
import { openTriageDrawer } from './triage/drawer.ts';
import { openTriageIntake } from './triage/intake.ts';
import { openTriageMeasure } from './triage/measure.ts';

/** Opens one part of the worker; disposing it leaves nothing running. */
export type WorkerPart = (deps: WorkerDeps) => Promise<AsyncDisposable> | AsyncDisposable;

export interface WorkerSettings {
  /** A folder whose programs are trainers, beside the built-in one. */
  readonly trainers?: string | undefined;
}

const operationKinds = ({ trainers }: WorkerSettings): OperationKinds => ({
  [backtestKind]: backtest,
  ...alertOperationKinds,
  ...clipOperationKinds,
  ...datasetOperationKinds,
  ...deviceOperationKinds,
  ...evaluationOperationKinds,
  ...modelOperationKinds(trainers),
  [exportKind]: makeExport,
});

const parts: readonly WorkerPart[] = [
  openHousekeeping,
  openCommandExpiry,
  openDeadNodes,
  openStalledUploads,
  openTelemetryUpkeep,
  openQueryBackfill,
  openPropertyBackfill,
  openPreviewMaker,
  openExportSweep,
  openDatasetExportSweep,
  openPublicationWatch,
  async (deps) => await openRolloutWatch({ ...deps, settleRules, withdrawGates }),
  openFailureField,
  openFailureLinker,
  openTrainingPolicies,
  openFailureLabels,
  openFailureClusters,
  openTriageIntake,
  openTriageDrawer,
  openTriageMeasure,
  openConsensus,
  openCorrectionFollow,
  openCorrectionSigns,
];

/** Works while this process holds the lease; else stands by. `more` need what only main has. */
export function openWorker(
  deps: WorkerDeps,
  more: readonly WorkerPart[] = [],
  settings: WorkerSettings = {},
): AsyncDisposable {
  const operations: WorkerPart = async (own) =>
    await openOperationRunner(own, operationKinds(settings));
  return holdLease(deps, { name: 'worker', owner: deps.node }, async () => {
    await using opened = new AsyncDisposableStack();
    for (const part of [operations, ...parts, ...more]) opened.use(await part(deps));
    return opened.move();
  });
}
