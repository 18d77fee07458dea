/** How every part asks a device for something. */
import { canonicalJson, Fault, type Ids, type Json } from '@fieldloop/core';
import type { CommandKind } from '@fieldloop/proto';
import { type Command, type CommandState, demandCommand, liveStates } from '../command/command.ts';
import { idOfUuid } from '../entity-id.ts';
import { maxLiveCommands } from '../limits.ts';
import type { Db } from './db.ts';
import { unknownDevice } from './device-ref.ts';
import { putOutbox } from './outbox.ts';

export interface CommandWish {
  readonly deviceId: string;
  readonly kind: CommandKind;
  /** As in `commandInputs` of proto; the clip of a pull is a `clp_…`. */
  readonly input: Readonly<Record<string, Json>>;
  readonly expiresAt: number;
  /** Key, person or part that asks. */
  readonly by: string;
  readonly ids: Pick<Ids, 'uuid'>;
  readonly at: number;
}

/**
 * Run inside the caller's transaction; the downlink hears of it by the outbox. Faults: `invalid`
 * and `limited` (what no device could be sent, or too many live commands), `not_found`.
 */
export async function queueCommand(trx: Db, wish: CommandWish): Promise<Command> {
  const { deviceId, kind, input, expiresAt, by, at } = wish;
  demandCommand(kind, input);
  const device = await deviceNameOf(trx, deviceId);
  const { live } = await trx
    .selectFrom('command')
    .select((of) => of.fn.countAll<bigint>().as('live'))
    .where('device_id', '=', deviceId)
    .where('state', 'in', liveStates)
    .executeTakeFirstOrThrow();
  if (live >= BigInt(maxLiveCommands)) {
    throw new Fault('limited', `${device} has ${live} commands that are not over`, {
      remedy: 'Wait until the device has run them, or cancel those that are not wanted any more.',
    });
  }
  const id = idOfUuid('cmd', wish.ids.uuid());
  await trx
    .insertInto('command')
    .values({
      id,
      device_id: deviceId,
      kind,
      input: canonicalJson(input),
      state: 'queued',
      created_by: by,
      expires_at: expiresAt,
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .execute();
  await tellCommand(trx, { id, device, kind, state: 'queued', at });
  return {
    id,
    deviceId,
    kind,
    input,
    state: 'queued',
    by,
    expiresAt,
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

/** Each step of a command is told of, in its transaction. */
export async function tellCommand(
  db: Db,
  told: {
    readonly id: string;
    readonly device: string;
    readonly kind: string;
    readonly state: CommandState;
    readonly at: number;
  },
): Promise<void> {
  const { id, device, kind, state, at } = told;
  await putOutbox(db, {
    kind: `command.${state}`,
    subject: id,
    at,
    body: { device, kind, state },
  });
}

export async function deviceNameOf(db: Db, deviceId: string): Promise<string> {
  const row = await db
    .selectFrom('device')
    .select('name')
    .where('id', '=', deviceId)
    .executeTakeFirst();
  if (row === undefined) throw unknownDevice(deviceId);
  return row.name;
}
