/** `fieldloop queries`: queries that have a name, and what a query can ask for. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { type CliIo, type Column, type Show, table } from './io.ts';
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
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type SavedQuery = Schemas['SavedQuery'];
type QueryField = Schemas['QueryFields']['fields'][number];

interface CreateOptions extends ApiOptions {
  readonly for: string;
  readonly q: string;
  readonly note?: string;
  readonly private?: boolean;
}

interface EditOptions extends ApiOptions {
  readonly name?: string;
  readonly q?: string;
  readonly note?: string;
  readonly private?: boolean;
  readonly shared?: boolean;
}

export function queriesCommand(io: CliIo): Command {
  const queries = new Command('queries').description(
    'Queries with a name: lists take them as --saved NAME.',
  );
  queryOptions(queries.command('list').description('Your own, and those that are shared.'))
    .option('--for <noun>', 'only those of this noun, such as clips')
    .action(async (options: QueryOptions & { readonly for?: string }) => {
      await printList<SavedQuery>(options, io, {
        path: '/v1/savedQueries',
        query: { ...queryOf(options), source: options.for },
        columns,
        none: 'no saved queries; `fieldloop queries create` makes one',
      });
    });
  getCommand<SavedQuery>(queries, io, {
    argument: 'id',
    says: 'One saved query.',
    read: async (client, id) =>
      await answer(client.GET('/v1/savedQueries/{id}', { params: { path: { id } } })),
    text: queryText,
  });
  create(queries, io);
  edit(queries, io);
  deleteCommand(queries, io, {
    argument: 'id',
    says: 'Forget a saved query.',
    path: '/v1/savedQueries',
  });
  fields(queries, io);
  return queries;
}

function create(queries: Command, io: CliIo): void {
  apiOptions(queries.command('create <name>').description('Give a query a name.'))
    .requiredOption('--for <noun>', 'what it asks for: clips, events, devices, alerts, …')
    .requiredOption('--q <query>', 'the query')
    .option('--note <text>', 'what it is for')
    .option('--private', 'only you see it in your list')
    .addHelpText('after', createExamples)
    .action(async (name: string, options: CreateOptions) => {
      const { for: source, q, note, private: isPrivate } = options;
      const body = { name, source, q, shared: isPrivate !== true, ...given({ note }) };
      const made = await answer(clientOf(options, io).POST('/v1/savedQueries', { body }));
      printOne(made, options, io, () => queryText(made, showOf(options)));
    });
}

function edit(queries: Command, io: CliIo): void {
  apiOptions(queries.command('edit <id>').description('Another query, name, note or readership.'))
    .option('--name <name>', 'call it so from now on')
    .option('--q <query>', 'the query')
    .option('--note <text>', 'what it is for')
    .option('--private', 'only you see it in your list')
    .option('--shared', 'everybody sees it')
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const { name, q, note } = options;
      const shared = options.private === true ? false : options.shared;
      const path = `/v1/savedQueries/${encodeURIComponent(id)}`;
      const body = given({ name, q, note, shared });
      const changed = await patchEntity<SavedQuery>(clientOf(options, io), path, body);
      printOne(changed, options, io, () => queryText(changed, showOf(options)));
    });
}

/** What may stand in a query, which is asked most when one is written. */
function fields(queries: Command, io: CliIo): void {
  apiOptions(
    queries.command('fields <noun>').description('What --q can ask for: fields, types, values.'),
  )
    .addHelpText('after', fieldExamples)
    .action(async (source: string, options: ApiOptions) => {
      const client = clientOf(options, io);
      const found = await answer(client.GET('/v1/queryFields', { params: { query: { source } } }));
      const show = showOf(options);
      printOne(found, options, io, () =>
        [
          table(found.fields, fieldColumns(io.columns), { width: io.columns, show }),
          `\na bare word looks into ${found.words.join(', ') || 'nothing'}\n`,
          `--sort takes ${found.sorts.filter((one) => !one.startsWith('-')).join(', ')}\n`,
        ].join(''),
      );
    });
}

/** On a narrow terminal what there is to say comes before the values that there are. */
function fieldColumns(width: number): readonly Column<QueryField>[] {
  const values: Column<QueryField> = {
    title: 'VALUES',
    of: (one) => (one.values ?? one.seen ?? []).join(' '),
    shrinks: true,
  };
  return [
    { title: 'FIELD', of: (one) => one.name },
    { title: 'TYPE', of: (one) => one.type },
    { title: 'WHAT', of: (one) => one.says, shrinks: true },
    ...(width > 0 && width < 120 ? [] : [values]),
    { title: 'EXAMPLE', of: (one) => one.example, shrinks: true },
  ];
}

const columns: readonly Column<SavedQuery>[] = [
  { title: 'NAME', of: (one) => one.name },
  { title: 'FOR', of: (one) => one.source },
  { title: 'QUERY', of: (one) => one.q, shrinks: true },
  { title: 'SHARED', of: (one) => (one.shared ? 'yes' : 'no'), drops: 1 },
  timeColumn('CHANGED', (one) => one.updatedAt, 2),
  { title: 'ID', of: (one) => one.id },
];

const queryText = (one: SavedQuery, show: Show): string =>
  [
    facts([
      ['query', one.name],
      ['id', one.id],
      ['for', one.source],
      ['q', one.q],
      ['note', one.note],
      ['shared', one.shared ? 'with everybody' : 'no'],
      ['owner', one.owner],
      ['changed', show.time(one.updatedAt)],
    ]),
    listWord(one.source) === undefined
      ? ''
      : `\nnext: fieldloop ${listWord(one.source)} list --saved ${one.name}\n`,
  ].join('');

/** The noun whose list takes queries of a source. */
const listWord = (source: string): string | undefined => listWords[source];
const listWords: Readonly<Record<string, string>> = {
  alerts: 'alerts',
  approvals: 'approvals',
  audit: 'audit',
  clips: 'clips',
  cohorts: 'cohorts',
  commands: 'commands',
  devices: 'devices',
  events: 'events',
  failures: 'failures',
  sessions: 'sessions',
  users: 'users',
};

const createExamples = `
Examples:
  fieldloop queries create wet-near-misses --for clips --q 'rule=near-miss tag:rain'
  fieldloop clips list --saved wet-near-misses
`;

const editExamples = `
Examples:
  fieldloop queries edit qry_01J… --q 'rule=near-miss tag:rain and startNs>-30d'
`;

const fieldExamples = `
Examples:
  fieldloop queries fields clips
  fieldloop queries fields alerts --json | jq -r '.fields[].name'
`;
