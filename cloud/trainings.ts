/** The worker's part that trains, with what it takes from other nouns. */
import { join } from 'node:path';
import type { CloudConfig } from './config.ts';
import { trainingBundle } from './dataset/bundle.ts';
import type { WorkerDeps } from './store/work.ts';
import { verifyModelKind } from './model/version-routes.ts';
import { trainersIn } from './training/own-program.ts';
import { openTrainer } from './training/trainer.ts';
import { verifyModel } from './training/verify.ts';
import { maxTrainingAttempts, trainerBeatMs, trainerKillMs } from './training-limits.ts';

/** Folders of trainings are on the disk of this process: another machine begins them anew. */
export async function openTrainings(
  deps: WorkerDeps,
  { dataDir, trainers }: Pick<CloudConfig, 'dataDir' | 'trainers'>,
): Promise<AsyncDisposable> {
  const { read, bytes } = deps;
  return await openTrainer(deps, {
    folder: join(dataDir, 'trainings'),
    trainers: await trainersIn(trainers),
    bundle: async (version, folder, signal) =>
      await trainingBundle({ read, bytes, signal }, version, folder),
    limits: { beatMs: trainerBeatMs, killMs: trainerKillMs, attempts: maxTrainingAttempts },
  });
}

/** Long work on models that needs a trainer: those of this program. */
export const modelOperationKinds = {
  [verifyModelKind]: verifyModel({
    trainers: async () => await trainersIn(undefined),
    bundle: async ({ read, bytes, signal }, version, folder) =>
      await trainingBundle({ read, bytes, signal }, version, folder),
  }),
} as const;
