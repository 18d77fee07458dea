/** `fieldloop reviews`: what the compliance policy keeps closed, and how it is opened for a time. */
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { readDocument } from './document.ts';
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
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { regionCommands } from './regions.ts';
import { facts, showOf, timeColumn, whenColumn } from './show.ts';
import { yamlText } from './yaml.ts';

type Review = Schemas['Review'];
type Use = Schemas['GrantUse'];
type Policy = Schemas['CompliancePolicy'];

interface ReviewListOptions extends QueryOptions {
  readonly state?: string;
  readonly kind?: string;
}

interface RequestOptions extends ApiOptions {
  readonly clips?: string[];
  readonly device?: string;
  readonly topics?: string[];
  readonly format?: 'zip' | 'mcap';
  readonly why: string;
  readonly lease?: string;
}

interface DecideOptions extends ConfirmOptions {
  readonly approve?: boolean;
  readonly reject?: boolean;
  readonly why: string;
}

const kinds = ['export', 'cross_region_read', 'remote_support', 'pull'] as const;

export function reviewsCommand(io: CliIo): Command {
  const reviews = new Command('reviews').description(
    'What the policy keeps closed, and how it is opened for a time.',
  );
  queryOptions(reviews.command('list').description('Reviews, the newest first.'))
    .option('--state <state>', 'waiting, granted, denied, granted_and_ended, revoked, …')
    .addOption(new Option('--kind <kind>', 'of this kind').choices(kinds))
    .addHelpText('after', listExamples)
    .action(async (options: ReviewListOptions) => {
      const { state, kind } = options;
      await printList<Review>(options, io, {
        path: '/v1/reviews',
        query: { ...queryOf(options), state, kind },
        columns,
        none: 'no reviews match',
      });
    });
  getCommand<Review>(reviews, io, {
    argument: 'id',
    name: 'show',
    says: 'One review: what is asked for, each clause, the grant.',
    read: async (client, id) =>
      await answer(client.GET('/v1/reviews/{id}', { params: { path: { id } } })),
    text: reviewText,
  });
  uses(reviews, io);
  request(reviews, io);
  decide(reviews, io);
  verbCommand<Review>(reviews, io, {
    usage: 'revoke <id>',
    says: 'Close at once what it opened; nothing opens it again.',
    options: (command) =>
      command.requiredOption('--why <text>', 'the reason').addHelpText('after', revokeExamples),
    run: async (client, id, { why: reason }: ConfirmOptions & { readonly why: string }) =>
      await answer(
        client.POST('/v1/reviews/{id}:revoke', { params: { path: { id } }, body: { reason } }),
      ),
    text: reviewText,
  });
  policy(reviews, io);
  regionCommands(reviews, io);
  return reviews;
}

function uses(reviews: Command, io: CliIo): void {
  listOptions(
    reviews
      .command('uses <id>')
      .description('Each read that it opened, and the one that proved it closed.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Use>(options, io, {
      path: `/v1/reviews/${encodeURIComponent(id)}/uses`,
      query: {},
      columns: [
        timeColumn('WHEN', (use) => use.at),
        { title: 'WHO', of: (use) => use.actor, shrinks: true },
        { title: 'WHAT', of: (use) => use.action },
        { title: 'OF', of: (use) => use.subject },
        { title: 'OUTCOME', of: (use) => use.outcome },
      ],
      none: 'nobody read anything',
    });
  });
}

function request(reviews: Command, io: CliIo): void {
  apiOptions(reviews.command('request <kind>').description(`Ask for it: ${kinds.join(', ')}.`))
    .requiredOption('--why <text>', 'what it is needed for')
    .option('--clips <ids...>', 'which clips')
    .option('--device <name>', 'which robot, for remote_support')
    .option('--topics <names...>', 'these topics alone')
    .addOption(new Option('--format <format>', 'of an export').choices(['zip', 'mcap']))
    .option('--lease <seconds>', 'open for so long once granted: 60 to 14400')
    .addHelpText('after', requestExamples)
    .action(async (text: string, options: RequestOptions) => {
      const kind = kinds.find((one) => one === text);
      if (kind === undefined) {
        throw new Fault('invalid', `"${text}" cannot be asked for`, {
          place: 'kind',
          remedy: `Use one of ${kinds.join(', ')}.`,
        });
      }
      const { clips, device, topics, format, why: rationale, lease } = options;
      const leaseS = lease === undefined ? undefined : Number(lease);
      const body = { kind, rationale, ...given({ clips, device, topics, format, leaseS }) };
      const made = await answer(clientOf(options, io).POST('/v1/reviews', { body: body as never }));
      printOne(made, options, io, () => reviewText(made, showOf(options)));
    });
}

