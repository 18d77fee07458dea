/** What alerts, channels, webhooks and everything that is sent out can hold or wait for. */
import { parseDurationNs } from '@fieldloop/core';

const ms = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

/** Policies are evaluated this often, and soon after rows that concern them. */
export const alertTickMs = ms('15s');
/** Between rounds of everything the engine looks this often whether one is due. */
export const alertLookMs = ms('5s');
/** Outbox rows that wait for a round; past them the round is about everything. */
export const maxAlertNews = 10_000;
/** Groups that one transaction writes; a larger round takes several. */
export const alertTurnsAtOnce = 200;
/** Alerts that one transaction of a long operation acts on. */
export const alertActsAtOnce = 100;
/** Outbox rows of one kind that one evaluation counts. */
export const maxHappened = 10_000;
/** Rows of the outbox make the engine look again at most this often. */
export const alertHurryMs = ms('1s');
/** A condition looks back at most this far. */
export const maxReachS = 7 * 86_400;
export const maxPolicies = 1000;
/** Alerts of one policy that are tracked at once; further groups wait, and the policy says so. */
export const maxTrackedAlerts = 5000;
/** A resolved alert that fires again within this time is the same alert. */
export const alertFlapMs = ms('5m');
/** Evaluations of one tick that ask the database at the same time. */
export const alertQueries = 4;
/** Alerts named in one notification; it says how many more there are. */
export const maxNoticeAlerts = 20;
export const maxPolicyChannels = 16;
/** Moments that the preview of a policy looks at, and how far back. */
export const previewSteps = 240;
export const previewMs = ms('2s');
export const maxPreviewHours = 168;
/** Alerts and groups that the answer of a preview names. */
export const maxPreviewAlerts = 100;
/** Lines kept of an alert's timeline; the oldest repeats are the first to go. */
export const maxAlertEntries = 500;
export const maxSilenceMs = ms('90d');

/** Messages that go out: characters of a body; the rest of a larger one is left out. */
export const maxDeliveryBytes = 64 * 1024;
/** A receiver has this long to answer. */
export const deliveryTimeoutMs = ms('5s');
/** Waits after the first, second, … try that failed: 8 tries in about 24 hours. */
export const deliveryWaitsMs = ['10s', '1m', '5m', '30m', '2h', '6h', '15h'].map(ms);
/** Each wait is longer or shorter by up to this share. */
export const deliveryJitter = 0.1;
/** The longest wait that a receiver can ask for with Retry-After. */
export const maxRetryAfterMs = ms('1h');
/** Messages on their way at once: to one target, and in all. */
export const deliveriesPerTarget = 4;
export const deliveriesAtOnce = 64;
/** Deliveries that wait for one webhook; behind them its place in the outbox stands still. */
export const maxWaitingDeliveries = 1000;
/** The queue is looked at this often even when nothing says that there is work. */
export const deliveryPollMs = ms('1s');
/** A webhook that only failed for this long is switched off. */
export const webhookFailingMs = ms('3d');
/** After a rotation the old secret signs beside the new one for this long. */
export const oldSecretMs = ms('24h');
/** Characters kept of what a receiver answered. */
export const maxAnswerChars = 1024;
/** How long ended deliveries are kept. */
export const deliveryKeptMs = ms('7d');
export const deliverySweepMs = ms('10m');
export const deliverySweepRows = 1000;
/** Deliveries that one statement writes. */
export const deliveryRows = 500;
export const maxWebhooks = 200;
export const maxChannels = 200;
export const maxKindGlobs = 32;
export const maxMailAddresses = 32;
