import { canonicalJson, Fault, type Ids, type Json } from '@fieldloop/core';
import type { CommandKind, CommandProblem, CommandReport } from '@fieldloop/proto';
import { idOfUuid } from '../entity-id.ts';
import { maxLiveCommands } from '../limits.ts';
import type { Db, Row } from '../store/db.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { putOutbox } from '../store/outbox.ts';
import {
  type Command,
  type CommandState,
  demandCommand,
  isCommandState,
  liveStates,
  mayBecome,
  resultOf,
} from './command.ts';

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
  const device = await nameOf(trx, deviceId);
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
  await tell(trx, { id, device, kind, state: 'queued', at });
  return demandRow(await commandStore(trx).get(id), id);
}

export const commandStore = (db: Db) => ({
  async get(id: string): Promise<Command | undefined> {
    const row = await db.selectFrom('command').selectAll().where('id', '=', id).executeTakeFirst();
    return row && fromRow(row);
  },

  /** What is not over, oldest first. */
  async live(deviceId: string): Promise<readonly Command[]> {
    const rows = await db
      .selectFrom('command')
      .selectAll()
      .where('device_id', '=', deviceId)
      .where('state', 'in', liveStates)
      .orderBy('created_at')
      .orderBy('id')
      .limit(maxLiveCommands)
      .execute();
    return rows.map(fromRow);
  },

  /** Newest first, before the command that `before` names. */
  async list(query: {
    readonly deviceId: string;
    readonly state?: CommandState | undefined;
    readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
    readonly limit: number;
  }): Promise<readonly Command[]> {
    const { before, state } = query;
    let rows = db.selectFrom('command').selectAll().where('device_id', '=', query.deviceId);
    if (state !== undefined) rows = rows.where('state', '=', state);
    if (before !== undefined) {
      const createdAt = BigInt(before.createdAt);
      rows = rows.where((where) =>
        where.or([
          where('created_at', '<', createdAt),
          where.and([where('created_at', '=', createdAt), where('id', '<', before.id)]),
        ]),
      );
    }
    const found = await rows
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(query.limit)
      .execute();
    return found.map(fromRow);
  },

  /** False when it is in this state or past it already. Run inside a transaction. */
  async advance(id: string, to: CommandState, at: number): Promise<boolean> {
    return await step(db, id, { to, at });
  },

  /**
   * What a device says. False when it is not news, or when the command is not one of this device.
   * Run inside a transaction.
   */
  async heard(device: string, report: CommandReport, at: number): Promise<boolean> {
    const id = idOfUuid('cmd', report.id);
    const row = await db
      .selectFrom('command')
      .innerJoin('device', 'device.id', 'command.device_id')
      .select('device.name')
      .where('command.id', '=', id)
      .executeTakeFirst();
    if (row?.name !== device) return false;
    const isOver = report.state === 'done' || report.state === 'failed';
    const ending = isOver ? { result: resultOf(report), problem: report.problem } : {};
    return await step(db, id, { to: report.state, at, ...ending });
  },

  /** Ends what nobody fetched in its time; ids of at most `limit` commands. */
  async expire(at: number, limit: number): Promise<readonly string[]> {
    const rows = await db
      .selectFrom('command')
      .select('id')
      .where('state', 'in', ['queued', 'sent'])
      .where('expires_at', '<=', BigInt(at))
      .orderBy('expires_at')
      .limit(limit)
      .execute();
    for (const { id } of rows) await step(db, id, { to: 'expired', at });
    return rows.map((row) => row.id);
  },

  /** Forgets what ended before `since`. */
  async forget(since: number): Promise<void> {
    await db.deleteFrom('command').where('ended_at', '<', BigInt(since)).execute();
  },
});

async function step(
  db: Db,
  id: string,
  change: {
    readonly to: CommandState;
    readonly at: number;
    readonly result?: Json | undefined;
    readonly problem?: CommandProblem | undefined;
  },
): Promise<boolean> {
  const { to, at, result, problem } = change;
  const row = await db.selectFrom('command').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined || !isCommandState(row.state) || !mayBecome(row.state, to)) return false;
  const isOver = !liveStates.some((state) => state === to);
  const isHeard = to === 'acknowledged' || to === 'running' || to === 'done' || to === 'failed';
  await db
    .updateTable('command')
    .set((set) => ({
      state: to,
      updated_at: at,
      version: set('version', '+', 1n),
      ...(to === 'sent' ? { sent_at: at } : {}),
      ...(isHeard && row.acknowledged_at === null ? { acknowledged_at: at } : {}),
      ...(isOver ? { ended_at: at } : {}),
      ...(result === undefined ? {} : { result: canonicalJson(result) }),
      ...(problem === undefined ? {} : { problem: canonicalJson(problem) }),
    }))
    .where('id', '=', id)
    .execute();
  const device = await nameOf(db, row.device_id);
  await tell(db, { id, device, kind: row.kind, state: to, at });
  return true;
}

async function tell(
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

async function nameOf(db: Db, deviceId: string): Promise<string> {
  const row = await db
    .selectFrom('device')
    .select('name')
    .where('id', '=', deviceId)
    .executeTakeFirst();
  if (row === undefined) throw unknownDevice(deviceId);
  return row.name;
}

function demandRow(command: Command | undefined, id: string): Command {
  if (command === undefined) throw unknownCommand(id);
  return command;
}

export function unknownCommand(id: string): Fault {
  return new Fault('not_found', `there is no command "${id.slice(0, 64)}"`, {
    remedy: 'List those of a device with `fieldloop devices commands NAME`.',
  });
}

function fromRow(row: Row<'command'>): Command {
  if (!isCommandState(row.state)) throw new TypeError(`command state ${row.state}`);
  const time = (value: bigint | null): number | undefined =>
    value === null ? undefined : Number(value);
  const sentAt = time(row.sent_at);
  const acknowledgedAt = time(row.acknowledged_at);
  const endedAt = time(row.ended_at);
  return {
    id: row.id,
    deviceId: row.device_id,
    kind: row.kind as CommandKind,
    input: JSON.parse(row.input) as Command['input'],
    state: row.state,
    by: row.created_by,
    expiresAt: Number(row.expires_at),
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(row.result === null ? {} : { result: JSON.parse(row.result) as Json }),
    ...(row.problem === null ? {} : { problem: JSON.parse(row.problem) as CommandProblem }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
