/** Files of dataset versions: made by the cloud, fetched, and proved on this machine. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, formatSize } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { type Command, Option } from './commander.ts';
import { fetchFile } from './download.ts';
import type { CliIo, Column } from './io.ts';
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
import { confirmed, type ConfirmOptions, confirmOption, getCommand } from './noun.ts';
import { waitFor } from './operations.ts';
import { facts, timeColumn } from './show.ts';

type Export = Schemas['DatasetExport'];

const formats = ['lerobot', 'coco', 'croissant', 'bundle', 'openlineage'];

interface ExportOptions extends ApiOptions {
  readonly format: Export['format'];
  readonly split?: string[];
  readonly signal?: string[];
  readonly image?: string[];
  readonly fps?: string;
  readonly robot?: string;
  readonly withText?: boolean;
  readonly file?: string;
  readonly force?: boolean;
  readonly post?: string;
}

export function addDatasetFiles(datasets: Command, io: CliIo): void {
  exportCommand(datasets, io);
  queryOptions(
    datasets.command('exports').description('Files of versions; one is kept for 24 hours.'),
  ).action(async (options: QueryOptions) => {
    await printList<Export>(options, io, {
      path: '/v1/datasetExports',
      query: queryOf(options),
      columns,
      none: 'no exports; `fieldloop datasets export VERSION` makes one',
    });
  });
  getCommand<Export>(datasets, io, {
    argument: 'id',
    name: 'export-get',
    says: 'How far an export is, and its file.',
    read: readExport,
    text: exportText,
  });
  apiOptions(
    datasets.command('export-download <id>').description('The file of an export, verified.'),
  )
    .option('-f, --file <path>', 'under this name')
    .option('--force', 'write over a file that is there')
    .action(async (id: string, options: ApiOptions & Pick<ExportOptions, 'file' | 'force'>) => {
      const client = clientOf(options, io);
      await download(client, await readExport(client, id), { options, io });
    });
  confirmOption(
    apiOptions(
      datasets
        .command('export-delete <id>')
        .description('Forget the file of an export; the version stays.'),
    ),
  ).action(async (id: string, options: ConfirmOptions) => {
    await confirmed(`Delete ${id}?`, options, io);
    const path = `/v1/datasetExports/${encodeURIComponent(id)}`;
    await clientOf(options, io).send(path, { method: 'DELETE', headers: { 'if-match': '*' } });
    io.err(`${id} is deleted\n`);
  });
  verify(datasets, io);
}

const readExport = async (client: Client, id: string): Promise<Export> =>
  await answer(client.GET('/v1/datasetExports/{id}', { params: { path: { id } } }));

function exportCommand(datasets: Command, io: CliIo): void {
  apiOptions(
    datasets
      .command('export <version>')
      .description('Make a file of a version for other programs, and fetch it.'),
  )
    .addOption(new Option('--format <format>', 'what to make').choices(formats).default('bundle'))
    .option('--split <split...>', 'train and calibration unless said; test only by name')
    .option('--signal <topic.path...>', 'lerobot: numbers, such as /odom.twist.linear.x')
    .option('--image <topic...>', 'lerobot: pictures')
    .option('--fps <n>', 'lerobot: frames a second')
    .option('--robot <name>', 'lerobot: what kind of robot')
    .option('--with-text', 'with labels that are free text')
    .option('-f, --file <path>', 'under this name')
    .option('--force', 'write over a file that is there')
    .option('--post <url>', 'openlineage: also send each event there')
    .addHelpText('after', examples)
    .action(async (version: string, options: ExportOptions) => {
      const client = clientOf(options, io);
      const { format, split, signal, image, fps, robot, withText } = options;
      const body = {
        format,
        ...given({
          splits: split,
          signals: signal?.map(signalOf),
          images: image,
          fps: fps === undefined ? undefined : Number(fps),
          robot,
          withText,
        }),
      } as never;
      const params = { path: { id: version } };
      const started = await answer(
        client.POST('/v1/datasetVersions/{id}:export', { params, body }),
      );
      await waitFor(client, started.id, io);
      const { export: id } = started.input as { readonly export: string };
      const file = await download(client, await readExport(client, id), { options, io });
      if (options.post !== undefined) await post(file, options.post, io);
    });
}

/** `/odom.twist.linear.x`: a topic has no dot, a path may have some. */
function signalOf(text: string): { topic: string; path: string } {
  const [, topic, path] = /^(\/[^.]+)\.(.+)$/.exec(text) ?? [];
  if (topic !== undefined && path !== undefined) return { topic, path };
  throw new Fault('invalid', `"${text}" is not TOPIC.PATH`, {
    place: '--signal',
    remedy: 'Write such as /odom.twist.linear.x.',
  });
}

async function download(
  client: Client,
  one: Export,
  { options, io }: { readonly options: Pick<ExportOptions, 'file' | 'force'>; readonly io: CliIo },
): Promise<string> {
  if (one.sha256 === undefined || one.sizeBytes === undefined) {
    throw new Fault('conflict', `${one.id} has no file: it is ${one.state}`, {
      remedy: `\`fieldloop operations wait ${one.operation}\` waits for it.`,
    });
  }
  const file = options.file ?? one.fileName;
  const path = `/v1/datasetExports/${one.id}/data`;
  const { sha256, sizeBytes } = one;
  const isForced = options.force === true;
  await fetchFile({ path, file, sha256, sizeBytes, isForced }, client, io);
  io.out(`${file}\n`);
  io.err(`${file}: ${formatSize(sizeBytes)}, verified\n`);
  return file;
}

