/** `fieldloop rules`, the part in the cloud: versions, what they would cost, and who runs them. */
import { readFile } from 'node:fs/promises';
import { asFault, Fault, formatSize } from '@fieldloop/core';
import { parseRuleSet, problemLine, type RuleProblem } from '@fieldloop/rules';
import { answer, type Client, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  formatOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { operationText, waitFor } from './operations.ts';
import { wholeNumber } from './option-values.ts';
import { counted, facts, shortNumber, showOf, timeColumn } from './show.ts';

type RuleSet = Schemas['RuleSet'];
type Version = Schemas['RuleSetVersion'];
type Forecast = Schemas['RuleForecast'];
type Estimate = Schemas['Estimate'];
type Imported = Schemas['ImportedRuleSets']['items'][number];

interface SaveOptions extends ApiOptions {
  readonly note?: string;
}

interface EditOptions extends ApiOptions {
  readonly name?: string;
  readonly description?: string;
}

export interface BacktestOptions extends ApiOptions {
  readonly q?: string;
  readonly session?: string[];
  readonly against?: string;
  readonly dutyHours?: number;
  readonly wait?: boolean;
}

export function ruleSetCommands(rules: Command, io: CliIo): void {
  queryOptions(rules.command('list').description('Rule sets of the cloud.')).action(
    async (options: QueryOptions) => {
      await printList<RuleSet>(options, io, {
        path: '/v1/ruleSets',
        query: queryOf(options),
        columns: setColumns,
        none: 'no rule sets; `fieldloop rules create` or `fieldloop rules import`',
      });
    },
  );
  getCommand<RuleSet>(rules, io, {
    argument: 'set',
    says: 'One rule set, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/ruleSets/{id}', { params: { path: { id } } })),
    text: setText,
  });
  create(rules, io);
  bringLibrary(rules, io);
  save(rules, io);
  versions(rules, io);
  edit(rules, io);
  forecast(rules, io);
  deleteCommand(rules, io, {
    argument: 'set',
    says: 'Forget a rule set that no robot runs.',
    path: '/v1/ruleSets',
  });
}

function create(rules: Command, io: CliIo): void {
  apiOptions(rules.command('create <name>').description('A rule set; versions are saved into it.'))
    .option('--description <text>', 'what it is for')
    .action(async (name: string, options: ApiOptions & { readonly description?: string }) => {
      const body = { name, ...given({ description: options.description }) };
      const made = await answer(clientOf(options, io).POST('/v1/ruleSets', { body }));
      printOne(made, options, io, () => setText(made, showOf(options)));
    });
}

function bringLibrary(rules: Command, io: CliIo): void {
  apiOptions(
    rules.command('import').description('The ready rule sets that come with Fieldloop.'),
  ).action(async (options: ApiOptions) => {
    const made = await answer(clientOf(options, io).POST('/v1/ruleSets:import', { body: {} }));
    printOne(made, options, io, () => importedText(made.items, io, showOf(options)));
  });
}

function save(rules: Command, io: CliIo): void {
  apiOptions(
    rules.command('save <set> <file>').description('A new version; what is wrong is said by line.'),
  )
    .option('--note <text>', 'what changed and why')
    .action(async (id: string, file: string, options: SaveOptions) => {
      const yaml = await readText(file);
      const body = { yaml, ...given({ note: options.note }) };
      const params = { path: { id } };
      const client = clientOf(options, io);
      const sent = client.POST('/v1/ruleSets/{id}/versions', { params, body });
      const saved = await answer(sent).catch((error: unknown) => {
        throw withPlaces(error, { yaml, file, io });
      });
      printOne(saved, options, io, () => versionText(saved, showOf(options)));
      if (formatOf(options) !== 'table') return;
      for (const problem of saved.problems) {
        io.err(`${problemLine({ ...problem, file } as RuleProblem)}\n`);
      }
      io.err(`next: fieldloop rules backtest ${id} ${saved.n} --wait\n`);
    });
}

interface Refused {
  readonly yaml: string;
  readonly file: string;
  readonly io: CliIo;
}

