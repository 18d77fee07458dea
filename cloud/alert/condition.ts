/**
 * What an alert policy watches. A condition is a small typed value, never text to be run: rows
 * that are counted, a number of devices or of the fleet, something that stays away, or something
 * that happened once.
 */
import { formatDurationNs } from '@fieldloop/core';
import { fleetSignals } from './signals.ts';

export type Op = 'lt' | 'lte' | 'eq' | 'ne' | 'gte' | 'gt';
export const ops: readonly Op[] = ['lt', 'lte', 'eq', 'ne', 'gte', 'gt'];

export type RowSource = 'events' | 'clips' | 'failures';
export const rowSources: readonly RowSource[] = ['events', 'clips', 'failures'];

export type Aggregate = 'last' | 'min' | 'max' | 'avg' | 'sum';
export const aggregates: readonly Aggregate[] = ['last', 'min', 'max', 'avg', 'sum'];

export type GroupBy = 'device' | 'site' | 'rule' | 'none';
export const groupBys: readonly GroupBy[] = ['device', 'site', 'rule', 'none'];

/** How many rows that match `q` arrived in the last `withinS` seconds. */
export interface CountCondition {
  readonly kind: 'count';
  readonly source: RowSource;
  readonly q?: string | undefined;
  readonly op: Op;
  readonly value: number;
  readonly withinS: number;
}

/** A fleet signal, or a series of the devices' telemetry, over the last `windowS` seconds. */
export interface MetricCondition {
  readonly kind: 'metric';
  readonly metric: string;
  readonly aggregate: Aggregate;
  readonly op: Op;
  readonly value: number;
  readonly windowS: number;
}

/** Nothing of this kind came for `forS` seconds: rows that match, or points of a series. */
export interface AbsenceCondition {
  readonly kind: 'absence';
  readonly source?: RowSource | undefined;
  readonly q?: string | undefined;
  readonly metric?: string | undefined;
  readonly forS: number;
}

/** Something was written to the outbox in the last `withinS` seconds. */
export interface EventCondition {
  readonly kind: 'event';
  /** Kind of an outbox row, such as `publication.halted`. */
  readonly event: string;
  readonly withinS: number;
}

export type Condition = CountCondition | MetricCondition | AbsenceCondition | EventCondition;

export function meets(op: Op, value: number, threshold: number): boolean {
  switch (op) {
    case 'lt':
      return value < threshold;
    case 'lte':
      return value <= threshold;
    case 'eq':
      return value === threshold;
    case 'ne':
      return value !== threshold;
    case 'gte':
      return value >= threshold;
    case 'gt':
      return value > threshold;
  }
}

/** The number that a value is compared with, where there is one. */
export const thresholdOf = (condition: Condition): number | undefined =>
  condition.kind === 'count' || condition.kind === 'metric' ? condition.value : undefined;

/** How far back an evaluation looks, in seconds. */
export function reachS(condition: Condition): number {
  switch (condition.kind) {
    case 'count':
    case 'event':
      return condition.withinS;
    case 'metric':
      return condition.windowS;
    case 'absence':
      return condition.forS;
  }
}

/** The condition in plain words: `more than 5 events in 10m`. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'count': {
      const { source, q, op, value, withinS } = condition;
      const which = q === undefined ? source : `${source} with ${q}`;
      return `${opWords[op]} ${value} ${which} in ${secondsText(withinS)}`;
    }
    case 'metric': {
      const { metric, aggregate, op, value, windowS } = condition;
      const of = aggregate === 'last' ? '' : `${aggregate} of `;
      const over = aggregate === 'last' ? '' : ` over ${secondsText(windowS)}`;
      return `${of}${metric}${over} ${opWords[op]} ${numberText(value, unitOf(metric))}`;
    }
    case 'absence': {
      const { source, q, metric, forS } = condition;
      const what = metric ?? (q === undefined ? source : `${source} with ${q}`) ?? '';
      return `no ${what} for ${secondsText(forS)}`;
    }
    case 'event':
      return `${condition.event} happened`;
  }
}

/** The value as it is told: `7 events in 10m`, `disk.free is 3 %`. */
export function valueText(condition: Condition, value: number): string {
  switch (condition.kind) {
    case 'count':
      return `${value} ${condition.source} in ${secondsText(condition.withinS)}`;
    case 'metric':
      return `${condition.metric} is ${numberText(value, unitOf(condition.metric))}`;
    case 'absence':
      return `nothing for ${secondsText(value)}`;
    case 'event':
      return value === 1 ? 'it happened once' : `it happened ${value} times`;
  }
}

const opWords: Readonly<Record<Op, string>> = {
  lt: 'less than',
  lte: 'at most',
  eq: 'exactly',
  ne: 'not exactly',
  gte: 'at least',
  gt: 'more than',
};

const unitOf = (metric: string): string =>
  fleetSignals.find((signal) => signal.name === metric)?.unit ?? '';

const numberText = (value: number, unit: string): string =>
  `${Number(value.toPrecision(6))}${unit === '' ? '' : ` ${unit}`}`;

/** `90` as `1m30s`. */
export const secondsText = (seconds: number): string =>
  formatDurationNs(BigInt(Math.round(seconds)) * 1_000_000_000n);
