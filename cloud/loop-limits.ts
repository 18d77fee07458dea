/** What the workflows between a robot's clip and a released model wait for, and how long. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Tasks of one batch; another child watches the next ones. */
export const batchTasks = 200;
/** A batch that is not labelled by then is late, and a person says what becomes of it. */
export const batchWithinMs = ms('72h');
export const batchLateMs = ms('72h');
export const batchLookMs = ms('1m');
/** The worker draws a frozen window within a minute; a person looks at one that it does not. */
export const drawMs = ms('6h');
export const drawLookMs = ms('5s');
export const buildMs = ms('6h');
export const buildLookMs = ms('5s');
/** What failed waits so long for a person; then it stays failed. */
export const failedMs = ms('168h');
/** A version whose gates are not green waits so long for a person before it counts as late. */
export const signOffMs = ms('48h');
/** The longest that a training may take; its own deadline is shorter. */
export const trainingMs = ms('24h');
export const trainingLookMs = ms('30s');
/** An evaluation that is inconclusive is rejected after this long without a word. */
export const inconclusiveMs = ms('72h');
/** An approval that nobody gives is a rejection. */
export const approvalMs = ms('168h');
export const evaluationMs = ms('6h');
export const evaluationLookMs = ms('10s');
