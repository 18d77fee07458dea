/** What every command of the API has in common: its options, its pages and its output. */
import { setTimeout as delay } from 'node:timers/promises';
import { Fault, parseDurationNs } from '@fieldloop/core';
import { type Client, openClient, queryText, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
import type { paths } from './generated/api.d.ts';
import {
  type CliIo,
  type Column,
  csvText,
  jsonText,
  ndjsonText,
  type OutputFormat,
  outputFormats,
  table,
} from './io.ts';
import { withNames } from './names.ts';
import { findProfile } from './profile.ts';
import { showOf } from './show.ts';
import { yamlText } from './yaml.ts';

export interface ApiOptions {
  readonly url?: string;
  readonly key?: string;
  readonly profile?: string;
  readonly json?: boolean;
  readonly output?: OutputFormat;
  readonly utc?: boolean;
}

export interface ListOptions extends ApiOptions {
  readonly limit?: string;
  readonly all?: boolean;
  readonly watch?: string | boolean;
}

/** Of lists that take a query. */
export interface QueryOptions extends ListOptions {
  readonly q?: string;
  readonly saved?: string;
  readonly sort?: string;
  readonly fields?: string;
  readonly count?: string | boolean;
}

/** Options that many commands have: they stand last in a help. */
export const sharedOptions: readonly string[] = [
  '--since --until --start-ns --end-ns --q --saved --sort --fields --count --limit --all --watch',
  '--json --output --utc --profile --url --key --help',
].flatMap((line) => line.split(' '));

/** Rows that a list shows when nobody says how many. */
const usualRows = 50;
/** The largest page of the API. */
const pageRows = 500;
const usualWatch = '2s';

export function apiOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the cloud, such as http://127.0.0.1:7400')
    .option('--key <key>', 'an API key (flk_…)')
    .option('--profile <name>', 'one of those that `fieldloop config list` shows')
    .option('--json', 'the whole answer as one JSON document')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(outputFormats))
    .option('--utc', 'show times in UTC instead of local time');
}

export function listOptions(command: Command): Command {
  return apiOptions(command)
    .option('--limit <n>', `how many to show, the first ${usualRows} by default`)
    .option('--all', 'show all, however many pages they are')
    .option('--watch [every]', `ask again and again, every ${usualWatch} unless said`);
}

/** Of lists that take a query. */
export function queryOptions(command: Command): Command {
  return listOptions(command)
    .option(
      '--q <query>',
      "which ones: 'severity=critical and scores.*>0.7', see docs/reference/q.md",
    )
    .option('--saved <name>', 'which ones: a saved query')
    .option('--sort <field>', 'in the order of this field; -field is descending')
    .option('--fields <names>', 'only these members, by comma')
    .option('--count [how]', 'how many there are in all: estimate or exact');
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

/** What a list's request says of its rows. */
export const queryOf = ({ q, saved, sort, fields, count }: QueryOptions): Query => ({
  q,
  saved,
  sort,
  fields,
  ...(count === undefined ? {} : { count: countOf(count) }),
});

/** What was given: members that are undefined are not there. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function countOf(count: string | boolean): 'estimate' | 'exact' {
  if (count === true || count === 'estimate') return 'estimate';
  if (count === 'exact') return 'exact';
  throw new Fault('invalid', `"${String(count)}" is not a way to count`, {
    place: '--count',
    remedy: 'Use estimate, which is quick, or exact.',
  });
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
  readonly count?: Schemas['Count'] | undefined;
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ListSpec<Item> {
  /** Of the API's list. */
  readonly path: ListPath | `/v1/${string}/${string}`;
  /** What narrows it, by the names of the API, which checks it; undefined does not narrow. */
  readonly query: Query;
  readonly columns: readonly Column<Item>[];
  /** `no clips match`: said on stderr when there is nothing. */
  readonly none: string;
}

/** Paths whose GET answers with pages. */
type ListPath = {
  [P in keyof paths]: paths[P] extends { get: { parameters: { query?: { cursor?: string } } } }
    ? P
    : never;
}[keyof paths];

