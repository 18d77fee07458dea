/** Resolved labels for tests: drives of two robots, each frame with its unit, choice and task. */
import { canonicalJson, sha256Hex } from '@fieldloop/core';
import { isDrawn } from '@fieldloop/learning';
import type { BlobStore } from '../blob/blob.ts';
import { sampleDrive, sampleRecording, storeBytes } from '../blob/recordings/recording.sample.ts';
import { sampleManifest, sampleStartNs } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { labelHash } from '../annotation/annotation.ts';
import { clipStore } from '../clip/store.ts';
import type { Db } from '../store/db.ts';
import { insertMany } from '../store/insert-many.ts';
import { type DatasetSettings, usualBuckets, usualGates } from './dataset.ts';

export const sampleOntology = {
  name: 'wall',
  classes: [{ name: 'forward' }, { name: 'left' }, { name: 'right' }],
} as const;
export const sampleOntologySha = sha256Hex(canonicalJson(sampleOntology));

export const sampleSettings: DatasetSettings = {
  selection: { ontology: 'wall' },
  splitRule: { key: 'device_session', salt: 'salt', buckets: usualBuckets },
  gates: { ...usualGates, bytes: 'present' },
  licences: ['Apache-2.0'],
};

const pad = (n: number): string => String(n).padStart(26, '0');

export interface SampleLabel {
  /** Number of the label; ids and times follow from it. */
  readonly n: number;
  readonly clipId: string;
  readonly deviceId: string;
  readonly session: string;
  readonly class: string;
  /** Frame of the clip; the label's place. */
  readonly frame: number;
  /** Of the clip's start; that of the sample unless said. */
  readonly from?: bigint;
  readonly lane?: 'audit' | 'capture' | 'named' | undefined;
  readonly embedding?: readonly number[];
  readonly alpha?: number;
  /** What the second person said, where it was another class. */
  readonly other?: string;
  readonly at?: number;
  readonly batch?: string;
}

const model = sha256Hex('model');

