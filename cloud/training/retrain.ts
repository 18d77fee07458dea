/**
 * The retrain value, after `flywheel.md` 7: the recipe of a training once more on its base data and
 * m labels of a lane, and on the base data and m labels of the audit, several seeds each, both
 * judged on the frozen test split. Everything follows from rows: a worker that died begins anew.
 */
import { createHash } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, Fault, type Json, seededRandom, sha256Hex } from '@fieldloop/core';
import { retrainValue, topIndex } from '@fieldloop/learning';
import { copyBlob } from '../store/blob-bytes.ts';
import type { Db } from '../store/db.ts';
import { demandModelVersion } from '../store/model-registry.ts';
import {
  type NewOperation,
  type OperationContext,
  type OperationHandler,
  startOperation,
} from '../store/operations.ts';
import { chosenItems, type TestItem, testItems } from '../store/retrain-ref.ts';
import {
  leastRetrainLabels,
  maxEvaluationUnits,
  retrainMs,
  retrainSeeds,
} from '../training-limits.ts';
import { type ArmLane, type ArmPlan, leftOut, planArms } from './arms.ts';
import { trainingFolder, writeWhole } from './folder.ts';
import { runTrainer } from './foreground.ts';
import { unitProbabilities } from './lab/judge.ts';
import { askLab } from './lab/lab.ts';
import { documentJson, prepare } from './prepare.ts';
import type { TrainerCommand } from './process.ts';
import { checkTraining } from './register.ts';
import { lookAtTraining } from './store.ts';
import type { Training } from './training.ts';

export const retrainKind = 'trainings.retrain_value';

export interface MeasuredLaneValue {
  readonly policyId: string;
  readonly model: string;
  readonly modelSha256: string;
  readonly lane: ArmLane;
  readonly scorer: string;
  readonly datasetVersion: string;
  readonly n: number;
  readonly nAudit: number;
  readonly figure?: { readonly value: number; readonly low: number; readonly high: number };
  /** Why there is no figure. */
  readonly withheld?: string;
  readonly detail: Readonly<Record<string, Json>>;
  readonly source: string;
  readonly createdBy: string;
}

export interface RetrainOptions {
  readonly trainers: () => Promise<Readonly<Record<string, TrainerCommand>>>;
  readonly bundle: (
    context: OperationContext,
    versionId: string,
    folder: string,
  ) => Promise<unknown>;
  /** Trainings of each arm, where not as many as usual. */
  readonly seeds?: number;
  /** Keeps a value; one of the same source is kept once. */
  readonly keep: (context: OperationContext, value: MeasuredLaneValue) => Promise<void>;
}

export const notDone = (id: string, state: string): Fault =>
  new Fault('conflict', `${id} is ${state}: its recipe has made no model`, {
    remedy: 'Measure a training that is done.',
  });

/** Queues the work in the caller's transaction. */
export async function askRetrainValue(
  trx: Db,
  training: string,
  { id, by, at }: Pick<NewOperation, 'id' | 'by' | 'at'>,
) {
  return await startOperation(trx, { id, kind: retrainKind, input: { training, by }, by, at });
}

/** The handler of `trainings.retrain_value`. Faults: `conflict`, `unavailable`, `corrupt`. */
export const measureRetrain =
  (options: RetrainOptions): OperationHandler =>
  async (input, context) => {
    const { training: id, by } = input as { readonly training: string; readonly by: string };
    const training = await lookAtTraining(context.read, id);
    if (training.state !== 'done') throw notDone(id, training.state);
    const chosen = await chosenItems(context.read, training.datasetVersion);
    const plan = planArms(chosen, leastRetrainLabels);
    if (plan === undefined) return { training: id, lanes: [], why: 'triage chose none of it' };
    const test = await testItems(context.read, training.datasetVersion, maxEvaluationUnits);
    const found =
      plan.m === 0 ? undefined : await readings({ training, plan, test }, options, context);
    const lanes: Json[] = [];
    for (const lane of plan.lanes) {
      const value = valueOf({ training, plan, test, found, by }, lane);
      await options.keep(context, value);
      const { figure = null, withheld = null } = value;
      lanes.push({ lane: lane.lane, scorer: lane.scorer, figure, withheld });
    }
    return { training: id, labels: plan.m, lanes };
  };

interface Subject {
  readonly training: Training;
  readonly plan: ArmPlan;
  readonly test: readonly TestItem[];
}

