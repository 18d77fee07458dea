/**
 * The report as one HTML page that needs nothing else: figures as tables, and for each session a
 * timeline in SVG with a lane a rule. Whoever sees no picture finds its times in the tables. Pure.
 */
import { counted, lengthText, shortNumber, valuesText } from '../show.ts';
import { escaped, tableHtml } from './markup.ts';
import type { Moment } from './protocol.ts';
import { type BacktestReport, fileAt, type SessionReport, type SideReport } from './report.ts';
import { estimateText, foundText, sizeText, suppressedText, unlistedText } from './text.ts';
import { timelineSvg } from './timeline.ts';

/** Sessions that are drawn, the first ones; triggers that a table lists. */
const mostDrawn = 50;
const mostListed = 500;

export function backtestPage(report: BacktestReport): string {
  const [side] = report.sides;
  const name = side === undefined ? '' : `${side.ruleSet.name} ${side.ruleSet.version}`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Backtest of ${escaped(name)}</title>`,
    `<style>${style}</style></head><body><main>`,
    `<h1>Backtest of ${escaped(name)}</h1>`,
    `<p>${escaped(aboutText(report))}</p>`,
    ...report.sides.map((one, i) => sideHtml(one, { report, isOld: i > 0 })),
    comparisonHtml(report),
    '<h2>Timeline</h2>',
    `<p>${escaped(legend(report))}</p>`,
    ...report.sessions.slice(0, mostDrawn).map((one) => sessionHtml(report, one)),
    report.sessions.length > mostDrawn
      ? `<p>${report.sessions.length - mostDrawn} more sessions are not drawn.</p>`
      : '',
    side === undefined ? '' : triggersHtml(side, report),
    '</main></body></html>\n',
  ].join('\n');
}

function aboutText({ sessions, recordedS, dutyHours, noInterval }: BacktestReport): string {
  const files = sessions.reduce((sum, one) => sum + one.files.length, 0);
  const length = lengthText(BigInt(Math.round(recordedS * 1e9)));
  const interval =
    noInterval ?? 'intervals of 95 %, of Poisson counts or by bootstrap over sessions, the wider';
  return `${counted(sessions.length, 'session')} in ${counted(files, 'file')}, ${length} recorded. Days of ${shortNumber(dutyHours)} hours; ${interval}.`;
}

const legend = ({ sides }: BacktestReport): string =>
  `Bars are clips, lines are triggers${sides.length > 1 ? '; short lines below are triggers of the old version' : ''}. Signals show one value a second. Rest the pointer on a mark for its values.`;

function sideHtml(
  side: SideReport,
  { report, isOld }: { readonly report: BacktestReport; readonly isOld: boolean },
): string {
  const { noInterval } = report;
  const { ruleSet, perDay } = side;
  const rows = side.rules.map((rule) => [
    rule.id,
    foundText(rule, String(rule.fires)),
    foundText(rule, String(rule.clips)),
    foundText(rule, sizeText(rule.bytes)),
    estimateText(rule.firesPerDay, rule.noInterval ?? noInterval),
    suppressedText(rule),
    rule.evaluations,
    rule.coreShare === undefined ? '-' : `${(100 * rule.coreShare).toFixed(3)} %`,
  ]);
  const title = `${isOld ? 'Old: ' : ''}${ruleSet.name} ${ruleSet.version}, found`;
  const unlisted = unlistedText(side, report);
  const titles = ['Rule', 'Fires', 'Clips', 'Bytes', 'Fires a robot and day', 'Suppressed'];
  return [
    tableHtml(title, [...titles, 'Evaluations', 'Of a core'], rows),
    tableHtml(
      'A robot and day',
      ['', 'Estimate'],
      [
        ['Fires', estimateText(perDay?.fires, noInterval)],
        ['Clips', estimateText(perDay?.clips, noInterval)],
        ['Bytes', estimateText(perDay?.bytes, noInterval, sizeText)],
      ],
    ),
    unlisted === undefined ? '' : `<p>Not listed: ${escaped(unlisted)}.</p>`,
  ].join('\n');
}

function comparisonHtml({ compared }: BacktestReport): string {
  if (compared === undefined) return '';
  const rows = compared.map(({ rule, matched, gained, lost }) => [
    rule,
    matched,
    gained.length,
    lost.length,
  ]);
  return tableHtml('Moments', ['Rule', 'In both', 'Only new', 'Only old'], rows);
}

function sessionHtml(report: BacktestReport, session: SessionReport): string {
  const start = new Date(Number(session.startNs / 1_000_000n));
  const about = `${session.session}, from ${start.toISOString()}`;
  return `<figure><figcaption>${escaped(about)}</figcaption>\n${timelineSvg(report, session)}</figure>`;
}

function triggersHtml(side: SideReport, report: BacktestReport): string {
  const rows = side.moments.slice(0, mostListed).map((one) => momentRow(one, report));
  const all = side.moments.length + side.unlisted;
  const caption = all > rows.length ? `Triggers, the first ${rows.length} of ${all}` : 'Triggers';
  return tableHtml(caption, ['Rule', 'At', 'Recording', 'Values'], rows);
}

function momentRow(moment: Moment, report: BacktestReport): string[] {
  const { rule, session, atNs, values, shadow } = moment;
  const own = report.sessions.find((one) => one.session === session);
  const seconds = Number(atNs - (own?.startNs ?? atNs)) / 1e9;
  const name = shadow === true ? `${rule} in the shadow` : rule;
  return [name, `${seconds.toFixed(3)} s`, fileAt(own?.files ?? [], atNs), valuesText(values)];
}

/** Colours keep a contrast of 4.5 to 1 on both grounds. */
const style = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1c2128; --faint: #d5dae1; --soft: #59636e;
  --critical: #b3261e; --warning: #8a5300; --info: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171c; --ink: #e6e9ee; --faint: #363d47; --soft: #9aa5b1;
    --critical: #ff8a80; --warning: #ffb95c; --info: #8ab4f8; }
}
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { margin: 0 auto; max-width: 1240px; padding: 16px; }
h1 { font-size: 22px; } h2 { font-size: 18px; margin-top: 28px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 16px 0; }
caption { font-weight: 600; text-align: left; padding-bottom: 4px; }
th, td { border-bottom: 1px solid var(--faint); padding: 4px 14px 4px 0; text-align: left; }
th[scope=row] { font-weight: 400; } .n { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 12px 0 24px; } figcaption { color: var(--soft); overflow-wrap: anywhere; }
figure { overflow-x: auto; } svg { display: block; width: 100%; height: auto; min-width: 700px; }
svg text { fill: var(--ink); font-size: 13px; }
svg text.small { fill: var(--soft); font-size: 11px; }
.lane, .grid { stroke: var(--faint); stroke-width: 1; }
.critical { --own: var(--critical); } .warning { --own: var(--warning); }
.info { --own: var(--info); }
.clip { fill: var(--own); fill-opacity: .35; stroke: var(--own); stroke-width: .5; }
.mark { stroke: var(--own); stroke-width: 2; } .old { stroke: var(--soft); stroke-width: 2; }
.signal polyline { fill: none; stroke: var(--soft); stroke-width: 1; }
`;
