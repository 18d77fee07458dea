/** What maintenance cases, reviews and corrections may hold, and how long they wait. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** A report joins the live case of its device and kind when the last one is no older than this. */
export const caseJoinMs = ms('24h');
/** Somebody must have seen a case in this time; then the next tier is asked. */
export const caseAckMs = { sev1: ms('15m'), sev2: ms('4h'), sev3: ms('2d') } as const;
/** How long a robot has to report well, without a break, before its case is verified. */
export const caseSoakMs = { sev1: ms('30m'), sev2: ms('15m'), sev3: ms('5m') } as const;
/** A robot that said nothing for so long does not report well. */
export const caseSilentMs = ms('5m');
/** A repair may take so long before somebody is asked what became of it. */
export const caseRepairMs = ms('14d');
export const caseCloseMs = ms('14d');
/** So many cases of a kind, on so many robots, in so long, are more than repairs. */
export const promoteCases = 3;
export const promoteDevices = 2;
export const promoteWindowMs = ms('30d');
/** Telemetry of this long before and after the report is kept with the case. */
export const caseTelemetryMs = ms('10m');
/** Points of all series together in that evidence; further series are named without points. */
export const maxCaseTelemetryPoints = 2000;
/** The robot has this long to send its diagnosis. */
export const caseDiagnoseMs = ms('24h');
/** Globs, regions and people of a queue; queues; sites and people of a region. */
export const maxQueueItems = 64;
export const maxQueues = 200;
export const maxRegionItems = 500;

/** A grant ends by itself after this. */
export const maxLeaseMs = ms('4h');
export const leaseMs = ms('1h');
/** People have this many working days to decide on a review. */
export const reviewWorkingDays = 5;
/** A built export is waited for this long. */
export const reviewBuildMs = ms('2h');
export const reviewLookMs = ms('30s');
/** Rules and clauses of a policy; items of a scope. */
export const maxPolicyRules = 200;
export const maxScopeItems = 10_000;

/** Clip context around an intervention. */
export const correctionContextNs = 10_000_000_000n;
/** A robot may be away this long before its clip counts as lost. */
export const correctionPullMs = ms('7d');
/** The one who judges has this long for the verdict. */
export const correctionVerdictMs = ms('5d');
/** The labels of a correction are looked for in dataset versions and evaluations so long. */
export const correctionFedMs = ms('90d');
/** Signs of trouble are looked for this often; one subject's open no second correction so soon. */
export const signStepMs = ms('1m');
export const signCooldownMs = ms('24h');
/** Interventions of a robot are counted over these days, and from so many on. */
export const signWindowMs = ms('7d');
export const signInterventions = 3;
/** So many failures of one cluster are looked at together. */
export const signFailures = 5;
/** Changes of the command's owner that one correction keeps. */
export const maxOwnerChanges = 64;
