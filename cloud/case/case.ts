/**
 * A maintenance case: one robot that needs a person, from the first report to the proof that it is
 * well again. Who is asked, when it counts as repaired and when cases are a pattern is decided
 * here. Pure.
 */
import { Fault, type Json } from '@fieldloop/core';
import { caseSoakMs, promoteCases, promoteDevices } from '../care-limits.ts';

export const caseStates = [
  'open',
  'acknowledged',
  'verified',
  'resolved',
  'not_a_fault',
  'decommissioned',
] as const;
export type CaseState = (typeof caseStates)[number];

/** Nobody works on these any more; a new report opens a new case. */
export const endedStates = ['resolved', 'not_a_fault', 'decommissioned'] as const;

export const caseSeverities = ['sev1', 'sev2', 'sev3'] as const;
export type CaseSeverity = (typeof caseSeverities)[number];

export const caseSources = ['alert', 'rollout', 'drift', 'operator', 'workflow'] as const;
export type CaseSource = (typeof caseSources)[number];

export interface Case {
  readonly id: string;
  readonly deviceId: string;
  readonly device: string;
  readonly kind: string;
  readonly severity: CaseSeverity;
  readonly state: CaseState;
  readonly summary: string;
  readonly source: CaseSource;
  /** The alert, rollout or event that told of it first. */
  readonly subject?: string;
  readonly rollout?: string;
  readonly clip?: string;
  readonly run?: string;
  readonly queue?: string;
  readonly skill?: string;
  readonly region?: string;
  /** How far it was escalated, from 1. */
  readonly tier: number;
  readonly assignee?: string;
  readonly dueAt?: number;
  readonly acknowledgedBy?: string;
  readonly acknowledgedAt?: number;
  /** Digest by section that the robot must report; an absent section: what is desired. */
  readonly wanted: Readonly<Record<string, string>>;
  readonly healthySince?: number;
  readonly verifiedAt?: number;
  readonly code?: string;
  readonly cause?: string;
  readonly proof?: string;
  readonly closedBy?: string;
  readonly closedAt?: number;
  readonly reportCount: number;
  readonly lastReportAt: number;
  readonly held: boolean;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** One step of its life, as it was after it. */
export interface CaseStep {
  readonly n: number;
  readonly at: number;
  readonly actor: string;
  /** `open`, `join`, `attach`, `hold`, `route`, `acknowledge`, `note`, `assign`, `verify`, … */
  readonly action: string;
  readonly state: CaseState;
  readonly text?: string;
  readonly detail: Readonly<Record<string, Json>>;
}

const nextStates: Readonly<Record<CaseState, readonly CaseState[]>> = {
  open: ['acknowledged', 'verified', 'not_a_fault', 'decommissioned'],
  acknowledged: ['verified', 'not_a_fault', 'decommissioned'],
  verified: ['acknowledged', 'resolved', 'not_a_fault', 'decommissioned'],
  resolved: [],
  not_a_fault: [],
  decommissioned: [],
};

export const isEnded = (state: CaseState): boolean => endedStates.some((one) => one === state);

/** Fault `conflict` unless the table leads from the one state to the other. */
export function checkCaseStep(from: CaseState, to: CaseState): void {
  if (nextStates[from].includes(to)) return;
  const remedy = isEnded(from)
    ? 'It is over; open a new case if the robot needs somebody again.'
    : to === 'resolved'
      ? 'A repair is closed once the robot reports well: `fieldloop cases show` says what is missing.'
      : `From ${from} it becomes ${nextStates[from].join(', ')}.`;
  throw new Fault('conflict', `a case that is ${from} cannot become ${to}`, { remedy });
}

/** How a case ends: codes of a repair, or that there was nothing to repair, or the end. */
export const closeCodes = [
  'repaired',
  'replaced_part',
  'calibrated',
  'configured',
  'updated',
  'recovered',
  'not_a_fault',
  'decommissioned',
] as const;
export type CloseCode = (typeof closeCodes)[number];

export const stateOfCode = (code: CloseCode): CaseState =>
  code === 'not_a_fault' || code === 'decommissioned' ? code : 'resolved';

export interface Queue {
  readonly name: string;
  readonly skill?: string;
  /** Globs of kinds. */
  readonly kinds: readonly string[];
  /** Names of regions; none: every one. */
  readonly regions: readonly string[];
  readonly people: readonly string[];
}

export interface Route {
  readonly queue?: string;
  readonly skill?: string;
  /** The one of the queue with the fewest live cases. */
  readonly assignee?: string;
}

/**
 * The queue whose glob says the most of the kind, one for the region before one for every region,
 * then by name; in it the person with the least to do.
 */
export function routeOf(
  about: { readonly kind: string; readonly region?: string | undefined },
  queues: readonly Queue[],
  load: Readonly<Record<string, number>>,
): Route {
  const fitting = queues.flatMap((queue) => {
    const { kinds, regions } = queue;
    if (regions.length > 0 && !regions.some((one) => one === about.region)) return [];
    const best = kinds.filter((glob) => matches(glob, about.kind)).map(literal);
    return best.length === 0 ? [] : [{ queue, says: Math.max(...best) }];
  });
  const [first] = fitting.toSorted(
    (a, b) =>
      b.says - a.says ||
      Math.sign(b.queue.regions.length) - Math.sign(a.queue.regions.length) ||
      (a.queue.name < b.queue.name ? -1 : 1),
  );
  if (first === undefined) return {};
  const { name, skill, people } = first.queue;
  const [assignee] = people.toSorted((a, b) => (load[a] ?? 0) - (load[b] ?? 0) || (a < b ? -1 : 1));
  return {
    queue: name,
    ...(skill === undefined ? {} : { skill }),
    ...(assignee === undefined ? {} : { assignee }),
  };
}

/** `*` stands for any characters; everything else for itself. */
export function matches(glob: string, text: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  if (rest.length === 0) return glob === text;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

const literal = (glob: string): number => glob.replaceAll('*', '').length;

export interface Soak {
  readonly healthySince: number | undefined;
  readonly verified: boolean;
}

/** Good reports must last, without a break, as long as the severity asks. */
export function soaked(
  of: { readonly severity: CaseSeverity; readonly healthySince?: number | undefined },
  healthy: boolean,
  now: number,
): Soak {
  if (!healthy) return { healthySince: undefined, verified: false };
  const healthySince = of.healthySince ?? now;
  return { healthySince, verified: now - healthySince >= caseSoakMs[of.severity] };
}

export interface PatternCase {
  readonly id: string;
  readonly deviceId: string;
  readonly rollout?: string | undefined;
  readonly clip?: string | undefined;
  readonly state: CaseState;
}

export type Proposal =
  | { readonly proposal: 'withdraw'; readonly subject: string }
  | { readonly proposal: 'correction_loop' | 'rule_request' };

/**
 * What several cases of one kind ask for: when most name one rollout, to withdraw what it brought;
 * when clips show them, to learn from those; else a rule that finds the next one sooner. What was
 * no fault does not count.
 */
export function proposalOf(cases: readonly PatternCase[]): Proposal | undefined {
  const real = cases.filter(({ state }) => state !== 'not_a_fault');
  const devices = new Set(real.map(({ deviceId }) => deviceId)).size;
  if (real.length < promoteCases || devices < promoteDevices) return undefined;
  const named = Map.groupBy(
    real.filter(({ rollout }) => rollout !== undefined),
    ({ rollout }) => rollout ?? '',
  );
  const [most] = [...named].toSorted(([, a], [, b]) => b.length - a.length);
  if (most !== undefined && most[1].length * 2 > real.length) {
    return { proposal: 'withdraw', subject: most[0] };
  }
  return {
    proposal: real.some(({ clip }) => clip !== undefined) ? 'correction_loop' : 'rule_request',
  };
}
