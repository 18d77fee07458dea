/** What triage can hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Clips whose scores wait to be read are looked for this often beside the news of them. */
export const intakeEveryMs = ms('30s');
/** Clips that one look takes. */
export const intakeBatch = 50;
/** A clip whose scores could not be read for a passing reason is read again this often. */
export const intakeAttempts = 10;
/** Score records that one answer of the recording reader holds. */
export const scorePage = 200;
/** Frames of one clip that become units; of more, each k-th, and the propensity says so. */
export const framesPerClip = 512;
/** What a score record may hold: the robot gives no more. */
export const maxClasses = 64;
export const maxEmbedding = 1024;
/** Units that one write transaction takes, so that the process goes on between two. */
export const unitsTogether = 100;

/** Windows: units of one read of a draw, and choices of one write. */
export const drawReadRows = 500;
export const drawWriteRows = 200;
/** Units of one window; a policy with more draws several windows. */
export const maxWindowUnits = 200_000;
/** Units that earlier windows chose and that new ones are compared with, the newest. */
export const earlierUnits = 5_000;
/** Units that a dry run looks at. */
export const dryRunUnits = 20_000;
/** Frozen windows and policies that are due are looked for this often. */
export const drawEveryMs = ms('10s');
/** Units that k-means++ compares; of more, those with the lowest hash. */
export const diversityUnits = 10_000;
/** Frames that stand for one failure. */
export const framesPerFailure = 5;
/** Failures and requests that one window takes up. */
export const namedPerWindow = 2_000;

/** Who holds the capture lane. */
export const holderLabels = 100;
export const holderLapseMs = ms('30d');
export const measureEveryMs = ms('60s');
/** Labels that one measurement reads, the newest. */
export const measureLabels = 5_000;
/** Units that novelty is measured against, and which neighbour. */
export const noveltyKnown = 1_000;
export const noveltyNeighbour = 10;
/** Labels below which the failure model is not trained. */
export const failureModelLabels = 60;
/** Above this share of lost audit units figures are withheld. */
export const mostLost = 0.05;
/** Failures whose embeddings are compared with a new one. */
export const clusterFailures = 500;
export const clusterCosine = 0.9;
export const clusterEveryMs = ms('30s');
