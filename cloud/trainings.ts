/** What trains, with what it takes from other nouns. */
import { join } from 'node:path';
import type { CloudConfig } from './config.ts';
import { trainingBundle } from './dataset/bundle.ts';
import type { OperationKinds } from './operation/runner.ts';
import type { OperationContext } from './store/operations.ts';
import type { WorkerDeps } from './store/work.ts';
import { verifyModelKind } from './model/version-routes.ts';
import { trainersIn } from './training/own-program.ts';
import { openTrainer } from './training/trainer.ts';
import { type MeasuredLaneValue, measureRetrain, retrainKind } from './training/retrain.ts';
import { verifyModel, type VerifyOptions } from './training/verify.ts';
import { valueStore } from './triage/value-store.ts';
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

/** Long work that needs trainers: those of this program, and of a folder. */
export const modelOperationKinds = (folder: string | undefined): OperationKinds => {
  const trainers = async () => await trainersIn(folder);
  const bundle: VerifyOptions['bundle'] = async ({ read, bytes, signal }, version, path) =>
    await trainingBundle({ read, bytes, signal }, version, path);
  return {
    [verifyModelKind]: verifyModel({ trainers, bundle }),
    [retrainKind]: measureRetrain({ trainers, bundle, keep: keepRetrainValue }),
  };
};

async function keepRetrainValue(
  { write, clock, ids }: OperationContext,
  { figure, ...value }: MeasuredLaneValue,
): Promise<void> {
  const kept = { ...value, ...figure, kind: 'retrain', createdAt: clock.now() } as const;
  await write.transaction().execute(async (trx) => await valueStore(trx).put(kept, ids));
}
