/** The events of one device, and of one session. */
import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField } from '../http/fields.ts';
import { listAnswer, listPage, type ListQuery, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { eventSource } from '../http/q/sources/events.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { eventJson, type EventPage, eventSchema } from './json.ts';
import { eventNarrowing } from './list.ts';
import { eventOfRow, eventRows } from './store.ts';

const answer = {
  status: 200 as const,
  description: 'One page.',
  schema: listAnswer('EventPage', eventSchema),
};

export const listDeviceEvents = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listDeviceEvents',
      tag: 'devices',
      method: 'get',
      path: '/v1/devices/{id}/events',
      summary: 'What happened on a device, the newest log time first',
      right: 'events:read',
    },
    {
      params: z.strictObject({ id: deviceRefField }),
      query: listQuery(eventSource, {}),
      answer,
    },
    async ({ params, query }) => {
      const deviceId = await deviceIdOf(deps.read, params.id);
      return await page(deps, query, {
        operation: `listDeviceEvents ${deviceId}`,
        ...eventNarrowing({ deviceId }),
      });
    },
  );

export const listSessionEvents = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listSessionEvents',
      tag: 'sessions',
      method: 'get',
      path: '/v1/sessions/{id}/events',
      summary: 'What happened in a session, the newest log time first',
      right: 'events:read',
    },
    {
      params: z.strictObject({ id: z.string().min(1).max(64) }),
      query: listQuery(eventSource, {}),
      answer,
    },
    async ({ params, query }) => {
      const { id } = params;
      const found = await deps.read
        .selectFrom('session')
        .select('id')
        .where('id', '=', id)
        .executeTakeFirst();
      if (found === undefined) {
        throw new Fault('not_found', `there is no session "${id}"`, {
          remedy: 'List the sessions with `fieldloop sessions list`.',
        });
      }
      return await page(deps, query, {
        operation: `listSessionEvents ${id}`,
        is: { session: id },
      });
    },
  );

interface Narrowed extends ReturnType<typeof eventNarrowing> {
  readonly operation: string;
}

const page = async (
  deps: NounDeps,
  query: ListQuery,
  { operation, ...narrowing }: Narrowed,
): Promise<EventPage> =>
  await listPage(deps, query, {
    operation,
    source: eventSource,
    rows: eventRows(deps.read),
    schema: eventSchema,
    narrow: () => narrowing,
    items: (rows) => rows.map((row) => eventJson(eventOfRow(row))),
  });
