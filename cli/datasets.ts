/** `fieldloop datasets`: versions of labelled data, by the hash of what is in them. */
import { answer, type Client, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { addDatasetFiles } from './dataset-files.ts';
import { addDatasetImport } from './dataset-import.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { confirmed, type ConfirmOptions, confirmOption, getCommand, patchEntity } from './noun.ts';
import { waitFor } from './operations.ts';
import { demandSame } from './reproduce.ts';
import { counted, facts, showOf, timeColumn } from './show.ts';

type Dataset = Schemas['Dataset'];
type Version = Schemas['DatasetVersion'];

interface SettingOptions extends ApiOptions {
  readonly description?: string;
  readonly ontology?: string;
  readonly type?: string[];
  readonly topic?: string[];
  readonly splitBy?: 'device_session' | 'site';
  readonly salt?: string;
  readonly licence?: string[];
  readonly gates?: string;
}

export function datasetsCommand(io: CliIo): Command {
  const datasets = new Command('datasets').description('Labelled data in versions, for training.');
  queryOptions(datasets.command('list').description('Data sets, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Dataset>(options, io, {
        path: '/v1/datasets',
        query: queryOf(options),
        columns,
        none: 'no data sets; `fieldloop datasets create` makes one',
      });
    },
  );
  getCommand<Dataset>(datasets, io, {
    argument: 'name',
    says: 'What belongs to it, how it is split, its gates and tags.',
    read: async (client, id) =>
      await answer(client.GET('/v1/datasets/{id}', { params: { path: { id } } })),
    text: datasetText,
  });
  create(datasets, io);
  edit(datasets, io);
  build(datasets, io);
  versions(datasets, io);
  signOff(datasets, io);
  proofs(datasets, io);
  diff(datasets, io);
  tags(datasets, io);
  addDatasetFiles(datasets, io);
  addDatasetImport(datasets, io);
  return datasets;
}

const settingOptions = (command: Command): Command =>
  command
    .option('--description <text>', 'what it is for')
    .option('--type <type...>', 'classification, boxes, segments or text; all unless said')
    .option('--topic <topic...>', 'labels of these topics; all unless said')
    .addOption(
      new Option('--split-by <key>', 'what never stands on two sides').choices([
        'device_session',
        'site',
      ]),
    )
    .option('--salt <text>', 'draws other groups into test')
    .option('--licence <name...>', 'such as CC-BY-4.0')
    .option('--gates <json>', 'such as \'{"classMinimum": 20, "testMinimum": 300}\'');

function settingsOf(options: SettingOptions) {
  const { ontology, type, topic, splitBy, salt, licence, gates, description } = options;
  const isSplit = splitBy !== undefined || salt !== undefined;
  return given({
    description,
    selection:
      ontology === undefined ? undefined : { ontology, ...given({ types: type, topics: topic }) },
    splitRule: isSplit ? given({ key: splitBy, salt }) : undefined,
    licences: licence,
    gates: gates === undefined ? undefined : (JSON.parse(gates) as object),
  });
}

function create(datasets: Command, io: CliIo): void {
  const command = datasets
    .command('create <name>')
    .description('Say which labels make it, how it is split, and what versions must meet.')
    .requiredOption('--ontology <name>', 'whose labels belong to it');
  settingOptions(apiOptions(command))
    .addHelpText('after', createExamples)
    .action(async (name: string, options: SettingOptions) => {
      const body = { name, ...settingsOf(options) } as never;
      const made = await answer(clientOf(options, io).POST('/v1/datasets', { body }));
      printOne(made, options, io, () => datasetText(made, showOf(options)));
    });
}

function edit(datasets: Command, io: CliIo): void {
  const command = datasets
    .command('edit <name>')
    .description('Change what its next versions are made of; those that are there stay.')
    .option('--ontology <name>', 'whose labels belong to it');
  settingOptions(apiOptions(command)).action(async (name: string, options: SettingOptions) => {
    const path = `/v1/datasets/${encodeURIComponent(name)}`;
    const changed = await patchEntity<Dataset>(clientOf(options, io), path, settingsOf(options));
    printOne(changed, options, io, () => datasetText(changed, showOf(options)));
  });
}

interface BuildOptions extends ApiOptions {
  readonly batch?: string[];
  readonly publish?: boolean;
}

function build(datasets: Command, io: CliIo): void {
  apiOptions(
    datasets
      .command('build <name>')
      .description('Build a version of the labels that are resolved now, and wait for it.'),
  )
    .option('--batch <batch...>', 'labels of these batches of tasks alone')
    .option('--publish', 'no sign-off when its gates are green')
    .action(async (name: string, options: BuildOptions) => {
      const client = clientOf(options, io);
      const body = given({ batches: options.batch, publish: options.publish });
      const params = { path: { id: name } };
      const started = await answer(
        client.POST('/v1/datasets/{id}/versions', { params, body: body as never }),
      );
      const ended = await waitFor(client, started.id, io);
      const { version, unchanged } = ended.result as { version: string; unchanged: boolean };
      if (unchanged) io.err('nothing changed since this version\n');
      await printVersion(client, version, options, io);
    });
}

