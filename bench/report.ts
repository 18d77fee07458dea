/** What every bench prints: a table for people, one object for programs. */
import { arch, cpus, loadavg, totalmem } from 'node:os';

/**
 * One figure against its rival or limit. `ratio` is rival over ours where smaller is better, and
 * ours over the rival's where the bar is `<=`.
 */
export interface Row {
  readonly figure: string;
  readonly unit: string;
  readonly value: number;
  readonly rival: number;
  readonly ratio: number;
  /** What the ratio must reach or keep to, such as `>= 5`; empty when the row only informs. */
  readonly bar: string;
  readonly holds: boolean;
  /** 95 % interval of the ratio, where it was measured several times. */
  readonly interval?: readonly [number, number];
}

export interface Report {
  readonly name: string;
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** A bench of this folder. `progress` speaks to a person while it works. */
export type Bench = (progress: (text: string) => void) => Promise<readonly Row[]>;

export function machineText(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0]?.toFixed(2) ?? '?';
  const model = cpu?.model ?? 'unknown';
  return `${model} (${arch()}) x${cpus().length}, ${memory} GiB, Node ${process.versions.node}, load ${load}`;
}

/** A row whose ratio must be at least `atLeast` or at most `atMost`; without both it informs. */
export function row(parts: {
  readonly figure: string;
  readonly unit: string;
  readonly value: number;
  readonly rival: number;
  readonly ratio: number;
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}): Row {
  const { atLeast, atMost, ...rest } = parts;
  const bar = atLeast !== undefined ? `>= ${atLeast}` : atMost !== undefined ? `<= ${atMost}` : '';
  const isEnough = atLeast === undefined || rest.ratio >= atLeast;
  return { ...rest, bar, holds: isEnough && (atMost === undefined || rest.ratio <= atMost) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Shares are small numbers. */
const shown = (value: number, { unit }: Row): string => value.toFixed(unit === 'share' ? 3 : 1);

export function tableText(report: Report): string {
  const cells = [
    ['figure', 'unit', 'value', 'rival', 'ratio', 'interval', 'bar', 'holds'],
    ...report.rows.map((one) => [
      one.figure,
      one.unit,
      shown(one.value, one),
      shown(one.rival, one),
      one.ratio.toFixed(one.unit === 'share' ? 3 : 2),
      one.interval?.map((end) => end.toFixed(3)).join(' - ') ?? '',
      one.bar,
      one.bar === '' ? '' : one.holds ? 'yes' : 'NO',
    ]),
  ];
  const widths =
    cells[0]?.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0))) ?? [];
  const text = cells
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
  return `${report.name} on ${report.machine}\n${text}\n`;
}
