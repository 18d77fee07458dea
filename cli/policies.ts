/** `fieldloop policies`: when there is an alert, and who is told. */
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
import { wholeNumber } from './option-values.ts';
import { facts, severityColumn, showOf } from './show.ts';

type Policy = Schemas['AlertPolicy'];

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
    .option('--hours <n>', 'how far to look back', wholeNumber('--hours', { least: 1, most: 720 }))
    .addHelpText('after', previewExamples)
    .action(async (file: string, options: ApiOptions & { readonly hours?: number }) => {
      const { condition, forS, groupBy, devices } = (await readDocument(file, io)) as Policy;
      const body = { condition, ...given({ forS, groupBy, devices, hours: options.hours }) };
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
  severityColumn((one) => one.severity),
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

const policyExamples = `
A policy, as YAML:
  name: disk nearly full
  severity: critical
  condition: {kind: metric, metric: disk.free, op: lt, value: 5000000000}
  forS: 300
  groupBy: device
  channels: [chn_01J…]   # ids, see fieldloop channels list

Kinds of condition: metric, count {source, q, op, value, withinS}, absence, event {event}.
\`fieldloop policies signals\` lists metrics; \`preview\` tells what it would have done.
`;

const previewExamples = `
Examples:
  fieldloop policies preview disk.yaml --hours 72
`;
