/** `fieldloop failures`: moments a robot did wrong, from the log to the release that ends them. */
import { Fault } from '@fieldloop/core';
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { failureSteps } from './failure-steps.ts';
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
import { getCommand, patchEntity } from './noun.ts';
import { logTime, plainValue } from './option-values.ts';
import {
  counted,
  facts,
  instantOf,
  rangeText,
  severityColumn,
  showOf,
  valuesText,
  whenColumn,
  timeColumn,
} from './show.ts';

type Failure = Schemas['Failure'];

interface FailureListOptions extends QueryOptions {
  readonly device?: string;
  readonly state?: string;
  readonly severity?: string;
}

interface LogOptions extends ApiOptions {
  readonly event?: string;
  readonly startNs?: string;
  readonly at?: string;
  readonly endNs?: string;
  readonly kind?: string;
  readonly severity?: Failure['severity'];
  readonly did?: string;
  readonly should?: string;
  readonly note?: string;
}

const severities = ['critical', 'warning', 'info'];

export function failuresCommand(io: CliIo): Command {
  const failures = new Command('failures').description(
    'Moments a robot did wrong, and what became of each.',
  );
  queryOptions(failures.command('list').description('Failures, the newest log time first.'))
    .option('--device <name>', 'of this robot')
    .option('--state <state>', 'open, linked, labelled, in_dataset, fixed_in, released, closed, …')
    .option('--severity <level>', 'critical, warning or info')
    .addHelpText('after', listExamples)
    .action(async (options: FailureListOptions) => {
      const { device, state, severity } = options;
      await printList<Failure>(options, io, {
        path: '/v1/failures',
        query: { ...queryOf(options), device, state, severity },
        columns,
        none: 'no failures match; `fieldloop failures log` writes one down',
      });
    });
  getCommand<Failure>(failures, io, {
    argument: 'id',
    says: 'One failure: what held, what it did, what it should have done.',
    read: async (client, id) =>
      await answer(client.GET('/v1/failures/{id}', { params: { path: { id } } })),
    text: failureText,
  });
  log(failures, io);
  edit(failures, io);
  failureSteps(failures, io, failureText);
  history(failures, io);
  counts(failures, io);
  return failures;
}

/** What a person can say of a failure. */
const storyOptions = (command: Command): Command =>
  command
    .option('--kind <kind>', 'what sort of failure, such as wrong_lane')
    .addOption(new Option('--severity <level>', 'how bad').choices(severities))
    .option('--did <signal=value>', 'what the robot did, such as brake=false')
    .option('--should <text>', 'what it should have done')
    .option('--note <text>', 'anything else');

const storyOf = ({ kind, severity, did, should, note }: LogOptions) =>
  given({
    kind,
    severity,
    did: did === undefined ? undefined : didOf(did),
    shouldHaveDone: should === undefined ? undefined : { text: should },
    note,
  });

function didOf(text: string): { signal: string; value: number | string | boolean } {
  const [, signal, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (signal === undefined || value === undefined) {
    throw new Fault('invalid', `"${text}" is not SIGNAL=VALUE`, {
      place: '--did',
      remedy: 'Write such as --did brake=false.',
    });
  }
  return { signal, value: plainValue(value) };
}

function log(failures: Command, io: CliIo): void {
  const command = failures
    .command('log [device]')
    .description('Write down a failure; its clip is found, or asked for, by time and device.');
  storyOptions(apiOptions(command))
    .option('--event <id>', 'at this event, instead of a device and a time')
    .option('--at <time>', 'when: RFC 3339, now, or an age such as -5m', logTime('--at'))
    .option('--start-ns <ns>', 'when, as log time')
    .option('--end-ns <ns>', 'until when')
    .addHelpText('after', logExamples)
    .action(async (device: string | undefined, options: LogOptions) => {
      const startNs = options.startNs ?? options.at;
      const body = {
        ...given({ device, event: options.event, startNs, endNs: options.endNs }),
        ...storyOf(options),
      };
      const failure = await answer(clientOf(options, io).POST('/v1/failures', { body }));
      printOne(failure, options, io, () => failureText(failure, showOf(options)));
    });
}

function edit(failures: Command, io: CliIo): void {
  const command = failures.command('edit <id>').description('Say more, or better, of a failure.');
  storyOptions(apiOptions(command)).action(async (id: string, options: LogOptions) => {
    const path = `/v1/failures/${encodeURIComponent(id)}`;
    const failure = await patchEntity<Failure>(clientOf(options, io), path, storyOf(options));
    printOne(failure, options, io, () => failureText(failure, showOf(options)));
  });
}

type Step = Schemas['FailureStep'];

function history(failures: Command, io: CliIo): void {
  listOptions(
    failures.command('history <id>').description('Each step of its life: when, who and why.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Step>(options, io, {
      path: `/v1/failures/${encodeURIComponent(id)}/history`,
      query: {},
      columns: [
        timeColumn('WHEN', (step) => step.at),
        { title: 'STATE', of: (step) => step.state },
        { title: 'WHAT', of: (step) => step.action },
        { title: 'WHO', of: (step) => step.actor, shrinks: true },
        { title: 'WHY', of: (step) => step.why ?? '', shrinks: true },
      ],
      none: 'nothing happened to it yet',
    });
  });
}

