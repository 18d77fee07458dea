import { canonicalJson, Fault, type Json } from '@fieldloop/core';
import type { CommandKind, CommandProblem, CommandReport } from '@fieldloop/proto';
import { idOfUuid } from '../entity-id.ts';
import { maxLiveCommands } from '../limits.ts';
import { deviceNameOf, tellCommand } from '../store/command-queue.ts';
import type { Db, Row } from '../store/db.ts';
import {
  type Command,
  type CommandState,
  isCommandState,
  liveStates,
  mayBecome,
  resultOf,
} from './command.ts';

export const commandStore = (db: Db) => ({
  async get(id: string): Promise<Command | undefined> {
    const row = await db.selectFrom('command').selectAll().where('id', '=', id).executeTakeFirst();
    return row && commandOfRow(row);
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
    return rows.map(commandOfRow);
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
  const device = await deviceNameOf(db, row.device_id);
  await tellCommand(db, { id, device, kind: row.kind, state: to, at });
  return true;
}

export function unknownCommand(id: string): Fault {
  return new Fault('not_found', `there is no command "${id.slice(0, 64)}"`, {
    remedy: 'List those of a device with `fieldloop devices commands NAME`.',
  });
}

/** Rows of a list, with the name of the device. */
export const commandRows = (db: Db) =>
  db
    .selectFrom('command')
    .selectAll('command')
    .select((of) =>
      of
        .selectFrom('device')
        .select('device.name')
        .whereRef('device.id', '=', 'command.device_id')
        .as('device'),
    );

export function commandOfRow(row: Row<'command'>): Command {
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