/** The cloud tells the first problem of a text that it refuses; the file has each at its place. */
function withPlaces(error: unknown, { yaml, file, io }: Refused): unknown {
  const { problems } = parseRuleSet(yaml, file);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (asFault(error).code !== 'invalid' || errors.length === 0) return error;
  for (const problem of errors) io.err(`${problemLine(problem)}\n`);
  return new Fault('invalid', `nothing is saved: ${counted(errors.length, 'error')}`, {
    place: file,
    remedy: 'Each line above says what to do.',
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Fault('not_found', 'the rule set cannot be read', {
      place: file,
      remedy: 'Name a YAML file, such as rules/library/near-miss.yaml.',
      cause: error,
    });
  }
}

function versions(rules: Command, io: CliIo): void {
  listOptions(
    rules.command('versions <set>').description('Its versions, the newest first.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Version>(options, io, {
      path: `/v1/ruleSets/${encodeURIComponent(id)}/versions`,
      query: {},
      columns: versionColumns,
      none: 'no version was saved',
    });
  });
  apiOptions(rules.command('show <set> <n>').description('The YAML of a version.')).action(
    async (id: string, n: string, options: ApiOptions) => {
      const one = await readVersion(clientOf(options, io), id, n);
      printOne(one, options, io, () => one.yaml);
    },
  );
}

const readVersion = async (client: Client, id: string, n: string): Promise<Version> =>
  await answer(
    client.GET('/v1/ruleSets/{id}/versions/{n}', { params: { path: { id, n: versionOf(n) } } }),
  );

/** Number of a version. */
export const versionOf = wholeNumber('version', { least: 1, most: 1_000_000 });

function edit(rules: Command, io: CliIo): void {
  apiOptions(rules.command('edit <set>').description('Another name or description.'))
    .option('--name <name>', 'call it so from now on')
    .option('--description <text>', 'what it is for')
    .action(async (id: string, options: EditOptions) => {
      const body = given({ name: options.name, description: options.description });
      const path = `/v1/ruleSets/${encodeURIComponent(id)}`;
      const set = await patchEntity<RuleSet>(clientOf(options, io), path, body);
      printOne(set, options, io, () => setText(set, showOf(options)));
    });
}

/** What changed from one version of the cloud to another. */
export async function diffInCloud(
  io: CliIo,
  { id, n }: { readonly id: string; readonly n: string },
  options: ApiOptions & { readonly against?: string },
): Promise<void> {
  const query = options.against === undefined ? '' : `?against=${options.against}`;
  const path = `/v1/ruleSets/${encodeURIComponent(id)}/versions/${versionOf(n)}/diff${query}`;
  const response = await clientOf(options, io).send(path);
  const found = (await response.json()) as Schemas['RuleSetDiff'];
  printOne(found, options, io, () => diffText(found));
}

function diffText({ from, to, changes, lines }: Schemas['RuleSetDiff']): string {
  return `version ${from} to ${to}\n${changesText(changes, lines)}`;
}

interface Change {
  readonly part: string;
  readonly name: string;
  readonly change: string;
  readonly fields: readonly {
    readonly path: string;
    readonly before?: unknown;
    readonly after?: unknown;
  }[];
}

/** Changes by meaning, then by line. */
export function changesText(changes: readonly Change[], lines: readonly string[]): string {
  const words = changes.flatMap(({ part, name, change, fields }) => [
    `${change} ${part} ${name}\n`,
    ...fields.map(
      ({ path, before, after }) =>
        `  ${path}: ${JSON.stringify(before) ?? 'nothing'} -> ${JSON.stringify(after) ?? 'nothing'}\n`,
    ),
  ]);
  const meaning = words.length === 0 ? ['the meaning is the same\n'] : words;
  return [...meaning, '\n', ...lines.map((line) => `${line}\n`)].join('');
}

/** What a version would have done, by the clips of the cloud. */
export async function backtestInCloud(
  io: CliIo,
  { id, n }: { readonly id: string; readonly n: string },
  options: BacktestOptions,
): Promise<void> {
  const client = clientOf(options, io);
  const { q, session: sessions, dutyHours } = options;
  const against = options.against === undefined ? undefined : againstOf(options.against);
  const started = await answer<Schemas['Operation']>(
    client.POST('/v1/ruleSets/{id}:backtest', {
      params: { path: { id } },
      body: { version: versionOf(n), ...given({ q, sessions, against, dutyHours }) },
    }),
  );
  if (options.wait !== true) {
    printOne(started, options, io, () => operationText(started, showOf(options)));
    return;
  }
  await waitFor(client, started.id, io);
  await printForecast(client, { id, n }, options, io);
}

const againstOf = wholeNumber('--against');

function forecast(rules: Command, io: CliIo): void {
  apiOptions(
    rules.command('forecast <set> <n>').description('The newest backtest of a version.'),
  ).action(async (id: string, n: string, options: ApiOptions) => {
    await printForecast(clientOf(options, io), { id, n }, options, io);
  });
}