/** Fetches as many pages as wanted and prints them; stderr says when there is more. */
export async function printList<Item extends object>(
  options: QueryOptions,
  io: CliIo,
  spec: ListSpec<Item>,
): Promise<void> {
  if (options.watch === undefined) {
    await printOnce(options, io, spec);
    return;
  }
  const everyMs = watchMs(options.watch);
  const stopped = new AbortController();
  void io.stopRequested?.().then(() => stopped.abort());
  while (!stopped.signal.aborted) {
    // The screen is cleared, so that the list stands still where nothing changes.
    if (io.isTerminal && formatOf(options) === 'table') io.out('\u001b[H\u001b[2J');
    await printOnce(options, io, spec);
    await delay(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
}

function watchMs(watch: string | boolean): number {
  const text = watch === true ? usualWatch : String(watch);
  try {
    return Math.max(200, Number(parseDurationNs(text) / 1_000_000n));
  } catch (error) {
    throw new Fault('invalid', `"${text}" is not how often to ask`, {
      place: '--watch',
      remedy: 'Write a duration such as 5s.',
      cause: error,
    });
  }
}

async function printOnce<Item extends object>(
  options: QueryOptions,
  io: CliIo,
  { path, query, columns: usual, none }: ListSpec<Item>,
): Promise<void> {
  const client = clientOf(options, io);
  const most = rowsWanted(options);
  const format = formatOf(options);
  const show = showOf(options);
  const columns = columnsFor(options, usual);
  const items: Item[] = [];
  let rows = 0;
  let cursor: string | undefined;
  let count: Schemas['Count'] | undefined;
  do {
    const limit = Math.min(pageRows, most - rows);
    const response = await client.send(`${path}?${queryText({ ...query, limit, cursor })}`);
    const page = (await response.json()) as Page<Item>;
    // What goes out line by line is never held whole.
    if (format === 'ndjson') io.out(ndjsonText(page.items));
    else if (format === 'csv') io.out(csvText(page.items, columns, { show, head: rows === 0 }));
    else items.push(...page.items);
    rows += page.items.length;
    cursor = page.nextCursor;
    count ??= page.count;
  } while (cursor !== undefined && rows < most);
  const more = cursor === undefined ? {} : { nextCursor: cursor };
  const whole = { items, ...more, ...(count === undefined ? {} : { count }) };
  if (format === 'json') io.out(jsonText(whole));
  if (format === 'yaml') io.out(yamlText(whole));
  if (format !== 'table') return;
  if (count !== undefined) io.err(`${count.exact ? '' : 'about '}${count.value} in all\n`);
  if (items.length === 0) {
    io.err(`${none}\n`);
    return;
  }
  io.out(table(await withNames(client, items), columns, { width: io.columns, show }));
  if (cursor !== undefined) io.err(`the first ${items.length}; --all or --limit shows more\n`);
}

/** With --fields the table has these members instead of what it usually shows. */
function columnsFor<Item extends object>(
  { fields }: QueryOptions,
  usual: readonly Column<Item>[],
): readonly Column<Item>[] {
  if (fields === undefined) return usual;
  return fields.split(',').map((name) => ({
    title: name.trim().toUpperCase(),
    shrinks: true,
    of: (row) => memberText(row, name.trim()),
  }));
}

function memberText(row: object, name: string): string {
  const value = (row as Readonly<Record<string, unknown>>)[name];
  if (value === undefined || value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function rowsWanted({ limit, all }: ListOptions): number {
  if (limit === undefined) return all === true ? Number.MAX_SAFE_INTEGER : usualRows;
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit);
  throw new Fault('invalid', `"${limit}" is not how many rows to show`, {
    place: '--limit',
    remedy: 'Write a number from 1, or use --all.',
  });
}

/** One document: as JSON or YAML, or as `people` write it. */
export function printOne(
  value: object,
  options: ApiOptions,
  io: CliIo,
  people: () => string | { /** Said on stderr: there is nothing. */ readonly none: string },
): void {
  const format = formatOf(options);
  if (format === 'json') io.out(jsonText(value));
  else if (format === 'yaml') io.out(yamlText(value));
  else if (format === 'ndjson') io.out(ndjsonText([value]));
  else {
    const text = people();
    if (typeof text === 'string') io.out(text);
    else io.err(`${text.none}\n`);
  }
}
