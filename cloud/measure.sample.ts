/** The door for measurements: many rows on both databases, and the writer of ingest. */
export { openWriter } from './ingest/writer.ts';
export { bulkDevice, bulkNames, fillBulk } from './store/bulk.sample.ts';
export { type DatabaseAddress, openDatabase } from './store/database.ts';
export { emptyPostgres, noPostgres } from './store/postgres.sample.ts';
export { fillTriage } from './triage/bulk.sample.ts';
export { freezeWindow } from './triage/window-store.ts';
export { drawWindow } from './triage/write-draw.ts';
export { openEngine } from './workflows/engine.ts';
export { decideGate, groundOf, kitWorld, type KitWorld } from './workflows/kit/kit.sample.ts';
export {
  answeredRun,
  emptySteps,
  letRest,
  startMany,
  waitingRun,
} from './workflows/kit/measure.sample.ts';
export { closeThreads, patternCases } from './workflows/crash-cases.sample.ts';
export { soakPattern, soakProcesses } from './workflows/kit/soak.sample.ts';
export { openWorkflows } from './workflows/kit/worker.ts';
export { buildVersion } from './dataset/build.ts';
export { fillDataset } from './dataset/bulk.sample.ts';
export { sampleSettings } from './dataset/dataset.sample.ts';
export { datasetStore } from './dataset/store.ts';
export { forecastOf as rolloutForecast, proofFleet as rolloutProof } from './rollout/simulate.ts';
