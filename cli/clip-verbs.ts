/** What is done to clips: tagged, held, erased, pulled from their robots, edited. */
import { answer, queryText, type Schemas } from './client.ts';
import type { Command } from './commander.ts';
import { type BulkOptions, bulkOptions, runBulk } from './bulk.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, given, printOne } from './list.ts';
import { confirmed, patchEntity } from './noun.ts';
import { secondsOf } from './option-values.ts';
import { facts, showOf } from './show.ts';

interface TagOptions extends BulkOptions {
  readonly add?: string[];
  readonly remove?: string[];
}

interface HoldOptions extends BulkOptions {
  readonly release?: boolean;
  readonly reason?: string;
}

interface PullOptions extends BulkOptions {
  readonly topic?: string[];
  readonly startNs?: string;
  readonly endNs?: string;
  readonly expires?: number;
}

interface EditOptions extends ApiOptions {
  readonly label?: string;
  readonly note?: string;
}

export function clipVerbs(clips: Command, io: CliIo): void {
  tag(clips, io);
  hold(clips, io);
  erase(clips, io);
  pull(clips, io);
  edit(clips, io);
}

function tag(clips: Command, io: CliIo): void {
  const command = clips.command('tag [id...]').description('Add and remove tags of clips.');
  bulkOptions(apiOptions(command))
    .option('--add <tag...>', 'tags to add')
    .option('--remove <tag...>', 'tags to remove')
    .addHelpText('after', tagExamples)
    .action(async (ids: readonly string[], options: TagOptions) => {
      const body = given({ add: options.add, remove: options.remove });
      await runBulk(ids, options, io, { path: '/v1/clips:tag', body });
    });
}

function hold(clips: Command, io: CliIo): void {
  const command = clips
    .command('hold [id...]')
    .description('Keep clips whatever retention says, or release them again.');
  bulkOptions(apiOptions(command))
    .option('--release', 'end the hold')
    .option('--reason <text>', 'why, for whoever wants to erase them')
    .addHelpText('after', holdExamples)
    .action(async (ids: readonly string[], options: HoldOptions) => {
      const body = { hold: options.release !== true, ...given({ reason: options.reason }) };
      await runBulk(ids, options, io, { path: '/v1/clips:hold', body });
    });
}

function erase(clips: Command, io: CliIo): void {
  const command = clips
    .command('delete [id...]')
    .description('Erase the bytes of clips; that they were stays known.');
  bulkOptions(apiOptions(command))
    .option('--reason <text>', 'why, for the audit log')
    .addHelpText('after', eraseExamples)
    .action(async (ids: readonly string[], options: HoldOptions) => {
      const body = given({ reason: options.reason });
      const [only] = ids;
      const isOne = ids.length === 1 && options.q === undefined && options.dryRun !== true;
      if (isOne && only !== undefined) await eraseOne(only, options, io);
      else {
        const of = { path: '/v1/clips:delete', body, confirm: 'Erase clips:' };
        await runBulk(ids, options, io, of);
      }
    });
}

/** By itself, so that one that is held asks for the approval of a second person. */
async function eraseOne(id: string, options: HoldOptions, io: CliIo): Promise<void> {
  const client = clientOf(options, io);
  const path = `/v1/clips/${encodeURIComponent(id)}`;
  const read = await client.send(path);
  const { hold: held } = (await read.json()) as Schemas['Clip'];
  const which = held === undefined ? id : `${id}, which is held (${held.reason})`;
  await confirmed(`Erase ${which}?`, options, io);
  const query = queryText({ reason: options.reason });
  const headers = { 'if-match': read.headers.get('etag') ?? '*' };
  await client.send(query === '' ? path : `${path}?${query}`, { method: 'DELETE', headers });
  const clip = await answer(client.GET('/v1/clips/{id}', { params: { path: { id } } }));
  printOne(clip, options, io, () => `${clip.id} is ${clip.state}\n`);
}

function pull(clips: Command, io: CliIo): void {
  const command = clips
    .command('pull [id...]')
    .description('Ask robots for clips that are still there; offline ones send them when back.');
  bulkOptions(apiOptions(command))
    .option('--topic <topic...>', 'only these topics, as a clip of its own')
    .option('--start-ns <ns>', 'only from this log time')
    .option('--end-ns <ns>', 'only before this log time')
    .option(
      '--expires <duration>',
      'how long the robot may take, such as 2d',
      secondsOf('--expires'),
    )
    .addHelpText('after', pullExamples)
    .action(async (ids: readonly string[], options: PullOptions) => {
      const { topic: topics, startNs, endNs, expires: expiresInS } = options;
      const body = given({ topics, startNs, endNs, expiresInS });
      const [only] = ids;
      const isOne = ids.length === 1 && only !== undefined && options.dryRun !== true;
      if (isOne) await pullOne(only, body, options, io);
      else await runBulk(ids, options, io, { path: '/v1/clips:pull', body });
    });
}

async function pullOne(
  id: string,
  body: Readonly<Record<string, never>> | object,
  options: ApiOptions,
  io: CliIo,
): Promise<void> {
  const client = clientOf(options, io);
  const params = { path: { id } };
  const asked = await answer(client.POST('/v1/clips/{id}:pull', { params, body }));
  const { command } = asked;
  printOne(asked, options, io, () =>
    facts([
      ['clip', asked.clip],
      ['asked', asked.outcome === 'live' ? 'before; it still waits' : 'now'],
      ['command', `${command.id}, ${command.state}`],
      ['expires', showOf(options).time(command.expiresAt)],
    ]),
  );
}

function edit(clips: Command, io: CliIo): void {
  apiOptions(clips.command('edit <id>').description('Label and note of a clip.'))
    .option('--label <text>', 'a few words that name it')
    .option('--note <text>', 'what a person wants to keep of it')
    .addHelpText('after', editExamples)
    .action(async (id: string, options: EditOptions) => {
      const body = given({ label: options.label, note: options.note });
      const path = `/v1/clips/${encodeURIComponent(id)}`;
      const clip = await patchEntity<Schemas['Clip']>(clientOf(options, io), path, body);
      printOne(clip, options, io, () =>
        facts([
          ['clip', clip.id],
          ['label', clip.label],
          ['note', clip.note],
        ]),
      );
    });
}

const tagExamples = `
Examples:
  fieldloop clips tag clp_01J… --add reviewed
  fieldloop clips tag --q 'rule=near-miss and startNs>-1d' --add night --dry-run
`;

const holdExamples = `
Examples:
  fieldloop clips hold clp_01J… --reason 'shown to the customer'
  fieldloop clips hold --q tag:case-17 --release
`;

const eraseExamples = `
Examples:
  fieldloop clips delete --q 'tag:test and startNs<-90d' --dry-run
  fieldloop clips delete clp_01J… --reason 'a person can be seen'

One that is held takes an admin, and another person who approves: name it alone, have it approved
by \`fieldloop approvals approve\`, and give the same command again.
`;

const editExamples = `
Examples:
  fieldloop clips edit clp_01J… --label 'cart at the dock' --note 'the second one this week'
`;

const pullExamples = `
Examples:
  fieldloop clips pull clp_01J…
  fieldloop clips pull --q 'state=on_device and severity=critical'
  fieldloop clips pull clp_01J… --topic /scan /odom
`;
