/** A model version made again from its recorded inputs: same seed, same weights, same hashes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Fault, type Json, sha256Hex } from '@fieldloop/core';
import { demandModelVersion } from '../store/model-registry.ts';
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import { trainingFolder } from './folder.ts';
import { runTrainer } from './foreground.ts';
import { prepare } from './prepare.ts';
import type { TrainerCommand } from './process.ts';
import { checkTraining, filesOf } from './register.ts';
import { lookAtTraining } from './store.ts';

export interface VerifyOptions {
  readonly trainers: () => Promise<Readonly<Record<string, TrainerCommand>>>;
  readonly bundle: (
    context: OperationContext,
    versionId: string,
    folder: string,
  ) => Promise<unknown>;
}

/** The handler of `models.verify`. */
export const verifyModel =
  (options: VerifyOptions): OperationHandler =>
  async (input, context) => {
    const { modelVersion } = input as { readonly modelVersion: string };
    const version = await demandModelVersion(context.read, modelVersion);
    if (version.training === undefined) {
      throw new Fault('conflict', `${version.id} was imported: nobody here knows how it was made`, {
        remedy: 'Verify a version that a training made.',
      });
    }
    const training = await lookAtTraining(context.read, version.training);
    const command = (await options.trainers())[training.trainer];
    if (command === undefined) {
      throw new Fault('not_found', `this worker knows no trainer "${training.trainer}"`, {
        remedy: 'Put it back where the settings say that trainers are.',
      });
    }
    const parent = await mkdtemp(`${tmpdir()}/fieldloop-verify-`);
    const folder = trainingFolder(parent, 'again');
    try {
      const { signal } = context;
      const bundle = async (id: string, path: string) => await options.bundle(context, id, path);
      const withinMs = Math.max(1000, training.deadlineAt - training.createdAt);
      const again = { ...training, deadlineAt: context.clock.now() + withinMs };
      await prepare(again, { deps: context, bundle, folder, signal });
      context.progress(1, 3);
      await runTrainer(command, folder.job, { signal, withinMs });
      context.progress(2, 3);
      const accepted = await checkTraining(training, { ...context, folder, signal });
      if (!accepted.ok) {
        const { message, remedy } = accepted.problem;
        throw new Fault('corrupt', `what came out is refused: ${message}`, { remedy });
      }
      const files = await filesOf(training, accepted, { folder });
      return {
        modelVersion,
        training: training.id,
        onnx: compared(version.onnx.sha256, files.onnx),
        document: compared(version.document.sha256, files.document),
      };
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  };

function compared(recorded: string, bytes: Uint8Array): Json {
  const reproduced = sha256Hex(bytes);
  return { recorded, reproduced, same: recorded === reproduced };
}
