/** A model version made again from its recorded inputs: same seed, same weights, same hashes. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Fault, type Json, sha256Hex } from '@fieldloop/core';
import { demandModelVersion } from '../store/model-registry.ts';
import type { OperationContext, OperationHandler } from '../store/operations.ts';
import { trainingFolder } from './folder.ts';
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
      await prepare(training, { deps: context, bundle, folder, signal });
      context.progress(1, 3);
      await run(command, folder.job, signal);
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

/** To its end, in the foreground. Fault `unavailable` when it fails. */
async function run(
  { command: [program = '', ...rest], environment }: TrainerCommand,
  job: string,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(program, [...rest, job], {
    stdio: 'ignore',
    env: { ...environment },
    signal,
    killSignal: 'SIGKILL',
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  throw new Fault('unavailable', `the trainer ended with exit ${String(code)}`, {
    remedy: 'Look at the machine: memory, disk; then verify again.',
  });
}
