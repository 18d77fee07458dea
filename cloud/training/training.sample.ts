/** A world for tests of trainings: a database, blobs, a toy model and a bundle of points. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import type { BlobStore } from '../blob/blob.ts';
import { openDiskBlobs } from '../blob/disk.ts';
import { noted, sampleRecording, sampleStart } from '../blob/recordings/recording.sample.ts';
import type { Db } from '../store/db.ts';
import { createModel } from '../store/model-registry.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import type { Declaration } from './contract-names.ts';

export const toyClasses = ['left', 'right'];

export const toyDeclaration: Declaration = {
  id: 'toy',
  task: 'classification',
  classes: [...toyClasses],
  input: {
    name: 'values',
    from: { topic: '/notes', path: 'values' },
    size: 3,
    mean: [0],
    std: [1],
  },
  output: { logits: 'logits' },
};

export interface ToyUnit {
  readonly clip: number;
  readonly atNs: bigint;
  readonly values: readonly number[];
  readonly class: string;
}

/** Points whose side decides the class, with some that nobody can tell. */
export function toyUnits(clips: number, perClip: number, seed = 'toy'): readonly ToyUnit[] {
  const random = seededRandom(seed);
  return Array.from({ length: clips * perClip }, (_, i) => {
    const clip = Math.floor(i / perClip);
    const values = [random.normal(), random.normal(), random.normal()];
    const side = (values[0] ?? 0) + 0.5 * (values[1] ?? 0) + 0.3 * random.normal();
    const atNs = sampleStart + BigInt(clip) * 60_000_000_000n + BigInt(i % perClip) * 100_000_000n;
    return { clip, atNs, values, class: toyClasses[Number(side > 0)] ?? '' };
  });
}

export async function toyClip(units: readonly ToyUnit[]): Promise<Uint8Array> {
  return await sampleRecording(units.map(({ atNs, values }) => noted(atNs, { values })));
}

/** A bundle as the data set part writes it: train, and calibration every fourth unit. */
export async function writeToyBundle(
  folder: string,
  units: readonly ToyUnit[] = toyUnits(4, 40),
): Promise<void> {
  await mkdir(join(folder, 'clips'), { recursive: true });
  const lines: string[] = [];
  for (const [, some] of Map.groupBy(units, ({ clip }) => clip)) {
    const bytes = await toyClip(some);
    const clipSha256 = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(folder, 'clips', `${clipSha256}.mcap`), bytes);
    some.forEach((unit, i) => {
      lines.push(
        JSON.stringify({
          clipSha256,
          range: { startNs: String(unit.atNs), endNs: String(unit.atNs) },
          topic: '/notes',
          type: 'classification',
          class: unit.class,
          split: i % 4 === 3 ? 'calibration' : 'train',
        }),
      );
    });
  }
  await writeFile(join(folder, 'items.ndjson'), `${lines.join('\n')}\n`);
}

export interface TrainingWorld extends AsyncDisposable {
  readonly db: Db;
  readonly bytes: BlobStore;
  readonly folder: string;
  readonly deps: {
    readonly read: Db;
    readonly write: Db;
    readonly bytes: BlobStore;
    readonly clock: typeof systemClock;
    readonly ids: typeof systemIds;
    readonly log: typeof silentLog;
  };
  readonly versionId: string;
  told(subject: string): Promise<readonly string[]>;
}

interface Shared {
  readonly db: Db;
  readonly bytes?: BlobStore;
}

/** On a database of its own, or on that of another world, which stays. */
export async function openTrainingWorld(of?: Shared): Promise<TrainingWorld> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-training-'));
  opened.defer(async () => await rm(folder, { recursive: true, force: true }));
  const { db } = of ?? opened.use(await sqliteWorld());
  const bytes = of?.bytes ?? opened.use(await openDiskBlobs(folder));
  const act = { at: 1, by: 'usr_1', ids: systemIds };
  await createModel(db, { name: 'toy', declaration: toyDeclaration }, act);
  const versionId = await putDatasetVersion(db, 'a');
  const deps = { read: db, write: db, bytes, clock: systemClock, ids: systemIds, log: silentLog };
  const all = opened.move();
  return {
    db,
    bytes,
    folder,
    deps,
    versionId,
    async told(subject) {
      const rows = await db
        .selectFrom('outbox')
        .select('kind')
        .where('subject', '=', subject)
        .orderBy('seq')
        .execute();
      return rows.map(({ kind }) => kind);
    },
    [Symbol.asyncDispose]: async () => await all.disposeAsync(),
  };
}

/** A version that is ready, without items: who makes bundles is told by the test. */
export async function putDatasetVersion(
  db: Db,
  letter: string,
  state: 'draft' | 'ready' = 'ready',
): Promise<string> {
  const id = letter.repeat(64);
  const kept = { created_by: 'usr_1', created_at: 1, updated_at: 1, version: 1 };
  await db
    .insertInto('dataset')
    .values({ id: 'dst_1', name: 'toys', settings: '{}', ...kept })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const counts = { items: 0, clips: 0, train: 0, calibration: 0, test: 0, regression: 0 };
  await db
    .insertInto('dataset_version')
    .values({
      id,
      dataset_id: 'dst_1',
      n: letter.charCodeAt(0),
      state,
      manifest: '{}',
      items_sha256: id,
      items_bytes: 0,
      as_of: 1,
      gates: '[]',
      outcome: 'pass',
      ...counts,
      ...kept,
    })
    .execute();
  return id;
}
