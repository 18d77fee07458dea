/** `fieldloop event-kinds`: the sorts of events, and how a timeline draws them. */
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  given,
  type ListOptions,
  listOptions,
  printList,
  printOne,
} from './list.ts';
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { type JsonObject, jsonObject } from './option-values.ts';
import { facts, showOf } from './show.ts';

type Kind = Schemas['EventKind'];

interface WriteOptions extends ApiOptions {
  readonly colour?: string;
  readonly shape?: Kind['shape'];
  readonly description?: string;
  readonly schema?: JsonObject;
  readonly failure?: boolean;
}

const shapes: readonly Kind['shape'][] = ['dot', 'diamond', 'triangle', 'square', 'flag', 'bar'];
const usual = { colour: '#4477aa', shape: 'flag' } as const;

export function eventKindsCommand(io: CliIo): Command {
  const kinds = new Command('event-kinds').description(
    'Sorts of events: their data, and how a timeline draws them.',
  );
  listOptions(kinds.command('list').description('Kinds, by name.')).action(
    async (options: ListOptions) => {
      await printList<Kind>(options, io, {
        path: '/v1/eventKinds',
        query: {},
        columns,
        none: 'no kinds of events; `fieldloop event-kinds create` makes one',
      });
    },
  );
  getCommand<Kind>(kinds, io, {
    argument: 'kind',
    says: 'One kind, by name or id, with the schema of its data.',
    read: async (client, id) =>
      await answer(client.GET('/v1/eventKinds/{id}', { params: { path: { id } } })),
    text: kindText,
  });
  create(kinds, io);
  edit(kinds, io);
  deleteCommand(kinds, io, {
    argument: 'kind',
    says: 'Forget a kind; its events stay.',
    path: '/v1/eventKinds',
  });
  return kinds;
}

const writeOptions = (command: Command): Command =>
  command
    .option('--colour <#rrggbb>', `on a timeline, ${usual.colour} unless said`)
    .addOption(new Option('--shape <shape>', 'on a timeline').choices(shapes))
    .option('--description <text>', 'when to use it')
    .option('--schema <json>', 'JSON Schema of the data', jsonObject('--schema', schemaExample))
    .option('--failure', 'each of its events is written into the failure log too')
    .option('--no-failure', 'its events are no failures');

const schemaExample = '{"type": "object", "properties": {"load": {"type": "number"}}}';

const bodyOf = ({ colour, shape, description, schema, failure: isFailure }: WriteOptions) =>
  given({ colour, shape, description, schema, isFailure });

function create(kinds: Command, io: CliIo): void {
  writeOptions(apiOptions(kinds.command('create <name>').description('A kind of events.')))
    .addHelpText('after', createExamples)
    .action(async (name: string, options: WriteOptions) => {
      const body = { name, ...usual, ...bodyOf(options) };
      const made = await answer(clientOf(options, io).POST('/v1/eventKinds', { body }));
      printOne(made, options, io, () => kindText(made, showOf(options)));
    });
}

function edit(kinds: Command, io: CliIo): void {
  writeOptions(apiOptions(kinds.command('edit <kind>').description('Look, schema or meaning.')))
    .addHelpText('after', editExamples)
    .action(async (id: string, options: WriteOptions) => {
      const path = `/v1/eventKinds/${encodeURIComponent(id)}`;
      const changed = await patchEntity<Kind>(clientOf(options, io), path, bodyOf(options));
      printOne(changed, options, io, () => kindText(changed, showOf(options)));
    });
}

const columns: readonly Column<Kind>[] = [
  { title: 'KIND', of: (one) => one.name },
  { title: 'SHAPE', of: (one) => one.shape },
  { title: 'COLOUR', of: (one) => one.colour },
  { title: 'FAILURE', of: (one) => (one.isFailure ? 'yes' : 'no') },
  { title: 'WHAT', of: (one) => one.description ?? '-', shrinks: true },
];

const kindText = (one: Kind, show: Show): string =>
  [
    facts([
      ['kind', one.name],
      ['id', one.id],
      ['drawn as', `${one.shape}, ${one.colour}`],
      ['failure', one.isFailure ? 'each is written into the failure log' : 'no'],
      ['what', one.description],
      ['changed', show.time(one.updatedAt)],
    ]),
    one.schema === undefined ? '' : `\ndata ${JSON.stringify(one.schema, undefined, 2)}\n`,
  ].join('');

const createExamples = `
Examples:
  fieldloop event-kinds create pallet-moved --colour '#22aa66' --shape flag
  fieldloop event-kinds create collision --failure --shape triangle --colour '#cc3311' \\
    --schema '${schemaExample}'
`;

const editExamples = `
Examples:
  fieldloop event-kinds edit pallet-moved --description 'a person moved a pallet by hand'
`;
