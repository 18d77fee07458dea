/** How often a model is wrong in worlds that nobody saw, by the program of the simulator. */
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { startProgram } from '@fieldloop/e2e';
import type { Api } from './api.ts';

export interface PlaceFigure {
  readonly place: string;
  readonly frames: number;
  readonly failureRate: number;
  /** 95 %, by robot and world. */
  readonly low: number;
  readonly high: number;
}

/** Worlds and seconds of each; three robots at five frames a second. */
export const heldOutWorlds = 4;
export const heldOutSeconds = 120;

export interface Measuring {
  readonly root: string;
  readonly folder: string;
  readonly seed: number;
  /** Ends it: nobody waits for the figures any more. */
  readonly signal: AbortSignal;
}

const graceMs = 1_000;

/** Takes the model's bytes from the cloud, and its time: nothing waits for it. */
export async function measureModel(
  { root, folder, seed, signal }: Measuring,
  api: Api,
  modelVersion: string,
): Promise<readonly PlaceFigure[]> {
  const file = join(folder, `${modelVersion}.onnx`);
  await writeFile(file, await api.bytes(`/v1/modelVersions/${modelVersion}/onnx`));
  const seeds = Array.from({ length: heldOutWorlds }, (_, n) => `fresh ${seed} ${n}`).join(',');
  const program = startProgram({
    name: 'held-out worlds',
    args: [
      join(root, 'sim/held-out.ts'),
      '--onnx',
      file,
      '--seeds',
      seeds,
      '--seconds',
      String(heldOutSeconds),
    ],
    cwd: root,
    logFile: join(folder, 'held-out.log'),
  });
  signal.addEventListener('abort', () => void program.stop(graceMs), { once: true });
  const line = await program.ready;
  if ((await program.exited) !== 0) {
    throw new Fault('unavailable', `the held-out worlds were not measured:\n${program.tail()}`, {
      remedy: `Its log is in ${folder}.`,
    });
  }
  return JSON.parse(line) as PlaceFigure[];
}
