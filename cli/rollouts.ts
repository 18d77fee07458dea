/** `fieldloop rollouts`: a release on its way to robots, and what decided each step. */
import { formatSize } from '@fieldloop/core';
import { answer, post, type Schemas } from './client.ts';
import { Command } from './commander.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  type ListOptions,
  listOptions,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { type ConfirmOptions, getCommand, verbCommand } from './noun.ts';
import { documentText } from './releases.ts';
import { demandSame } from './reproduce.ts';
import { watchRollout } from './rollout-watch.ts';
import { facts, shortNumber, showOf, timeColumn } from './show.ts';

type Rollout = Schemas['Rollout'];
type Target = Schemas['RolloutTarget'];
type Decision = Schemas['RolloutDecision'];
type Verdict = Schemas['RolloutVerdict'];
type Planned = Schemas['RolloutPlanned'];
type Explanation = Schemas['RolloutExplanation'];

interface PlanOptions extends ApiOptions {
  readonly supersede?: string[];
}

interface StartOptions extends PlanOptions {
  readonly id: string;
  readonly plan: string;
  readonly emergency?: boolean;
}

interface ReasonOptions extends ConfirmOptions {
  readonly reason: string;
}

export function rolloutsCommand(io: CliIo): Command {
  const rollouts = new Command('rollouts').description(
    'A release on its way to robots, and what decided each step.',
  );
  plan(rollouts, io);
  start(rollouts, io);
  queryOptions(rollouts.command('list').description('Rollouts, the newest first.')).action(
    async (options: QueryOptions) => {
      await printList<Rollout>(options, io, {
        path: '/v1/rollouts',
        query: queryOf(options),
        columns,
        none: 'no rollouts; `fieldloop rollouts plan` begins one',
      });
    },
  );
  getCommand<Rollout>(rollouts, io, {
    argument: 'rollout',
    name: 'status',
    says: 'Stage, robots by state, how far the judge is.',
    read: async (client, id) => await answer(client.GET('/v1/rollouts/{id}', at(id))),
    text: rolloutText,
  });
  watchRollout(rollouts, io, rolloutText);
  hotfix(rollouts, io);
  rows(rollouts, io);
  explain(rollouts, io);
  verbs(rollouts, io);
  rollouts.addHelpText('after', examples);
  return rollouts;
}

const at = (id: string) => ({ params: { path: { id } } });

const supersedeOption = (command: Command): Command =>
  command.option('--supersede <rollout...>', 'live rollouts that end; this one has their robots');

function plan(rollouts: Command, io: CliIo): void {
  supersedeOption(
    apiOptions(
      rollouts
        .command('plan <file>')
        .alias('preview')
        .description('What a plan would do now. Nothing is written.'),
    ),
  ).action(async (file: string, options: PlanOptions) => {
    const body = { text: await documentText(file), supersede: options.supersede ?? [] };
    const found = await answer(clientOf(options, io).POST('/v1/rollouts:plan', { body }));
    printOne(found, options, io, () => plannedText(file, found));
  });
}

function start(rollouts: Command, io: CliIo): void {
  supersedeOption(
    apiOptions(
      rollouts
        .command('start <file>')
        .description('Freeze exactly what the dry run showed, and ask for its approval.'),
    ),
  )
    .requiredOption('--id <rollout>', 'as the dry run said')
    .requiredOption('--plan <sha256>', 'digest of the plan, as the dry run said')
    .option('--emergency', 'before everything else; half an hour of bake stays')
    .action(async (file: string, options: StartOptions) => {
      const made = await post<Rollout>(clientOf(options, io), '/v1/rollouts', {
        text: await documentText(file),
        id: options.id,
        digest: options.plan,
        supersede: options.supersede ?? [],
        urgency: options.emergency === true ? 'emergency' : 'normal',
      });
      printOne(made, options, io, () => rolloutText(made, showOf(options)));
    });
}

interface HotfixOptions extends ApiOptions {
  readonly reason: string;
  readonly freeze: boolean;
  readonly corrective?: string;
}

function hotfix(rollouts: Command, io: CliIo): void {
  apiOptions(
    rollouts
      .command('hotfix <release>')
      .description('Get a release off every robot that runs it; two people choose the way.'),
  )
    .requiredOption('--reason <text>', 'what is wrong with it')
    .option('--corrective <release>', 'one that may take its place')
    .option('--no-freeze', 'other rollouts go on meanwhile')
    .action(async (release: string, options: HotfixOptions) => {
      const { reason, freeze, corrective } = options;
      const body = { release, reason, freeze, ...(corrective === undefined ? {} : { corrective }) };
      const path = '/v1/rollouts:hotfix';
      const asked = await post<{ readonly release: string }>(clientOf(options, io), path, body);
      printOne(asked, options, io, () => `${asked.release} shall go; see fieldloop gates list\n`);
    });
}

