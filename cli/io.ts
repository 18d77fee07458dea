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
  /** One line of what a person types, without showing it when `isSecret`. */
  ask?(question: string, isSecret: boolean): Promise<string>;
  /** Whole stdin as text, for `-` as a file. */
  readInput?(): Promise<string>;
  /**
   * Resolves at the first Ctrl-C or SIGTERM; a command that calls it ends itself then. Once `until`
   * aborts nothing is waited for any more, and Ctrl-C ends the process again.
   */
  stopRequested?(until?: AbortSignal): Promise<void>;
}

export const outputFormats = ['table', 'json', 'ndjson', 'csv', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** How the person wants values to look. */
export interface Show {
  /** An instant as local time, or as UTC with --utc; `-` for none. */
  time(instant: string | undefined): string;
}

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row, show: Show) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** Cut to what is left of the terminal's width, the widest first. */
  readonly shrinks?: boolean;
  /** Title and text for a terminal that is too narrow for the usual ones. */
  readonly narrow?: Pick<Column<Row>, 'title' | 'of'>;
  /** Left out when the rest does not fit otherwise; 1 goes first. */
  readonly drops?: number;
}

/** One JSON document, indented for people. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** One JSON document a line. */
export const ndjsonText = (rows: readonly (Json | object)[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Letters that a shrinking column keeps as long as others can narrow or go, and at least. */
const comfortable = 16;
const least = 8;
const gap = '  ';

/** Comma-separated values (RFC 4180), one row a line under the columns' titles. */
export function csvText<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { show, head }: { readonly show: Show; readonly head: boolean },
): string {
  const titles = columns.map(({ title }) => title.toLowerCase());
  const cells = rows.map((row) => columns.map((column) => column.of(row, show)));
  const lines = [...(head ? [titles] : []), ...cells];
  return lines.map((line) => `${line.map(csvCell).join(',')}\n`).join('');
}

const csvCell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Rows under titles; with `width` > 0 columns shrink, narrow, go and shrink on until a line fits. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  how: { readonly width?: number; readonly show: Show },
): string {
  const lay = (shown: readonly Column<Row>[], keep = comfortable): Laid =>
    laidOut(rows, shown, { ...how, keep });
  let shown = columns;
  let laid = lay(shown);
  if (laid.over) {
    shown = shown.map((column) => ({ ...column, ...column.narrow }));
    laid = lay(shown);
  }
  while (laid.over && shown.some((column) => column.drops !== undefined)) {
    const next = Math.min(...shown.map((column) => column.drops ?? Number.POSITIVE_INFINITY));
    shown = shown.filter((column) => column.drops !== next);
    laid = lay(shown);
  }
  if (laid.over) laid = lay(shown, least);
  const { cells, widths } = laid;
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => fit(text, widths[i] ?? 0, shown[i]?.right ?? false))
      .join(gap)
      .trimEnd();
  const head = line(shown.map((column) => column.title));
  return [head, ...cells.map(line)].map((text) => `${text}\n`).join('');
}

interface Laid {
  readonly cells: readonly (readonly string[])[];
  readonly widths: readonly number[];
  /** A line would still be longer than the terminal is wide. */
  readonly over: boolean;
}

function laidOut<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  {
    width = 0,
    show,
    keep,
  }: { readonly width?: number; readonly show: Show; readonly keep: number },
): Laid {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.of(row, show))));
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((row) => textWidth(row[i] ?? ''))),
  );
  const over = (): boolean =>
    width > 0 && widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1)) > width;
  while (over()) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      if (column.shrinks !== true || (widths[i] ?? 0) <= keep) continue;
      if (widest < 0 || (widths[i] ?? 0) > (widths[widest] ?? 0)) widest = i;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return { cells, widths, over: over() };
}

function fit(text: string, width: number, right: boolean): string {
  const letters = Array.from(text);
  const cut = letters.length > width ? `${letters.slice(0, width - 1).join('')}…` : text;
  const pad = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return right ? `${pad}${cut}` : `${cut}${pad}`;
}

const textWidth = (text: string): number => Array.from(text).length;

/** Control characters of a robot's text never reach the terminal. */
export const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
