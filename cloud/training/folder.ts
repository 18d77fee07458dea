/**
 * The folder of one training on the disk of the worker: the bundle, the base, one out folder, and
 * a pid file for each attempt. It is made anew as long as the training is queued.
 */
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keptStderrBytes, maxResultBytes, progressTailBytes } from '../training-limits.ts';
import { outNames } from './contract-names.ts';
import type { TrainingProgress } from './training.ts';

export interface TrainingFolder {
  readonly path: string;
  readonly bundle: string;
  readonly base: string;
  readonly out: string;
  readonly job: string;
  readonly stderr: string;
  readonly onnx: string;
  readonly checkpoint: string;
  pidFile(attempt: number): string;
}

export function trainingFolder(parent: string, id: string): TrainingFolder {
  const path = join(parent, id);
  const out = join(path, 'out');
  return {
    path,
    bundle: join(path, 'bundle'),
    base: join(path, 'base'),
    out,
    job: join(path, 'job.json'),
    stderr: join(path, 'stderr'),
    onnx: join(out, outNames.onnx),
    checkpoint: join(out, outNames.checkpoint),
    pidFile: (attempt) => join(path, `pid.${attempt}`),
  };
}

/** Empty, with nothing that a worker before had begun to write. */
export async function makeFolder(folder: TrainingFolder): Promise<void> {
  await rm(folder.path, { recursive: true, force: true });
  for (const path of [folder.bundle, folder.base, folder.out]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
}

/** Whole or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function removeFolder(folder: Pick<TrainingFolder, 'path'>): Promise<void> {
  await rm(folder.path, { recursive: true, force: true });
}

/** Names of folders here that nobody touched since. */
export async function foldersBefore(parent: string, beforeMs: number): Promise<readonly string[]> {
  const names = await readdir(parent);
  const old: string[] = [];
  for (const name of names) {
    const touched = await modifiedAt(join(parent, name));
    if (touched !== undefined && touched < beforeMs) old.push(name);
  }
  return old;
}

/** Unix milliseconds; undefined when it is not there. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const beatAt = async (folder: TrainingFolder): Promise<number | undefined> =>
  await modifiedAt(join(folder.out, outNames.heartbeat));

/** The text of result.json; undefined without one. Too large: what is read breaks its check. */
export async function resultText(folder: TrainingFolder): Promise<string | undefined> {
  return await endOf(join(folder.out, outNames.result), maxResultBytes);
}

export async function stderrText(folder: TrainingFolder): Promise<string | undefined> {
  return await endOf(folder.stderr, keptStderrBytes);
}

/** The last whole line of progress that makes sense. */
export async function progressOf(folder: TrainingFolder): Promise<TrainingProgress | undefined> {
  const text = await endOf(join(folder.out, outNames.progress), progressTailBytes);
  const lines = (text ?? '').split('\n').slice(0, -1);
  for (const line of lines.toReversed()) {
    const progress = progressLine(line);
    if (progress !== undefined) return progress;
  }
  return undefined;
}

function progressLine(line: string): TrainingProgress | undefined {
  try {
    const { step, of, loss, metric } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof step !== 'number' || typeof of !== 'number') return undefined;
    return {
      step,
      of,
      ...(typeof loss === 'number' ? { loss } : {}),
      ...(typeof metric === 'number' ? { metric } : {}),
    };
  } catch {
    return undefined;
  }
}

async function endOf(path: string, most: number): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const length = Math.min(size, most);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
