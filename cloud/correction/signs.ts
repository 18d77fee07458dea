/**
 * Signs that something goes wrong where nobody took the command just now: people take over more
 * often on one robot than on the others, a model fails more often than when it was released, its
 * scores drift, or the same failure comes again and again. Each sign names a moment to look at.
 * Pure.
 */
import { signFailures, signInterventions } from '../care-limits.ts';
import type { CorrectionSource } from './correction.ts';

/** Where somebody should look. */
export interface Moment {
  readonly deviceId: string;
  readonly session?: string | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly failure?: string | undefined;
}

export interface Sign {
  readonly source: Extract<CorrectionSource, 'rate' | 'drift' | 'cluster'>;
  /** What it is a sign of: one correction at a time. */
  readonly subject: string;
  readonly words: string;
  readonly moment: Moment;
}

interface Count {
  readonly events: number;
  readonly hours: number;
}

/** Interventions on one robot, and on all the others in the same days. */
export interface RateFacts extends Count {
  readonly device: string;
  readonly others: Count;
  readonly newest: Moment;
}

export interface AuditFacts {
  readonly model: string;
  /** Failure rate of audited units, and of the test split at release: bounds of 95 %. */
  readonly audited: { readonly low: number; readonly n: number };
  readonly tested: { readonly high: number };
  readonly newest: Moment;
}

export interface DriftFacts {
  readonly model: string;
  /** Population stability index. */
  readonly index: number;
  readonly limit: number;
  readonly strangest: Moment;
}

export interface ClusterFacts {
  readonly cluster: string;
  readonly failures: number;
  readonly newest: Moment;
}

export interface SignFacts {
  readonly rates: readonly RateFacts[];
  readonly audits: readonly AuditFacts[];
  readonly drifts: readonly DriftFacts[];
  readonly clusters: readonly ClusterFacts[];
}

export function signsOf(facts: SignFacts): readonly Sign[] {
  return [
    ...facts.rates.flatMap(rateSign),
    ...facts.audits.flatMap(auditSign),
    ...facts.drifts.flatMap(driftSign),
    ...facts.clusters.flatMap(clusterSign),
  ];
}

function rateSign({ device, events, hours, others, newest }: RateFacts): readonly Sign[] {
  if (events < signInterventions || hours <= 0 || others.hours <= 0) return [];
  const own = poissonBounds(events).low / hours;
  const fleet = poissonBounds(others.events).high / others.hours;
  if (own <= fleet) return [];
  const words =
    `People took over ${events} times in ${hours.toFixed(1)} h of ${device}: at least ` +
    `${own.toFixed(2)} an hour, on the other robots at most ${fleet.toFixed(2)}.`;
  return [{ source: 'rate', subject: newest.deviceId, words, moment: newest }];
}

function auditSign({ model, audited, tested, newest }: AuditFacts): readonly Sign[] {
  if (audited.low <= tested.high) return [];
  const words =
    `The model ${model} is wrong on at least ${percent(audited.low)} of what the fleet sees ` +
    `(${audited.n} audited units), at its release on at most ${percent(tested.high)}.`;
  return [{ source: 'rate', subject: `model:${model}`, words, moment: newest }];
}

function driftSign({ model, index, limit, strangest }: DriftFacts): readonly Sign[] {
  if (index <= limit) return [];
  const words =
    `The scores of the model ${model} drifted: stability index ${index.toFixed(2)}, at most ` +
    `${limit} is usual. This is the least certain of its newest moments.`;
  return [{ source: 'drift', subject: `model:${model}`, words, moment: strangest }];
}

function clusterSign({ cluster, failures, newest }: ClusterFacts): readonly Sign[] {
  if (failures < signFailures) return [];
  const words = `${failures} failures of the cluster ${cluster} that no model has fixed yet.`;
  return [{ source: 'cluster', subject: cluster, words, moment: newest }];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Standard normal at 97.5 %. */
const z = 1.959964;

/** 95 % bounds of a Poisson count, by Byar's approximation (Breslow and Day 1987, page 69). */
export function poissonBounds(count: number): { readonly low: number; readonly high: number } {
  const part = (n: number, sign: number): number =>
    n * (1 - 1 / (9 * n) + (sign * z) / (3 * Math.sqrt(n))) ** 3;
  return { low: count === 0 ? 0 : Math.max(0, part(count, -1)), high: part(count + 1, 1) };
}
