import { Fault } from '@fieldloop/core';
import { listName, type NounDeps } from '../http/deps.ts';
import { deviceRefField, instantField, instantText, nsField, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import type { Session } from './session.ts';
import { sessionStore } from './store.ts';

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

const page = z
  .object({ items: z.array(schema), nextCursor: z.string().optional() })
  .openapi('SessionPage');

export type SessionPage = z.infer<typeof page>;

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
        query: z.strictObject({ device: deviceRefField.optional(), ...pageFields }),
        answer: { status: 200, description: 'One page.', schema: page },
      },
      async ({ query }) => {
        const list = listName('listSessions', query);
        const [ns = '0', id = ''] =
          query.cursor === undefined ? [] : deps.cursors.decode(list, query.cursor);
        const after = query.cursor === undefined ? undefined : { ns: BigInt(ns), id };
        const device =
          query.device === undefined ? undefined : await deviceIdOf(deps.read, query.device);
        const rows = await sessions.list({ after, device, limit: query.limit + 1 });
        return pageOf(rows, query.limit, {
          item: sessionJson,
          cursor: (last) => deps.cursors.encode(list, [String(last.startNs), last.id]),
        }) as SessionPage;
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
