/** `fieldloop properties`: what can be said of devices, and as what. */
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
import { plainValue } from './option-values.ts';
import { facts, showOf } from './show.ts';

type Definition = Schemas['PropertyDefinition'];

interface WriteOptions extends ApiOptions {
  readonly kind: Definition['kind'];
  readonly unit?: string;
  readonly allow?: string[];
  readonly description?: string;
}

export function propertiesCommand(io: CliIo): Command {
  const properties = new Command('properties').description(
    'What can be said of devices: names, kinds and allowed values.',
  );
  listOptions(properties.command('list').description('Properties that are defined.')).action(
    async (options: ListOptions) => {
      await printList<Definition>(options, io, {
        path: '/v1/propertyDefinitions',
        query: {},
        columns,
        none: 'no properties are defined; `fieldloop properties create` does',
      });
    },
  );
  getCommand<Definition>(properties, io, {
    argument: 'property',
    says: 'One property, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/propertyDefinitions/{id}', { params: { path: { id } } })),
    text: definitionText,
  });
  create(properties, io);
  edit(properties, io);
  deleteCommand(properties, io, {
    argument: 'property',
    says: 'Forget a property; devices keep what they have.',
    path: '/v1/propertyDefinitions',
  });
  return properties;
}

const writeOptions = (command: Command): Command =>
  command
    .option('--unit <unit>', 'of a number, such as kg')
    .option('--allow <value...>', 'only these values')
    .option('--description <text>', 'what it says of a device');

/** Allowed values in the kind of the property: a name that looks like a number stays a text. */
const allowedOf = (words: readonly string[] | undefined, kind: Definition['kind']) =>
  words?.map((word) => (kind === 'string' ? word : plainValue(word)));

function create(properties: Command, io: CliIo): void {
  const command = properties
    .command('create <name>')
    .description('Define a property; what devices are given is checked from now on.');
  writeOptions(apiOptions(command))
    .addOption(
      new Option('--kind <kind>', 'what its values are')
        .choices(['string', 'number', 'boolean'])
        .default('string'),
    )
    .addHelpText('after', createExamples)
    .action(async (name: string, options: WriteOptions) => {
      const { kind, unit, description } = options;
      const allowed = allowedOf(options.allow, kind);
      const body = { name, kind, ...given({ unit, allowed, description }) };
      const client = clientOf(options, io);
      const made = await answer(client.POST('/v1/propertyDefinitions', { body }));
      printOne(made, options, io, () => definitionText(made, showOf(options)));
    });
}

function edit(properties: Command, io: CliIo): void {
  const command = properties
    .command('edit <property>')
    .description('Another unit, description or set of allowed values.');
  writeOptions(apiOptions(command))
    .addHelpText('after', editExamples)
    .action(async (id: string, options: WriteOptions) => {
      const client = clientOf(options, io);
      const params = { path: { id } };
      const { kind } = await answer(client.GET('/v1/propertyDefinitions/{id}', { params }));
      const { unit, description } = options;
      const body = given({ unit, allowed: allowedOf(options.allow, kind), description });
      const path = `/v1/propertyDefinitions/${encodeURIComponent(id)}`;
      const changed = await patchEntity<Definition>(client, path, body);
      printOne(changed, options, io, () => definitionText(changed, showOf(options)));
    });
}

const allowedText = ({ allowed }: Definition): string | undefined =>
  allowed === undefined ? undefined : allowed.map(String).join(', ');

const columns: readonly Column<Definition>[] = [
  { title: 'PROPERTY', of: (one) => one.name },
  { title: 'KIND', of: (one) => one.kind },
  { title: 'UNIT', of: (one) => one.unit ?? '-' },
  { title: 'ALLOWED', of: (one) => allowedText(one) ?? 'any', shrinks: true },
  { title: 'WHAT', of: (one) => one.description ?? '-', shrinks: true, drops: 1 },
];

const definitionText = (one: Definition, show: Show): string =>
  [
    facts([
      ['property', one.name],
      ['id', one.id],
      ['kind', one.kind],
      ['unit', one.unit],
      ['allowed', allowedText(one) ?? 'any value'],
      ['what', one.description],
      ['changed', show.time(one.updatedAt)],
    ]),
    `\nnext: fieldloop devices edit DEVICE --set ${one.name}=…\n`,
  ].join('');

const createExamples = `
Examples:
  fieldloop properties create hw --allow orin-nx orin-agx --description 'its computer'
  fieldloop properties create payload --kind number --unit kg
`;

const editExamples = `
Examples:
  fieldloop properties edit hw --allow orin-nx orin-agx thor
`;
