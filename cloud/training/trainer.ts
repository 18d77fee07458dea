/**
 * The worker's part that runs trainings. Everything it knows is in rows and in folders: a worker
 * that is killed anywhere leaves what the next one goes on with, and a trainer that still runs is
 * attached to, not started twice.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, type Fault } from '@fieldloop/core';
import { maxTrainers, trainingFolderMs, trainingStepMs } from '../training-limits.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import {
  beatAt,
  foldersBefore,
  progressOf,
  removeFolder,
  resultText,
  stderrText,
  type TrainingFolder,
  trainingFolder,
} from './folder.ts';
import { type PlanLimits, type Seen, nextAction, type Action } from './plan.ts';
import { prepare } from './prepare.ts';
import {
  knownProcess,
  signalTrainer,
  type Started,
  startTrainer,
  type TrainerCommand,
} from './process.ts';
import { register } from './register.ts';
import { lookAtTraining, trainingStore } from './store.ts';
import type { ProblemCode, Training, TrainingProblem } from './training.ts';

export interface TrainerOptions {
  /** Of this machine: trainings go on where their folders are. */
  readonly folder: string;
  /** By the name that a training says. */
  readonly trainers: Readonly<Record<string, TrainerCommand>>;
  /** Writes the bundle of a dataset version into a folder: the data set part's. */
  readonly bundle: (versionId: string, folder: string, signal: AbortSignal) => Promise<unknown>;
  readonly limits: PlanLimits;
  readonly everyMs?: number | undefined;
}

export type TrainerDeps = Pick<WorkerDeps, 'read' | 'write' | 'bytes' | 'clock' | 'ids' | 'log'>;

/** What only this process knows of a training. */
interface Own {
  started: { readonly attempt: number; readonly process: Started } | undefined;
  endingAt: { readonly attempt: number; readonly ms: number } | undefined;
  working: Promise<void> | undefined;
}

interface Work {
  readonly deps: TrainerDeps;
  readonly options: TrainerOptions;
  readonly folder: TrainingFolder;
  readonly own: Own;
  readonly signal: AbortSignal;
}

const by = 'system';

export async function openTrainer(
  deps: TrainerDeps,
  options: TrainerOptions,
): Promise<AsyncDisposable> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  await sweep(deps, options);
  const owned = new Map<string, Own>();
  const loop = openLoop(
    deps,
    { name: 'trainings', everyMs: options.everyMs ?? trainingStepMs },
    async (signal) => {
      const active = await trainingStore(deps.write).active();
      for (const training of active.slice(0, maxTrainers)) {
        const own = owned.get(training.id) ?? fresh();
        owned.set(training.id, own);
        const folder = trainingFolder(options.folder, training.id);
        await step(training, { deps, options, folder, own, signal });
      }
      for (const id of owned.keys()) if (active.every((one) => one.id !== id)) owned.delete(id);
    },
  );
  return loop;
}

const fresh = (): Own => ({ started: undefined, endingAt: undefined, working: undefined });

/** Folders of what ended are not kept for ever. */
async function sweep({ clock }: TrainerDeps, { folder }: TrainerOptions): Promise<void> {
  for (const name of await foldersBefore(folder, clock.now() - trainingFolderMs)) {
    await removeFolder({ path: join(folder, name) });
  }
}

/** One look at one training: at most one change of its state. */
async function step(training: Training, work: Work): Promise<void> {
  const { deps, folder } = work;
  switch (training.state) {
    case 'queued':
      if (training.stopAsked) return await end(training, work, { state: 'stopped' });
      return await begin(training, work);
    case 'running': {
      const progress = await progressOf(folder);
      if (progress !== undefined && progress.step !== training.progress?.step) {
        await trainingStore(deps.write).progress(training.id, progress, deps.clock.now());
      }
      return await act(training, nextAction(await look(training, work), work.options.limits), work);
    }
    case 'checking':
      return await check(training, work);
    case 'done':
    case 'failed':
    case 'stopped':
      return;
    default:
      throw new TypeError(`training state ${String(training.state)}`);
  }
}

