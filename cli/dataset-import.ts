/** `fieldloop datasets import`: a folder of clips and labels becomes base data of a data set. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault } from '@fieldloop/core';
import { answer, type Client } from './client.ts';
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';
import { type ApiOptions, apiOptions, clientOf, printOne } from './list.ts';
import { counted } from './show.ts';

interface ImportOptions extends ApiOptions {
  readonly dataset: string;
  readonly device?: string;
}

/** Bytes of one piece, items of one request: what the API takes. */
const pieceBytes = 512 * 1024;
const itemsAtOnce = 500;

/** What is read of a line; a bundle's own lines say more. */
interface Line {
  readonly file: string;
  readonly topic: string;
  readonly range?: { readonly startNs: string; readonly endNs: string };
  readonly startNs?: string;
  readonly endNs?: string;
  readonly type?: string;
  readonly class?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly session?: string;
}

export function addDatasetImport(datasets: Command, io: CliIo): void {
  apiOptions(
    datasets
      .command('import <folder>')
      .description('Bring base data in: clips with labels, such as the bundle of another cloud.')
      .requiredOption('--dataset <name>', 'which data set it is for')
      .option('--device <name>', 'whose clips they become; import-<dataset> unless said'),
  )
    .addHelpText('after', examples)
    .action(async (folder: string, options: ImportOptions) => {
      const client = clientOf(options, io);
      const ontology = JSON.parse(await text(join(folder, 'ontology.json'))) as never;
      const saved = await answer(client.POST('/v1/ontologies', { body: ontology }));
      const { id: ontologySha256 } = saved;
      const { dataset, device = `import-${dataset}` } = options;
      const body = { dataset, device, ontologySha256 };
      const begun = await answer(client.POST('/v1/datasetImports', { body }));
      await sendAll(client, { id: begun.id, folder, io });
      const params = { path: { id: begun.id } };
      const done = await answer(client.POST('/v1/datasetImports/{id}:finish', { params }));
      printOne(done, options, io, () => `${done.id}\n`);
      io.err(`${counted(done.clips, 'clip')} and ${counted(done.items, 'item')} are here\n`);
    });
}

async function text(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Fault('invalid', `${path} cannot be read`, {
      place: path,
      remedy: 'A folder to import has ontology.json, items.ndjson and the clips that it names.',
      cause: error,
    });
  });
}

interface Sending {
  readonly id: string;
  readonly folder: string;
  readonly io: CliIo;
}

/** Line by line: each clip before its first label. */
async function sendAll(client: Client, sending: Sending): Promise<void> {
  const path = join(sending.folder, 'items.ndjson');
  await stat(path).catch(async () => await text(path));
  const hashes = new Map<string, string>();
  let waiting: object[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const params = { path: { id: sending.id } };
    const body = { items: waiting } as never;
    waiting = [];
    await answer(client.POST('/v1/datasetImports/{id}:putItems', { params, body }));
  };
  let n = 0;
  for await (const raw of createInterface({ input: createReadStream(path) })) {
    n += 1;
    if (raw.trim() === '') continue;
    const line = JSON.parse(raw) as Line;
    const file = safe(line.file, `${path}:${n}`);
    let clipSha256 = hashes.get(file);
    if (clipSha256 === undefined) {
      clipSha256 = await sendClip(client, sending, { file, session: line.session ?? file });
      hashes.set(file, clipSha256);
      sending.io.err(`${file}\n`);
    }
    const startNs = line.range?.startNs ?? line.startNs;
    waiting.push({
      clipSha256,
      topic: line.topic,
      startNs,
      endNs: line.range?.endNs ?? line.endNs ?? startNs,
      type: line.type ?? 'classification',
      body: line.body ?? { class: line.class },
    });
    if (waiting.length >= itemsAtOnce) await flush();
  }
  await flush();
}

function safe(file: unknown, place: string): string {
  if (typeof file === 'string' && !file.startsWith('/') && !file.split('/').includes('..')) {
    return file;
  }
  throw new Fault('invalid', `"${String(file)}" is not a file inside the folder`, {
    place,
    remedy: 'Write its path from the folder, such as clips/one.mcap.',
  });
}

/** Its SHA-256. It goes on where an earlier try ended. */
async function sendClip(
  client: Client,
  { id, folder }: Sending,
  of: { readonly file: string; readonly session: string },
): Promise<string> {
  const path = join(folder, of.file);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  const sha256 = hash.digest('hex');
  await using file = await open(path);
  const { size: sizeBytes } = await file.stat();
  const params = { path: { id } };
  let stalled = 0;
  for (let offset = 0; ; ) {
    const data = Buffer.alloc(Math.min(pieceBytes, sizeBytes - offset));
    await file.read(data, 0, data.length, offset);
    const session = of.session.slice(0, 128);
    const body = { sha256, sizeBytes, session, offset, data: data.toString('base64') };
    const told = await answer(
      client.POST('/v1/datasetImports/{id}:putClip', { params, body: body as never }),
    );
    if (told.clip !== undefined) return sha256;
    stalled = told.receivedBytes === offset ? stalled + 1 : 0;
    if (stalled > 2) {
      throw new Fault('unavailable', `${of.file} does not arrive`, {
        place: of.file,
        remedy: 'Try again; what is here already is not sent twice.',
      });
    }
    offset = told.receivedBytes;
  }
}

const examples = `
A folder has ontology.json, the clips, and items.ndjson with a line a label:
  {"file": "clips/drive-1.mcap", "topic": "/scan", "startNs": "1717171717000000000",
   "class": "left", "session": "drive-1"}

Examples:
  fieldloop datasets import ./base --dataset wall-following
`;