/** Each event by itself, as servers of OpenLineage take them. */
async function post(file: string, url: string, io: CliIo): Promise<void> {
  const events = JSON.parse(await readFile(file, 'utf8')) as readonly object[];
  for (const event of events) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    });
    if (response.ok) continue;
    throw new Fault('unavailable', `${url} answered ${response.status}`, {
      place: '--post',
      remedy: 'Check the address, such as http://marquez:5000/api/v1/lineage.',
    });
  }
  io.err(`${events.length} events sent to ${url}\n`);
}

const columns: readonly Column<Export>[] = [
  timeColumn('MADE', (one) => one.createdAt),
  { title: 'STATE', of: (one) => one.state },
  { title: 'FORMAT', of: (one) => one.format },
  { title: 'VERSION', of: (one) => one.versionId.slice(0, 12) },
  {
    title: 'SIZE',
    of: (one) => (one.sizeBytes === undefined ? '-' : formatSize(one.sizeBytes)),
    right: true,
  },
  { title: 'ID', of: (one) => one.id },
];

const exportText = (one: Export): string =>
  facts([
    ['export', one.id],
    ['state', one.state],
    ['version', one.versionId],
    ['format', one.format],
    ['splits', one.splits.join(', ')],
    ['file', one.fileName],
    ['sha256', one.sha256],
    ['operation', one.operation],
  ]);

/** A folder here, or a version in the cloud. */
function verify(datasets: Command, io: CliIo): void {
  apiOptions(
    datasets
      .command('verify <folder-or-version>')
      .description('Compare every hash: of an unpacked bundle here, or of a version in the cloud.'),
  ).action(async (what: string, options: ApiOptions) => {
    const isFolder = await stat(what).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const proof = isFolder ? await folderProof(what) : await versionProof(what, options, io);
    printOne(proof, options, io, () => proofText(proof));
    if (proof.ok) return;
    throw new Fault('corrupt', `${what} is not what its hashes say`, {
      remedy: 'Fetch it again, or restore it from a backup.',
    });
  });
}

interface Proof {
  readonly version: string;
  readonly ok: boolean;
  readonly items?: number;
  readonly clips?: number;
  readonly files?: number;
  readonly wrong: readonly { readonly what: string; readonly why: string }[];
}

const proofText = (proof: Proof): string =>
  [
    facts([
      ['version', proof.version],
      ['files', proof.files === undefined ? undefined : String(proof.files)],
      ['items', proof.items === undefined ? undefined : String(proof.items)],
      ['clips', proof.clips === undefined ? undefined : String(proof.clips)],
      ['every hash', proof.ok ? 'matches' : 'does not match'],
    ]),
    ...proof.wrong.map(({ what, why }) => `  ${what}: ${why}\n`),
  ].join('');

async function versionProof(id: string, options: ApiOptions, io: CliIo): Promise<Proof> {
  const client = clientOf(options, io);
  const params = { path: { id } };
  const started = await answer(client.POST('/v1/datasetVersions/{id}:verify', { params }));
  const { result } = await waitFor(client, started.id, io);
  return result as Proof;
}

async function folderProof(folder: string): Promise<Proof> {
  const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8').catch((error: unknown) => {
    throw new Fault('invalid', `${folder} has no SHA256SUMS`, {
      remedy: 'Unpack a bundle first: fieldloop datasets export VERSION --format bundle.',
      cause: error,
    });
  });
  const wrong: { what: string; why: string }[] = [];
  let files = 0;
  for (const line of sums.split('\n')) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined) continue;
    files += 1;
    if (name.split('/').includes('..')) {
      wrong.push({ what: name, why: 'it lies outside the folder' });
      continue;
    }
    const found = await hashOf(join(folder, name)).catch(() => undefined);
    if (found === undefined) wrong.push({ what: name, why: 'it cannot be read' });
    else if (found !== sha256) wrong.push({ what: name, why: 'it has another SHA-256' });
  }
  const version = await hashOf(join(folder, 'manifest.json')).catch(() => '');
  const about = JSON.parse(
    await readFile(join(folder, 'bundle.json'), 'utf8').catch(() => '{}'),
  ) as {
    readonly version?: string;
    readonly items?: number;
  };
  if (about.version !== version) {
    wrong.push({ what: 'manifest.json', why: 'its SHA-256 is not the version of bundle.json' });
  }
  const items = about.items === undefined ? {} : { items: about.items };
  return { version, ok: wrong.length === 0, files, ...items, wrong };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

const examples = `
Examples:
  fieldloop datasets export 3f2a91c04b7d -f bundle.zip
  fieldloop datasets export 3f2a91c04b7d --format lerobot --signal /odom.twist.linear.x --fps 9
  fieldloop datasets export 3f2a91c04b7d --format openlineage --post http://marquez:5000/api/v1/lineage
`;