/** The bundle and the base are written while it is queued: what a kill leaves is made anew. */
async function begin(training: Training, work: Work): Promise<void> {
  const { deps, options, folder, signal } = work;
  const command = options.trainers[training.trainer];
  if (command === undefined) {
    const message = `this worker knows no trainer "${training.trainer}"`;
    const remedy = 'Name it under trainers: in the settings of the worker.';
    return await fail(training, work, { code: 'start_failed', message, remedy });
  }
  try {
    await prepare(training, { deps, bundle: options.bundle, folder, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const fault = asFault(error);
    if (fault.code === 'internal' || fault.code === 'unavailable') throw error;
    return await fail(training, work, problemOf('bundle_unavailable', fault));
  }
  const now = await lookAtTraining(deps.write, training.id);
  if (now.state !== 'queued') return;
  const running = await write(work, async (store) => await store.began(now, 1, deps.clock.now()));
  await start(running, work, command);
}

async function write<T>(
  { deps }: Work,
  change: (store: ReturnType<typeof trainingStore>) => Promise<T>,
): Promise<T> {
  return await deps.write.transaction().execute(async (trx) => await change(trainingStore(trx)));
}

/** The row says which attempt it is before the process begins. */
async function start(training: Training, work: Work, command: TrainerCommand): Promise<void> {
  const { folder, own } = work;
  const { attempt } = training;
  const pidFile = folder.pidFile(attempt);
  const at = { pidFile, stderrFile: folder.stderr, job: folder.job };
  try {
    own.started = { attempt, process: await startTrainer(command, at) };
    own.endingAt = undefined;
  } catch (error) {
    await fail(training, work, problemOf('start_failed', asFault(error)));
  }
}

async function look(training: Training, { deps, folder, own }: Work): Promise<Seen> {
  const { attempt } = training;
  const now = deps.clock.now();
  const known = await knownProcess(folder.pidFile(attempt));
  const beat = Math.max((await beatAt(folder)) ?? 0, known?.startedAtMs ?? 0);
  const mine = own.started?.attempt === attempt ? own.started.process : undefined;
  const exit = known === undefined || mine?.pid === known.pid ? mine?.exit() : undefined;
  const ending = own.endingAt?.attempt === attempt ? now - own.endingAt.ms : undefined;
  return {
    attempt,
    process: processOf(known, mine, exit),
    silentMs: beat === 0 ? 0 : now - beat,
    exit,
    hasResult: (await resultText(folder)) !== undefined,
    stopAsked: training.stopAsked,
    isLate: now > training.deadlineAt,
    ...(ending === undefined ? {} : { endingMs: ending }),
  };
}

function processOf(
  known: Awaited<ReturnType<typeof knownProcess>>,
  mine: Started | undefined,
  exit: number | null | undefined,
): Seen['process'] {
  if (known === undefined) {
    // Ours has not made its file yet, or never will.
    if (mine === undefined) return 'none';
    return exit === undefined ? 'starting' : 'gone';
  }
  if (known.pid === 0) return 'starting';
  if (exit !== undefined) return 'gone';
  // Of our own child we hear how it ended; it is not gone before that.
  return known.isAlive || mine?.pid === known.pid ? 'alive' : 'gone';
}

async function act(training: Training, action: Action, work: Work): Promise<void> {
  const { deps, folder, own, options } = work;
  const { attempt } = training;
  switch (action.kind) {
    case 'wait':
      return;
    case 'term':
    case 'kill': {
      const known = await knownProcess(folder.pidFile(attempt));
      if (known === undefined || !known.isAlive) return;
      deps.log.info('a trainer is ended', { training: training.id, how: action.kind });
      signalTrainer(known, action.kind === 'term' ? 'SIGTERM' : 'SIGKILL');
      own.endingAt ??= { attempt, ms: deps.clock.now() };
      return;
    }
    case 'start': {
      const command = options.trainers[training.trainer];
      if (command === undefined) return;
      const isNext = action.attempt !== attempt;
      const at = deps.clock.now();
      if (isNext) await prepareAgain(training, work);
      const next = isNext
        ? await write(work, async (store) => await store.began(training, action.attempt, at))
        : training;
      return await start(next, work, command);
    }
    case 'check':
      await write(work, async (store) => await store.checking(training, deps.clock.now()));
      return;
    case 'stopped':
      return await end(training, work, { state: 'stopped' });
    case 'fail': {
      const { code, message } = action;
      return await fail(training, work, { code, message, remedy: remedies[code] ?? usualRemedy });
    }
    default:
      throw new TypeError('an action that nobody planned');
  }
}

/** The job of a further attempt names the checkpoint. */
async function prepareAgain(training: Training, { deps, options, folder, signal }: Work) {
  await prepare(training, { deps, bundle: options.bundle, folder, signal, again: true });
}

async function check(training: Training, work: Work): Promise<void> {
  const { deps, folder, signal } = work;
  const outcome = await register(training, { ...deps, folder, signal });
  if (outcome.ok) {
    deps.log.info('a training is done', { training: training.id });
    await removeFolder(folder);
    return;
  }
  await fail(training, work, outcome.problem);
}

async function fail(training: Training, work: Work, problem: TrainingProblem): Promise<void> {
  const stderr = await stderrText(work.folder);
  const whole = stderr === undefined || stderr === '' ? problem : { ...problem, stderr };
  work.deps.log.warn('a training failed', { training: training.id, code: problem.code });
  await end(training, work, { state: 'failed', problem: whole });
}

async function end(
  training: Training,
  work: Work,
  how:
    | { readonly state: 'stopped' }
    | { readonly state: 'failed'; readonly problem: TrainingProblem },
): Promise<void> {
  const at = work.deps.clock.now();
  await write(work, async (store) => await store.end(training, how, { at, by }));
  // What the trainer wrote stays for a look; the bundle is large and can be had again.
  await removeFolder({ path: work.folder.bundle });
}

const problemOf = (code: ProblemCode, { message, place, remedy }: Fault): TrainingProblem => ({
  code,
  message: place === undefined ? message : `${message} (${place})`,
  remedy: remedy ?? usualRemedy,
});

const usualRemedy = 'Look at what the trainer said: `fieldloop trainings get ID`.';
const remedies: Partial<Record<ProblemCode, string>> = {
  deadline: 'Give it more time with --within, or train less.',
  trainer_hung: 'Let the trainer write its heartbeat at least every 30 s.',
  gave_up: 'Look for who ends its process: out of memory, a machine that restarts.',
  result_missing: 'Let the trainer write result.json before it ends with exit 0.',
};