function rows(rollouts: Command, io: CliIo): void {
  listOptions(
    rollouts.command('targets <rollout>').description('The frozen robots, one by one.'),
  ).action(async (id: string, options: ListOptions) => {
    const path = `/v1/rollouts/${encodeURIComponent(id)}/targets` as const;
    const none = 'no robots';
    await printList<Target>(options, io, { path, query: {}, columns: targetColumns, none });
  });
  listOptions(
    rollouts.command('decisions <rollout>').description('Every decision, the oldest first.'),
  ).action(async (id: string, options: ListOptions) => {
    const path = `/v1/rollouts/${encodeURIComponent(id)}/decisions` as const;
    const none = 'nothing was decided yet';
    await printList<Decision>(options, io, { path, query: {}, columns: decisionColumns, none });
  });
  listOptions(
    rollouts.command('verdicts <rollout>').description('What the judge made of each interval.'),
  ).action(async (id: string, options: ListOptions) => {
    const path = `/v1/rollouts/${encodeURIComponent(id)}/verdicts` as const;
    const none = 'the judge has seen no whole interval yet';
    await printList<Verdict>(options, io, { path, query: {}, columns: verdictColumns, none });
  });
}

function explain(rollouts: Command, io: CliIo): void {
  apiOptions(
    rollouts
      .command('explain <rollout>')
      .alias('reproduce')
      .description('Decide and weigh everything again from what was recorded: the same hashes.'),
  ).action(async (id: string, options: ApiOptions) => {
    const client = clientOf(options, io);
    const found = await answer(client.GET('/v1/rollouts/{id}/explanation', at(id)));
    printOne(found, options, io, () => explainedText(found));
    demandSame(found.agrees, `${id} does not come out as it was recorded`);
  });
}

function explainedText({ agrees, decisions, verdicts }: Explanation): string {
  const lines = decisions.map(
    (one) =>
      `${String(one.seq).padStart(4)}  ${one.action} to ${one.to}: ${one.rule.replaceAll('_', ' ')}` +
      `  ${one.replay}${one.why === undefined ? '' : ` (${one.why})`}  ${one.recorded.slice(0, 12)}\n`,
  );
  const judged =
    verdicts.firstDifferent === undefined
      ? `${verdicts.intervals} intervals weighed again: the same\n`
      : `interval ${verdicts.firstDifferent} comes out otherwise\n`;
  return `${lines.join('')}${judged}${agrees ? 'everything agrees' : 'it does NOT agree'}\n`;
}

interface VerbText {
  readonly verb: 'pause' | 'resume' | 'halt' | 'abort' | 'rollback' | 'promote';
  readonly says: string;
  readonly confirm?: string;
}

const verbTexts: readonly VerbText[] = [
  { verb: 'pause', says: 'Send it to nobody else for now.' },
  { verb: 'resume', says: 'Let it go on; a halted one takes a second person.' },
  { verb: 'halt', says: 'Stop it now; a halt wins over everything decided at the same time.' },
  { verb: 'abort', says: 'End it; robots go back.', confirm: 'Abort' },
  { verb: 'rollback', says: 'Take it back from every robot.', confirm: 'Roll back' },
  { verb: 'promote', says: 'Decide for one that is held: on with the next stage.' },
];

function verbs(rollouts: Command, io: CliIo): void {
  for (const { verb, says, confirm } of verbTexts) {
    verbCommand<Rollout>(rollouts, io, {
      usage: `${verb} <rollout>`,
      says,
      ...(confirm === undefined ? {} : { confirm }),
      options: (command) => command.requiredOption('--reason <text>', 'why, for the audit log'),
      run: async (client, id, { reason }: ReasonOptions) =>
        await post<Rollout>(client, `/v1/rollouts/${encodeURIComponent(id)}:${verb}`, { reason }),
      text: rolloutText,
    });
  }
}

const columns: readonly Column<Rollout>[] = [
  timeColumn('PLANNED', (one) => one.createdAt),
  { title: 'RELEASE', of: (one) => one.release.name, shrinks: true },
  { title: 'STATE', of: (one) => one.state },
  { title: 'STAGE', of: (one) => one.stage ?? '' },
  { title: 'PHASE', of: (one) => (one.phase === 'none' ? '' : one.phase) },
  { title: 'ID', of: (one) => one.id },
];

const targetColumns: readonly Column<Target>[] = [
  { title: 'DEVICE', of: (one) => one.device },
  { title: 'SITE', of: (one) => one.site, shrinks: true },
  { title: 'ARM', of: (one) => one.arm },
  { title: 'STAGE', of: (one) => one.stage ?? '' },
  { title: 'STATE', of: (one) => one.state },
  { title: 'ATTEMPT', of: (one) => String(one.attempt), right: true },
  { title: 'WHY', of: (one) => one.fault?.message ?? one.why ?? '', shrinks: true },
];

