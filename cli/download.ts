/**
 * Downloads of clips. Bytes go to `NAME.part`; what is there already is asked for no more
 * (Range with If-Range), the whole is verified by its SHA-256, and only then gets its name.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asFault, Fault, formatSize } from '@fieldloop/core';
import { answer, type Client, type Schemas } from './client.ts';
import { jsonText, ndjsonText, type CliIo } from './io.ts';
import { type ApiOptions, clientOf, formatOf } from './list.ts';

export interface DownloadOptions extends ApiOptions {
  readonly dir: string;
  readonly file?: string;
  readonly force?: boolean;
}

interface Downloaded {
  readonly id: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export async function downloadClips(
  ids: readonly string[],
  options: DownloadOptions,
  io: CliIo,
): Promise<void> {
  if (options.file !== undefined && ids.length > 1) {
    throw new Fault('invalid', 'one name is given for several clips', {
      place: '--file',
      remedy: 'Use --dir for several clips.',
    });
  }
  const client = clientOf(options, io);
  const done: Downloaded[] = [];
  for (const id of ids) {
    const one = await downloadClip(id, options, client, io);
    done.push(one);
    if (formatOf(options) === 'ndjson') io.out(ndjsonText([one]));
    if (formatOf(options) === 'table') io.out(`${one.file}\n`);
    io.err(`${one.file}: ${formatSize(one.sizeBytes)}, verified\n`);
  }
  if (formatOf(options) === 'json') io.out(jsonText({ items: done }));
}

async function downloadClip(
  id: string,
  options: DownloadOptions,
  client: Client,
  io: CliIo,
): Promise<Downloaded> {
  const clip = await answer(client.GET('/v1/clips/{id}', { params: { path: { id } } }));
  const file = options.file ?? join(options.dir, nameOf(clip));
  if (options.file === undefined) await makeFolder(options.dir);
  const { sha256, sizeBytes } = clip;
  const path = `/v1/clips/${clip.id}/data`;
  const isForced = options.force === true;
  await fetchFile({ path, file, sha256, sizeBytes, isForced }, client, io);
  return { id: clip.id, file, sizeBytes, sha256 };
}

export interface WantedFile {
  /** Of the API. */
  readonly path: string;
  /** Where it goes. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What is there already may go. */
  readonly isForced: boolean;
}

/** Brings a file whole and verified to its place; a part that is there already is gone on with. */
export async function fetchFile(wanted: WantedFile, client: Client, io: CliIo): Promise<void> {
  const { file, sha256, isForced } = wanted;
  if (!isForced) await refuseExisting(file);
  const part = `${file}.part`;
  await fetchInto(part, wanted, client, io);
  const found = await hashOf(part);
  if (found !== sha256) {
    await rm(part);
    throw new Fault('corrupt', `the file has the hash ${found}, the cloud says ${sha256}`, {
      place: part,
      remedy:
        'It was removed. Download it again; if it stays so, the cloud holds a damaged object.',
    });
  }
  await place(part, file, isForced);
}

/** Same words as the file name that the API proposes. */
function nameOf(clip: Schemas['Clip']): string {
  const time = clip.startAt.slice(0, 19).replaceAll(/[-:]/g, '');
  const parts = [clip.device, `${time}Z`, clip.why.rule, clip.id.slice(-8)];
  return `${parts.map((part) => part.replaceAll(/[^\w.-]+/g, '-')).join('_')}.mcap`;
}

export async function refuseExisting(file: string): Promise<void> {
  if ((await sizeOf(file)) === undefined) return;
  throw new Fault('conflict', 'this file is there already', {
    place: file,
    remedy: 'Use --force to write over it, or another --dir or --file.',
  });
}

export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw diskFault(error, file);
  }
}

/** Brings `part` to the size of the whole. */
async function fetchInto(
  part: string,
  { path, sha256, sizeBytes }: WantedFile,
  client: Client,
  io: CliIo,
): Promise<void> {
  const has = (await sizeOf(part)) ?? 0;
  const resume = has > 0 && has < sizeBytes;
  if (has === sizeBytes && has > 0) return;
  const headers = resume ? { range: `bytes=${has}-`, 'if-range': `"${sha256}"` } : {};
  const response = await client.send(path, { headers });
  const goesOn = resume && response.status === 206;
  if (goesOn) io.err(`${part}: goes on at ${formatSize(has)}\n`);
  const file = await open(part, goesOn ? 'a' : 'w').catch((error: unknown) => {
    throw diskFault(error, part);
  });
  try {
    for await (const bytes of response.body ?? []) await file.writeFile(bytes);
    await file.datasync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'write') throw diskFault(error, part);
    throw new Fault('unavailable', 'the download broke off', {
      place: part,
      remedy: 'Run the same command again: it goes on where it stopped.',
      cause: error,
    });
  } finally {
    await file.close();
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}

/** Gives the verified file its name; without `force` nothing that came meanwhile is replaced. */
async function place(part: string, file: string, force: boolean): Promise<void> {
  if (force) {
    await rename(part, file);
    return;
  }
  try {
    await link(part, file);
    await rm(part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') await refuseExisting(file);
    // A file system without hard links: the check before the download must do.
    await rename(part, file);
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never ends where a folder that is
 * there says ENOENT of what is to be made in it, as /proc does.
 */
async function makeFolder(path: string): Promise<void> {
  const error = await failureOf(mkdir(path));
  if (error === undefined || (error.code === 'EEXIST' && (await isFolder(path)))) return;
  const above = dirname(path);
  if (error.code !== 'ENOENT' || above === path) throw noFolder(error, path);
  await makeFolder(above);
  const again = await failureOf(mkdir(path));
  if (again !== undefined && again.code !== 'EEXIST') throw noFolder(again, path);
}

async function failureOf(work: Promise<unknown>): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

const noFolder = (cause: NodeJS.ErrnoException, place: string): Fault =>
  new Fault('unavailable', `the folder cannot be made (${cause.code ?? cause.message})`, {
    place,
    remedy: 'Give another --dir, one that is yours to write.',
    cause,
  });

export function diskFault(error: unknown, place: string): Fault {
  if (error instanceof Fault) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return asFault(error);
  return new Fault('unavailable', `the file cannot be written (${code})`, {
    place,
    remedy: 'Check that the folder is there, is yours to write, and has free space.',
    cause: error,
  });
}
