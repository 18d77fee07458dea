import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, instantField, instantText, nsField } from '../http/fields.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { sessionSource } from '../http/q/sources/sessions.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { sql } from '../store/kysely.ts';
import type { Session } from './session.ts';
import { sessionOfRow, sessionRows, sessionStore } from './store.ts';

const schema = z
  .object({
    id: z.string().openapi({ example: 'ses_01JC0000000000000000000000' }),
    device: z.string(),
    source: z.string().openapi({ description: 'What was recorded from.' }),
    startNs: nsField,
    endNs: nsField,
    clips: z.int().openapi({ description: 'How many clips the cloud knows of it.' }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Session');

export type SessionJson = z.infer<typeof schema>;

export type SessionPage = Listing<SessionJson>;

export function sessionOperations(deps: NounDeps): readonly Operation[] {
  const sessions = sessionStore(deps.read);
  return [
    operation(
      {
        id: 'listSessions',
        tag: 'sessions',
        method: 'get',
        path: '/v1/sessions',
        summary: 'Sessions, the newest first',
        right: 'sessions:read',
      },
      {
        query: listQuery(sessionSource, { device: deviceRefField.optional() }),
        answer: {
          status: 200,
          description: 'One page.',
          schema: listAnswer('SessionPage', schema),
        },
      },
      async ({ query }) => {
        const { device } = query;
        const deviceId = device === undefined ? undefined : await deviceIdOf(deps.read, device);
        return await listPage(deps, query, {
          operation: 'listSessions',
          source: sessionSource,
          rows: sessionRows(deps.read),
          schema,
          where: () => [
            deviceId === undefined ? undefined : sql<boolean>`session.device_id = ${deviceId}`,
          ],
          items: (rows) => rows.map((row) => sessionJson(sessionOfRow(row))),
        });
      },
    ),
    operation(
      {
        id: 'getSession',
        tag: 'sessions',
        method: 'get',
        path: '/v1/sessions/{id}',
        summary: 'One session',
        right: 'sessions:read',
      },
      {
        params: z.strictObject({ id: z.string().max(64) }),
        answer: { status: 200, description: 'The session.', schema },
      },
      async ({ params }) => {
        const session = await sessions.get(params.id);
        if (session !== undefined) return sessionJson(session);
        throw new Fault('not_found', `there is no session "${params.id}"`, {
          remedy: 'List the sessions with `fieldloop sessions list`.',
        });
      },
    ),
  ];
}

function sessionJson(session: Session): SessionJson {
  return {
    ...session,
    startNs: String(session.startNs),
    endNs: String(session.endNs),
    createdAt: instantText(session.createdAt),
    updatedAt: instantText(session.updatedAt),
  };
}