const decisionColumns: readonly Column<Decision>[] = [
  { title: 'SEQ', of: (one) => String(one.seq), right: true },
  timeColumn('AT', (one) => one.at),
  { title: 'ACTION', of: (one) => one.action },
  { title: 'FROM', of: (one) => one.from },
  { title: 'TO', of: (one) => one.to },
  { title: 'RULE', of: (one) => one.rule.replaceAll('_', ' '), shrinks: true },
  { title: 'BY', of: (one) => one.actor, shrinks: true },
];

const verdictColumns: readonly Column<Verdict>[] = [
  { title: 'INTERVAL', of: (one) => String(one.n), right: true },
  timeColumn('END', (one) => one.endAt),
  { title: 'STAGE', of: (one) => one.stage ?? '' },
  { title: 'OUTCOME', of: (one) => one.outcome },
  { title: 'E', of: (one) => shortNumber(one.e), right: true },
];

function rolloutText(one: Rollout, show: Show): string {
  const counts = Object.entries(one.counts ?? {}).map(([state, n]) => `${state} ${n}`);
  return facts([
    ['rollout', one.id],
    ['release', `${one.release.name} sha256:${one.release.digest.slice(0, 12)}`],
    ['plan', one.planDigest],
    ['state', one.state],
    ['stage', one.stage === undefined ? 'none yet' : `${one.stage} (${one.stages.join(' > ')})`],
    ['phase', one.phase],
    ['robots', counts.join(', ')],
    ...(one.next === undefined ? [] : nextFacts(one.next, show)),
    ['judged', `${one.evidence.intervals} intervals`],
    ...(one.reason === undefined ? [] : [['reason', one.reason] as [string, string]]),
    ['planned', `${show.time(one.createdAt)} by ${one.createdBy}`],
  ]);
}

const doing: Readonly<Record<string, string>> = {
  wait: 'waits',
  ask: 'asks a release manager (fieldloop gates list)',
};

/** Such as `waits: robots are at it; 2 robots in line are away`. */
function nextFacts(next: NonNullable<Rollout['next']>, show: Show): [string, string][] {
  const { action, rule, until, away, withoutWayBack } = next;
  const does = doing[action] ?? action.replaceAll('_', ' ');
  const then = until === undefined ? '' : ` until ${show.time(until)}`;
  const line = [
    ...(away === 0 ? [] : [`${away} in line are away or held`]),
    ...(withoutWayBack === 0 ? [] : [`${withoutWayBack} in line do not run the way back`]),
  ];
  return [['next', [`${does}: ${rule.replaceAll('_', ' ')}${then}`, ...line].join('; ')]];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const hours = (of: number): string =>
  of >= 1 ? `${shortNumber(of)} h` : of * 60 >= 1 ? `${Math.round(of * 60)} min` : 'under a minute';

function plannedText(file: string, one: Planned): string {
  const out = Object.entries(one.excluded).map(([why, n]) => `${why} ${n}`);
  const { control, stages, strata } = one.arms;
  const back = one.wayBack;
  return facts([
    ['release', `${one.release.name} sha256:${one.release.digest.slice(0, 12)}`],
    [
      'targets',
      `${one.targets} of ${one.found}${out.length === 0 ? '' : `; excluded: ${out.join(', ')}`}`,
    ],
    ['control', `${control} robots; strata ${strata}`],
    ...stages.map(({ name, devices, decides }): [string, string] => [
      'stage',
      `${name}: ${devices} robots; ${decides}`,
    ]),
    ...(back === undefined
      ? []
      : [['way back', `${back.release} on ${back.present} of ${one.targets}`] as [string, string]]),
    ...one.power.map(({ metric, perDeviceHour, threefold, twofold }): [string, string] => [
      'power',
      `${metric} ${shortNumber(perDeviceHour)}/h: 3x halted ${percent(threefold.halted)} (median ` +
        `${shortNumber(threefold.medianHours)} h), 2x ${percent(twofold.halted)}`,
    ]),
    [
      'load',
      `${formatSize(Math.round(one.load.bytes))}, longest site ${one.load.site} ` +
        `${hours(one.load.siteHours)}; at least ${hours(one.leastHours)} in all`,
    ],
    ...one.notes.map((note): [string, string] => ['note', note]),
    ['plan', `sha256:${one.digest}`],
    ['', `nothing written; fieldloop rollouts start ${file} --id ${one.id} --plan ${one.digest}`],
  ]);
}

const examples = `
Examples:
  fieldloop rollouts plan firmware-manifests/rollouts/detector-1.1.yaml
  fieldloop rollouts start firmware-manifests/rollouts/detector-1.1.yaml --id rol_01J… --plan 41ab…
  fieldloop gates list
  fieldloop rollouts status rol_01J…
  fieldloop rollouts watch rol_01J…
  fieldloop rollouts halt rol_01J… --reason 'they stop at every door'
`;
