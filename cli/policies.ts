/** `fieldloop policies` and `fieldloop silences`: when there is an alert, and when it is quiet. */
import { answer, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import { readDocument } from './document.ts';
import { type CliIo, type Column, jsonText, type Show } from './io.ts';
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
import { facts, showOf } from './show.ts';

type Policy = Schemas['AlertPolicy'];
type Silence = Schemas['Silence'];

interface SilenceOptions extends ApiOptions {
  readonly reason: string;
  readonly until: string;
  readonly from?: string;
  readonly policy?: string;
  readonly device?: string;
  readonly severity?: Silence['severity'];
  readonly q?: string;
}

export function policiesCommand(io: CliIo): Command {
  const policies = new Command('policies').description('When there is an alert, and who is told.');
  queryOptions(policies.command('list').description('Policies, by name.')).action(
    async (options: QueryOptions) => {
      await printList<Policy>(options, io, {
        path: '/v1/alertPolicies',
        query: queryOf(options),
        columns: policyColumns,
        none: 'no policies; `fieldloop policies create FILE` makes one',
      });
    },
  );
  getCommand<Policy>(policies, io, {
    argument: 'policy',
    says: 'One policy, by name or id.',
    read: async (client, id) =>
      await answer(client.GET('/v1/alertPolicies/{id}', { params: { path: { id } } })),
    text: policyText,
  });
  apiOptions(policies.command('create <file>').description('A policy from YAML or JSON.'))
    .addHelpText('after', policyExamples)
    .action(async (file: string, options: ApiOptions) => {
      const body = (await readDocument(file, io)) as Schemas['AlertPolicy'];
      const made = await answer(clientOf(options, io).POST('/v1/alertPolicies', { body }));
      printOne(made, options, io, () => policyText(made, showOf(options)));
    });
  apiOptions(
    policies.command('edit <policy> <file>').description('Change what the document names.'),
  ).action(async (id: string, file: string, options: ApiOptions) => {
    const path = `/v1/alertPolicies/${encodeURIComponent(id)}`;
    const body = await readDocument(file, io);
    const policy = await patchEntity<Policy>(clientOf(options, io), path, body);
    printOne(policy, options, io, () => policyText(policy, showOf(options)));
  });
  preview(policies, io);
  signals(policies, io);
  deleteCommand(policies, io, {
    argument: 'policy',
    says: 'Forget a policy; its open alerts are over.',
    path: '/v1/alertPolicies',
  });
  return policies;
}

function preview(policies: Command, io: CliIo): void {
  apiOptions(
    policies
      .command('preview <file>')
      .description('For whom it holds now, and how often it would have fired.'),
  )
    .option('--hours <n>', 'how far to look back')
    .action(async (file: string, options: ApiOptions & { readonly hours?: string }) => {
      const { condition, forS, groupBy, devices } = (await readDocument(file, io)) as Policy;
      const hours = options.hours === undefined ? undefined : Number(options.hours);
      const body = { condition, ...given({ forS, groupBy, devices, hours }) };
      const client = clientOf(options, io);
      const found = await answer(client.POST('/v1/alertPolicies:preview', { body }));
      const show = showOf(options);
      printOne(found, options, io, () =>
        facts([
          ['says', found.says],
          ['now', `${found.now.activeCount} of ${found.now.groups} fire`],
          ...found.now.active.map(({ summary }): [string, string] => ['', summary]),
          [
            'before',
            found.past === undefined
              ? 'only the present of this signal is known'
              : `would have fired ${found.past.fired} times since ${show.time(found.past.since)}`,
          ],
        ]),
      );
    });
}

function signals(policies: Command, io: CliIo): void {
  apiOptions(
    policies.command('signals').description('What a metric condition can be about.'),
  ).action(async (options: ApiOptions) => {
    const found = await answer(clientOf(options, io).GET('/v1/alertSignals', {}));
    printOne(found, options, io, () =>
      facts(
        found.signals.map(({ name, unit, doc }): [string, string] => [
          name,
          unit === '' ? doc : `${doc} (${unit})`,
        ]),
      ),
    );
  });
}

const policyColumns: readonly Column<Policy>[] = [
  { title: 'POLICY', of: (one) => one.name, shrinks: true },
  { title: 'ON', of: (one) => (one.fault === undefined ? yesNo(one.enabled) : 'FAULTY') },
  { title: 'SEVERITY', of: (one) => one.severity },
  { title: 'WHEN', of: (one) => one.says, shrinks: true },
  { title: 'TELLS', of: (one) => one.channels.join(', ') || '-', shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

const yesNo = (is: boolean): string => (is ? 'yes' : 'no');

const policyText = (one: Policy, show: Show): string =>
  [
    facts([
      ['policy', one.name],
      ['id', one.id],
      ['on', yesNo(one.enabled)],
      ['when', one.says],
      ['severity', one.severity],
      ['for each', one.groupBy === 'none' ? 'no group: one alert' : one.groupBy],
      ['devices', one.devices],
      ['tells', one.channels.join(', ') || 'nobody'],
      ['escalates', one.escalateTo.length === 0 ? undefined : one.escalateTo.join(', ')],
      [
        'fault',
        one.fault === undefined ? undefined : `${one.fault.message} ${one.fault.remedy ?? ''}`,
      ],
      ['changed', show.time(one.updatedAt)],
    ]),
    `\ncondition ${jsonText(one.condition)}`,
  ].join('');

export function silencesCommand(io: CliIo): Command {
  const silences = new Command('silences').description('Alerts that are quiet for a time.');
  queryOptions(silences.command('list').description('Silences, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Silence>(options, io, {
        path: '/v1/silences',
        query: queryOf(options),
        columns: silenceColumns,
        none: 'no silences',
      });
    },
  );
  apiOptions(silences.command('create').description('Keep some alerts quiet for a time.'))
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--until <time>', 'until when (RFC 3339)')
    .option('--from <time>', 'from when; else from now')
    .option('--policy <policy>', 'alerts of this policy')
    .option('--device <name>', 'alerts of this robot')
    .option('--severity <level>', 'alerts of this severity')
    .option('--q <query>', 'alerts that match')
    .action(async (options: SilenceOptions) => {
      const { reason, until, from, policy, device, severity, q } = options;
      const body = { reason, until, ...given({ from, policy, device, severity, q }) };
      const made = await answer(clientOf(options, io).POST('/v1/silences', { body }));
      printOne(made, options, io, () => `${made.id} is ${made.state}\n`);
    });
  deleteCommand(silences, io, {
    argument: 'id',
    says: 'End a silence now.',
    path: '/v1/silences',
  });
  return silences;
}

const silenceColumns: readonly Column<Silence>[] = [
  { title: 'FROM', of: (one, show) => show.time(one.from) },
  { title: 'UNTIL', of: (one, show) => show.time(one.until) },
  { title: 'STATE', of: (one) => one.state },
  { title: 'WHICH', of: whichText, shrinks: true },
  { title: 'WHY', of: (one) => one.reason, shrinks: true },
  { title: 'ID', of: (one) => one.id },
];

function whichText({ policy, device, severity, q }: Silence): string {
  const words = [policy, device, severity, q].filter((word) => word !== undefined);
  return words.length === 0 ? 'all' : words.join(', ');
}

const policyExamples = `
A policy, as YAML:
  name: disk nearly full
  severity: critical
  condition: {kind: metric, metric: disk.free, op: lt, value: 5000000000}
  forS: 300
  groupBy: device
  channels: [ops-mail]

Kinds of condition: metric, count {source, q, op, value, withinS}, absence, event {event}.
\`fieldloop policies signals\` lists metrics; \`preview\` tells what it would have done.
`;