async function printVersion(
  client: Client,
  id: string,
  options: ApiOptions,
  io: CliIo,
): Promise<void> {
  const one = await answer(client.GET('/v1/datasetVersions/{id}', { params: { path: { id } } }));
  printOne(one, options, io, () => versionText(one, showOf(options)));
}

interface VersionListOptions extends QueryOptions {
  readonly state?: string;
}

function versions(datasets: Command, io: CliIo): void {
  queryOptions(
    datasets.command('versions [name]').description('Versions, of one data set or of all.'),
  )
    .option('--state <state>', 'draft, ready or rejected')
    .action(async (name: string | undefined, options: VersionListOptions) => {
      const { state } = options;
      const q = [options.q, state === undefined ? undefined : `state=${state}`].filter(
        (one) => one !== undefined,
      );
      await printList<Version>(options, io, {
        path: '/v1/datasetVersions',
        query: { ...queryOf(options), dataset: name, q: q.join(' and ') || undefined },
        columns: versionColumns,
        none: 'no versions; `fieldloop datasets build NAME` makes one',
      });
    });
  getCommand<Version>(datasets, io, {
    argument: 'version',
    name: 'show',
    says: 'One version: counts, gates with reasons, sign-off. 12 digits of its id are enough.',
    read: async (client, id) =>
      await answer(client.GET('/v1/datasetVersions/{id}', { params: { path: { id } } })),
    text: versionText,
  });
  apiOptions(
    datasets
      .command('manifest <version>')
      .description('Its manifest: the bytes that the id is of.'),
  ).action(async (id: string, options: ApiOptions) => {
    const path = `/v1/datasetVersions/${encodeURIComponent(id)}/manifest`;
    io.out(await (await clientOf(options, io).send(path)).text());
  });
  apiOptions(datasets.command('items <version>').description('Its items, one JSON a line.'))
    .option('--split <split>', 'train, calibration, test or regression')
    .action(async (id: string, options: ApiOptions & { readonly split?: string }) => {
      const split =
        options.split === undefined ? '' : `?split=${encodeURIComponent(options.split)}`;
      const path = `/v1/datasetVersions/${encodeURIComponent(id)}/items${split}`;
      const { body } = await clientOf(options, io).send(path);
      const decoder = new TextDecoder();
      for await (const piece of body ?? []) io.out(decoder.decode(piece, { stream: true }));
    });
}

function signOff(datasets: Command, io: CliIo): void {
  const decide = (decision: 'ready' | 'rejected', says: string): void => {
    const name = decision === 'ready' ? 'sign-off <version>' : 'reject <version>';
    apiOptions(datasets.command(name).description(says))
      .option('--reason <text>', 'why; needed where gates are red, and for a no')
      .action(async (id: string, options: ApiOptions & { readonly reason?: string }) => {
        const client = clientOf(options, io);
        const body = { decision, ...given({ reason: options.reason }) };
        const params = { path: { id } };
        await answer(client.POST('/v1/datasetVersions/{id}:signOff', { params, body }));
        await printVersion(client, id, options, io);
      });
  };
  decide('ready', 'Say that a version may train models.');
  decide('rejected', 'Say that a version must not be used.');
}

function proofs(datasets: Command, io: CliIo): void {
  apiOptions(
    datasets
      .command('rebuild <version>')
      .alias('reproduce')
      .description('Make it of its recorded inputs again: the same id, or what differs.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const params = { path: { id } };
    const started = await answer(client.POST('/v1/datasetVersions/{id}:rebuild', { params }));
    const { result } = await waitFor(client, started.id, io);
    const found = result as { version: string; rebuilt: string; same: boolean; differs: string[] };
    printOne(found, options, io, () =>
      found.same
        ? `${found.version}\nthe same id again\n`
        : `${found.version}\n${found.rebuilt} is what its inputs give now: ${found.differs.join(', ')}\n`,
    );
    demandSame(found.same, `${id} does not come out of its recorded inputs`);
  });
}

function diff(datasets: Command, io: CliIo): void {
  apiOptions(
    datasets.command('diff <version>').description('What it has that another one has not.'),
  )
    .option('--before <version>', 'the other one; its parent unless said')
    .option('--limit <n>', 'entries to show')
    .action(
      async (
        id: string,
        options: ApiOptions & { readonly before?: string; readonly limit?: string },
      ) => {
        const query = given({ before: options.before, limit: options.limit }) as never;
        const found = await answer(
          clientOf(options, io).GET('/v1/datasetVersions/{id}/diff', {
            params: { path: { id }, query },
          }),
        );
        printOne(found, options, io, () => diffText(found));
      },
    );
}

type Diff = Schemas['DatasetDiff'];

