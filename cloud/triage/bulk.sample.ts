/** Many scored clips for measurements: robots that see the same things again, half of the time. */
import { type Random, seededRandom, sha256Hex } from '@fieldloop/core';
import { entropy, softmax } from '@fieldloop/learning';
import { insertMany } from '../store/insert-many.ts';
import type { Db } from '../store/db.ts';
import { base64Of } from './note.ts';
import { policyStore } from './policy-store.ts';
import { usualPolicy } from './triage.ts';

export interface BulkUnits {
  readonly units: number;
  readonly devices: number;
  readonly width: number;
  readonly seed: string;
}

const sha = sha256Hex('bulk model');
const together = 500;

/** Units of whole clips of one day, and the policy `bulk` that labels a tenth of them. */
export async function fillTriage(db: Db, of: BulkUnits): Promise<void> {
  const random = seededRandom(of.seed);
  for (let d = 0; d < of.devices; d += 1) {
    const row = { id: deviceOf(d), name: `bulk-${d}`, state: 'active', online: 0 };
    await db
      .insertInto('device')
      .values({ ...row, created_at: 1, updated_at: 1, version: 1 })
      .execute();
  }
  const places = Array.from({ length: of.devices }, () => vector(random, of.width));
  for (let from = 0; from < of.units; from += together) {
    await db.transaction().execute(async (trx) => {
      const rows = Array.from({ length: Math.min(together, of.units - from) }, (_, i) =>
        unitOf(random, { n: from + i + 1, of, places }),
      );
      await insertMany(trx, {
        table: 'triage_unit',
        columns: unitColumns,
        rows: rows.map(({ unit }) => unit),
      });
      await insertMany(trx, {
        table: 'triage_score',
        columns: ['unit_id', 'scorer', 'scorer_sha256', 'value'],
        rows: rows.map(({ score }) => score),
      });
    });
  }
  await policyStore(db).create({
    id: 'tpo_bulk',
    name: 'bulk',
    enabled: true,
    definition: {
      ...usualPolicy,
      model: 'classifier',
      grain: 'clip',
      salt: of.seed,
      auto: false,
      labelSeconds: 6,
      budget: { bytes: 1e15, labelMinutes: of.units / 100 },
    },
    by: 'bench',
    at: 1,
  });
}

const unitColumns = [
  'id',
  'n',
  'clip_id',
  'device_id',
  'session_id',
  'topic',
  'at_ns',
  'start_ns',
  'end_ns',
  'grain',
  'population',
  'propensity_device',
  'model_id',
  'model_sha256',
  'predicted',
  'probabilities',
  'embedding',
  'bytes',
  'created_at',
] as const;

const deviceOf = (d: number): string => `dev_${String(d).padStart(26, '0')}`;

const vector = (random: Random, width: number): Float32Array =>
  Float32Array.from({ length: width }, () => random.normal());

function unitOf(
  random: Random,
  at: { readonly n: number; readonly of: BulkUnits; readonly places: Float32Array[] },
) {
  const { n, of, places } = at;
  const d = n % of.devices;
  // A robot stands where it stood, or has gone on.
  const isNew = random.next() < 0.5;
  if (isNew) places[d] = vector(random, of.width);
  const place = places[d] ?? new Float32Array(of.width);
  const embedding = place.map((value) => value + 0.1 * random.normal());
  const p = softmax([2 * random.normal(), 2 * random.normal(), random.normal(), 0]);
  const id = `unt_${String(n).padStart(26, '0')}`;
  const atNs = 1_717_171_717_000_000_000n + BigInt(n) * 800_000_000n;
  const unit = [
    id,
    n,
    `clp_${String(n).padStart(26, '0')}`,
    deviceOf(d),
    `ses_${d}`,
    '/camera',
    atNs,
    atNs,
    atNs,
    'clip',
    'inbox',
    1,
    'classifier',
    sha,
    'free',
    JSON.stringify([...p]),
    base64Of(embedding),
    1_000_000,
    1,
  ] as const;
  return { unit, score: [id, 'entropy', sha, entropy(p)] as const };
}
