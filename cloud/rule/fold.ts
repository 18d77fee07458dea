/**
 * A device's report folded into what is known of it under one publication. Its counters begin anew
 * with each run of the agent; what was counted before stays counted. Pure.
 */
import { ownOf } from '@fieldloop/core';
import type { RulesReport } from '@fieldloop/proto';
import type { DeviceState } from './rule.ts';

export interface Told {
  readonly state: DeviceState;
  readonly digest: string | undefined;
  readonly problems: readonly ToldProblem[];
  /** The device's own counters, from which the next ones are counted on. */
  readonly counters: Counters | undefined;
  /** When the report came that they stood in. */
  readonly reportAt: number;
  readonly exposureMs: number;
  readonly evaluations: number;
  readonly faults: number;
  readonly fired: Readonly<Record<string, number>>;
  readonly clips: number;
  readonly bytes: number;
}

export interface ToldProblem {
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
  readonly remedy?: string | undefined;
}

export interface Counters {
  readonly sinceMs: number;
  readonly evaluations: number;
  readonly faults: number;
  readonly fired: Readonly<Record<string, number>>;
  readonly clips: number;
  readonly bytes: number;
}

export interface ReportAbout {
  readonly publication: string;
  readonly digest: string;
  readonly role: 'active' | 'shadow';
  /** When the device got this role: nothing before it counts. */
  readonly startedAt: number;
  readonly at: number;
}

/** Code of the problem of a set that the agent took back because it crashed. */
export const crashCode = 'crashed';

export function foldReport(told: Told, report: RulesReport, about: ReportAbout): Told {
  const { publication, role, at } = about;
  const returned = report.returned?.publication === publication ? report.returned : undefined;
  if (returned !== undefined) {
    const isNew = told.problems.every(({ code }) => code !== crashCode);
    const message = `the agent ended while it ran this version: ${returned.reason}`;
    const remedy = 'Look at the log of the agent, correct the rules and publish a new version.';
    return {
      ...told,
      state: 'rejected',
      digest: undefined,
      problems: [{ line: 1, column: 1, code: crashCode, message, remedy }],
      reportAt: at,
      // A crash weighs no less than a fault that was survived.
      faults: told.faults + (isNew ? 1 : 0),
    };
  }
  const { rejected } = report;
  if (rejected?.publication === publication && rejected.role === role) {
    const { problems } = rejected;
    return { ...told, state: 'rejected', digest: undefined, problems, reportAt: at };
  }
  const running = runningOf(report, about);
  if (running === undefined) return { ...told, state: 'pending', reportAt: at };
  const counted = running.counters === undefined ? told : count(told, running.counters, about);
  return { ...counted, state: 'running', digest: about.digest, problems: [], reportAt: at };
}

function runningOf(
  { publication, digest, counters, shadow }: RulesReport,
  about: ReportAbout,
): { readonly counters: Counters | undefined } | undefined {
  if (about.role === 'shadow') {
    const isOurs = shadow?.publication === about.publication && shadow.digest === about.digest;
    return isOurs ? { counters: shadow } : undefined;
  }
  const isOurs = publication === about.publication && digest === about.digest;
  return isOurs ? { counters } : undefined;
}

function count(told: Told, now: Counters, { startedAt, at }: ReportAbout): Told {
  const before = told.counters;
  const goesOn = before !== undefined && before.sinceMs === now.sinceMs;
  const since = before === undefined ? startedAt : told.reportAt;
  // The robot's clock may be off: then it may have run for all the time that we know of, for counts
  // in less time than they took would look like a flood.
  const isPlausible = now.sinceMs >= since && now.sinceMs <= at;
  const exposureMs = goesOn ? at - told.reportAt : at - (isPlausible ? now.sinceMs : since);
  const more = (of: (counters: Counters) => number): number =>
    Math.max(0, of(now) - (goesOn && before !== undefined ? of(before) : 0));
  const fired = Object.fromEntries(
    [...new Set([...Object.keys(told.fired), ...Object.keys(now.fired)])].map((rule) => [
      rule,
      (ownOf(told.fired, rule) ?? 0) + more(({ fired: all }) => ownOf(all, rule) ?? 0),
    ]),
  );
  return {
    ...told,
    counters: now,
    exposureMs: told.exposureMs + Math.max(0, exposureMs),
    evaluations: told.evaluations + more((counters) => counters.evaluations),
    faults: told.faults + more((counters) => counters.faults),
    fired,
    clips: told.clips + more((counters) => counters.clips),
    bytes: told.bytes + more((counters) => counters.bytes),
  };
}