function diffText(found: Diff): string {
  const line = (name: string, of: Diff['total']): string =>
    `${name}: ${of.added} added, ${of.removed} removed, ${of.relabelled} relabelled, ${of.moved} moved, ${of.same} the same\n`;
  const entries = found.entries.map(
    (one) =>
      `  ${one.kind.padEnd(10)} ${one.clip} ${one.startNs} ${one.beforeClass ?? '-'} > ${one.afterClass ?? '-'}\n`,
  );
  const classes = Object.entries(found.classes).map(([name, of]) => `  ${line(name, of)}`);
  return [line('all', found.total), ...classes, ...entries].join('');
}

function tags(datasets: Command, io: CliIo): void {
  const pathOf = (name: string, tag: string): string =>
    `/v1/datasets/${encodeURIComponent(name)}/tags/${encodeURIComponent(tag)}`;
  apiOptions(
    datasets
      .command('tag <name> <tag> [version]')
      .description('Move a tag; without a version, show it.'),
  ).action(async (name: string, tag: string, version: string | undefined, options: ApiOptions) => {
    const client = clientOf(options, io);
    const path = pathOf(name, tag);
    if (version !== undefined) {
      const { id } = await answer(
        client.GET('/v1/datasetVersions/{id}', { params: { path: { id: version } } }),
      );
      await client.send(path, {
        method: 'PUT',
        headers: { 'if-match': '*', 'content-type': 'application/json' },
        body: JSON.stringify({ versionId: id }),
      });
    }
    const found = (await (await client.send(path)).json()) as Schemas['DatasetTag'];
    printOne(found, options, io, () => `${found.name} ${found.versionId}\n`);
  });
  confirmOption(
    apiOptions(datasets.command('untag <name> <tag>').description('Take a tag away.')),
  ).action(async (name: string, tag: string, options: ConfirmOptions) => {
    await confirmed(`Take the tag ${tag} of ${name} away?`, options, io);
    const headers = { 'if-match': '*' };
    await clientOf(options, io).send(pathOf(name, tag), { method: 'DELETE', headers });
    io.err(`${tag} is gone\n`);
  });
}

const columns: readonly Column<Dataset>[] = [
  { title: 'NAME', of: (one) => one.name },
  { title: 'ONTOLOGY', of: (one) => one.selection.ontology, shrinks: true },
  timeColumn('MADE', (one) => one.createdAt, 1),
  { title: 'ID', of: (one) => one.id },
];

const versionColumns: readonly Column<Version>[] = [
  timeColumn('MADE', (one) => one.createdAt),
  { title: 'DATA SET', of: (one) => one.dataset, shrinks: true },
  { title: 'N', of: (one) => String(one.n), right: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'GATES', of: (one) => one.outcome },
  { title: 'ITEMS', of: (one) => String(one.items), right: true },
  { title: 'TAGS', of: (one) => one.tags.join(' ') || '-', drops: 1 },
  { title: 'ID', of: (one) => one.id.slice(0, 12) },
];

const datasetText = (one: Dataset, show: Show): string =>
  facts([
    ['data set', one.name],
    ['id', one.id],
    ['says', one.description],
    ['ontology', one.selection.ontology],
    ['types', one.selection.types?.join(', ')],
    ['topics', one.selection.topics?.join(', ')],
    [
      'split',
      `by ${one.splitRule.key}, test ${one.splitRule.buckets.test / 100} %, calibration ${one.splitRule.buckets.calibration / 100} %`,
    ],
    ['licences', one.licences.join(', ') || undefined],
    ['tags', one.tags?.map((tag) => `${tag.name} ${tag.version.slice(0, 12)}`).join(', ')],
    ['made', show.time(one.createdAt)],
  ]);

const texts = (counts: Readonly<Record<string, unknown>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ');

function versionText(one: Version, show: Show): string {
  const gates = one.gates.map(
    (gate) =>
      `  ${gate.outcome.padEnd(12)} ${gate.gate.padEnd(10)} ${gate.reason}\n${
        gate.remedy === undefined || gate.outcome === 'pass'
          ? ''
          : `${' '.repeat(26)}${gate.remedy}\n`
      }`,
  );
  const gone = one.gone ?? [];
  return [
    facts([
      ['version', one.id],
      ['data set', `${one.dataset}, number ${one.n}`],
      ['parent', one.parent],
      ['state', one.reason === undefined ? one.state : `${one.state}: ${one.reason}`],
      ['by', one.decidedBy],
      ['items', `${one.items} of ${counted(one.clips, 'clip')}`],
      ['splits', texts(one.splits)],
      ['classes', texts(one.classes)],
      ['lanes', texts(one.lanes)],
      ['left out', texts(one.leftOut) || undefined],
      ['tags', one.tags.join(', ') || undefined],
      ['labels as of', show.time(one.asOf)],
    ]),
    `gates: ${one.outcome}\n`,
    ...gates,
    gone.length === 0
      ? ''
      : `gone: ${gone.map(({ clip, state }) => `${clip} ${state}`).join(', ')}\n`,
  ].join('');
}

const createExamples = `
Examples:
  fieldloop datasets create wall-following --ontology wall --licence CC-BY-4.0
  fieldloop datasets build wall-following
  fieldloop datasets sign-off 3f2a91c04b7d
`;
