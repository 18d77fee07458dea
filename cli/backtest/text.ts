/** The report as tables for a terminal. Pure. */
import { formatSize } from '@fieldloop/core';
import type { Estimate } from '@fieldloop/rules';
import { type CliIo, type Column, oneLine, table } from '../io.ts';
import { counted, facts, lengthText, shortNumber, showOf, valuesText } from '../show.ts';
import { type Moment, mostMomentsOf } from './protocol.ts';
import {
  type BacktestReport,
  type ComparedRule,
  fileAt,
  type RuleReport,
  type SideReport,
} from './report.ts';

/** Moments of one rule that the table of a comparison lists, each way. */
const mostCompared = 20;

export function backtestText(report: BacktestReport, io: Pick<CliIo, 'columns'>): string {
  const parts = report.sides.map((side, i) => {
    const { name, version } = side.ruleSet;
    const head =
      report.sides.length === 1 ? '' : `${i === 0 ? 'new' : 'old'}: ${name} ${version}\n`;
    const rules = table(side.rules, ruleColumns(report), { width: io.columns, show: showOf({}) });
    const of = (one: Estimate, text?: (value: number) => string): string =>
      estimateText(one, report.noInterval, text);
    const { perDay } = side;
    const totals = facts([
      [
        'found',
        `${counted(side.fires, 'fire')}, ${counted(side.clips.length, 'clip')}, ${sizeText(side.bytes)}`,
      ],
      [
        'a robot and day',
        perDay === undefined
          ? 'unknown'
          : `${of(perDay.fires)} fires, ${of(perDay.clips)} clips, ${of(perDay.bytes, sizeText)}`,
      ],
      ['left out', blindText(side)],
      ['not listed', unlistedText(side, report)],
    ]);
    return `${head}${rules}\n${totals}`;
  });
  const compared =
    report.compared === undefined ? '' : `\n${comparedText(report, report.compared)}`;
  return `${parts.join('\n')}${compared}${aboutText(report)}`;
}

function aboutText(report: BacktestReport): string {
  const { sessions, recordedS, dutyHours, noInterval } = report;
  const length = lengthText(BigInt(Math.round(recordedS * 1e9)));
  const interval =
    noInterval ?? 'intervals of 95 %, of Poisson counts or by bootstrap over sessions, the wider';
  const files = sessions.reduce((sum, one) => sum + one.files.length, 0);
  return facts([
    ['from', `${counted(sessions.length, 'session')} in ${counted(files, 'file')}, ${length}`],
    ['days of', `${shortNumber(dutyHours)} hours; ${interval}`],
  ]);
}

export const sizeText = (bytes: number): string => formatSize(Math.round(bytes));

/** `3.2 (1.1 to 7.4)`, or the mean alone. */
export function estimateText(
  estimate: Estimate | undefined,
  noInterval: string | undefined,
  of: (value: number) => string = shortNumber,
): string {
  if (estimate === undefined) return 'unknown';
  const { mean, low, high } = estimate;
  return noInterval === undefined ? `${of(mean)} (${of(low)} to ${of(high)})` : of(mean);
}

/** Of the figures for a day; undefined when they are of all rules, or of none. */
function blindText({ rules, perDay }: SideReport): string | undefined {
  const count = rules.filter(({ isBlind }) => isBlind).length;
  if (count === 0 || perDay === undefined) return undefined;
  return `of a day: ${counted(count, 'rule')} whose topics no recording has`;
}

/** Undefined unless a session had more triggers than are listed of one. */
export function unlistedText(
  { unlisted, ruleSet }: SideReport,
  { compared }: BacktestReport,
): string | undefined {
  if (unlisted === 0) return undefined;
  const rest = compared === undefined ? '' : ', the comparison ends where a list does';
  const beyond = `${counted(unlisted, 'trigger')} beyond ${mostMomentsOf(ruleSet)} of a rule and session`;
  return `${beyond}; the figures hold them${rest}`;
}

/** Nothing is known of a rule whose topics no recording has, unless it fired for their absence. */
export const foundText = ({ isBlind, fires }: RuleReport, text: string): string =>
  isBlind && fires === 0 ? '-' : text;

const ruleColumns = ({ noInterval }: BacktestReport): Column<RuleReport>[] => [
  { title: 'RULE', of: (one) => one.id, shrinks: true },
  { title: 'FIRES', of: (one) => foundText(one, String(one.fires)), right: true },
  { title: 'CLIPS', of: (one) => foundText(one, String(one.clips)), right: true },
  { title: 'BYTES', of: (one) => foundText(one, sizeText(one.bytes)), right: true },
  {
    title: 'FIRES A DAY',
    of: (one) => estimateText(one.firesPerDay, one.noInterval ?? noInterval),
    right: true,
  },
  { title: 'SUPPRESSED', of: (one) => suppressedText(one), shrinks: true },
  { title: 'EVALUATIONS', of: (one) => String(one.evaluations), right: true, drops: 2 },
  {
    title: 'NS EACH',
    of: (one) => (one.evaluationNs === undefined ? '-' : one.evaluationNs.toFixed(0)),
    right: true,
    drops: 3,
  },
  {
    title: 'OF A CORE',
    of: (one) => (one.coreShare === undefined ? '-' : `${(100 * one.coreShare).toFixed(3)} %`),
    right: true,
    drops: 1,
  },
];

export function suppressedText({ suppressed, unknown, evaluations, isBlind }: RuleReport): string {
  if (isBlind) return 'no recording has its topics';
  const told = Object.entries(suppressed).map(([reason, count]) => `${count} ${reason}`);
  if (evaluations > 0 && unknown === evaluations) told.push('always unknown');
  return told.length === 0 ? '-' : told.join(', ');
}

function comparedText(report: BacktestReport, compared: readonly ComparedRule[]): string {
  const columns: readonly Column<ComparedRule>[] = [
    { title: 'RULE', of: (one) => one.rule, shrinks: true },
    { title: 'BOTH', of: (one) => String(one.matched), right: true },
    { title: 'ONLY NEW', of: (one) => String(one.gained.length), right: true },
    { title: 'ONLY OLD', of: (one) => String(one.lost.length), right: true },
  ];
  const lines = compared.flatMap(({ gained, lost }) => [
    ...momentLines(gained, { sign: '+', report }),
    ...momentLines(lost, { sign: '-', report }),
  ]);
  const listed = lines.length === 0 ? '' : `\n${lines.join('')}`;
  return `${table(compared, columns, { show: showOf({}) })}${listed}\n`;
}

function momentLines(
  moments: readonly Moment[],
  { sign, report }: { readonly sign: string; readonly report: BacktestReport },
): string[] {
  const lines = moments.slice(0, mostCompared).map(({ rule, session, atNs, values, shadow }) => {
    const own = report.sessions.find((one) => one.session === session);
    const seconds = (Number(atNs - (own?.startNs ?? atNs)) / 1e9).toFixed(3);
    const name = shadow === true ? `${rule} in the shadow` : rule;
    const place = fileAt(own?.files ?? [], atNs);
    return `${oneLine(`${sign} ${name} at ${seconds} s of ${place}  ${valuesText(values)}`)}\n`;
  });
  const more = moments.length - lines.length;
  return more > 0 ? [...lines, `${sign} and ${more} more; --json lists them\n`] : lines;
}