function decide(reviews: Command, io: CliIo): void {
  verbCommand<Review>(reviews, io, {
    usage: 'decide <id>',
    says: 'Approve or reject at the gate that the review waits at.',
    options: (command) =>
      command
        .option('--approve', 'open it')
        .option('--reject', 'keep it closed')
        .requiredOption('--why <text>', 'the reason; it is kept')
        .addHelpText('after', decideExamples),
    run: async (client, id, { approve, reject, why: reason }: DecideOptions) => {
      if ((approve === true) === (reject === true)) {
        throw new Fault('invalid', 'say which: approve or reject', {
          place: '--approve',
          remedy: 'Add --approve or --reject.',
        });
      }
      const gate = await gateOf(client, id);
      const body = { option: approve === true ? 'approve' : 'reject', reason };
      await answer(client.POST('/v1/gates/{id}:decide', { params: { path: { id: gate } }, body }));
      return await answer(client.GET('/v1/reviews/{id}', { params: { path: { id } } }));
    },
    text: reviewText,
  });
}

async function gateOf(client: Client, id: string): Promise<string> {
  const review = await answer(client.GET('/v1/reviews/{id}', { params: { path: { id } } }));
  const q = encodeURIComponent(`run = ${review.run ?? 'none'} and state = open`);
  const page = (await (await client.send(`/v1/gates?q=${q}`)).json()) as {
    readonly items: readonly { readonly id: string }[];
  };
  const [gate] = page.items;
  if (gate !== undefined) return gate.id;
  throw new Fault('conflict', `${id} waits for nobody: it is ${review.state}`, {
    remedy: `Look at it: fieldloop reviews show ${id}.`,
  });
}

function policy(reviews: Command, io: CliIo): void {
  apiOptions(
    reviews.command('policy').description('The rules in force, with their clauses, as YAML.'),
  ).action(async (options: ApiOptions) => {
    const found = await answer(clientOf(options, io).GET('/v1/compliancePolicy', {}));
    printOne(found, options, io, () => policyText(found));
  });
  apiOptions(
    reviews.command('policy-set <file>').description('Put another version in force; - is stdin.'),
  )
    .requiredOption('--why <text>', 'what changed')
    .addHelpText('after', policyExamples)
    .action(async (file: string, options: ApiOptions & { readonly why: string }) => {
      const document = await readDocument(file, io);
      const client = clientOf(options, io);
      const path = '/v1/compliancePolicy';
      const { headers } = await client.send(path);
      const response = await client.send(path, {
        method: 'PUT',
        headers: {
          'if-match': headers.get('etag') ?? '*',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ ...document, note: options.why }),
      });
      const made = (await response.json()) as Policy;
      printOne(made, options, io, () => policyText(made));
    });
}

const policyText = ({ version, sha256, rules, otherwise }: Policy): string =>
  `# version ${version} ${sha256.slice(0, 12)}\n${yamlText({ rules, otherwise })}`;

const columns: readonly Column<Review>[] = [
  whenColumn((one) => one.createdAt),
  { title: 'KIND', of: (one) => one.kind },
  { title: 'STATE', of: (one) => one.state },
  { title: 'ITEMS', of: (one) => String(one.count) },
  { title: 'REGIONS', of: (one) => one.regions.join(' ') || '-', shrinks: true },
  { title: 'WHY', of: (one) => one.rationale, shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

function reviewText(one: Review, show: Show): string {
  const { grant } = one;
  const until = grant?.expiresAt === undefined ? '' : ` until ${show.time(grant.expiresAt)}`;
  return facts([
    ['review', one.id],
    ['what', `${one.kind}, ${one.count} items${one.regions.map((name) => ` of ${name}`).join('')}`],
    ['topics', one.topics?.join(' ')],
    ['why', one.rationale],
    ['who asks', one.requesterPerson ?? one.requester],
    ['state', one.state],
    ['policy', one.effect === undefined ? undefined : `${one.effect}, v${one.policyVersion ?? 0}`],
    ...one.findings.map(({ rule, clause, effect, why }): [string, string] => [
      rule,
      `${effect}: ${clause} (${why})`,
    ]),
    ['approved by', one.approvers.join(' ') || undefined],
    ['grant', grant === undefined ? undefined : `${grant.state}${until}`],
    ['made', one.subject],
    ['run', one.run],
    ['ended', one.reason],
  ]);
}

const listExamples = `
Examples:
  fieldloop reviews list --state waiting
`;

const revokeExamples = `
Examples:
  fieldloop reviews revoke rev_01J… --why 'seen enough'
`;

const decideExamples = `
Examples:
  fieldloop reviews decide rev_01J… --approve --why 'contract, annex 3'
`;

const requestExamples = `
Examples:
  fieldloop reviews request export --clips clp_01J… --why 'the customer asked for the crash'
  fieldloop reviews request remote_support --device amr-01 --why 'stuck at the dock' --lease 1800
`;

const policyExamples = `
A policy:
  rules:
    - id: eu-export
      clause: DPA 4.2
      on: [export, cross_region_read]
      regions: [eu]
      outside: true
      effect: needs_approval
  otherwise: allow

Examples:
  fieldloop reviews policy-set policy.yaml --why 'contract of 2026-11'
`;
