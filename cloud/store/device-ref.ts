/** A device by the name or id that a wire topic, a path or a filter holds. */
import { Fault } from '@fieldloop/core';
import type { Db } from './db.ts';

/** The device's id. Fault `not_found` with what to do. */
export async function deviceIdOf(db: Db, nameOrId: string): Promise<string> {
  const row = await db
    .selectFrom('device')
    .select('id')
    .where((where) => where.or([where('name', '=', nameOrId), where('id', '=', nameOrId)]))
    .executeTakeFirst();
  if (row !== undefined) return row.id;
  throw unknownDevice(nameOrId);
}

export function unknownDevice(nameOrId: string): Fault {
  return new Fault('not_found', `there is no device "${nameOrId.slice(0, 64)}"`, {
    remedy: 'List the devices with `fieldloop devices list`; a robot appears when it enrols.',
  });
}
