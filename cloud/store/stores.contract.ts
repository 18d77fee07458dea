/**
 * The contract suites of all stores, in one list: each adapter's test runs them against its own
 * database.
 */
import { alertStoreContract } from '../alert/store.contract.ts';
import { annotationCrashContract } from '../annotation/crash.contract.ts';
import { annotationSeniorContract } from '../annotation/senior.contract.ts';
import { annotationStoreContract } from '../annotation/store.contract.ts';
import { annotationTrustContract } from '../annotation/trust.contract.ts';
import { approvalStoreContract } from '../approval/store.contract.ts';
import { auditStoreContract } from '../audit/store.contract.ts';
import { caseStoreContract } from '../case/store.contract.ts';
import { correctionStoreContract } from '../correction/store.contract.ts';
import { certificateStoreContract } from '../auth/certificates.contract.ts';
import { loginStoreContract } from '../auth/logins.contract.ts';
import { bulkContract } from '../clip/bulk.contract.ts';
import { clipCareContract } from '../clip/care-store.contract.ts';
import { clipStoreContract } from '../clip/store.contract.ts';
import { cohortStoreContract } from '../cohort/store.contract.ts';
import { commandStoreContract } from '../command/store.contract.ts';
import { datasetBuildContract } from '../dataset/build.contract.ts';
import { deviceStoreContract } from '../device/store.contract.ts';
import { deviceViewContract } from '../device/view-rows.contract.ts';
import { eventStoreContract } from '../event/store.contract.ts';
import { writtenEventContract } from '../event/written-store.contract.ts';
import { presenceContract } from '../ingest/presence.contract.ts';
import { failureStoreContract } from '../failure/store.contract.ts';
import { apiKeyStoreContract } from '../key/store.contract.ts';
import { propertyStoreContract } from '../property/store.contract.ts';
import { rolloutStoreContract } from '../rollout/store.contract.ts';
import { ruleStoreContract } from '../rule/store.contract.ts';
import { exportStoreContract } from '../export/store.contract.ts';
import { deliveryQueueContract } from '../outgoing/queue.contract.ts';
import { savedQueryStoreContract } from '../saved-query/store.contract.ts';
import { sessionStoreContract } from '../session/store.contract.ts';
import { queryValuesContract } from './query-values.contract.ts';
import { telemetryStoreContract } from './telemetry.contract.ts';
import { trainingStoreContract } from '../training/store.contract.ts';
import { triageDrawContract } from '../triage/draw.contract.ts';
import { triageStoreContract } from '../triage/store.contract.ts';
import { claimTokenStoreContract } from '../token/store.contract.ts';
import { personStoreContract } from '../user/store.contract.ts';
import { desiredContract } from './desired.contract.ts';
import { workContract } from './work.contract.ts';
import { wireStoreContract } from '../ingest/wire.contract.ts';
import { gateStoreContract } from '../gate/store.contract.ts';
import { dispatchContract } from '../workflows/kit/dispatch.contract.ts';
import type { OpenStore } from './store.contract.ts';

/** Registers tests whose names begin with `name`, each on a fresh database. */
export type StoreContract = (name: string, open: OpenStore) => void;

export const storeContracts: readonly StoreContract[] = [
  wireStoreContract,
  alertStoreContract,
  annotationCrashContract,
  annotationSeniorContract,
  annotationStoreContract,
  annotationTrustContract,
  auditStoreContract,
  approvalStoreContract,
  loginStoreContract,
  personStoreContract,
  certificateStoreContract,
  clipStoreContract,
  clipCareContract,
  bulkContract,
  exportStoreContract,
  deliveryQueueContract,
  datasetBuildContract,
  deviceStoreContract,
  eventStoreContract,
  apiKeyStoreContract,
  ruleStoreContract,
  rolloutStoreContract,
  savedQueryStoreContract,
  sessionStoreContract,
  claimTokenStoreContract,
  propertyStoreContract,
  cohortStoreContract,
  failureStoreContract,
  caseStoreContract,
  correctionStoreContract,
  writtenEventContract,
  deviceViewContract,
  commandStoreContract,
  desiredContract,
  telemetryStoreContract,
  queryValuesContract,
  presenceContract,
  triageDrawContract,
  triageStoreContract,
  workContract,
  gateStoreContract,
  dispatchContract,
  trainingStoreContract,
];
