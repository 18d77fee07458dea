import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField } from '../http/fields.ts';
import { listPage, type ListQuery, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { commandSource } from '../http/q/sources/commands.ts';
import { commandMs, maxCommandMs } from '../limits.ts';
import { deviceNameOf, queueCommand } from '../store/command-queue.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { sql } from '../store/kysely.ts';
import { type Command, type CommandState, commandStates } from './command.ts';
import { commandJson, commandPage, type CommandPage, commandSchema, newCommand } from './json.ts';
import { commandOfRow, commandRows, commandStore, unknownCommand } from './store.ts';

const ofDevice = z.strictObject({ id: deviceRefField });
const path = z.strictObject({
  id: z.string().max(64).openapi({ example: 'cmd_01JC0000000000000000000000' }),
});
const answer = { status: 200, description: 'The command.', schema: commandSchema } as const;

const listed = { state: z.enum(commandStates).optional() };
const pageAnswer = { status: 200, description: 'One page.', schema: commandPage } as const;

export function commandOperations(deps: NounDeps): readonly Operation[] {
  return [list(deps), listOfDevice(deps), create(deps), get(deps), cancel(deps)];
}

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCommands',
      tag: 'commands',
      method: 'get',
      path: '/v1/commands',
      summary: 'What devices were asked to do, the newest first',
      right: 'commands:read',
    },
    {
      query: listQuery(commandSource, { device: deviceRefField.optional(), ...listed }),
      answer: pageAnswer,
    },
    async ({ query }) => {
      const { device, state } = query;
      const deviceId = device === undefined ? undefined : await deviceIdOf(deps.read, device);
      return await page(deps, query, { operation: 'listCommands', deviceId, state });
    },
  );

const listOfDevice = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listDeviceCommands',
      tag: 'commands',
      method: 'get',
      path: '/v1/devices/{id}/commands',
      summary: 'What a device was asked to do, the newest first',
      right: 'commands:read',
    },
    { params: ofDevice, query: listQuery(commandSource, listed), answer: pageAnswer },
    async ({ params, query }) => {
      const deviceId = await deviceIdOf(deps.read, params.id);
      const operation = `listDeviceCommands ${deviceId}`;
      return await page(deps, query, { operation, deviceId, state: query.state });
    },
  );

async function page(
  deps: NounDeps,
  query: ListQuery,
  of: {
    readonly operation: string;
    readonly deviceId: string | undefined;
    readonly state: CommandState | undefined;
  },
): Promise<CommandPage> {
  const { operation, deviceId, state } = of;
  return await listPage(deps, query, {
    operation,
    source: commandSource,
    rows: commandRows(deps.read),
    schema: commandSchema,
    is: { state },
    where: () => [
      deviceId === undefined ? undefined : sql<boolean>`command.device_id = ${deviceId}`,
    ],
    items: (rows) => rows.map((row) => commandJson(commandOfRow(row), row.device ?? '')),
  });
}

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createDeviceCommand',
      tag: 'commands',
      method: 'post',
      path: '/v1/devices/{id}/commands',
      summary: 'Ask a device to do something',
      description:
        'A device that is offline runs it when it is back, if that is before it expires. The ' +
        'device runs it once, however often it is sent.',
      right: 'commands:write',
      faults: ['limited'],
    },
    {
      params: ofDevice,
      body: newCommand,
      answer: { status: 201, description: 'The command waits.', schema: commandSchema },
    },
    async (call) => {
      const { kind, input, expiresInS } = call.body;
      const lifeMs = expiresInS === undefined ? commandMs : expiresInS * 1000;
      if (lifeMs > maxCommandMs) {
        throw new Fault('invalid', `a command lives for at most ${maxCommandMs / 1000} s`, {
          place: '/expiresInS',
          remedy: 'Ask again when it is over, or leave expiresInS out for a day.',
        });
      }
      return await call.change(async (trx) => {
        const deviceId = await deviceIdOf(trx, call.params.id);
        const at = deps.clock.now();
        const command = await queueCommand(trx, {
          deviceId,
          kind,
          input: input as Readonly<Record<string, Json>>,
          expiresAt: at + lifeMs,
          by: call.caller?.id ?? 'nobody',
          ids: deps.ids,
          at,
        });
        await call.audit(trx, {
          action: 'command.create',
          subject: command.id,
          detail: { device: deviceId, kind, input: input as Json },
        });
        return await shown(trx, command);
      });
    },
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCommand',
      tag: 'commands',
      method: 'get',
      path: '/v1/commands/{id}',
      summary: 'One command, its state and its result',
      right: 'commands:read',
    },
    { params: path, answer },
    async ({ params }) => await shown(deps.read, await demand(deps.read, params.id)),
  );

const cancel = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'cancelCommand',
      tag: 'commands',
      method: 'post',
      path: '/v1/commands/{id}:cancel',
      summary: 'Let a command be',
      description:
        'A device that has it already may still run it; then its word stands. Twice is once; a ' +
        'command that runs or is over is a conflict.',
      right: 'commands:write',
      faults: ['conflict'],
    },
    { params: path, answer },
    async (call) =>
      await call.change(async (trx) => {
        const command = await demand(trx, call.params.id);
        if (command.state === 'cancelled') return await shown(trx, command);
        if (!(await commandStore(trx).advance(command.id, 'cancelled', deps.clock.now()))) {
          throw new Fault('conflict', `${command.id} is ${command.state}`, {
            remedy: 'Only what does not run yet can be cancelled; read its result instead.',
          });
        }
        await call.audit(trx, { action: 'command.cancel', subject: command.id });
        return await shown(trx, await demand(trx, command.id));
      }),
  );

async function demand(db: Db, id: string): Promise<Command> {
  const command = await commandStore(db).get(id);
  if (command === undefined) throw unknownCommand(id);
  return command;
}

const shown = async (db: Db, command: Command) =>
  commandJson(command, await deviceNameOf(db, command.deviceId));
