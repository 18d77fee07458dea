/**
 * Goal: near-equal failures are worked on as one, others are not; a resolved label takes its
 * failure on, once.
 * Method: failures on the clips of sample units with embeddings that are set by hand.
 */
import { expect, test } from 'vitest';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { base64Of } from '../triage/note.ts';
import { countedIds, putSampleUnits } from '../triage/triage.sample.ts';
import { cluster } from './clusters.ts';
import { followLabels } from './labels.ts';
import { failureStore } from './store.ts';

async function openWorld() {
  const world = await sqliteWorld();
  const { db } = world;
  const ids = countedIds();
  await putSampleUnits(db, { clips: 4, frames: 2, ids });
  const clips = await db.selectFrom('clip').selectAll().orderBy('id').execute();
  const directions = [
    [1, 0, 0],
    [1, 0.1, 0],
    [0, 1, 0],
    [1, 0.05, 0],
  ];
  for (const [i, clip] of clips.entries()) {
    await db
      .updateTable('triage_unit')
      .set({ embedding: base64Of(directions[i] ?? []) })
      .where('clip_id', '=', clip.id)
      .execute();
    await failureStore(db).create({
      id: `flr_${i}`,
      kind: i === 3 ? 'other' : 'missed',
      severity: 'warning',
      deviceId: clip.device_id,
      startNs: clip.start_ns,
      endNs: clip.start_ns,
      conditions: { signals: {}, models: {}, properties: {} },
      source: 'operator',
      createdBy: 'test',
      at: i + 1,
    });
    await db
      .updateTable('failure')
      .set({ clip_id: clip.id, link: 'linked', state: 'linked' })
      .where('id', '=', `flr_${i}`)
      .execute();
  }
  const clock = { now: () => 9, monotonicMs: () => 9, sleep: async () => await Promise.resolve() };
  return { world, db, deps: { read: db, write: db, ids, clock } };
}

test('the same kind and alike: one cluster; another kind or another look: none', async () => {
  const { world, db, deps } = await openWorld();
  await using _ = world;
  const seen = new Map<string, number>();
  await cluster(deps, seen);
  const rows = await db.selectFrom('failure').select(['id', 'cluster']).orderBy('id').execute();
  expect(rows[0]?.cluster).toMatch(/^clu_/);
  expect(rows.map((row) => row.cluster)).toEqual([rows[0]?.cluster, rows[0]?.cluster, null, null]);
  const steps = await db.selectFrom('failure_step').select('n').execute();
  await cluster(deps, seen);
  expect(await db.selectFrom('failure_step').select('n').execute()).toEqual(steps);
});

test('a resolved label says what should have been done, and takes the failure on once', async () => {
  const { world, db } = await openWorld();
  await using _ = world;
  const body = { failure: 'flr_2', class: 'person', task: 'tsk_1', clip: 'clp_1' };
  const row = { seq: 1n, kind: 'label.resolved', subject: 'lbl_1', at: 5, body };
  const follow = async () =>
    await db.transaction().execute(async (trx) => await followLabels(trx, [row], 6));
  await follow();
  await follow();
  const found = await failureStore(db).get('flr_2');
  expect(found).toMatchObject({ state: 'labelled', shouldHaveDone: { label: 'person' } });
  const steps = await failureStore(db).history('flr_2', { after: 0, limit: 9 });
  expect(steps.filter(({ state }) => state === 'labelled')).toHaveLength(1);
});
