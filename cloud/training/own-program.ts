/** How programs of this room run in processes of their own. */
import { getCompileCacheDir } from 'node:module';
import { access, readdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '@fieldloop/core';
import type { TrainerCommand } from './process.ts';
import { builtinTrainer } from './training.ts';

/** Compiled code is kept; ONNX Runtime does not speak to its maker. */
export function ownEnvironment(): Readonly<Record<string, string>> {
  const cache = getCompileCacheDir();
  return {
    ORT_DISABLE_TELEMETRY: '1',
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
  };
}

export const builtinCommand: TrainerCommand = {
  command: [process.execPath, fileURLToPath(new URL('./builtin/main.ts', import.meta.url))],
  environment: ownEnvironment(),
};

/** Enough to find interpreters, and nothing of the cloud's own environment. */
const plainEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin' };

/**
 * The built-in trainer, and each program of the folder by its file name. Fault `unavailable` when
 * the folder cannot be read.
 */
export async function trainersIn(
  folder: string | undefined,
): Promise<Readonly<Record<string, TrainerCommand>>> {
  const found: Record<string, TrainerCommand> = { [builtinTrainer]: builtinCommand };
  if (folder === undefined) return found;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const isProgram = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) found[name] = { command: [path], environment: plainEnvironment };
  }
  return found;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new Fault('unavailable', `the folder of trainers cannot be read (${code})`, {
      place: folder,
      remedy: 'Let "trainers" name a folder of programs, or leave it out.',
      cause: error,
    });
  }
}