interface Readings {
  /** For each lane a model a seed: 1 for each test unit that it got right. */
  readonly arms: ReadonlyMap<ArmLane, readonly Uint8Array[]>;
  readonly made: Uint8Array;
  readonly base: Uint8Array | undefined;
}

/** The bundle and the test clips once; then one training after the other. */
async function readings(
  { training, plan, test }: Subject,
  options: RetrainOptions,
  context: OperationContext,
): Promise<Readings> {
  const command = (await options.trainers())[training.trainer];
  if (command === undefined) {
    throw new Fault('not_found', `this worker knows no trainer "${training.trainer}"`, {
      remedy: 'Put it back where the settings say that trainers are.',
    });
  }
  const { seeds = retrainSeeds } = options;
  const late = AbortSignal.timeout(retrainMs);
  const signal = AbortSignal.any([context.signal, late]);
  const parent = await mkdtemp(`${tmpdir()}/fieldloop-retrain-`);
  try {
    const bundle = join(parent, 'bundle');
    await options.bundle(context, training.datasetVersion, bundle);
    const judge = await openJudge(context, { folder: join(parent, 'test'), test, signal });
    const measured = plan.lanes.filter(({ labels }) => labels.length >= plan.m);
    const lanes: readonly ArmLane[] = ['audit', ...measured.map(({ lane }) => lane)];
    const arms = new Map<ArmLane, Uint8Array[]>();
    let done = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      for (const lane of lanes) {
        const own = { ...training, seed: training.seed + seed };
        const arm = { command, bundle, parent, without: leftOut(plan, lane, seed), signal };
        const right = await trainArm(own, arm, { context, judge });
        arms.set(lane, [...(arms.get(lane) ?? []), right]);
        context.progress((done += 1), lanes.length * seeds, 'trainings');
      }
    }
    const made = await judge.version(training.modelVersion ?? '');
    const base = training.base === undefined ? undefined : await judge.version(training.base);
    return { arms, made, base };
  } catch (error) {
    if (!late.aborted || context.signal.aborted) throw error;
    throw new Fault('timeout', `its trainings were not done in ${retrainMs / 60_000} minutes`, {
      remedy: 'Ask again on a quiet machine, or switch it off: --no-retrain-value.',
    });
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

interface Arm {
  readonly command: TrainerCommand;
  readonly bundle: string;
  readonly parent: string;
  readonly without: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

async function trainArm(
  training: Training,
  { command, bundle, parent, without, signal }: Arm,
  of: { readonly context: OperationContext; readonly judge: Judge },
): Promise<Uint8Array> {
  const { context, judge } = of;
  const folder = trainingFolder(parent, 'arm');
  const withinMs = Math.max(1000, training.deadlineAt - training.createdAt);
  const job = { ...training, deadlineAt: context.clock.now() + withinMs };
  const part = async (_: string, path: string) => await bundlePart(bundle, path, without);
  await prepare(job, { deps: context, bundle: part, folder, signal });
  await runTrainer(command, folder.job, { signal, withinMs });
  const accepted = await checkTraining(training, { ...context, folder, signal });
  if (!accepted.ok) {
    const { message, remedy } = accepted.problem;
    throw new Fault('corrupt', `what came out is refused: ${message}`, { remedy });
  }
  return await judge.file(folder.onnx, accepted.document);
}

/** The same clips, fewer items: hard links, a list of what is left, and its hashes. */
async function bundlePart(
  whole: string,
  part: string,
  without: ReadonlySet<string>,
): Promise<void> {
  const items = (await readFile(join(whole, 'items.ndjson'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .filter((line) => !without.has((JSON.parse(line) as { readonly label: string }).label))
    .map((line) => `${line}\n`)
    .join('');
  const names = ['manifest.json', 'ontology.json', 'bundle.json'];
  for (const name of names) await link(join(whole, name), join(part, name));
  await mkdir(join(part, 'clips'), { recursive: true });
  for (const name of await readdir(join(whole, 'clips'))) {
    await link(join(whole, 'clips', name), join(part, 'clips', name));
  }
  await writeWhole(join(part, 'items.ndjson'), items);
  const sums = (await readFile(join(whole, 'SHA256SUMS'), 'utf8'))
    .split('\n')
    .map((line) => (line.endsWith('  items.ndjson') ? `${sha256Hex(items)}  items.ndjson` : line));
  await writeWhole(join(part, 'SHA256SUMS'), sums.join('\n'));
}

interface Judge {
  file(onnx: string, document: object): Promise<Uint8Array>;
  version(id: string): Promise<Uint8Array>;
}

/** Reads the test split with any model: 1 for each unit whose class it says. */
async function openJudge(
  context: OperationContext,
  of: {
    readonly folder: string;
    readonly test: readonly TestItem[];
    readonly signal: AbortSignal;
  },
): Promise<Judge> {
  const { folder, test, signal } = of;
  const clips = join(folder, 'clips');
  await mkdir(clips, { recursive: true });
  for (const sha256 of new Set(test.map(({ clipSha256 }) => clipSha256))) {
    await copyBlob(context.bytes, sha256, join(clips, `${sha256}.mcap`));
  }
  const units = test.map(({ clipSha256, startNs, endNs }) => ({ clipSha256, startNs, endNs }));
  const file = async (onnx: string, document: object): Promise<Uint8Array> => {
    const report = await askLab({ onnx, document, clips, units, latencyRuns: 1 }, signal);
    const { classes = [], temperature = 1 } = document as {
      readonly classes?: readonly string[];
      readonly temperature?: number;
    };
    return Uint8Array.from(test, (unit, i) => {
      const frames = (report.units[i]?.logits ?? []).map((frame) =>
        frame.map((value) => value ?? Number.NaN),
      );
      if (frames.length === 0) return 0;
      const said = unitProbabilities(frames, { classes: classes.length, temperature });
      return Number(classes[topIndex(said)] === unit.class);
    });
  };
  return {
    file,
    async version(id) {
      const { onnx } = await demandModelVersion(context.read, id);
      const path = join(folder, `${id}.onnx`);
      await copyBlob(context.bytes, onnx.sha256, path);
      return await file(path, (await documentJson(context, id)) as object);
    },
  };
}

function valueOf(
  of: Subject & { readonly found: Readings | undefined; readonly by: string },
  { lane, scorer, labels }: ArmPlan['lanes'][number],
): MeasuredLaneValue {
  const { training, plan, test, found, by } = of;
  const { audit } = plan;
  const known = {
    policyId: plan.policyId,
    model: plan.model,
    modelSha256: plan.modelSha256,
    lane,
    scorer,
    datasetVersion: training.datasetVersion,
    n: labels.length,
    nAudit: audit.labels.length,
    source: `retrain ${training.id} ${lane} ${scorer}`,
    createdBy: by,
  };
  const arms = [found?.arms.get(lane), found?.arms.get('audit')] as const;
  const why = whyNot(audit.labels.length, labels.length);
  const detail = {
    training: training.id,
    metric: 'accuracy',
    m: plan.m,
    seeds: arms[0]?.length ?? 0,
  };
  if (why !== undefined || found === undefined || arms[0] === undefined || arms[1] === undefined) {
    return { ...known, withheld: why ?? 'it was not measured', detail: { ...detail, m: 0 } };
  }
  const group = groupsOf(test);
  const random = (): ReturnType<typeof seededRandom> => seededRandom(known.source);
  const figure = retrainValue({ lane: arms[0], audit: arms[1], group }, random());
  const isNew = { lane: [found.made], audit: found.base === undefined ? [] : [found.base], group };
  const newMinusOld = retrainValue(isNew, random());
  const measured = {
    ...detail,
    testUnits: test.length,
    trained: sha256Hex(canonicalJson([...arms].map((some) => some?.map(hashOf) ?? []))),
    ...(newMinusOld === undefined ? {} : { newMinusOld: { ...newMinusOld } }),
  };
  if (figure === undefined) {
    return { ...known, withheld: 'the test split has less than two groups', detail: measured };
  }
  const { value, low, high } = figure;
  return { ...known, figure: { value, low, high }, detail: measured };
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function whyNot(audit: number, lane: number): string | undefined {
  const least = leastRetrainLabels;
  if (audit < least) return `not enough audit labels: ${audit} of ${least}`;
  return lane < least ? `not enough labels of the lane: ${lane} of ${least}` : undefined;
}

function groupsOf(test: readonly TestItem[]): Int32Array {
  const known = new Map<string, number>();
  return Int32Array.from(test, ({ group }) => {
    const found = known.get(group) ?? known.size;
    known.set(group, found);
    return found;
  });
}
