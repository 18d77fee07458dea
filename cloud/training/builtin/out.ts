/** What a trainer writes while it works, as the contract has it. */
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointText, readCheckpoint, type TrainState } from '@fieldloop/learning';
import { outNames } from '../contract-names.ts';

export interface Out {
  beat(): Promise<void>;
  progress(line: {
    readonly step: number;
    readonly of: number;
    readonly loss: number;
  }): Promise<void>;
  checkpoint(state: TrainState): Promise<void>;
  /** A file, whole or not at all. */
  file(name: string, content: string | Uint8Array): Promise<void>;
}

const stateName = 'state.json';
/** Beats and checkpoints come no faster. */
const leastBeatMs = 500;
const leastCheckpointMs = 1000;

export function openOut(outDir: string): Out {
  let beatAt = 0;
  let keptAt = 0;
  const file = async (name: string, content: string | Uint8Array): Promise<void> => {
    const path = join(outDir, name);
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
  };
  const beat = async (): Promise<void> => {
    if (performance.now() - beatAt < leastBeatMs && beatAt > 0) return;
    beatAt = performance.now();
    await writeFile(join(outDir, outNames.heartbeat), new Date().toISOString());
  };
  return {
    beat,
    file,
    async progress(line) {
      await appendFile(join(outDir, outNames.progress), `${JSON.stringify(line)}\n`);
      await beat();
    },
    async checkpoint(state) {
      if (performance.now() - keptAt < leastCheckpointMs && keptAt > 0) return;
      keptAt = performance.now();
      await mkdir(join(outDir, outNames.checkpoint), { recursive: true });
      await file(join(outNames.checkpoint, stateName), checkpointText(state));
    },
  };
}

/** Undefined when there is none, or none that can be read: then it begins anew. */
export async function checkpointIn(folder: string | undefined): Promise<TrainState | undefined> {
  if (folder === undefined) return undefined;
  try {
    return readCheckpoint(await readFile(join(folder, stateName), 'utf8'));
  } catch {
    return undefined;
  }
}
