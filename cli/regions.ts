/** Regions: which sites lie in them, who works there, and who decides for the customer. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo, Show } from './io.ts';
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
import { confirmed, confirmOption, type ConfirmOptions, getCommand, patchEntity } from './noun.ts';
import { facts, showOf } from './show.ts';

type Region = Schemas['Region'];

interface WriteOptions extends ApiOptions {
  readonly note?: string;
  readonly sites?: string[];
  readonly people?: string[];
  readonly owners?: string[];
}

export function regionCommands(reviews: Command, io: CliIo): void {
  queryOptions(reviews.command('regions').description('Regions, by name.')).action(
    async (options: QueryOptions) => {
      await printList<Region>(options, io, {
        path: '/v1/regions',
        query: queryOf(options),
        columns: [
          { title: 'NAME', of: (one) => one.name },
          { title: 'SITES', of: (one) => one.sites.join(' ') || '-', shrinks: true },
          { title: 'PEOPLE', of: (one) => String(one.people.length) },
          { title: 'OWNERS', of: (one) => one.owners.join(' ') || '-', shrinks: true },
        ],
        none: 'no regions; `fieldloop reviews region-create` makes one',
      });
    },
  );
  getCommand<Region>(reviews, io, {
    argument: 'name',
    name: 'region-show',
    says: 'One region.',
    read: async (client, name) =>
      await answer(client.GET('/v1/regions/{name}', { params: { path: { name } } })),
    text: regionText,
  });
  fieldOptions(
    reviews.command('region-create <name>').description('Say which sites lie in a region.'),
  )
    .addHelpText('after', examples)
    .action(async (name: string, options: WriteOptions) => {
      const body = { name, ...fieldsOf(options) };
      const made = await answer(clientOf(options, io).POST('/v1/regions', { body }));
      printOne(made, options, io, () => regionText(made, showOf(options)));
    });
  fieldOptions(reviews.command('region-edit <name>').description('Change a region.'))
    .addHelpText('after', examples)
    .action(async (name: string, options: WriteOptions) => {
      const path = `/v1/regions/${encodeURIComponent(name)}`;
      const made = await patchEntity<Region>(clientOf(options, io), path, fieldsOf(options));
      printOne(made, options, io, () => regionText(made, showOf(options)));
    });
  remove(reviews, io);
}

const fieldOptions = (command: Command): Command =>
  apiOptions(command)
    .option('--note <text>', 'anything else')
    .option('--sites <names...>', 'sites that lie in it')
    .option('--people <users...>', 'ids of those who work in it')
    .option('--owners <users...>', 'ids of those who decide for the customer');

const fieldsOf = ({ note, sites, people, owners }: WriteOptions) =>
  given({ note, sites, people, owners });

function remove(reviews: Command, io: CliIo): void {
  const command = reviews
    .command('region-delete <name>')
    .description('Remove a region: its sites lie in none.');
  confirmOption(apiOptions(command)).action(async (name: string, options: ConfirmOptions) => {
    await confirmed(`Delete ${name}?`, options, io);
    const client = clientOf(options, io);
    const path = `/v1/regions/${encodeURIComponent(name)}`;
    const { headers } = await client.send(path);
    const etag = headers.get('etag') ?? '*';
    await client.send(path, { method: 'DELETE', headers: { 'if-match': etag } });
    io.err(`${name} is deleted\n`);
  });
}

const regionText = (one: Region, show: Show): string =>
  facts([
    ['region', one.name],
    ['note', one.note],
    ['sites', one.sites.join(' ') || '-'],
    ['people', one.people.join(' ') || '-'],
    ['owners', one.owners.join(' ') || '-'],
    ['changed', show.time(one.updatedAt)],
  ]);

const examples = `
Examples:
  fieldloop reviews region-create eu --sites ber1 ber2 --people usr_01J… --owners usr_01K…
  fieldloop reviews region-edit eu --sites ber1 ber2 muc1
`;
