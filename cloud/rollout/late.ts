/** Robots that came after the plan was frozen: where it says so they join its last stage. */
import type { ReleaseManifest } from '../release/release.ts';
import type { Db } from '../store/db.ts';
import { candidatesOf } from './candidates.ts';
import { freezeRows } from './plan.ts';
import type { Rollout } from './rollout.ts';
import { rolloutStore } from './store.ts';

/** How many came. Run in the transaction that opens the last stage. */
export async function joinLate(trx: Db, rollout: Rollout, at: number): Promise<number> {
  const { id, plan } = rollout;
  if (plan.lateJoiners !== 'last-stage') return 0;
  const { manifest } = await trx
    .selectFrom('release')
    .select('manifest')
    .where('id', '=', rollout.releaseId)
    .executeTakeFirstOrThrow();
  const store = rolloutStore(trx);
  const known = new Set((await store.targets(id)).map(({ deviceId }) => deviceId));
  const query = { plan, manifest: JSON.parse(manifest) as ReleaseManifest, supersede: [id], at };
  const fresh = (await candidatesOf(trx, query)).filter(({ deviceId }) => !known.has(deviceId));
  const last = plan.stages.length - 1;
  const rows = freezeRows(id, plan, fresh).map((row) =>
    row.arm === 'excluded'
      ? row
      : ({ ...row, arm: 'treatment', stage: last, shadow: false } as const),
  );
  await store.addTargets(id, rows, at);
  return rows.length;
}
