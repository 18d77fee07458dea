/** Where the choice of models is kept, beside the artifacts: a file, so that `check` can read it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './durable-file.ts';
import type { ChosenModels } from './update/plan.ts';

/** Artifacts of the cloud, and what is made of them. */
export const modelsFolder = (bufferPath: string): string => join(bufferPath, 'models');

const chosenFile = (dir: string): string => join(dir, 'chosen.json');

/** A file that cannot be read is as none: the models of the configuration run. */
export async function readChosen(dir: string): Promise<ChosenModels | undefined> {
  try {
    const found = JSON.parse(await readFile(chosenFile(dir), 'utf8')) as ChosenModels | null;
    return typeof found?.active?.models === 'object' ? found : undefined;
  } catch {
    return undefined;
  }
}

export async function keepChosen(dir: string, state: ChosenModels): Promise<void> {
  await replaceFile(chosenFile(dir), JSON.stringify(state));
}
