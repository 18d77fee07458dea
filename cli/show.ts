/** Values as people read them. */
import type { Column, Show } from './io.ts';

/** `2026-01-31 12:00:00`: local time of an instant, or with --utc its UTC with a Z. */
export const showOf = ({ utc }: { readonly utc?: boolean }): Show => ({
  time(instant) {
    if (instant === undefined) return '-';
    if (utc === true) return `${instant.slice(0, 19).replace('T', ' ')}Z`;
    const at = new Date(instant);
    const two = (n: number): string => String(n).padStart(2, '0');
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  },
});

/** Log time in nanoseconds as an instant. */
export const instantOf = (ns: string): string =>
  new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

/** Log times of a range, or of an instant. */
export const rangeText = (startNs: string, endNs: string): string =>
  startNs === endNs ? `${startNs} ns` : `${startNs} to ${endNs} ns`;

/** `4.2 s`, `12 min 5 s`, `3 h 4 min`: a length of log time. */
export function lengthText(ns: bigint): string {
  const s = Number(ns) / 1e9;
  if (s < 60) return `${shortNumber(Math.round(s * 10) / 10)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** An instant, to the second; to the minute of its day where there is no room. */
export const timeColumn = <Row>(
  title: string,
  of: (row: Row) => string | undefined,
  drops?: number,
): Column<Row> => ({
  title,
  of: (row, show) => show.time(of(row)),
  narrow: {
    title,
    of: (row, show) => show.time(of(row)).slice('2026-'.length, -':00'.length) || '-',
  },
  ...(drops === undefined ? {} : { drops }),
});

export const whenColumn = <Row>(of: (row: Row) => string): Column<Row> => timeColumn('WHEN', of);

/** `1 clip`, `2 clips`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

export const severityColumn = <Row>(of: (row: Row) => string): Column<Row> => ({
  title: 'SEVERITY',
  of,
  narrow: { title: 'SEV', of: (row) => of(row).slice(0, 4) },
});

/** A number for people: at most four digits that matter. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** One bar a value, from the least to the most of them; a null is a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const least = Math.min(...known);
  const span = Math.max(...known) - least || 1;
  const bar = (value: number): string =>
    bars[Math.round(((value - least) / span) * (bars.length - 1))] ?? ' ';
  return values.map((value) => (value === null ? ' ' : bar(value))).join('');
}

/** `vx 0.52, mode auto`: values of a verdict, short. */
export const valuesText = (
  values: Readonly<Record<string, number | string | boolean | null>>,
): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? shortNumber(value) : value}`)
    .join(', ');

/** `name  value` lines under each other; what is undefined is left out. */
export function facts(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