/** The rows that every label hangs on. */
export async function plantGround(db: Db): Promise<void> {
  await db
    .insertInto('ontology')
    .values({
      sha256: sampleOntologySha,
      name: 'wall',
      n: 1,
      document: canonicalJson(sampleOntology),
      created_by: 'usr_1',
      created_at: 1,
    })
    .execute();
  await db
    .insertInto('triage_policy')
    .values({
      id: 'tpl_1',
      name: 'wall',
      enabled: 1,
      definition: '{}',
      created_by: 'usr_1',
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
  await db
    .insertInto('triage_window')
    .values({
      id: 'win_1',
      policy_id: 'tpl_1',
      policy: 'wall',
      definition: '{}',
      salt: 's',
      from_n: 0,
      to_n: 0,
      as_of: 1,
      holder: 'entropy',
      state: 'drawn',
      units: 0,
      reason: 'test',
      created_by: 'usr_1',
      created_at: 1,
      updated_at: 1,
      version: 1,
    })
    .execute();
}

/** A stored clip of `amr-01`; with its bytes where a store is given. */
export async function plantClip(db: Db, n: number, blobs?: BlobStore): Promise<string> {
  const bytes =
    blobs === undefined
      ? undefined
      : await sampleRecording(sampleDrive(sampleStartNs + BigInt(n) * 1_000_000_000n));
  if (blobs !== undefined && bytes !== undefined) await storeBytes(blobs, bytes);
  const content = bytes === undefined ? {} : { sha256: sha256Hex(bytes), sizeBytes: bytes.length };
  const manifest = sampleManifest(n, content);
  await clipStore(db).putManifest('amr-01', manifest, 5);
  await clipStore(db).markStored('amr-01', manifest.sha256, manifest.sizeBytes, 6);
  return clipIdOf(manifest);
}

export const labelId = (n: number): string => `lbl_${pad(n)}`;

type Cell = string | number | bigint | null;

/** Labels with all they hang on, many at once. */
export async function plantLabels(db: Db, labels: readonly SampleLabel[]): Promise<void> {
  const put = async (
    table: 'triage_unit' | 'triage_choice' | 'task' | 'annotation' | 'label',
    rows: readonly Readonly<Record<string, Cell>>[],
  ): Promise<void> => {
    const columns = Object.keys(rows[0] ?? {});
    const cells = rows.map((row) => columns.map((column) => row[column] ?? null));
    if (rows.length > 0) await insertMany(db, { table, columns, rows: cells });
  };
  await put('triage_unit', labels.map(unitRow));
  const chosen = labels.filter(({ lane }) => lane !== undefined);
  await put('triage_choice', chosen.map(choiceRow));
  await put('task', labels.map(taskRow));
  await put('annotation', labels.flatMap(answerRows));
  const hashes = await clipHashes(db, labels);
  await put(
    'label',
    labels.map((one) => labelRow(one, hashes.get(one.clipId) ?? '')),
  );
}

async function clipHashes(
  db: Db,
  labels: readonly SampleLabel[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(labels.map(({ clipId }) => clipId))];
  const rows = await db
    .selectFrom('clip')
    .select(['id', 'sha256'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row.sha256]));
}

const startOf = ({ frame, from = sampleStartNs }: SampleLabel): bigint =>
  from + BigInt(frame) * 100_000_000n;

const unitRow = (one: SampleLabel) => ({
  id: `unt_${pad(one.n)}`,
  n: one.n,
  clip_id: one.clipId,
  device_id: one.deviceId,
  session_id: one.session,
  site: null,
  topic: '/odom',
  at_ns: startOf(one),
  start_ns: startOf(one),
  end_ns: startOf(one),
  grain: 'frame',
  population: 'fleet',
  propensity_device: 0.5,
  model_id: 'wall',
  model_sha256: model,
  predicted: 'forward',
  probabilities: null,
  embedding:
    one.embedding === undefined
      ? null
      : Buffer.from(new Float32Array(one.embedding).buffer).toString('base64'),
  bytes: 100,
  suppressed_by: null,
  created_at: one.at ?? 10,
});

/** One that an honest draw with this salt would have chosen the unit by. */
function drawingSalt(unit: string): string {
  for (let n = 0; ; n += 1) if (isDrawn(`s${n}`, unit, 0.1)) return `s${n}`;
}

const choiceRow = (one: SampleLabel) => ({
  id: `chc_${pad(one.n)}`,
  unit_id: `unt_${pad(one.n)}`,
  clip_id: one.clipId,
  window_id: 'win_1',
  lane: one.lane ?? 'audit',
  scorer: 'entropy',
  scorer_sha256: sha256Hex('entropy'),
  propensity: one.lane === 'audit' ? 0.1 : 1,
  salt: drawingSalt(`unt_${pad(one.n)}`),
  reason: 'drawn',
  failure_id: null,
  value: null,
  percentile: 0.5,
  created_at: one.at ?? 10,
});

const taskRow = (one: SampleLabel) => ({
  id: `tsk_${pad(one.n)}`,
  batch: one.batch ?? 'b1',
  place: `unt_${pad(one.n)}`,
  type: 'classification',
  unit_id: `unt_${pad(one.n)}`,
  clip_id: one.clipId,
  device_id: one.deviceId,
  session_id: one.session,
  site: '',
  skill: '',
  topic: '/odom',
  start_ns: startOf(one),
  end_ns: startOf(one),
  ontology_sha256: sampleOntologySha,
  choice_id: one.lane === undefined ? null : `chc_${pad(one.n)}`,
  lane: one.lane ?? '',
  failure_id: null,
  logged_by: null,
  priority: 0,
  rank: 0,
  queue: 0,
  state: 'resolved',
  wanted: 2,
  people: 2,
  leases: 0,
  band: 'blind',
  prefill: null,
  gold_id: null,
  label_id: labelId(one.n),
  void_reason: null,
  created_at: one.at ?? 10,
  updated_at: one.at ?? 10,
  version: 1,
});

/** Two people said it, blind. */
const answerRows = (one: SampleLabel) =>
  ['usr_a', 'usr_b'].map((annotator, i) => ({
    id: `ann_${pad(one.n)}_${i}`,
    task_id: `tsk_${pad(one.n)}`,
    n: i + 1,
    annotator_id: annotator,
    action: 'submit',
    class: one.class,
    body: canonicalJson({ class: i === 0 ? one.class : (one.other ?? one.class) }),
    assisted: 0,
    at: one.at ?? 10,
  }));

const labelRow = (one: SampleLabel, clipSha256: string) => ({
  id: labelId(one.n),
  unit_id: `unt_${pad(one.n)}`,
  clip_id: one.clipId,
  device_id: one.deviceId,
  session_id: one.session,
  topic: '/odom',
  start_ns: startOf(one),
  end_ns: startOf(one),
  type: 'classification',
  class: one.class,
  body: canonicalJson({ class: one.class }),
  sha256: labelHash({
    clipSha256,
    topic: '/odom',
    startNs: startOf(one),
    endNs: startOf(one),
    type: 'classification',
    body: canonicalJson({ class: one.class }),
    ontologySha256: sampleOntologySha,
    consensus: {
      method: 'dawid_skene',
      posterior: 0.97,
      ...(one.alpha === undefined ? {} : { alpha: one.alpha }),
      annotators: 2,
    },
  }),
  ontology_sha256: sampleOntologySha,
  method: 'dawid_skene',
  posterior: 0.97,
  alpha: one.alpha ?? null,
  annotators: 2,
  choice_id: one.lane === undefined ? null : `chc_${pad(one.n)}`,
  task_id: `tsk_${pad(one.n)}`,
  superseded_by: null,
  created_at: one.at ?? 10,
});

const classes = ['forward', 'left', 'right'] as const;

/**
 * `count` labels in drives of 20, each drive a clip and a session; every fourth was drawn by the
 * audit, the rest by the capture lane. Numbers begin at `from`.
 */
export async function plantDrives(
  db: Db,
  deviceId: string,
  of: {
    readonly from?: number;
    readonly count: number;
    readonly blobs?: BlobStore;
    readonly at?: number;
  },
): Promise<readonly SampleLabel[]> {
  const { from = 1, count, blobs, at } = of;
  const clips = new Map<number, string>();
  await db.transaction().execute(async (trx) => {
    for (let n = from; n < from + count; n += 1) {
      const drive = Math.floor((n - 1) / 20);
      if (!clips.has(drive)) clips.set(drive, await plantClip(trx, 1 + drive, blobs));
    }
  });
  const labels: SampleLabel[] = [];
  for (let n = from; n < from + count; n += 1) {
    const drive = Math.floor((n - 1) / 20);
    const clipId = clips.get(drive) ?? '';
    labels.push({
      n,
      clipId,
      deviceId,
      session: `ses_${pad(drive)}`,
      class: classes[n % 3] ?? 'forward',
      frame: n % 20,
      from: sampleStartNs + BigInt(1 + drive) * 1_000_000_000n,
      lane: n % 4 === 0 ? 'audit' : 'capture',
      alpha: 0.85,
      ...(at === undefined ? {} : { at }),
    });
  }
  await db.transaction().execute(async (trx) => await plantLabels(trx, labels));
  return labels;
}
