/** A robot that is repaired, and a case closed by hand, as cases of the crash kit. */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import { caseStore } from '../case/store.ts';
import { caseOfRow, caseRows, openCase } from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { heldDevices } from '../store/device-hold.ts';
import { setDesired } from '../store/desired.ts';
import { putOutbox } from '../store/outbox.ts';
import { type CrashWorld, patternCase } from './kit/crash.sample.ts';
import { maintenanceEscalation } from './maintenance-escalation-deps.ts';

const device = async (db: Db): Promise<string> =>
  (
    await db
      .selectFrom('device')
      .select('id')
      .where('name', '=', 'amr-01')
      .executeTakeFirstOrThrow()
  ).id;

/** The robot is there and says what it runs. */
async function reports({ db, clock }: CrashWorld, document: Json): Promise<void> {
  const id = await device(db);
  const at = clock.now();
  await db
    .updateTable('device')
    .set({ state: 'active', online: 1, last_seen_at: at })
    .where('id', '=', id)
    .execute();
  const digest = sha256Hex(canonicalJson(document));
  const report = { digest, document: canonicalJson(document), at };
  await db
    .insertInto('device_report')
    .values({ device_id: id, section: 'firmware', ...report })
    .onConflict((conflict) => conflict.columns(['device_id', 'section']).doUpdateSet(report))
    .execute();
}

async function opened({ db, clock }: CrashWorld, key: string): Promise<string> {
  return await db.transaction().execute(async (trx) => {
    const report = {
      key,
      device: await device(trx),
      kind: 'update.silent',
      severity: 'sev3' as const,
      source: 'rollout' as const,
      rollout: 'rol_1',
      summary: 'said nothing after it was activated',
    };
    return (await openCase(trx, report, { at: clock.now(), by: 'system' })).id;
  });
}

/** What is left, without ids and times. */
async function left(db: Db): Promise<Json> {
  const cases = (await caseRows(db).execute()).map(caseOfRow);
  const steps = await db.selectFrom('case_step').select(['action', 'state']).execute();
  const evidence = await db.selectFrom('case_evidence').select('name').execute();
  const commands = await db.selectFrom('command').select('kind').execute();
  const held = await heldDevices(db, [await device(db)]);
  return {
    cases: cases.map(({ kind, state, code, held, reportCount, acknowledgedBy }) => ({
      kind,
      state,
      code: code ?? null,
      held,
      reportCount,
      taken: acknowledgedBy ?? null,
    })),
    steps: steps.map(({ action, state }) => `${action} ${state}`).toSorted(),
    evidence: evidence.map(({ name }) => name).toSorted(),
    commands: commands.map(({ kind }) => kind),
    held: held.size,
  };
}

const firmware = { version: '2.0' };

/** The robot reports well for as long as it takes, whenever the run looks. */
async function recovers(world: CrashWorld): Promise<boolean> {
  const rows = await caseRows(world.db)
    .where('maintenance_case.state', '=', 'acknowledged')
    .execute();
  if (rows.length === 0) return false;
  world.clock.advance(360_000);
  await reports(world, firmware);
  const subject = await device(world.db);
  const said = { kind: 'device.reported', subject, at: world.clock.now() } as const;
  await putOutbox(world.db, { ...said, body: { device: 'amr-01', section: 'firmware' } });
  return true;
}

export const repaired = patternCase(
  'maintenance-escalation, repaired',
  [maintenanceEscalation],
  async (world) => {
    await world.db.transaction().execute(
      async (trx) =>
        void (await setDesired(trx, {
          deviceId: await device(trx),
          section: 'firmware',
          document: firmware,
          at: world.clock.now(),
        })),
    );
    return {
      begin: async () => void (await opened(world, 'first')),
      react: async () =>
        (await world.decide((gate) =>
          gate.kind === 'acknowledge' ? 'acknowledge' : 'replaced_part',
        )) || (await recovers(world)),
      end: async () => await left(world.db),
    };
  },
);

/** Three alerts of one robot at once; a person closes the case beside its gates. */
export const byHand = patternCase(
  'maintenance-escalation, three alerts closed by hand',
  [maintenanceEscalation],
  async (world) =>
    await Promise.resolve({
      async begin() {
        for (const n of [1, 2, 3]) {
          const body = { policy: 'hot', severity: 'critical', summary: 'hot', device: 'amr-01' };
          const at = world.clock.now();
          await putOutbox(world.db, { kind: 'alert.fired', subject: `alr_${n}`, at, body });
        }
      },
      react: async () =>
        (await world.decide((gate) => (gate.kind === 'acknowledge' ? 'acknowledge' : undefined))) ||
        (await closesByHand(world)),
      end: async () => await left(world.db),
    }),
);

async function closesByHand({ db, clock }: CrashWorld): Promise<boolean> {
  const rows = await caseRows(db).where('maintenance_case.state', '=', 'acknowledged').execute();
  for (const { id } of rows) {
    await db.transaction().execute(async (trx) => {
      const closing = { code: 'not_a_fault', cause: 'a sensor in the sun' } as const;
      await caseStore(trx).close(id, closing, { at: clock.now(), by: 'usr_ada' });
    });
  }
  return rows.length > 0;
}
