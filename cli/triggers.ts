/** `fieldloop runs triggers`: what starts runs by itself, and why it did or did not. */
import { answer, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo, Show } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, printOne } from './list.ts';
import { type ConfirmOptions, verbCommand } from './noun.ts';
import { showOf } from './show.ts';

type Trigger = Schemas['Trigger'];

interface WhyOptions extends ConfirmOptions {
  readonly why: string;
}

export function triggerCommands(runs: Command, io: CliIo): void {
  const list = runs
    .command('triggers')
    .description('What starts runs by itself, with what became of the latest events.');
  apiOptions(list).action(async (options: ApiOptions) => {
    const found = await answer(clientOf(options, io).GET('/v1/triggers'));
    const show = showOf(options);
    printOne(found, options, io, () => found.items.map((one) => triggerText(one, show)).join('\n'));
  });
  const why = (command: Command): Command =>
    command.requiredOption('--why <text>', 'the reason; it is kept');
  verbCommand<Trigger>(runs, io, {
    usage: 'enable <trigger>',
    says: 'Let a trigger start runs again.',
    options: why,
    run: async (client, id, { why: reason }: WhyOptions) =>
      await answer(
        client.POST('/v1/triggers/{id}:enable', { params: { path: { id } }, body: { reason } }),
      ),
    text: triggerText,
  });
  verbCommand<Trigger>(runs, io, {
    usage: 'disable <trigger>',
    says: 'Let a trigger start no runs; what it would have started is listed as skipped.',
    options: why,
    run: async (client, id, { why: reason }: WhyOptions) =>
      await answer(
        client.POST('/v1/triggers/{id}:disable', { params: { path: { id } }, body: { reason } }),
      ),
    text: triggerText,
  });
}

function triggerText(one: Trigger, show: Show): string {
  const when = one.cron === undefined ? one.on.join(', ') : `${one.cron} (${one.zone ?? 'UTC'})`;
  const last = one.last.map((evaluation) => {
    const what = evaluation.run ?? evaluation.reason ?? '';
    return `   ${show.time(evaluation.at)}  ${evaluation.outcome}  ${evaluation.subject}  ${what}`;
  });
  const state = one.enabled ? '' : '  DISABLED';
  return [`${one.name}  starts ${one.workflow} on ${when}${state}`, ...last, ''].join('\n');
}
