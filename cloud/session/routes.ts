import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, instantField, instantText, nsField } from '../http/fields.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { sessionSource } from '../http/q/sources/sessions.ts';
import { coverageOf, coverageStates } from '../store/coverage.ts';
import { coverageSpans } from '../store/coverage-rows.ts';
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

const detailSchema = schema
  .extend({
    recordings: z
      .array(z.object({ source: z.string(), startNs: nsField, endNs: nsField }))
      .openapi({ description: 'What it was recorded from.' }),
    clipStates: z.record(z.string(), z.int()).openapi({ description: 'Clips by their state.' }),
    storedBytes: z.int(),
    events: z.int(),
    markers: z.int(),
    failures: z.int(),
    coverage: z
      .array(z.object({ state: z.enum(coverageStates), startNs: nsField, endNs: nsField }))
      .optional()
      .openapi({ description: 'Each instant with its best state; absent for too many clips.' }),
  })
  .openapi('SessionDetail');

export type SessionDetailJson = z.infer<typeof detailSchema>;

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
        withinCohorts: true,
      },
      {
        query: listQuery(sessionSource, { device: deviceRefField.optional() }),
        answer: {
          status: 200,
          description: 'One page.',
          schema: listAnswer('SessionPage', schema),
        },
      },
      async ({ query, caller }) => {
        const { device } = query;
        const deviceId = device === undefined ? undefined : await deviceIdOf(deps.read, device);
        return await listPage(deps, query, {
          operation: 'listSessions',
          source: sessionSource,
          rows: sessionRows(deps.read),
          schema,
          caller,
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
        summary:
          'One session: what was recorded, what the cloud holds of it, and where the rest is',
        right: 'sessions:read',
      },
      {
        params: z.strictObject({ id: z.string().max(64) }),
        answer: { status: 200, description: 'The session.', schema: detailSchema },
      },
      async ({ params }) => {
        const session = await sessions.get(params.id);
        if (session !== undefined) return await detailJson(deps, session);
        throw new Fault('not_found', `there is no session "${params.id}"`, {
          remedy: 'List the sessions with `fieldloop sessions list`.',
        });
      },
    ),
  ];
}

async function detailJson(deps: NounDeps, session: Session): Promise<SessionDetailJson> {
  const { clips, ...contents } = await sessionStore(deps.read).contents(session.id);
  const { startNs, endNs, source } = session;
  const spans = await coverageSpans(
    deps.read,
    { deviceId: await deviceIdOf(deps.read, session.device), session: session.id },
    { startNs, endNs },
  );
  const range = { startNs: String(startNs), endNs: String(endNs) };
  return {
    ...sessionJson(session),
    ...contents,
    clipStates: { ...clips },
    recordings: [{ source, ...range }],
    ...(spans === undefined
      ? {}
      : {
          coverage: coverageOf(spans, { startNs, endNs }).ranges.map((one) => ({
            state: one.state,
            startNs: String(one.startNs),
            endNs: String(one.endNs),
          })),
        }),
  };
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
