/** `fieldloop rules publish` and what follows: shadow, promote, halt, roll back. */
import { formatSize } from '@fieldloop/core';
import { answer, post, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, verbCommand } from './noun.ts';
import { estimateText, modeOption, versionOf } from './rule-sets.ts';
import { anyNumber, wholeNumber } from './option-values.ts';
import { facts, shortNumber, showOf, timeColumn } from './show.ts';

type Publication = Schemas['Publication'];
type PublicationDevice = Schemas['PublicationDevice'];

interface PublishOptions extends ApiOptions {
  readonly cohort: string;
  readonly mode?: 'shadow' | 'active';
  readonly percent?: number;
  readonly haltFactor?: number;
  readonly maxFaults?: number;
  readonly maxMib?: number;
  readonly force?: boolean;
  readonly reason?: string;
}

interface PromoteOptions extends ConfirmOptions {
  readonly percent?: number;
  readonly force?: boolean;
  readonly reason?: string;
}

interface ReasonOptions extends ConfirmOptions {
  readonly reason: string;
}

export function publicationCommands(rules: Command, io: CliIo): void {
  publish(rules, io);
  queryOptions(
    rules.command('publications').description('Which cohorts run what, the newest first.'),
  ).action(async (options: QueryOptions) => {
    await printList<Publication>(options, io, {
      path: '/v1/publications',
      query: queryOf(options),
      columns,
      none: 'nothing was published',
    });
  });
  publication(rules, io);
  verbs(rules, io);
}

function publish(rules: Command, io: CliIo): void {
  const command = rules
    .command('publish <set> <n>')
    .description('Give a version to a cohort: first a shadow, which counts and cuts nothing.');
  apiOptions(command)
    .requiredOption('--cohort <cohort>', 'to whom')
    .addOption(modeOption())
    .option('--percent <n>', 'to this share of the cohort', percentOf)
    .option(
      '--halt-factor <n>',
      'halt above this many times the upper forecast (3)',
      anyNumber('--halt-factor'),
    )
    .option(
      '--max-faults <n>',
      'halt above this many faults of evaluation (0)',
      wholeNumber('--max-faults'),
    )
    .option('--max-mib <n>', 'halt above this many MiB a robot and day', anyNumber('--max-mib'))
    .option('--force', 'without a fresh forecast; needs --reason')
    .option('--reason <text>', 'why, for the audit log')
    .addHelpText('after', examples)
    .action(async (id: string, n: string, options: PublishOptions) => {
      const numbers = {
        haltFactor: options.haltFactor,
        maxFaults: options.maxFaults,
        maxMibPerRobotDay: options.maxMib,
      };
      const { cohort, mode, force, reason } = options;
      const percent = options.percent;
      const body = { cohort, limits: given(numbers), ...given({ mode, percent, force, reason }) };
      const path = `/v1/ruleSets/${encodeURIComponent(id)}/versions/${versionOf(n)}:publish`;
      const made = await post<Publication>(clientOf(options, io), path, body);
      printOne(made, options, io, () => publicationText(made, showOf(options)));
    });
}

const percentOf = wholeNumber('--percent', { least: 1, most: 100 });

function publication(rules: Command, io: CliIo): void {
  listOptions(
    rules.command('publication <id>').description('Forecast against actual, device by device.'),
  ).action(async (id: string, options: ListOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const found = await answer(client.GET('/v1/publications/{id}', { params }));
    const page = await answer(client.GET('/v1/publications/{id}/devices', { params }));
    const show = showOf(options);
    printOne({ ...found, devices: page.items }, options, io, () =>
      [
        publicationText(found, show),
        page.items.length === 0
          ? '\nno device is concerned\n'
          : `\n${table(page.items, deviceColumns, { width: io.columns, show })}`,
      ].join(''),
    );
  });
}

