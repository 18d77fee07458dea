/** What a command writes to: stdout carries data, stderr carries talk. */
import type { Json } from '@fieldloop/core';

export interface CliIo {
  /** Data: a whole text, with its line ends. */
  out(text: string): void;
  /** Talk: progress, hints, faults. */
  err(text: string): void;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; 0 when stdout is none. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Resolves at the first Ctrl-C or SIGTERM; a command that calls it ends itself then. */
  stopRequested?(): Promise<void>;
}

export type OutputFormat = 'table' | 'json' | 'ndjson';

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** Cut to what is left of the terminal's width, the widest first. */
  readonly shrinks?: boolean;
}

/** One JSON document, indented for people. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** One JSON document a line. */
export const ndjsonText = (rows: readonly (Json | object)[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const least = 8;
const gap = '  ';

/** Rows under titles; with `width` > 0 the shrinking columns are cut until a line fits. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width = 0,
): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.of(row))));
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((row) => textWidth(row[i] ?? ''))),
  );
  if (width > 0) shrink(widths, columns, width);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => fit(text, widths[i] ?? 0, columns[i]?.right ?? false))
      .join(gap)
      .trimEnd();
  const head = line(columns.map((column) => column.title));
  return [head, ...cells.map(line)].map((text) => `${text}\n`).join('');
}

function shrink(
  widths: number[],
  columns: readonly { readonly shrinks?: boolean }[],
  width: number,
): void {
  const total = (): number =>
    widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1));
  while (total() > width) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      if (column.shrinks !== true || (widths[i] ?? 0) <= least) continue;
      if (widest < 0 || (widths[i] ?? 0) > (widths[widest] ?? 0)) widest = i;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function fit(text: string, width: number, right: boolean): string {
  const letters = Array.from(text);
  const cut = letters.length > width ? `${letters.slice(0, width - 1).join('')}…` : text;
  const pad = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return right ? `${pad}${cut}` : `${cut}${pad}`;
}

const textWidth = (text: string): number => Array.from(text).length;

/** Control characters of a robot's text never reach the terminal. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
