/** A correction that is hardware's fault, and one whose verdict is revised: cases of the crash kit. */
import type { Json } from '@fieldloop/core';
import { sampleManifest, sampleStartNs } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import type { Verdict } from '../correction/correction.ts';
import { correctionOfRow, correctionRows, correctionStore } from '../correction/store.ts';
import type { Db } from '../store/db.ts';
import { voidTasks } from '../store/task-queue.ts';
import { correctionWorkflow } from './correction-loop-deps.ts';
import { type CrashWorld, type PatternCase, patternCase } from './kit/crash.sample.ts';
import type { BatchCounts, BatchDeps, BatchInput, BatchOutcome } from './label-batch.ts';
import { labelBatch } from './label-batch.ts';
import { pending } from './kit/flow.ts';
import { workflow } from './kit/workflow.ts';

/** The child of data-to-training, on the tasks of the batch. */
const batches = workflow<BatchInput, BatchOutcome, BatchDeps>({
  name: 'label-batch',
  version: 1,
  body: labelBatch,
  deps: ({ read }) => {
    const count = async (batch: string): Promise<BatchCounts> => {
      const rows = await read
        .selectFrom('task')
        .select('state')
        .where('batch', '=', batch)
        .execute();
      const open = rows.filter(({ state }) => state !== 'void' && state !== 'resolved').length;
      return { open, resolved: rows.length - open, void: 0, digest: 'd' };
    };
    return {
      look: async (batch) => {
        const counts = await count(batch);
        return counts.open === 0 ? counts : pending;
      },
      count,
      reassign: async () => await Promise.resolve({ freed: 0 }),
      voidOpen: async () => await Promise.resolve({ void: 0 }),
    };
  },
});

const second = 1_000_000_000n;

async function begun({ db, clock, ids }: CrashWorld): Promise<void> {
  const at = clock.now();
  await db.transaction().execute(async (trx) => {
    await clipStore(trx).putManifest('amr-01', sampleManifest(1), at);
    const { id: deviceId } = await trx
      .selectFrom('device')
      .select('id')
      .where('name', '=', 'amr-01')
      .executeTakeFirstOrThrow();
    const startNs = sampleStartNs + 3n * second;
    const of = {
      key: 'k',
      deviceId,
      startNs,
      endNs: startNs + 3n * second,
      source: 'marker' as const,
    };
    await correctionStore(trx).report(of, { at, by: 'system', ids });
  });
}

/** The robot sends what it was asked for; then people are done with the tasks that are open. */
async function answered({ db, clock, ids }: CrashWorld): Promise<boolean> {
  const at = clock.now();
  const asked = await db.selectFrom('command').select('id').where('kind', '=', 'pull').execute();
  const clip = await db.selectFrom('clip').select(['id', 'state']).executeTakeFirstOrThrow();
  if (asked.length > 0 && clip.state !== 'stored') {
    await clipStore(db).markStored('amr-01', sampleManifest(1).sha256, 4096, at);
    return true;
  }
  const open = await db
    .selectFrom('task')
    .select('batch')
    .where('state', '=', 'open')
    .executeTakeFirst();
  if (open === undefined) return false;
  await db.transaction().execute(async (trx) => {
    await voidTasks(trx, open.batch, { reason: 'unusable', by: 'usr_ada' }, { ids, at });
  });
  return true;
}

async function left(db: Db): Promise<Json> {
  const corrections = (await correctionRows(db).execute()).map(correctionOfRow);
  const failures = await db.selectFrom('failure').select(['kind', 'state', 'source']).execute();
  const cases = await db.selectFrom('maintenance_case').select('kind').execute();
  const tasks = await db.selectFrom('task').select(['type', 'state']).execute();
  const commands = await db.selectFrom('command').select('kind').execute();
  return {
    corrections: corrections.map(({ state, verdict, phases }) => ({
      state,
      verdict: verdict ?? null,
      phases: phases?.length ?? 0,
    })),
    failures: failures.map(({ kind, state, source }) => `${kind} ${state} ${source}`),
    cases: cases.map(({ kind }) => kind),
    tasks: tasks.map(({ type, state }) => `${type} ${state}`),
    commands: commands.map(({ kind }) => kind),
  };
}

const judgedAs = (verdict: Verdict, revised?: Verdict): PatternCase =>
  patternCase(
    `correction-loop, ${verdict}${revised === undefined ? '' : ' revised'}`,
    [correctionWorkflow, batches],
    async (world) =>
      await Promise.resolve({
        begin: async () => await begun(world),
        react: async () =>
          (await world.decide((gate) => (gate.kind === 'verdict' ? verdict : undefined))) ||
          (await answered(world)) ||
          (revised !== undefined && (await revise(world, revised))),
        end: async () => await left(world.db),
      }),
  );

export const hardware = judgedAs('hardware');
export const revised = judgedAs('model', 'operator');

/** Once the model learns from it, somebody sees that it was another's fault. */
async function revise({ db, clock }: CrashWorld, verdict: Verdict): Promise<boolean> {
  const rows = await correctionRows(db)
    .where('correction.state', '=', 'learning')
    .where('correction.verdict', '=', 'model')
    .where('correction.failure_id', 'is not', null)
    .execute();
  const waits = await db.selectFrom('run').select('id').where('waiting_for', '=', 'fed').execute();
  if (waits.length === 0) return false;
  for (const { id } of rows) {
    const said = { verdict, reason: 'the brake was worn' };
    await db
      .transaction()
      .execute(
        async (trx) =>
          void (await correctionStore(trx).revise(id, said, { at: clock.now(), by: 'usr_ada' })),
      );
  }
  return rows.length > 0;
}