async function printForecast(
  client: Client,
  { id, n }: { readonly id: string; readonly n: string },
  options: ApiOptions,
  io: CliIo,
): Promise<void> {
  const path = `/v1/ruleSets/${encodeURIComponent(id)}/versions/${versionOf(n)}/forecast`;
  const found = (await (await client.send(path)).json()) as Forecast;
  printOne(found, options, io, () => forecastText(found, io, showOf(options)));
}

/** `3.2 (1.1 to 7.4)`: the mean and its 95 % interval. */
export const estimateText = (
  estimate: Estimate | undefined,
  of: (value: number) => string = shortNumber,
): string =>
  estimate === undefined
    ? '-'
    : `${of(estimate.mean)} (${of(estimate.low)} to ${of(estimate.high)})`;

const sizeText = (bytes: number): string => formatSize(Math.round(bytes));

function forecastText(found: Forecast, io: CliIo, show: Show): string {
  const columns: readonly Column<Forecast['rules'][number]>[] = [
    { title: 'RULE', of: (one) => one.rule, shrinks: true },
    { title: 'FIRES A DAY', of: (one) => estimateText(one.perRobotDay), right: true },
    { title: 'SEEN', of: (one) => String(one.fires), right: true },
    { title: 'HOURS', of: (one) => shortNumber(one.hours), right: true },
    { title: 'TOLD BY', of: (one) => one.basis },
  ];
  return [
    'a robot and a day:\n',
    facts([
      ['fires', estimateText(found.fires)],
      ['clips', estimateText(found.clips)],
      ['bytes', estimateText(found.bytes, sizeText)],
      ['about', populationText(found)],
      ['faults', found.faults === 0 ? undefined : `${found.faults} of evaluation`],
      ['made', `${show.time(found.createdAt)} by ${found.createdBy}`],
    ]),
    `\n${table(found.rules, columns, { width: io.columns, show })}`,
  ].join('');
}

function populationText(found: Forecast): string {
  const seen = `${counted(found.recordings, 'recording')} of ${counted(found.devices, 'device')}, ${shortNumber(found.seenHours)} h`;
  if (found.population === 'sampled') return `${seen}, sampled and triggered`;
  if (found.population === 'triggered') return `${seen}, triggered clips alone: these are bounds`;
  return 'nothing that matched';
}

const setColumns: readonly Column<RuleSet>[] = [
  { title: 'RULE SET', of: (one) => one.name },
  { title: 'LATEST', of: (one) => String(one.latest), right: true },
  { title: 'WHAT', of: (one) => one.description ?? '-', shrinks: true },
  timeColumn('CHANGED', (one) => one.updatedAt, 1),
  { title: 'ID', of: (one) => one.id },
];

const setText = (one: RuleSet, show: Show): string =>
  facts([
    ['rule set', one.name],
    ['id', one.id],
    ['latest', one.latest === 0 ? 'no version yet' : `version ${one.latest}`],
    ['description', one.description],
    ['made', `${show.time(one.createdAt)} by ${one.createdBy}`],
  ]);

const versionColumns: readonly Column<Version>[] = [
  { title: 'N', of: (one) => String(one.n), right: true },
  { title: 'DIGEST', of: (one) => one.digest.slice(0, 12) },
  timeColumn('SAVED', (one) => one.createdAt),
  { title: 'BY', of: (one) => one.createdBy, shrinks: true },
  { title: 'NOTE', of: (one) => one.note ?? '-', shrinks: true },
];

const versionText = (one: Version, show: Show): string =>
  facts([
    ['version', String(one.n)],
    ['digest', one.digest],
    ['note', one.note],
    ['saved', `${show.time(one.createdAt)} by ${one.createdBy}`],
  ]);

function importedText(items: readonly Imported[], io: CliIo, show: Show): string {
  const columns: readonly Column<Imported>[] = [
    { title: 'RULE SET', of: (one) => one.name },
    { title: 'VERSION', of: (one) => String(one.n), right: true },
    { title: 'NEW', of: (one) => (one.isNew ? 'yes' : 'was there') },
    { title: 'DIGEST', of: (one) => one.digest.slice(0, 12) },
    { title: 'ID', of: (one) => one.id, drops: 1 },
  ];
  return table(items, columns, { width: io.columns, show });
}

/** Modes of a publication. */
export const modeOption = (): Option =>
  new Option('--mode <mode>', 'count only, or cut clips').choices(['shadow', 'active']);
