/** Units for tests: robots, sessions and clips whose model is wrong where it is unsure. */
import { type Ids, type Random, seededRandom, sha256Hex, silentLog } from '@fieldloop/core';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { idOfUuid } from '../entity-id.ts';
import type { Db } from '../store/db.ts';
import { base64Of, type UnitFacts } from './note.ts';
import { type PolicyDefinition, usualPolicy } from './triage.ts';
import { policyStore } from './policy-store.ts';
import { unitStore } from './unit-store.ts';
import { freezeWindow } from './window-store.ts';

export const sampleModel = sha256Hex('model of triage');
export const sampleClasses = ['free', 'person'] as const;

/** Deterministic ids: ULID-shaped, counted, those of each `life` others. */
export function countedIds(life = ''): Ids {
  let n = 0;
  const next = (): string => life + String((n += 1)).padStart(26 - life.length, '0');
  return { ulid: (prefix) => `${prefix}_${next()}` } as Ids;
}

export const samplePolicy = (more: Partial<PolicyDefinition> = {}): PolicyDefinition => ({
  ...usualPolicy,
  model: 'classifier',
  salt: 'sample',
  minUnits: 1,
  ...more,
});

/** A frame whose model is wrong with a chance of `hard`, and unsure about as much. */
export function sampleFrame(random: Random, at: { readonly ns: bigint; readonly n: number }) {
  const hard = random.next() < 0.3;
  const p = hard ? 0.5 + 0.2 * random.next() : 0.85 + 0.15 * random.next();
  const failed = random.next() < (hard ? 0.6 : 0.1);
  const embedding = Array.from({ length: 8 }, () => random.normal());
  const facts: UnitFacts = {
    grain: 'frame',
    topic: '/camera',
    atNs: at.ns,
    startNs: at.ns,
    endNs: at.ns,
    population: 'inbox',
    propensityDevice: 1,
    model: 'classifier',
    modelSha256: sampleModel,
    predicted: 'free',
    probabilities: [p, 1 - p],
    embedding: base64Of(embedding),
    bytes: 1000,
    scores: { margin: 1 - (2 * p - 1) },
  };
  return { facts, truth: failed ? 'person' : 'free' };
}

/** `clips` stored clips of `frames` frames each; what each unit really shows, by its id. */
export async function putSampleUnits(
  db: Db,
  of: {
    readonly clips: number;
    readonly frames: number;
    readonly ids: Ids;
    readonly from?: number;
    readonly population?: UnitFacts['population'];
  },
): Promise<ReadonlyMap<string, string>> {
  const random = seededRandom(`units from ${of.from ?? 0}`);
  const truths = new Map<string, string>();
  for (let c = 0; c < of.clips; c += 1) {
    const n = (of.from ?? 0) + c + 1;
    const manifest = sampleManifest(n, { device: n % 2 === 0 ? 'amr-01' : 'amr-02' });
    await clipStore(db).putManifest(manifest.device, manifest, 1);
    await clipStore(db).markStored(manifest.device, manifest.sha256, manifest.sizeBytes, 1);
    const clip = idOfUuid('clp', manifest.clipId);
    const row = await db
      .selectFrom('clip')
      .select(['device_id', 'session_id'])
      .where('id', '=', clip)
      .executeTakeFirstOrThrow();
    const start = BigInt(manifest.startNs);
    const frames = Array.from({ length: of.frames }, (_, i) => {
      const frame = sampleFrame(random, { ns: start + BigInt(i) * 100_000_000n, n: i });
      const population = of.population ?? 'inbox';
      return { ...frame, facts: { ...frame.facts, population } };
    });
    await db.transaction().execute(async (trx) => {
      await unitStore(trx).put({
        clip,
        deviceId: row.device_id,
        session: `ses_${n % 12}`,
        site: undefined,
        units: frames.map(({ facts }) => facts),
        at: 1,
        ids: of.ids,
      });
    });
    const units = await unitStore(db).ofClip(clip, of.frames);
    units.forEach(({ id }, i) => truths.set(id, frames[i]?.truth ?? ''));
  }
  return truths;
}

/** Labels of units, as consensus would write them. */
export async function putSampleLabels(
  db: Db,
  units: Iterable<string>,
  of: { readonly truths: ReadonlyMap<string, string>; readonly at: number },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const unit of units) {
      await putLabel(trx, unit, { class: of.truths.get(unit) ?? '', at: of.at });
    }
  });
}

const ontology = sha256Hex('ontology');

async function putLabel(
  db: Db,
  unit: string,
  of: { readonly class: string; readonly at: number },
): Promise<void> {
  const found = await unitStore(db).get(unit);
  if (found === undefined) throw new Error(`no unit ${unit}`);
  const { at } = of;
  const ontologyRow = { sha256: ontology, name: 'sample', n: 1, document: '{}' };
  await db
    .insertInto('ontology')
    .values({ ...ontologyRow, created_by: 'test', created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const shared = {
    unit_id: unit,
    clip_id: found.clip,
    device_id: found.deviceId,
    session_id: found.session,
    topic: found.topic,
    start_ns: found.startNs,
    end_ns: found.endNs,
    type: 'classification',
    ontology_sha256: ontology,
    created_at: at,
  };
  await db
    .insertInto('task')
    .values({
      ...shared,
      id: `tsk_${unit}`,
      batch: 'sample',
      place: unit,
      site: '',
      skill: '',
      lane: '',
      priority: 0,
      rank: 0,
      queue: 0,
      state: 'resolved',
      wanted: 2,
      people: 2,
      leases: 0,
      band: 'blind',
      updated_at: at,
      version: 1,
    })
    .execute();
  await db
    .insertInto('label')
    .values({
      ...shared,
      id: `lbl_${unit}`,
      class: of.class,
      body: JSON.stringify({ class: of.class }),
      sha256: sha256Hex(unit),
      method: 'majority',
      posterior: null,
      alpha: null,
      annotators: 2,
      task_id: `tsk_${unit}`,
    })
    .execute();
}

export const sampleClock = (now: number) => ({
  now: () => now,
  monotonicMs: () => now,
  sleep: async () => {},
});

/** A policy `frames`, what draws its windows, and a hand that freezes them. */
export async function withPolicy(db: Db, definition: PolicyDefinition) {
  const ids = countedIds();
  const policy = await policyStore(db).create({
    id: ids.ulid('tpo'),
    name: 'frames',
    enabled: true,
    definition,
    by: 'test',
    at: 1,
  });
  if (policy === undefined) throw new Error('no policy');
  const deps = { read: db, write: db, ids, clock: sampleClock(1000), log: silentLog };
  const freeze = async (at = 1000) =>
    await db
      .transaction()
      .execute(
        async (trx) =>
          await freezeWindow(trx, { policy: 'frames', reason: 'test' }, { ids, at, by: 'test' }),
      );
  return { policy, deps, ids, freeze };
}
