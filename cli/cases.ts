/** `fieldloop cases`: robots that need a person, from the first report to the proof. */
import { caseQueueCommands } from './case-queues.ts';
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
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { counted, facts, showOf, timeColumn, whenColumn } from './show.ts';
import { yamlText } from './yaml.ts';

type Case = Schemas['Case'];
type Step = Schemas['CaseStep'];

interface CaseListOptions extends QueryOptions {
  readonly device?: string;
  readonly state?: string;
  readonly severity?: string;
}

interface OpenOptions extends ApiOptions {
  readonly kind: string;
  readonly severity?: Case['severity'];
  readonly summary: string;
  readonly clip?: string;
  readonly rollout?: string;
  readonly wanted?: readonly string[];
}

interface CauseOptions extends ConfirmOptions {
  readonly cause: string;
}

interface CloseOptions extends CauseOptions {
  readonly code: Exclude<NonNullable<Case['code']>, 'decommissioned'>;
  readonly proof?: string;
}

const severities = ['sev1', 'sev2', 'sev3'];
const codes = [
  'repaired',
  'replaced_part',
  'calibrated',
  'configured',
  'updated',
  'recovered',
  'not_a_fault',
];

export function casesCommand(io: CliIo): Command {
  const cases = new Command('cases').description('Robots that need a person.');
  queryOptions(cases.command('list').description('Cases, the newest first.'))
    .option('--device <name>', 'of this robot')
    .option('--state <state>', 'open, acknowledged, verified, resolved, not_a_fault, …')
    .addOption(new Option('--severity <level>', 'of this severity').choices(severities))
    .addHelpText('after', listExamples)
    .action(async (options: CaseListOptions) => {
      const { device, state, severity } = options;
      await printList<Case>(options, io, {
        path: '/v1/cases',
        query: { ...queryOf(options), device, state, severity },
        columns,
        none: 'no cases match: no robot needs a person',
      });
    });
  getCommand<Case>(cases, io, {
    argument: 'id',
    name: 'show',
    says: 'One case: what is wrong, who takes care, what is missing.',
    read: async (client, id) =>
      await answer(client.GET('/v1/cases/{id}', { params: { path: { id } } })),
    text: caseText,
  });
  history(cases, io);
  evidence(cases, io);
  open(cases, io);
  verbs(cases, io);
  endings(cases, io);
  caseQueueCommands(cases, io);
  return cases;
}

function history(cases: Command, io: CliIo): void {
  listOptions(
    cases.command('history <id>').description('Each step of a case: when, who and what.'),
  ).action(async (id: string, options: ListOptions) => {
    await printList<Step>(options, io, {
      path: `/v1/cases/${encodeURIComponent(id)}/history`,
      query: {},
      columns: [
        timeColumn('WHEN', (step) => step.at),
        { title: 'STATE', of: (step) => step.state },
        { title: 'WHAT', of: (step) => step.action },
        { title: 'WHO', of: (step) => step.actor, shrinks: true },
        { title: 'TEXT', of: (step) => step.text ?? '', shrinks: true },
      ],
      none: 'nothing happened to it yet',
    });
  });
}

function evidence(cases: Command, io: CliIo): void {
  apiOptions(
    cases
      .command('evidence <id>')
      .description('What was kept: rollout, telemetry, digests, diagnosis, clip.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(client.GET('/v1/cases/{id}/evidence', { params: { path: { id } } }));
    printOne(found, options, io, () => yamlText(found.items));
  });
}

function open(cases: Command, io: CliIo): void {
  apiOptions(
    cases
      .command('open <device>')
      .description('Say that a robot needs a person; joins the live case of the same kind.'),
  )
    .requiredOption('--kind <kind>', 'what is wrong, such as drive.overheats')
    .requiredOption('--summary <text>', 'in a sentence')
    .addOption(
      new Option('--severity <level>', 'sev1: within 15 min; sev2: 4 h; sev3: 2 d').choices(
        severities,
      ),
    )
    .option('--clip <id>', 'a clip that shows it')
    .option('--rollout <id>', 'the rollout in which it happened')
    .option('--wanted <section=digest...>', 'what it must report before the case can end')
    .addHelpText('after', openExamples)
    .action(async (device: string, options: OpenOptions) => {
      const { kind, summary, severity, clip, rollout } = options;
      const wanted = options.wanted && Object.fromEntries(options.wanted.map(pairOf));
      const body = { device, kind, summary, ...given({ severity, clip, rollout, wanted }) };
      const made = await answer(clientOf(options, io).POST('/v1/cases', { body }));
      printOne(made, options, io, () => caseText(made, showOf(options)));
    });
}

const pairOf = (text: string): readonly [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
};

const at = (id: string) => ({ params: { path: { id } } });

