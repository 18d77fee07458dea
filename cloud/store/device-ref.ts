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

/** Whether a device has this name. Fault `conflict` when it can never connect again. */
export async function isKnownLiving(db: Db, name: string): Promise<boolean> {
  const row = await db
    .selectFrom('device')
    .select('state')
    .where('name', '=', name)
    .executeTakeFirst();
  if (row?.state !== 'revoked' && row?.state !== 'decommissioned') return row !== undefined;
  throw new Fault('conflict', `the device ${name} is ${row.state}, and that is for good`, {
    place: '/body/device',
    remedy: newNameRemedy,
  });
}

/** What is left to do for a robot whose device is revoked or decommissioned. */
export const newNameRemedy =
  'Enrol the robot under a new name: `fieldloop tokens create --device NEW-NAME` makes the token.';
