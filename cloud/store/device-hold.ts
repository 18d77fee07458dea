/**
 * Devices that a maintenance case holds out: nothing new is tried on them until a person lifts the
 * hold. Rollouts and draws leave them out; who may see a device and what watches it stay as ever.
 */
import type { Db } from './db.ts';
import { sql } from './kysely.ts';

/** The condition on the table `device` that those on hold do not meet. */
export const notHeld = sql<boolean>`not exists (select 1 from device_hold
  where device_hold.device_id = device.id and device_hold.lifted_at is null)`;

export interface Hold {
  readonly deviceId: string;
  readonly caseId: string;
  readonly reason: string;
  readonly heldAt: number;
}

/** The holds on these devices that nobody lifted, by device. */
export async function heldDevices(
  db: Db,
  deviceIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Hold[]>> {
  const found: Hold[] = [];
  for (let from = 0; from < deviceIds.length; from += 500) {
    const rows = await db
      .selectFrom('device_hold')
      .selectAll()
      .where('device_id', 'in', deviceIds.slice(from, from + 500))
      .where('lifted_at', 'is', null)
      .orderBy('held_at')
      .orderBy('case_id')
      .execute();
    found.push(
      ...rows.map((row) => ({
        deviceId: row.device_id,
        caseId: row.case_id,
        reason: row.reason,
        heldAt: Number(row.held_at),
      })),
    );
  }
  return Map.groupBy(found, ({ deviceId }) => deviceId);
}

/** Again is no second hold; false when the case holds the device already. */
export async function holdDevice(trx: Db, hold: Hold): Promise<boolean> {
  const done = await trx
    .insertInto('device_hold')
    .values({
      device_id: hold.deviceId,
      case_id: hold.caseId,
      reason: hold.reason,
      held_at: hold.heldAt,
    })
    .onConflict((conflict) => conflict.columns(['device_id', 'case_id']).doNothing())
    .executeTakeFirst();
  return (done.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** False when there is none of this case that is still on. */
export async function liftHold(
  trx: Db,
  caseId: string,
  { by, at }: { readonly by: string; readonly at: number },
): Promise<boolean> {
  const done = await trx
    .updateTable('device_hold')
    .set({ lifted_at: at, lifted_by: by })
    .where('case_id', '=', caseId)
    .where('lifted_at', 'is', null)
    .executeTakeFirst();
  return done.numUpdatedRows > 0n;
}
