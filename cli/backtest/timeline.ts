/** One session as a picture: a lane a rule with its clips and triggers, then its signals. Pure. */
import { lengthText, shortNumber, valuesText } from '../show.ts';
import { escaped } from './markup.ts';
import type { Moment, SignalSketch } from './protocol.ts';
import type { BacktestReport, ClipReport, SessionReport, SideReport } from './report.ts';
import { sizeText } from './text.ts';

const width = 1_200;
const left = 190;
const right = 12;
const laneHeight = 26;
const sketchHeight = 44;
const axisHeight = 26;
/** A clip of a long session is still seen. */
const leastBar = 2;
/** Points of a line; of more than that each place shows its least and its most. */
const places = 500;
/** Marks of one lane; more would be one bar. */
const mostMarks = 2_000;

interface Scale {
  readonly startNs: bigint;
  readonly seconds: number;
  readonly x: (atNs: bigint) => number;
}

export function timelineSvg(report: BacktestReport, session: SessionReport): string {
  const [side, old] = report.sides;
  if (side === undefined) return '';
  const scale = scaleOf(session);
  const ids = [...new Set(report.sides.flatMap(({ rules }) => rules.map(({ id }) => id)))];
  const lanes = ids.map((id, i) => laneSvg({ id, side, old, session, scale, y: i * laneHeight }));
  const sketches = session.sketches.map((sketch, i) =>
    sketchSvg(sketch, scale, ids.length * laneHeight + 8 + i * sketchHeight),
  );
  const bottom = ids.length * laneHeight + 8 + session.sketches.length * sketchHeight;
  const height = bottom + axisHeight;
  const fires = side.moments.filter((one) => one.session === session.session).length;
  const says = `${fires} triggers of ${ids.length} rules in ${lengthText(session.endNs - session.startNs)}`;
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(says)}">`,
    axisSvg(scale, bottom),
    ...lanes,
    ...sketches,
    '</svg>',
  ].join('\n');
}

function scaleOf({ startNs, endNs }: SessionReport): Scale {
  const seconds = Math.max(1e-9, Number(endNs - startNs) / 1e9);
  return {
    startNs,
    seconds,
    x: (atNs) => left + (Number(atNs - startNs) / 1e9 / seconds) * (width - left - right),
  };
}

interface Lane {
  readonly id: string;
  readonly side: SideReport;
  readonly old: SideReport | undefined;
  readonly session: SessionReport;
  readonly scale: Scale;
  readonly y: number;
}

function laneSvg({ id, side, old, session, scale, y }: Lane): string {
  const isOwn = (one: Moment): boolean => one.rule === id && one.session === session.session;
  const clips = side.clips.filter(
    (clip) => clip.session === session.session && clip.markers.some(({ rule }) => rule === id),
  );
  const marks = side.moments.filter(isOwn).slice(0, mostMarks);
  const before = old?.moments.filter(isOwn).slice(0, mostMarks) ?? [];
  const severity = side.rules.find((rule) => rule.id === id)?.severity ?? 'info';
  return [
    `<g class="${severity}">`,
    `<line class="lane" x1="${left}" x2="${width - right}" y1="${y + 20}" y2="${y + 20}"/>`,
    `<text x="4" y="${y + 18}">${escaped(shortened(id, 28))}<title>${escaped(id)}</title></text>`,
    ...clips.slice(0, mostMarks).map((clip) => clipSvg(clip, scale, y)),
    ...before.map((one) => markSvg(one, { scale, y, isOld: true })),
    ...marks.map((one) => markSvg(one, { scale, y, isOld: false })),
    '</g>',
  ].join('\n');
}

