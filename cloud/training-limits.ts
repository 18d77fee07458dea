/** What trainings, evaluations and the registry may hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** A trainer says at least so often that it lives; older, it hangs and is ended. */
export const trainerBeatMs = ms('30s');
/** Between the request to end and the kill. */
export const trainerKillMs = ms('30s');
/** A trainer may take so long: unless asked otherwise, and at most. */
export const trainingMs = ms('6h');
export const maxTrainingMs = ms('168h');
/** How often trainings are looked at, and how many processes run at once. */
export const trainingStepMs = 500;
export const maxTrainers = 1;
/** Begun again after a kill, a hang or exit 75; after that it has failed. */
export const maxTrainingAttempts = 3;
/** Kept of what a trainer says on stderr, and read of its progress at once. */
export const keptStderrBytes = 64 * 1024;
export const progressTailBytes = 16 * 1024;
/** A result.json larger than this is refused. */
export const maxResultBytes = 4 * 1024 * 1024;
/** Folders of trainings that ended without a model are kept so long. */
export const trainingFolderMs = ms('168h');
/** Bytes of a model.onnx and of a model.yaml. */
export const maxOnnxBytes = 512 * 1024 * 1024;
export const maxModelDocumentBytes = 16 * 1024 * 1024;

/** Units whose outputs must be finite, and how far a metric of the trainer may be from ours. */
export const finiteUnits = 64;
export const metricTolerance = 0.005;
/** How far ONNX Runtime may be from what the trainer computed. */
export const goldenTolerance = 1e-4;
/** Robots take an embedding of so many numbers at most. */
export const maxEmbeddingNumbers = 1_024;
/** Golden pairs that a document of ours holds. */
export const goldenPairs = 5;
/** Frames of one labelled range that train or are judged. */
export const framesOfRange = 8;
/** The process that runs ONNX Runtime for us: its time, and single runs that latency is made of. */
export const labMs = ms('30m');
export const latencyRuns = 200;

/** How often policies are looked at beside the news that concern them. */
export const policyStepMs = ms('60s');
/** New data that was asked for and did not come is asked for again, no sooner than this. */
export const dueAgainMs = ms('1h');
/** Between two trainings of one policy, unless it says otherwise. */
export const policyCooldownMs = ms('24h');
/** Units on either side of a drift figure, and the index from which there is drift. */
export const driftUnits = 500;
export const driftLimit = 0.2;

/** Labels of a lane, and of the audit, below which trainings on them tell nothing. */
export const leastRetrainLabels = 50;
/** Trainings of each arm of a retrain value, and how long all of them may take together. */
export const retrainSeeds = 5;
export const retrainMs = ms('60m');

/** Frames of a regression case that are looked at, and the share that must be right. */
export const caseFrames = 64;
export const caseShare = 0.9;
/** An instant is judged on the frames so close to it. */
export const caseSlackNs = 500_000_000n;
/** Units of one evaluation, and saved queries that are slices of it. */
export const maxEvaluationUnits = 50_000;
export const maxQuerySlices = 20;
/** Clips of a saved query that is looked at as a slice. */
export const maxSliceClips = 20_000;
/** Failures that one round takes into the regression set. */
export const caseBatch = 100;
