/**
 * A dataset version of 100,000 items with embeddings of 256 numbers: how long it takes, what the
 * process that builds it needs, and that the same labels give the same id in another process.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, openDiskBlobs } from '@fieldloop/cloud';
import {
  buildVersion,
  datasetStore,
  fillDataset,
  openDatabase,
  sampleSettings,
} from '@fieldloop/cloud/measure';
import { Fault, silentLog } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { type Bench, row } from './report.ts';

const size = { count: 100_000, dimensions: 256, seed: 1 } as const;
const limits = { seconds: 30, memoryMB: 300 } as const;
const own = fileURLToPath(import.meta.url);

interface Measured {
  readonly version: string;
  readonly items: number;
  readonly seconds: number;
  readonly memoryMB: number;
}

export const datasetBench: Bench = async (progress) => {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'cloud.db');
  progress(`writing ${size.count} labels`);
  {
    const database = await openDatabase({ kind: 'sqlite', path }, tools);
    await migrate(database.write, { now: () => 1 });
    await fillDataset(database.write, size);
    const made = { id: 'dst_1', name: 'wall', settings: sampleSettings };
    await datasetStore(database.write).create(made, { by: 'bench', at: 1 });
    await database[Symbol.asyncDispose]();
  }
  const first = await build(folder, 'a');
  progress(`built ${first.items} items in ${first.seconds.toFixed(1)} s`);
  const second = await build(folder, 'b');
  return [
    row({
      figure: `version of ${first.items} items`,
      unit: 's',
      value: first.seconds,
      rival: limits.seconds,
      ratio: limits.seconds / first.seconds,
      atLeast: 1,
    }),
    row({
      figure: 'memory of the process that builds',
      unit: 'MB',
      value: first.memoryMB,
      rival: limits.memoryMB,
      ratio: limits.memoryMB / first.memoryMB,
      atLeast: 1,
    }),
    row({
      figure: 'the same id in another process',
      unit: '',
      value: first.version === second.version ? 1 : 0,
      rival: 1,
      ratio: first.version === second.version ? 1 : 0,
      atLeast: 1,
    }),
  ];
};

const tools = { clock: systemClock, log: silentLog };

/** In a process of its own: its memory is what the build needs, and nothing else's. */
async function build(folder: string, name: string): Promise<Measured> {
  const child = spawn(process.execPath, [own, folder, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const piece of child.stdout) text += String(piece);
  if (text === '') {
    throw new Fault('unavailable', 'the process that builds ended without a word', {
      remedy: 'Run the bench again and read what it printed.',
    });
  }
  return JSON.parse(text) as Measured;
}

async function measure(folder: string, name: string): Promise<Measured> {
  const path = join(folder, 'cloud.db');
  await using database = await openDatabase({ kind: 'sqlite', path }, tools);
  const bytes = await openDiskBlobs(join(folder, name));
  const began = performance.now();
  const made = await buildVersion(
    { dataset: 'wall', asOf: 1000, by: 'bench' },
    {
      id: `op_${name}`,
      read: database.read,
      write: database.write,
      bytes,
      clock: systemClock,
      signal: new AbortController().signal,
      progress: () => undefined,
    },
  );
  return {
    version: made.version,
    items: made.items,
    seconds: (performance.now() - began) / 1000,
    memoryMB: process.resourceUsage().maxRSS / 1024,
  };
}

const [, entry, folder, name] = process.argv;
if (entry === own && folder !== undefined && name !== undefined) {
  process.stdout.write(JSON.stringify(await measure(folder, name)));
}
