/** A real dataset version of toy drives: lanes, labels, clips with bytes, splits by session. */
import { join } from 'node:path';
import { drawnSplit, groupOf, type SplitRule } from '@fieldloop/learning';
import { sampleStart, storeBytes } from '../blob/recordings/recording.sample.ts';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { buildVersion } from '../dataset/build.ts';
import { trainingBundle } from '../dataset/bundle.ts';
import { plantGround, plantLabels, type SampleLabel } from '../dataset/dataset.sample.ts';
import { deviceStore } from '../device/store.ts';
import { usualGates } from '../dataset/dataset.ts';
import { datasetStore } from '../dataset/store.ts';
import type { OperationContext } from '../store/operations.ts';
import { builtinCommand } from './own-program.ts';
import { lookAtTraining, startTraining } from './store.ts';
import { openTrainer } from './trainer.ts';
import type { Training } from './training.ts';
import { openTrainingWorld, toyClip, toyUnits, type TrainingWorld } from './training.sample.ts';

export interface ToyLoop {
  /** Ready, of the data set `halls`. */
  readonly versionId: string;
  /** Ids, in the order of the drives. */
  readonly clips: readonly string[];
}

export const toyDrives = 20;
const perDrive = 20;
const device = 'dev_toy';
const sessionOf = (drive: number): string => `ses_${drive}`;

/** Twelve drives train, three calibrate, five test: by the first salt that draws them so. */
function splitRule(): SplitRule {
  for (let n = 0; ; n += 1) {
    const rule: SplitRule = {
      key: 'device_session',
      salt: `salt ${n}`,
      buckets: { test: 2500, calibration: 1500 },
    };
    const splits = Array.from({ length: toyDrives }, (_, drive) =>
      drawnSplit(rule, groupOf(rule, { device, session: sessionOf(drive), lane: 'audit' })),
    );
    const count = (name: string): number => splits.filter((split) => split === name).length;
    if (count('test') === 5 && count('calibration') === 3) return rule;
  }
}

const laneOf = (n: number): SampleLabel['lane'] =>
  ([undefined, 'audit', 'capture'] as const)[n % 3];

export async function plantToyLoop(world: TrainingWorld): Promise<ToyLoop> {
  const { db } = world;
  await plantGround(db);
  await deviceStore(db).create({ id: device, name: 'toy-01', at: 1 });
  const clips: string[] = [];
  const labels: SampleLabel[] = [];
  for (const [drive, units] of Map.groupBy(toyUnits(toyDrives, perDrive, 'loop'), (u) => u.clip)) {
    const bytes = await toyClip(units);
    const sha256 = await storeBytes(world.bytes, bytes);
    const from = sampleStart + BigInt(drive) * 60_000_000_000n;
    const manifest = sampleManifest(drive, { sha256, sizeBytes: bytes.length, startNs: from });
    await clipStore(db).putManifest('amr-01', manifest, 5);
    await clipStore(db).markStored('amr-01', sha256, bytes.length, 6);
    const clipId = clipIdOf(manifest);
    clips.push(clipId);
    units.forEach((unit, frame) => {
      const n = labels.length + 1;
      const lane = laneOf(n);
      const session = sessionOf(drive);
      labels.push({ n, clipId, deviceId: device, session, class: unit.class, frame, from, lane });
    });
  }
  await db.transaction().execute(async (trx) => await plantLabels(trx, labels));
  const settings = {
    selection: { ontology: 'wall' },
    splitRule: splitRule(),
    gates: { ...usualGates, bytes: 'present' as const, classMinimum: 1, testMinimum: 1 },
    licences: [],
  };
  const act = { by: 'usr_1', at: 30 };
  await datasetStore(db).create({ id: 'dst_loop', name: 'halls', settings }, act);
  const asked = { dataset: 'halls', asOf: 40, by: 'usr_1' };
  const { version } = await buildVersion(asked, operationContext(world));
  const decision = { decision: 'ready' as const, reason: 'for the test' };
  await db
    .transaction()
    .execute(async (trx) => await datasetStore(trx).decide(version, decision, act));
  return { versionId: version, clips };
}

/** As the worker gives it to its long work. */
export const operationContext = ({ deps }: TrainingWorld): OperationContext => ({
  ...deps,
  id: 'op_test',
  signal: new AbortController().signal,
  progress: () => undefined,
});

/** The bundle of the data set part, as the worker gives it to trainings. */
export const realBundle =
  ({ deps }: TrainingWorld) =>
  async (version: string, folder: string): Promise<unknown> =>
    await trainingBundle(deps, version, folder);

/** A model of the version by the built-in trainer, in its own process; resolves when it is over. */
export async function trainToy(
  world: TrainingWorld,
  { versionId }: Pick<ToyLoop, 'versionId'>,
): Promise<Training> {
  const config = { hidden: [4], epochs: 12, learningRate: 0.02, batch: 16 };
  const wanted = { model: 'toy', datasetVersion: versionId, config, seed: 3 };
  const act = { at: Date.now(), by: 'usr_1', ids: world.deps.ids };
  const { training } = await world.db
    .transaction()
    .execute(async (trx) => await startTraining(trx, wanted, act));
  await using _part = await openTrainer(world.deps, {
    folder: join(world.folder, 'trainings'),
    trainers: { builtin: builtinCommand },
    bundle: realBundle(world),
    limits: { beatMs: 30_000, killMs: 200, attempts: 2 },
    everyMs: 15,
  });
  for (;;) {
    const now = await lookAtTraining(world.db, training.id);
    if (now.endedAt !== undefined) return now;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** All of it in the cloud of another world. */
export async function trainedCloud(of: Pick<TrainingWorld, 'db' | 'bytes'>): Promise<Training> {
  await using world = await openTrainingWorld(of);
  return await trainToy(world, await plantToyLoop(world));
}
