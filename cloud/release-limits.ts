/** What artifacts, releases, rollouts and freezes can hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** A manifest or a plan; the faults that are told of one; its components, metrics and stages. */
export const maxDocumentBytes = 256 * 1024;
export const maxDocumentFaults = 100;
export const maxComponents = 16;
export const maxStages = 12;
export const maxMetrics = 16;
/** An artifact, and what one request of the API may bring of it. */
export const maxArtifactBytes = 8 * 1024 ** 3;
export const maxUploadBytes = 512 * 1024 * 1024;
/** An approval holds for this long before it is used. */
export const releaseApprovalMs = ms('168h');
/** Devices that one rollout freezes. */
export const maxTargets = 20_000;
/** Sites with fewer devices are one stratum together. */
export const leastStratum = 5;
/** Runs of the judge that a plan's forecast is made of: all together, and one metric's. */
export const forecastRuns = 2000;
/** Devices that one offer or one step back concerns at most. */
export const targetsTogether = 200;
/** Live rollouts are looked at this often: reports, deadlines, intervals. */
export const rolloutStepMs = ms('2s');
/** Intervals of one rollout that one look closes: one that slept catches up in turns. */
export const intervalsTogether = 48;
/** A stage's run looks at its rows this often, and this often hands over to the next run. */
export const stageLookMs = ms('15s');
export const stageSteps = 120;
/** How long a gate of a stage waits, an approval of a plan, and an emergency's. */
export const stageGateMs = ms('72h');
export const planGateMs = ms('168h');
export const emergencyGateMs = ms('30m');
/** Nothing happens in a rollout for longer than this without somebody looking. */
export const stageWatchMs = ms('720h');
/** Least bake of an emergency. */
export const emergencyBakeMs = ms('30m');
export const reviewGateMs = ms('336h');
