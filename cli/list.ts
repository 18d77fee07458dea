/** What every command of the API has in common: its options, its pages and its output. */
import { Fault } from '@fieldloop/core';
import { type Client, openClient, type Query } from './client.ts';
import { type Command, Option } from './commander.ts';
import { type CliIo, type Column, jsonText, ndjsonText, type OutputFormat, table } from './io.ts';
import { findProfile } from './profile.ts';

export interface ApiOptions {
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
  readonly output?: OutputFormat;
}

export interface ListOptions extends ApiOptions {
  readonly limit?: string;
  readonly all?: boolean;
}

/** Rows that a list shows when nobody says how many. */
const usualRows = 50;
/** The largest page of the API. */
const pageRows = 500;

export function apiOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the cloud, such as http://127.0.0.1:7400')
    .option('--key <key>', 'an API key (flk_…)')
    .option('--json', 'the whole answer as one JSON document')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'ndjson']),
    );
}

export function listOptions(command: Command): Command {
  return apiOptions(command)
    .option('--limit <n>', `how many to show, the first ${usualRows} by default`)
    .option('--all', 'show all, however many pages they are');
}

export const timeOptions = (command: Command): Command =>
  command
    .option('--since <time>', 'log time at or after: RFC 3339, now, or an age such as -90m, -7d')
    .option('--until <time>', 'log time before: RFC 3339, now, or an age such as -90m, -7d')
    .option('--start-ns <ns>', 'log time at or after, in nanoseconds')
    .option('--end-ns <ns>', 'log time before, in nanoseconds');

export const clientOf = (options: ApiOptions, io: CliIo): Client =>
  openClient(findProfile(options, io));

export function formatOf(options: ApiOptions): OutputFormat {
  return options.json === true ? 'json' : (options.output ?? 'table');
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
}

/** Fetches as many pages as wanted and prints them; stderr says when there is more. */
export async function printList<Item extends object>(
  options: ListOptions,
  io: CliIo,
  of: {
    readonly fetch: (query: Query) => Promise<Page<Item>>;
    readonly query: Query;
    readonly columns: readonly Column<Item>[];
    /** `no clips match`: said on stderr when there is nothing. */
    readonly none: string;
  },
): Promise<void> {
  const most = rowsWanted(options);
  const format = formatOf(options);
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const limit = String(Math.min(pageRows, most - items.length));
    const page = await of.fetch({ ...of.query, limit, cursor });
    items.push(...page.items);
    if (format === 'ndjson') io.out(ndjsonText(page.items));
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < most);
  if (format === 'json')
    io.out(jsonText({ items, ...(cursor === undefined ? {} : { nextCursor: cursor }) }));
  if (format !== 'table') return;
  if (items.length === 0) {
    io.err(`${of.none}\n`);
    return;
  }
  io.out(table(items, of.columns, io.columns));
  if (cursor !== undefined) io.err(`the first ${items.length}; --all or --limit shows more\n`);
}

function rowsWanted({ limit, all }: ListOptions): number {
  if (limit === undefined) return all === true ? Number.MAX_SAFE_INTEGER : usualRows;
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit);
  throw new Fault('invalid', `"${limit}" is not how many rows to show`, {
    place: '--limit',
    remedy: 'Write a number from 1, or use --all.',
  });
}

/** One document: as JSON, or as `people` write it. */
export function printOne(
  value: object,
  options: ApiOptions,
  io: CliIo,
  people: () => string,
): void {
  const format = formatOf(options);
  if (format === 'json') io.out(jsonText(value));
  else if (format === 'ndjson') io.out(ndjsonText([value]));
  else io.out(people());
}

/** `2026-01-31 12:00:00`: local time of an instant. */
export function localTime(instant: string | undefined): string {
  if (instant === undefined) return '-';
  const at = new Date(instant);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** When, to the second; without the year where there is no room for it. */
export const whenColumn = <Row>(of: (row: Row) => string): Column<Row> => ({
  title: 'WHEN',
  of: (row) => localTime(of(row)),
  narrow: { title: 'WHEN', of: (row) => localTime(of(row)).slice('2026-'.length) },
});

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

/** `vx 0.52, mode auto`: values of a verdict, short. */
export const valuesText = (
  values: Readonly<Record<string, number | string | boolean | null>>,
): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? shortNumber(value) : value}`)
    .join(', ');

/** `name  value` lines under each other. */
export function facts(
  rows: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const shown = rows.filter(([, value]) => value !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}
