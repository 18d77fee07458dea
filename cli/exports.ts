/** `fieldloop exports`: several clips as one file. */
import { answer, type Schemas } from './client.ts';
import { Command, Option } from './commander.ts';
import { type BulkOptions, runBulk } from './bulk.ts';
import { fetchFile } from './download.ts';
import type { CliIo, Column, Show } from './io.ts';
import {
  type ApiOptions,
  apiOptions,
  clientOf,
  formatOf,
  given,
  printList,
  printOne,
  type QueryOptions,
  queryOf,
  queryOptions,
} from './list.ts';
import { deleteCommand, getCommand } from './noun.ts';
import { waitFor } from './operations.ts';
import { secondsOf } from './option-values.ts';
import { facts, showOf, timeColumn } from './show.ts';
import { Fault, formatSize } from '@fieldloop/core';

type Export = Schemas['Export'];

interface CreateOptions extends BulkOptions {
  readonly format: 'zip' | 'mcap';
  readonly topic?: string[];
  readonly file?: string;
  readonly wait?: boolean;
}

export function exportsCommand(io: CliIo): Command {
  const exports = new Command('exports').description('Several clips as one file.');
  create(exports, io);
  queryOptions(exports.command('list').description('Exports; a file is kept for 24 hours.')).action(
    async (options: QueryOptions) => {
      await printList<Export>(options, io, {
        path: '/v1/exports',
        query: queryOf(options),
        columns,
        none: 'no exports; `fieldloop exports create` makes one',
      });
    },
  );
  getCommand<Export>(exports, io, {
    argument: 'id',
    says: 'How far it is, and its file.',
    read: async (client, id) =>
      await answer(client.GET('/v1/exports/{id}', { params: { path: { id } } })),
    text: exportText,
  });
  apiOptions(exports.command('download <id>').description('Its file, resumed and verified.'))
    .option('-f, --file <path>', 'under this name')
    .option('--force', 'write over a file that is there')
    .action(async (id: string, options: ApiOptions & { file?: string; force?: boolean }) => {
      const client = clientOf(options, io);
      const one = await answer(client.GET('/v1/exports/{id}', { params: { path: { id } } }));
      await download(one, options, io);
    });
  apiOptions(
    exports.command('manifest <id>').description('What is in it, as NDJSON on stdout.'),
  ).action(async (id: string, options: ApiOptions) => {
    const path = `/v1/exports/${encodeURIComponent(id)}/manifest`;
    io.out(await (await clientOf(options, io).send(path)).text());
  });
  apiOptions(
    exports.command('links <id>').description('An address that works without a key for a while.'),
  )
    .option('--expires <duration>', 'how long, such as 1h', secondsOf('--expires'))
    .action(async (id: string, options: ApiOptions & { readonly expires?: number }) => {
      const client = clientOf(options, io);
      const params = { path: { id }, query: given({ expiresInS: options.expires }) };
      const found = await answer(client.GET('/v1/exports/{id}/links', { params }));
      printOne(found, options, io, () => `${found.data}\n`);
      if (formatOf(options) === 'table') {
        io.err(`it works until ${showOf(options).time(found.expiresAt)}\n`);
      }
    });
  deleteCommand(exports, io, {
    argument: 'id',
    says: 'Forget an export and its file; the clips stay.',
    path: '/v1/exports',
  });
  return exports;
}

function create(exports: Command, io: CliIo): void {
  const command = exports
    .command('create [id...]')
    .description('Make one file of clips: their files in a zip, or one merged recording.');
  apiOptions(command)
    .option('--q <query>', 'all that match, instead of ids')
    .option('--dry-run', 'only tell which clips would be in it')
    .addOption(
      new Option('--format <format>', 'what to make').choices(['zip', 'mcap']).default('zip'),
    )
    .option('--topic <topic...>', 'only these topics')
    .option('--wait', 'wait until it is made')
    .option('-f, --file <path>', 'wait, then download it under this name')
    .addHelpText('after', examples)
    .action(async (ids: readonly string[], options: CreateOptions) => {
      const body = { format: options.format, ...given({ topics: options.topic }) };
      if (options.dryRun === true) {
        await runBulk(ids, options, io, { path: '/v1/clips:export', body });
        return;
      }
      const client = clientOf(options, io);
      const which = given({ ids: ids.length === 0 ? undefined : ids, q: options.q });
      const response = await client.send('/v1/clips:export', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...which, ...body }),
      });
      const started = (await response.json()) as Schemas['Operation'];
      const { export: id } = started.input as { readonly export: string };
      if (options.wait === true || options.file !== undefined)
        await waitFor(client, started.id, io);
      const one = await answer(client.GET('/v1/exports/{id}', { params: { path: { id } } }));
      if (options.file === undefined) {
        printOne(one, options, io, () => exportText(one, showOf(options)));
        return;
      }
      await download(one, options, io);
    });
}

async function download(
  one: Export,
  options: ApiOptions & { readonly file?: string; readonly force?: boolean },
  io: CliIo,
): Promise<void> {
  if (one.sha256 === undefined || one.sizeBytes === undefined) {
    throw new Fault('conflict', `${one.id} has no file: it is ${one.state}`, {
      remedy: `\`fieldloop operations wait ${one.operation}\` waits for it.`,
    });
  }
  const file = options.file ?? one.fileName;
  const path = `/v1/exports/${one.id}/data`;
  const { sha256, sizeBytes } = one;
  const isForced = options.force === true;
  await fetchFile({ path, file, sha256, sizeBytes, isForced }, clientOf(options, io), io);
  io.out(`${file}\n`);
  io.err(`${file}: ${formatSize(sizeBytes)}, verified\n`);
}

const columns: readonly Column<Export>[] = [
  timeColumn('MADE', (one) => one.createdAt),
  { title: 'STATE', of: (one) => one.state },
  { title: 'FORMAT', of: (one) => one.format },
  { title: 'CLIPS', of: (one) => String(one.clipCount), right: true },
  { title: 'SIZE', of: sizeText, right: true },
  timeColumn('UNTIL', (one) => one.expiresAt, 1),
  { title: 'ID', of: (one) => one.id },
];

function sizeText({ sizeBytes }: Export): string {
  return sizeBytes === undefined ? '-' : formatSize(sizeBytes);
}

const exportText = (one: Export, show: Show): string =>
  [
    facts([
      ['export', one.id],
      ['state', one.state],
      ['clips', `${one.clipCount}, ${formatSize(one.sourceBytes)}`],
      ['format', one.format],
      ['topics', one.topics?.join(', ')],
      ['file', one.sizeBytes === undefined ? undefined : `${one.fileName}, ${sizeText(one)}`],
      ['sha256', one.sha256],
      ['kept until', one.expiresAt === undefined ? undefined : show.time(one.expiresAt)],
      ['operation', one.operation],
    ]),
    one.state === 'ready' ? `\nnext: fieldloop exports download ${one.id}\n` : '',
  ].join('');

const examples = `
Examples:
  fieldloop exports create --q 'rule=near-miss and startNs>-7d' --format mcap -f near-misses.mcap
  fieldloop exports create clp_01J… clp_01K… --topic /scan /odom --wait
`;