function verbs(cases: Command, io: CliIo): void {
  verbCommand<Case>(cases, io, {
    usage: 'ack <id>',
    says: 'Take care of it: nobody else is asked any more.',
    run: async (client, id) =>
      await answer(client.POST('/v1/cases/{id}:acknowledge', { ...at(id), body: {} })),
    text: caseText,
  });
  verbCommand<Case>(cases, io, {
    usage: 'note <id>',
    says: 'Write down what was seen, tried or changed.',
    options: (command) =>
      command.requiredOption('--text <text>', 'what').addHelpText('after', noteExamples),
    run: async (client, id, { text }: ConfirmOptions & { readonly text: string }) =>
      await answer(client.POST('/v1/cases/{id}:note', { ...at(id), body: { text } })),
    text: caseText,
  });
  verbCommand<Case>(cases, io, {
    usage: 'assign <id>',
    says: 'Give it to a person.',
    options: (command) =>
      command
        .option('--to <user>', 'id of the person; without it: nobody')
        .addHelpText('after', assignExamples),
    run: async (client, id, { to }: ConfirmOptions & { readonly to?: string }) =>
      await answer(client.POST('/v1/cases/{id}:assign', { ...at(id), body: { to: to ?? null } })),
    text: caseText,
  });
}

function endings(cases: Command, io: CliIo): void {
  const cause = (command: Command): Command =>
    command.requiredOption('--cause <text>', 'what it was');
  verbCommand<Case>(cases, io, {
    usage: 'close <id>',
    says: 'End it with what it was; a repair takes a robot that reports well.',
    options: (command) =>
      cause(command)
        .addOption(new Option('--code <code>', 'how').choices(codes).makeOptionMandatory())
        .option('--proof <text>', 'such as a link to a report')
        .addHelpText('after', closeExamples),
    run: async (client, id, { code, cause: why, proof }: CloseOptions) => {
      const body = { code, cause: why, ...given({ proof }) };
      return await answer(client.POST('/v1/cases/{id}:close', { ...at(id), body }));
    },
    text: caseText,
  });
  verbCommand<Case>(cases, io, {
    usage: 'decommission <id>',
    says: 'End it: the robot will not come back, and stays held.',
    options: (command) => cause(command).addHelpText('after', decommissionExamples),
    confirm: 'Give up the robot of',
    run: async (client, id, { cause: why }: CauseOptions) =>
      await answer(client.POST('/v1/cases/{id}:decommission', { ...at(id), body: { cause: why } })),
    text: caseText,
  });
  verbCommand<Case>(cases, io, {
    usage: 'lift <id>',
    says: 'Let the robot back into rollouts and draws before the case ends.',
    options: (command) =>
      command.requiredOption('--why <text>', 'the reason').addHelpText('after', liftExamples),
    run: async (client, id, { why }: ConfirmOptions & { readonly why: string }) =>
      await answer(client.POST('/v1/cases/{id}:lift', { ...at(id), body: { reason: why } })),
    text: caseText,
  });
}

const columns: readonly Column<Case>[] = [
  whenColumn((one) => one.createdAt),
  { title: 'SEV', of: (one) => one.severity },
  { title: 'DEVICE', of: (one) => one.device, shrinks: true },
  { title: 'KIND', of: (one) => one.kind, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'WHO', of: (one) => one.assignee ?? one.queue ?? '-', shrinks: true, drops: 1 },
  { title: 'HELD', of: (one) => (one.held ? 'yes' : 'no'), drops: 2 },
  { title: 'ID', of: (one) => one.id },
];

function caseText(one: Case, show: Show): string {
  const time = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : show.time(value);
  return facts([
    ['case', one.id],
    ['device', `${one.device}${one.held ? ', held out of rollouts and draws' : ''}`],
    ['what', `${one.kind}, ${one.severity}: ${one.summary}`],
    ['state', one.state],
    ['told of', `${counted(one.reportCount, 'time')}, last ${show.time(one.lastReportAt)}`],
    ['queue', [one.queue, one.skill, one.region].filter(Boolean).join(', ') || undefined],
    ['who', one.assignee],
    ['due', time(one.dueAt)],
    ['taken', one.acknowledgedBy],
    ['well since', time(one.healthySince)],
    ['verified', time(one.verifiedAt)],
    ['rollout', one.rollout],
    ['clip', one.clip],
    ['run', one.run],
    ['ended as', one.code],
    ['cause', one.cause],
    ['proof', one.proof],
  ]);
}

const listExamples = `
Examples:
  fieldloop cases list --state open
  fieldloop cases list --q 'severity=sev1 and region=eu'
`;

const openExamples = `
Examples:
  fieldloop cases open amr-01 --kind drive.overheats --severity sev2 --summary 'left drive 92 C'
`;

const noteExamples = `
Examples:
  fieldloop cases note cas_01J… --text 'swapped the left encoder, drives straight again'
`;

const assignExamples = `
Examples:
  fieldloop cases assign cas_01J… --to usr_01J…
`;

const decommissionExamples = `
Examples:
  fieldloop cases decommission cas_01J… --cause 'the frame is bent' --yes
`;

const liftExamples = `
Examples:
  fieldloop cases lift cas_01J… --why 'it is needed for the rollout of tonight'
`;

const closeExamples = `
Examples:
  fieldloop cases close cas_01J… --code replaced_part --cause 'left encoder' --proof 'RMA 1182'
  fieldloop cases close cas_01J… --code not_a_fault --cause 'the sun in its eye'
`;
