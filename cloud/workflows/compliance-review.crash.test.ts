/**
 * Goal: a worker that dies anywhere in a review leaves it closed, and opens what was approved once.
 * Method: the pattern on the real engine, killed at every boundary by the crash kit; an export
 * worker that finishes files by hand, people who decide, and a scope that changes.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sampleManifest } from '../clip/clip.sample.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { exportStore } from '../export/store.ts';
import { putPolicy } from '../review/policy-store.ts';
import { reviewStore } from '../review/store.ts';
import { demandExportOpen } from '../store/access.ts';
import type { Db } from '../store/db.ts';
import { complianceReview } from './compliance-review-deps.ts';
import { type CrashCase, type CrashWorld, crashEverywhere } from './kit/crash.sample.ts';

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

const approved: CrashCase = {
  name: 'approved',
  open: async (world) =>
    await Promise.resolve({
      workflows: [complianceReview],
      begin: async () => await asked(world),
      react: async () => (await world.decide(() => 'approve')) || (await exportsReady(world)),
      end: async () => await left(world),
    }),
};

/** The bytes of the clip are others when the approval comes. */
const changed: CrashCase = {
  name: 'scope changed',
  async open(world) {
    let changes = 0;
    const change = async (): Promise<void> => {
      if ((changes += 1) > 1) return;
      await world.db
        .updateTable('clip')
        .set({ sha256: '0'.repeat(64) })
        .execute();
    };
    return await Promise.resolve({
      workflows: [complianceReview],
      begin: async () => await asked(world),
      async react() {
        const did = await world.decide(() => (changes === 0 ? 'approve' : 'reject'));
        if (did) await change();
        return did || (await exportsReady(world));
      },
      end: async () => await left(world),
    });
  },
};

test('killed at every boundary, what was approved opens once and is closed and proved so', async () => {
  const found = await crashEverywhere('sqlite', approved);
  expect(found.differing).toEqual([]);
  expect(found.points).toBeGreaterThan(20);
  expect(found.end).toMatchObject({
    left: {
      reviews: ['granted_and_ended: the lease ended'],
      grants: [{ state: 'revoked', isProved: true }],
      uses: ['prove denied'],
      exports: [true],
      open: [false],
    },
  });
  process.stdout.write(`compliance-review: ${found.crashes} crashes\n`);
});

test('killed at every boundary, a scope that changed under the approval opens nothing', async () => {
  const found = await crashEverywhere('sqlite', changed);
  expect(found.differing).toEqual([]);
  expect(found.end).toMatchObject({
    left: { reviews: ['denied: by the script'], grants: [], exports: [], open: [] },
  });
  process.stdout.write(`compliance-review, changed scope: ${found.crashes} crashes\n`);
});
