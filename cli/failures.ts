/** `fieldloop failures`: moments a robot did wrong, from the log to the release that ends them. */
import { Fault } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
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
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, patchEntity, verbCommand } from './noun.ts';
import { facts, severityColumn, showOf, valuesText, whenColumn } from './show.ts';

type Failure = Schemas['Failure'];

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

interface WhyOptions extends ConfirmOptions {
  readonly why: string;
}

const severities = ['critical', 'warning', 'info'];

export function failuresCommand(io: CliIo): Command {
  const failures = new Command('failures').description(
    'Moments a robot did wrong, and what became of each.',
  );
  queryOptions(failures.command('list').description('Failures, the newest log time first.')).action(
    async (options: QueryOptions) => {
      await printList<Failure>(options, io, {
        path: '/v1/failures',
        query: queryOf(options),
        columns,
        none: 'no failures are logged',
      });
    },
  );
  getCommand<Failure>(failures, io, {
    argument: 'id',
    says: 'One failure: what held, what it did, what it should have done.',
    read: async (client, id) =>
      await answer(client.GET('/v1/failures/{id}', { params: { path: { id } } })),
    text: failureText,
  });
  log(failures, io);
  edit(failures, io);
  verbs(failures, io);
  history(failures, io);
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
  if (value === 'true' || value === 'false') return { signal, value: value === 'true' };
  return { signal, value: /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value };
}

function log(failures: Command, io: CliIo): void {
  const command = failures
    .command('log [device]')
    .description('Write down a failure; its clip is found, or asked for, by time and device.');
  storyOptions(apiOptions(command))
    .option('--event <id>', 'at this event, instead of a device and a time')
    .option('--at <time>', 'when (RFC 3339)')
    .option('--start-ns <ns>', 'when, as log time')
    .option('--end-ns <ns>', 'until when')
    .addHelpText('after', logExamples)
    .action(async (device: string | undefined, options: LogOptions) => {
      const startNs = options.startNs ?? (options.at === undefined ? undefined : nsOf(options.at));
      const body = {
        ...given({ device, event: options.event, startNs, endNs: options.endNs }),
        ...storyOf(options),
      };
      const failure = await answer(clientOf(options, io).POST('/v1/failures', { body }));
      printOne(failure, options, io, () => failureText(failure, showOf(options)));
    });
}

function nsOf(instant: string): string {
  const ms = Date.parse(instant);
  if (!Number.isNaN(ms)) return String(BigInt(ms) * 1_000_000n);
  throw new Fault('invalid', `"${instant}" is not a time`, {
    place: '--at',
    remedy: 'Write RFC 3339, such as 2026-11-02T08:00:00Z.',
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

function verbs(failures: Command, io: CliIo): void {
  const why = (command: Command): Command => command.requiredOption('--why <text>', 'the reason');
  const at = (id: string) => ({ params: { path: { id } } });
  verbCommand<Failure, ConfirmOptions & { readonly release: string }>(failures, io, {
    usage: 'close <id>',
    says: 'Done: this release no longer makes it.',
    options: (command) => command.requiredOption('--release <id>', 'which release ended it'),
    run: async (client, id, { release }) =>
      await answer(client.POST('/v1/failures/{id}:close', { ...at(id), body: { release } })),
    text: failureText,
  });
  verbCommand<Failure, WhyOptions>(failures, io, {
    usage: 'reopen <id>',
    says: 'It happened again.',
    options: why,
    run: async (client, id, options) =>
      await answer(
        client.POST('/v1/failures/{id}:reopen', { ...at(id), body: { why: options.why } }),
      ),
    text: failureText,
  });
  const dismiss = async (
    client: Client,
    id: string,
    body: { as: 'wont_fix' | 'not_a_failure'; why: string },
  ) => await answer(client.POST('/v1/failures/{id}:dismiss', { ...at(id), body }));
  verbCommand<Failure, WhyOptions & { readonly wontFix?: boolean }>(failures, io, {
    usage: 'dismiss <id>',
    says: 'It was no failure, or it will not be fixed; it stays as an example.',
    options: (command) => why(command).option('--wont-fix', 'a failure, but it stays as it is'),
    run: async (client, id, options) =>
      await dismiss(client, id, {
        as: options.wontFix === true ? 'wont_fix' : 'not_a_failure',
        why: options.why,
      }),
    text: failureText,
  });
  verbCommand<Failure, ConfirmOptions>(failures, io, {
    usage: 'link <id>',
    says: 'Look for its clip again.',
    run: async (client, id) =>
      await answer(client.POST('/v1/failures/{id}:link', { ...at(id), body: {} })),
    text: failureText,
  });
}

interface Step {
  readonly at: string;
  readonly by: string;
  readonly from?: string;
  readonly to: string;
  readonly why?: string;
}

function history(failures: Command, io: CliIo): void {
  listOptions(
    failures.command('history <id>').description('Each step of its life: when, who and why.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Step>(options, io, {
      path: `/v1/failures/${encodeURIComponent(id)}/history`,
      query: {},
      columns: [
        { title: 'WHEN', of: (step, show) => show.time(step.at) },
        { title: 'STATE', of: (step) => step.to },
        { title: 'WHO', of: (step) => step.by, shrinks: true },
        { title: 'WHY', of: (step) => step.why ?? '', shrinks: true },
      ],
      none: 'nothing happened to it yet',
    });
  });
}

const wallOf = (ns: string): string => new Date(Number(BigInt(ns) / 1_000_000n)).toISOString();

const columns: readonly Column<Failure>[] = [
  whenColumn((one) => wallOf(one.startNs)),
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
    ['when', `${show.time(wallOf(one.startNs))}, log time ${one.startNs} to ${one.endNs}`],
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

const logExamples = `
Examples:
  fieldloop failures log amr-01 --at 2026-11-02T08:00:03Z --did brake=false --should 'brake'
  fieldloop failures log --event evt_01J… --note 'ran into the pallet'
  fieldloop failures close flr_01J… --release rel_01J…
`;
