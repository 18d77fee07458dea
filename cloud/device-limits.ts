/** What is shown and asked of a device: properties, views, cohorts, events, failures. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Values that a property's definition may allow. */
export const maxPropertyValues = 200;
/** Devices that one person revokes within this time; more take another's approval. */
export const maxRevokedAlone = 5;
export const revokedAloneMs = ms('1h');
/** Devices that one transaction of an operation takes a step with. */
export const deviceWorkRows = 100;
/** A device's coverage: time unless asked otherwise, and sessions and clips it is made of. */
export const coverageMs = ms('24h');
export const maxCoverageRows = 50_000;
/** Connections and gaps shown of one device. */
export const maxShownConnections = 100;
/** Rates of topics: how old the last one may be, how far back the usual one looks, how finely. */
export const topicFreshMs = ms('5m');
export const topicUsualMs = ms('7d');
export const topicSampleMs = ms('10m');
/** A plot: pixel columns, and time. */
export const plotPx = 1000;
export const maxPlotPx = 4000;
export const maxPlotMs = ms('92d');
/** Devices that a cohort may list by name. */
export const maxCohortList = 10_000;
/** Events in one batch; characters of an event's data and of a kind's schema. */
export const maxBatchEvents = 1000;
export const maxDataBytes = 16 * 1024;
/** What a person writes may be this far ahead of the cloud's clock. */
export const eventSlackMs = ms('5m');
/** A failure: how long its clip is looked for, how often, and how long a pull for it may take. */
export const failureSearchMs = ms('24h');
export const failureStepMs = ms('60s');
/** Released failures are judged by the field so often, in pages of so many. */
export const fieldEveryMs = ms('15s');
export const fieldRows = 100;
export const failurePullMs = ms('7d');
/** The first linker looks this far back into the outbox. */
export const failureCatchUpRows = 10_000n;
/** Characters of a property's text. */
export const maxPropertyText = 256;
