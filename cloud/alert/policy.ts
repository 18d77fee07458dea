/** A policy: when there is an alert, how much it matters, and who is told. */
import { Fault } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import { maxReachS } from '../alert-limits.ts';
import { type Condition, type GroupBy, reachS } from './condition.ts';
import { fleetSignal } from './signals.ts';

export interface Policy {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly enabled: boolean;
  readonly condition: Condition;
  readonly severity: Severity;
  /** The condition must hold this long before anybody is told. */
  readonly forS: number;
  readonly groupBy: GroupBy;
  /** Only these devices, as a query. */
  readonly devices?: string;
  /** Ids of channels. */
  readonly channels: readonly string[];
  /** Told again this often while nobody acknowledged. */
  readonly repeatS?: number;
  /** Nobody acknowledged within this time: `escalateTo` is told too. */
  readonly ackWithinS?: number;
  readonly escalateTo: readonly string[];
  readonly createdBy: string;
  /** Why it could not be evaluated the last time. */
  readonly fault?: PolicyFault;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface PolicyFault {
  readonly since: number;
  readonly code: string;
  readonly message: string;
  readonly remedy?: string | undefined;
}

/** What a person says of a policy. */
export type PolicyDraft = Pick<
  Policy,
  'condition' | 'severity' | 'forS' | 'groupBy' | 'channels' | 'escalateTo'
> & {
  readonly name: string;
  readonly description?: string | undefined;
  readonly enabled: boolean;
  readonly devices?: string | undefined;
  readonly repeatS?: number | undefined;
  readonly ackWithinS?: number | undefined;
};

/** Faults `invalid` for parts that do not fit each other; each part by itself was checked. */
export function checkDraft(draft: Pick<PolicyDraft, 'condition' | 'groupBy' | 'devices'>): void {
  const { condition, groupBy } = draft;
  if (reachS(condition) > maxReachS) {
    throw refused('the condition looks too far back', {
      place: '/body/condition',
      remedy: `Look back at most ${maxReachS} seconds.`,
    });
  }
  if (groupBy === 'rule' && !(condition.kind === 'count' && condition.source !== 'failures')) {
    throw refused('only counted events and clips have a rule to group by', {
      place: '/body/groupBy',
      remedy: 'Group by device, site or none.',
    });
  }
  if (groupBy === 'rule' && draft.devices !== undefined) {
    throw refused('rules are of no device', {
      place: '/body/devices',
      remedy: 'Narrow the rows instead, for example with q: "device:amr-*".',
    });
  }
  if (condition.kind === 'absence') checkAbsence(condition);
  if (condition.kind === 'metric') checkMetric(condition, groupBy);
}

function checkAbsence(condition: Extract<Condition, { kind: 'absence' }>): void {
  const said = [condition.source, condition.metric].filter((one) => one !== undefined);
  if (said.length !== 1) {
    throw refused('an absence is of a source or of a metric', {
      place: '/body/condition',
      remedy: 'Give exactly one of source and metric.',
    });
  }
  if (condition.q !== undefined && condition.source === undefined) {
    throw refused('q narrows the rows of a source', {
      place: '/body/condition/q',
      remedy: 'Give a source too, or leave q out.',
    });
  }
  if (condition.metric !== undefined && fleetSignal(condition.metric) !== undefined) {
    throw refused(`${condition.metric} is always there`, {
      place: '/body/condition/metric',
      remedy: 'Compare it with a number: {"kind": "metric", …}.',
    });
  }
}

function checkMetric(condition: Extract<Condition, { kind: 'metric' }>, groupBy: GroupBy): void {
  const signal = fleetSignal(condition.metric);
  if (signal === undefined) return;
  if (condition.aggregate !== 'last') {
    throw refused(`${condition.metric} has no history to make the ${condition.aggregate} of`, {
      place: '/body/condition/aggregate',
      remedy: 'Use the aggregate "last"; a signal with a window is counted over windowS.',
    });
  }
  if (signal.of === 'fleet' && groupBy !== 'none') {
    throw refused(`${condition.metric} is one number of the whole fleet`, {
      place: '/body/groupBy',
      remedy: 'Group by none, or choose a signal of devices.',
    });
  }
}

const refused = (message: string, parts: { readonly place: string; readonly remedy: string }) =>
  new Fault('invalid', message, parts);