function verbs(rules: Command, io: CliIo): void {
  const at = (id: string) => ({ params: { path: { id } } });
  verbCommand<Publication>(rules, io, {
    usage: 'promote <publication>',
    says: 'From shadow to active, for a share of the cohort or for all of it.',
    options: (command) =>
      command
        .option('--percent <n>', 'this share is active; the rest stays a shadow', percentOf)
        .option('--force', 'without waiting for the evidence; needs --reason')
        .option('--reason <text>', 'why, for the audit log'),
    run: async (client, id, options: PromoteOptions) => {
      const { force, reason } = options;
      const body = given({ percent: options.percent, force, reason });
      return await answer(client.POST('/v1/publications/{id}:promote', { ...at(id), body }));
    },
    text: publicationText,
  });
  const reasonOption = (command: Command): Command =>
    command.requiredOption('--reason <text>', 'why, for the audit log');
  verbCommand<Publication>(rules, io, {
    usage: 'halt <publication>',
    says: 'Stop it now; robots go back to what they ran before.',
    options: reasonOption,
    run: async (client, id, { reason }: ReasonOptions) =>
      await answer(client.POST('/v1/publications/{id}:halt', { ...at(id), body: { reason } })),
    text: publicationText,
  });
  verbCommand<Publication>(rules, io, {
    usage: 'rollback <publication>',
    says: 'Take it back, also when it was fine.',
    options: reasonOption,
    run: async (client, id, { reason }: ReasonOptions) =>
      await answer(client.POST('/v1/publications/{id}:rollback', { ...at(id), body: { reason } })),
    text: publicationText,
  });
}

const columns: readonly Column<Publication>[] = [
  timeColumn('PUBLISHED', (one) => one.createdAt),
  { title: 'RULES', of: (one) => `${one.ruleSet} ${one.ruleSetVersion}`, shrinks: true },
  { title: 'COHORT', of: (one) => one.cohort.name ?? one.cohort.id, shrinks: true },
  { title: 'MODE', of: modeText },
  { title: 'STATE', of: (one) => one.state },
  { title: 'ID', of: (one) => one.id },
];

function modeText({ mode, percent }: Publication): string {
  return percent === 100 ? mode : `${mode} ${percent} %`;
}

const sizeText = (bytes: number): string => formatSize(Math.round(bytes));

const publicationText = (one: Publication, show: Show): string =>
  facts([
    ['publication', one.id],
    ['rules', `${one.ruleSet}, version ${one.ruleSetVersion}, ${one.digest.slice(0, 12)}`],
    ['cohort', one.cohort.name ?? one.cohort.id],
    ['mode', modeText(one)],
    ['state', one.state],
    ['halts above', limitsText(one)],
    ...forecastRows(one),
    ['published', show.time(one.createdAt)],
  ]);

/** For a robot and a day. */
function forecastRows({ forecast }: Publication): [string, string][] {
  if (forecast === undefined) return [['forecast', 'none']];
  return [
    ['forecast', `fires ${estimateText(forecast.fires)} a robot and day`],
    ['', `clips ${estimateText(forecast.clips)}`],
    ['', `bytes ${estimateText(forecast.bytes, sizeText)}`],
  ];
}

function limitsText({ limits }: Publication): string {
  const most = limits.maxMibPerRobotDay;
  const parts = [`${limits.haltFactor} x the upper forecast`, `${limits.maxFaults} faults`];
  return [...parts, ...(most === undefined ? [] : [`${most} MiB a robot and day`])].join(', ');
}

const deviceColumns: readonly Column<PublicationDevice>[] = [
  { title: 'DEVICE', of: (one) => one.device },
  { title: 'ROLE', of: (one) => one.role },
  { title: 'STATE', of: (one) => one.state },
  { title: 'FIRES', of: (one) => String(sumOf(one.fired)), right: true },
  { title: 'CLIPS', of: (one) => String(one.clips), right: true },
  { title: 'BYTES', of: (one) => sizeText(one.bytes), right: true },
  { title: 'HOURS', of: (one) => shortNumber(one.exposureHours), right: true },
  { title: 'FAULTS', of: (one) => String(one.faults), right: true },
  { title: 'PROBLEM', of: problemText, shrinks: true },
];

const sumOf = (fired: Readonly<Record<string, number>>): number =>
  Object.values(fired).reduce((sum, one) => sum + one, 0);

function problemText({ problems }: PublicationDevice): string {
  const [first] = problems;
  return first === undefined ? '' : `${first.line}:${first.column} ${first.message}`;
}

const examples = `
Examples:
  fieldloop rules publish amr-baseline 3 --cohort hall-2
  fieldloop rules publication pub_01J…
  fieldloop rules promote pub_01J… --percent 10
  fieldloop rules rollback pub_01J… --reason 'too many clips'
`;
