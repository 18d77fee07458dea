/** A review that grants and one whose scope changes, as cases of the crash kit. */
import type { Json } from '@fieldloop/core';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { exportStore } from '../export/store.ts';
import { putPolicy } from '../review/policy-store.ts';
import { reviewStore } from '../review/store.ts';
import { demandExportOpen } from '../store/access.ts';
import type { Db } from '../store/db.ts';
import { complianceReview } from './compliance-review-deps.ts';
import { type CrashWorld, patternCase } from './kit/crash.sample.ts';

const policy = {
  rules: [
    {
      id: 'eu-export',
      clause: 'DPA 4.2',
      on: ['export' as const],
      regions: ['eu'],
      effect: 'needs_approval' as const,
    },
  ],
  otherwise: 'allow' as const,
};

async function asked({ db, clock, ids }: CrashWorld): Promise<void> {
  const at = clock.now();
  await db.transaction().execute(async (trx) => {
    const manifest = sampleManifest(1);
    await clipStore(trx).putManifest('amr-01', manifest, at);
    await clipStore(trx).markStored('amr-01', manifest.sha256, 4096, at);
    const { device_id: device } = await trx
      .selectFrom('clip')
      .select('device_id')
      .executeTakeFirstOrThrow();
    const property = { device_id: device, key: 'region', kind: 'string', text: 'eu', num: null };
    await trx
      .insertInto('device_property')
      .values({ ...property, source: 'operator', at })
      .execute();
    await putPolicy(trx, { document: policy, note: 'first' }, { at, by: 'usr_ada' });
    const wish = {
      kind: 'export' as const,
      items: [clipIdOf(manifest)],
      rationale: 'a customer asked for it',
      leaseMs: 5_000,
    };
    await reviewStore(trx).request(wish, { at, by: 'usr_zoe', ids, person: 'usr_zoe' });
  });
}

/** The worker of exports: every file that is asked for is ready. */
async function exportsReady({ db, clock }: CrashWorld): Promise<boolean> {
  const rows = await db
    .selectFrom('clip_export')
    .select('id')
    .where('ready_at', 'is', null)
    .where('erased_at', 'is', null)
    .execute();
  const at = clock.now();
  const file = { sha256: 'f'.repeat(64), sizeBytes: 9, expiresAt: at + 86_400_000 };
  for (const { id } of rows) {
    await db
      .transaction()
      .execute(async (trx) => void (await exportStore(trx).ready(id, file, at)));
  }
  return rows.length > 0;
}

async function left({ db, clock }: CrashWorld): Promise<Json> {
  const reviews = await db.selectFrom('review').select(['state', 'reason']).execute();
  const grants = await db.selectFrom('access_grant').selectAll().execute();
  const uses = await db.selectFrom('grant_use').select(['action', 'outcome']).execute();
  const exports = await db.selectFrom('clip_export').select(['id', 'erased_at']).execute();
  return {
    reviews: reviews.map(({ state, reason }) => `${state}: ${reason?.replaceAll(/rev_\w+/g, '…')}`),
    grants: grants.map(({ state, proof }) => ({ state, isProved: proof !== null })),
    uses: uses.map(({ action, outcome }) => `${action} ${outcome}`),
    exports: exports.map(({ erased_at: erased }) => erased !== null),
    open: await Promise.all(exports.map(async ({ id }) => await isReadable(db, id, clock.now()))),
  };
}

const isReadable = async (db: Db, id: string, now: number): Promise<boolean> =>
  await demandExportOpen(db, id, now).then(
    () => true,
    () => false,
  );

export const approved = patternCase(
  'compliance-review, approved',
  [complianceReview],
  async (world) =>
    await Promise.resolve({
      begin: async () => await asked(world),
      react: async () => (await world.decide(() => 'approve')) || (await exportsReady(world)),
      end: async () => await left(world),
    }),
);

/** The bytes of the clip are others when the approval comes. */
export const changed = patternCase(
  'compliance-review, scope changed',
  [complianceReview],
  async (world) => {
    let changes = 0;
    const change = async (): Promise<void> => {
      if ((changes += 1) > 1) return;
      await world.db
        .updateTable('clip')
        .set({ sha256: '0'.repeat(64) })
        .execute();
    };
    return await Promise.resolve({
      begin: async () => await asked(world),
      async react() {
        const did = await world.decide(() => (changes === 0 ? 'approve' : 'reject'));
        if (did) await change();
        return did || (await exportsReady(world));
      },
      end: async () => await left(world),
    });
  },
);