function counts(failures: Command, io: CliIo): void {
  apiOptions(
    failures.command('counts').description('How many there are in each state of their life.'),
  ).action(async (options: ApiOptions) => {
    const found = await answer(clientOf(options, io).GET('/v1/failureCounts', {}));
    const rows = (of: Readonly<Record<string, number>>): [string, string][] =>
      Object.entries(of).map(([state, count]) => [state, String(count)]);
    printOne(found, options, io, () =>
      [
        `${counted(found.total, 'failure')}\n`,
        `\nstate\n${indented(facts(rows(found.states)))}`,
        `\nclip\n${indented(facts(rows(found.links)))}`,
      ].join(''),
    );
  });
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

const columns: readonly Column<Failure>[] = [
  whenColumn((one) => instantOf(one.startNs)),
  { title: 'DEVICE', of: (one) => one.device, shrinks: true },
  severityColumn((one) => one.severity),
  { title: 'KIND', of: (one) => one.kind, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'DID', of: didText, shrinks: true, drops: 2 },
  { title: 'SHOULD', of: shouldText, shrinks: true, drops: 1 },
  { title: 'ID', of: (one) => one.id },
];

function didText({ did }: Failure): string {
  return did === undefined ? '-' : `${did.signal} ${String(did.value)}`;
}

function shouldText({ shouldHaveDone }: Failure): string {
  return shouldHaveDone?.text ?? shouldHaveDone?.label ?? '-';
}

function failureText(one: Failure, show: Show): string {
  const { values, ...other } = one.conditions as Readonly<Record<string, unknown>>;
  const conditions = Object.entries(other)
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => `${name} ${String(value as string | number)}`);
  return facts([
    ['failure', one.id],
    ['device', one.device],
    ['when', show.time(instantOf(one.startNs))],
    ['log time', rangeText(one.startNs, one.endNs)],
    ['kind', `${one.kind}, ${one.severity}, said by ${one.source}`],
    ['state', one.state],
    ['did', didText(one)],
    ['should have', shouldText(one)],
    ['signals', signalsText(values)],
    ['conditions', conditions.length === 0 ? undefined : conditions.join(', ')],
    ['clip', one.clip ?? one.link],
    ['release', one.release],
    ['note', one.note],
  ]);
}

const signalsText = (values: unknown): string | undefined =>
  typeof values === 'object' && values !== null
    ? valuesText(values as Parameters<typeof valuesText>[0]) || undefined
    : undefined;

const listExamples = `
Examples:
  fieldloop failures list --state open
  fieldloop failures list --q 'kind=no_brake and severity=critical'
`;

const logExamples = `
Examples:
  fieldloop failures log amr-01 --at 2026-11-02T08:00:03Z --did brake=false --should 'brake'
  fieldloop failures log --event evt_01J… --note 'ran into the pallet'
  fieldloop failures close flr_01J… --release rel_01J…
`;