function clipSvg(clip: ClipReport, scale: Scale, y: number): string {
  const x = scale.x(clip.startNs);
  const long = Math.max(leastBar, scale.x(clip.endNs) - x);
  const rules = [...new Set(clip.markers.map(({ rule }) => rule))].join(', ');
  const at = secondsText(clip.startNs, scale);
  const says = `clip from ${at}, ${lengthText(clip.endNs - clip.startNs)}, ${sizeText(clip.bytes)}: ${rules}`;
  return `<rect class="clip" x="${fixed(x)}" y="${y + 8}" width="${fixed(long)}" height="11"><title>${escaped(says)}</title></rect>`;
}

function markSvg(
  { atNs, values, shadow }: Moment,
  { scale, y, isOld }: { readonly scale: Scale; readonly y: number; readonly isOld: boolean },
): string {
  const x = fixed(scale.x(atNs));
  const fired = shadow === true ? 'would have fired' : 'fired';
  const words = isOld ? `${fired} in the old version` : fired;
  const says = `${words} at ${secondsText(atNs, scale)}: ${valuesText(values)}`;
  const place = isOld
    ? `class="old" x1="${x}" x2="${x}" y1="${y + 19}" y2="${y + 25}"`
    : `class="mark" x1="${x}" x2="${x}" y1="${y + 4}" y2="${y + 19}"`;
  return `<line ${place}><title>${escaped(says)}</title></line>`;
}

const secondsText = (atNs: bigint, { startNs }: Scale): string =>
  `${(Number(atNs - startNs) / 1e9).toFixed(3)} s`;

function sketchSvg(sketch: SignalSketch, scale: Scale, y: number): string {
  const { signal, unit, atS, values, originNs } = sketch;
  const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const span = most - least || 1;
  const shiftS = Number(originNs - scale.startNs) / 1e9;
  const inner = width - left - right;
  const points = thinned(atS, values).map(([s, value]) => {
    const x = left + ((s + shiftS) / scale.seconds) * inner;
    return `${fixed(x)},${fixed(y + 36 - ((value - least) / span) * 30)}`;
  });
  const range = `${shortNumber(least)} to ${shortNumber(most)}${unit === undefined ? '' : ` ${unit}`}`;
  return [
    '<g class="signal">',
    `<text x="4" y="${y + 18}">${escaped(shortened(signal, 28))}</text>`,
    `<text class="small" x="4" y="${y + 33}">${escaped(range)}</text>`,
    `<polyline points="${points.join(' ')}"><title>${escaped(`${signal}: ${range}`)}</title></polyline>`,
    '</g>',
  ].join('\n');
}

/** Peaks stay where there are more samples than places. */
export function thinned(
  atS: readonly number[],
  values: readonly number[],
): readonly (readonly [s: number, value: number])[] {
  const all = atS.map((s, i) => [s, values[i] ?? 0] as const);
  if (all.length <= 2 * places) return all;
  const size = Math.ceil(all.length / places);
  const kept: (readonly [number, number])[] = [];
  for (let from = 0; from < all.length; from += size) {
    const part = all.slice(from, from + size).toSorted((a, b) => a[1] - b[1]);
    const ends = [part[0], part.at(-1)].filter((one) => one !== undefined);
    kept.push(...ends.toSorted((a, b) => a[0] - b[0]));
  }
  return kept;
}

/** Steps of an axis in seconds, from the smallest. */
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400];

function axisSvg({ seconds, startNs, x }: Scale, y: number): string {
  const step = steps.find((one) => seconds / one <= 12) ?? Math.ceil(seconds / 12);
  const marks: string[] = [];
  for (let s = 0; s <= seconds; s += step) {
    const at = fixed(x(startNs + BigInt(Math.round(s * 1e9))));
    const label = clockText(s);
    marks.push(`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${y + 4}"/>`);
    marks.push(`<text class="small" text-anchor="middle" x="${at}" y="${y + 18}">${label}</text>`);
  }
  return marks.join('\n');
}

function clockText(s: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s < 3_600 ? minutes : `${Math.floor(s / 3_600)}:${minutes}`;
}

const fixed = (value: number): string => String(Math.round(value * 10) / 10);

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
