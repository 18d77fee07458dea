/** `fieldloop webhooks`: what happens here, told to other systems. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { deliveryCommands } from './deliveries.ts';
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
import { deleteCommand, getCommand, patchEntity } from './noun.ts';
import { facts, showOf, timeColumn } from './show.ts';

type Webhook = Schemas['Webhook'];

interface CreateOptions extends ApiOptions {
  readonly to: string;
  readonly kind?: string[];
}

interface EditOptions extends ApiOptions {
  readonly name?: string;
  readonly to?: string;
  readonly kind?: string[];
  readonly state?: 'enabled' | 'paused';
}

export function webhooksCommand(io: CliIo): Command {
  const webhooks = new Command('webhooks').description('What happens here, told to other systems.');
  queryOptions(webhooks.command('list').description('Webhooks, by name.')).action(
    async (options: QueryOptions) => {
      await printList<Webhook>(options, io, {
        path: '/v1/webhooks',
        query: queryOf(options),
        columns,
        none: 'no webhooks; `fieldloop webhooks create` makes one',
      });
    },
  );
  getCommand<Webhook>(webhooks, io, {
    argument: 'webhook',
    says: 'One webhook, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/webhooks/{id}', { params: { path: { id } } })),
    text: webhookText,
  });
  create(webhooks, io);
  edit(webhooks, io);
  apiOptions(
    webhooks
      .command('rotate <webhook>')
      .description('A new secret; the old one works on for a while.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const made = await answer(
      client.POST('/v1/webhooks/{id}:rotate', { params: { path: { id } } }),
    );
    printSecret(made, options, io);
  });
  deliveryCommands(webhooks, io, { path: '/v1/webhooks', one: 'webhook' });
  deleteCommand(webhooks, io, {
    argument: 'webhook',
    says: 'Forget a webhook; what waits for it is not sent.',
    path: '/v1/webhooks',
  });
  return webhooks;
}

function create(webhooks: Command, io: CliIo): void {
  apiOptions(webhooks.command('create <name>').description('A webhook; its secret is shown once.'))
    .requiredOption('--to <url>', 'where to POST')
    .option('--kind <kind...>', "which: 'clip.*' alert.fired; all when not said")
    .addHelpText('after', examples)
    .action(async (name: string, options: CreateOptions) => {
      const body = { name, url: options.to, ...given({ kinds: options.kind }) };
      const made = await answer(clientOf(options, io).POST('/v1/webhooks', { body }));
      printSecret(made, options, io);
    });
}

/** The secret alone on stdout, so that a script can keep it. */
function printSecret(made: Schemas['NewWebhook'], options: ApiOptions, io: CliIo): void {
  printOne(made, options, io, () => `${made.secret}\n`);
  io.err(`${made.name} (${made.id}): check Fieldloop-Signature with this secret\n`);
}

function edit(webhooks: Command, io: CliIo): void {
  apiOptions(webhooks.command('edit <webhook>').description('Name, address, kinds, or a pause.'))
    .option('--name <name>', 'call it so from now on')
    .option('--to <url>', 'where to POST')
    .option('--kind <kind...>', 'which, instead of those before')
    .option('--state <state>', 'enabled or paused; enabled also after it was switched off')
    .action(async (id: string, options: EditOptions) => {
      const { name, to: url, kind: kinds, state } = options;
      const path = `/v1/webhooks/${encodeURIComponent(id)}`;
      const body = given({ name, url, kinds, state });
      const webhook = await patchEntity<Webhook>(clientOf(options, io), path, body);
      printOne(webhook, options, io, () => webhookText(webhook, showOf(options)));
    });
}

const stateText = ({ state, failingSince }: Webhook): string =>
  state === 'enabled' && failingSince !== undefined ? 'failing' : state;

const columns: readonly Column<Webhook>[] = [
  { title: 'WEBHOOK', of: (one) => one.name, shrinks: true },
  { title: 'STATE', of: stateText },
  { title: 'TO', of: (one) => one.url, shrinks: true },
  { title: 'KINDS', of: (one) => one.kinds.join(', '), shrinks: true },
  timeColumn('LAST OK', (one) => one.lastOkAt, 1),
  { title: 'LAST ERROR', of: (one) => one.lastError ?? '-', shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

const webhookText = (one: Webhook, show: Show): string =>
  facts([
    ['webhook', one.name],
    ['id', one.id],
    ['to', one.url],
    ['kinds', one.kinds.join(', ')],
    ['state', one.disabledWhy === undefined ? one.state : `${one.state}: ${one.disabledWhy}`],
    ['last ok', show.time(one.lastOkAt)],
    ['failing', one.failingSince === undefined ? undefined : show.time(one.failingSince)],
    ['last error', one.lastError],
  ]);

const examples = `
Examples:
  fieldloop webhooks create ci --to https://ci.example/hook --kind clip.stored failure.*
  fieldloop webhooks test ci
  fieldloop webhooks deliveries ci
`;
