/** The report as JSON: stable names, log times as decimal strings, absent figures as null. */
import type { Json } from '@fieldloop/core';
import { type Estimate, problemLine, type RuleProblem } from '@fieldloop/rules';
import type { Moment } from './protocol.ts';
import { type BacktestReport, fileAt, type SideReport } from './report.ts';

export const backtestSchema = 'fieldloop.backtest/v1';

export function backtestDocument(
  report: BacktestReport,
  problems: readonly RuleProblem[],
): Record<string, Json> {
  const { sides, sessions, recordedS, dutyHours, noInterval } = report;
  const [side, against] = sides.map((one) => sideDocument(one, report));
  return {
    schema: backtestSchema,
    recordedHours: recordedS / 3600,
    dutyHours,
    interval:
      noInterval === undefined ? 'Poisson or bootstrap over sessions, the wider, 95 %' : null,
    noInterval: noInterval ?? null,
    sessions: sessions.map(({ session, device, files, startNs, endNs, messages }) => ({
      session,
      device,
      startNs: String(startNs),
      endNs: String(endNs),
      messages,
      files: files.map(({ path, bytes }) => ({ path, bytes })),
    })),
    ...side,
    against: against ?? null,
    comparison:
      report.compared?.map(({ rule, matched, gained, lost }) => ({
        rule,
        matched,
        gained: gained.map((one) => momentDocument(one, report)),
        lost: lost.map((one) => momentDocument(one, report)),
      })) ?? null,
    problems: problems.map((one) => ({ ...one, line: one.line, text: problemLine(one) })),
    empty: [...report.empty],
    damage: report.damages.map(({ code, message, place, remedy }) => ({
      code,
      message,
      place: place ?? null,
      remedy: remedy ?? null,
    })),
  };
}

function sideDocument(side: SideReport, report: BacktestReport): Record<string, Json> {
  const { ruleSet, perDay } = side;
  const estimate = (one: Estimate | undefined): Json => estimateDocument(one, report.noInterval);
  return {
    ruleSet: {
      file: ruleSet.file,
      name: ruleSet.name,
      version: ruleSet.version,
      digest: ruleSet.digest,
    },
    fires: side.fires,
    clips: side.clips.length,
    bytes: side.bytes,
    late: side.late,
    corruptValues: side.faults,
    clockJumps: side.epochs,
    unlisted: side.unlisted,
    perRobotDay: {
      fires: estimate(perDay?.fires),
      clips: estimate(perDay?.clips),
      bytes: estimate(perDay?.bytes),
    },
    rules: side.rules.map((rule) => ({
      id: rule.id,
      severity: rule.severity,
      fires: rule.fires,
      clips: rule.clips,
      bytes: rule.bytes,
      suppressed: { ...rule.suppressed },
      evaluations: rule.evaluations,
      unknown: rule.unknown,
      nsPerEvaluation: rule.evaluationNs ?? null,
      coreShare: rule.coreShare ?? null,
      hours: rule.hours,
      firesPerRobotDay: estimateDocument(rule.firesPerDay, rule.noInterval ?? report.noInterval),
    })),
    clipList: side.clips.map(({ session, file, startNs, endNs, bytes, markers }) => ({
      session,
      file,
      startNs: String(startNs),
      endNs: String(endNs),
      bytes,
      markers: markers.map(({ rule, atNs }) => ({ rule, atNs: String(atNs) })),
    })),
    triggers: side.moments.map((one) => momentDocument(one, report)),
  };
}

function momentDocument(moment: Moment, report: BacktestReport): Json {
  const { rule, session, atNs, values, shadow } = moment;
  const own = report.sessions.find((one) => one.session === session);
  return {
    rule,
    session,
    file: fileAt(own?.files ?? [], atNs),
    atNs: String(atNs),
    seconds: Number(atNs - (own?.startNs ?? atNs)) / 1e9,
    values: { ...values },
    ...(shadow === undefined ? {} : { shadow }),
  };
}

/** Without enough sessions there is a mean alone. */
function estimateDocument(estimate: Estimate | undefined, noInterval: string | undefined): Json {
  if (estimate === undefined) return null;
  const { mean, low, high } = estimate;
  return noInterval === undefined ? { mean, low, high } : { mean, low: null, high: null };
}
