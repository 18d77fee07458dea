import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { triageWindowSource } from '../http/q/sources/triage.ts';
import { maxReasonLength } from '../limits.ts';
import { windowJson, windowSchema } from './json.ts';
import { windowStates } from './triage.ts';
import { freezeWindow, windowOfRow, windowStore } from './window-store.ts';
import { voidWindow } from './write-draw.ts';

const tag = 'triage';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200 as const, description: 'The window.', schema: windowSchema };
const reasonField = z.string().min(1).max(maxReasonLength);

export const triageWindowOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  freeze(deps),
  get(deps),
  takeBack(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTriageWindows',
      tag,
      method: 'get',
      path: '/v1/triage/windows',
      summary: 'Windows: what was chosen from, and what each lane took',
      right: 'triage:read',
    },
    {
      query: listQuery(triageWindowSource, {
        policy: z.string().max(64).optional(),
        state: z.enum(windowStates).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TriageWindowPage', windowSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTriageWindows',
        source: triageWindowSource,
        rows: deps.read.selectFrom('triage_window').selectAll('triage_window'),
        schema: windowSchema,
        is: { policy: query.policy, state: query.state },
        items: (rows) => rows.map((row) => windowJson(windowOfRow(row))),
      }),
  );

const freeze = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTriageWindow',
      tag,
      method: 'post',
      path: '/v1/triage/windows',
      summary: 'Freeze a window of a policy now; a worker draws it',
      description: 'A window of the policy that waits for its draw is given back as it is.',
      right: 'triage:write',
      faults: ['not_found', 'conflict'],
    },
    {
      body: z.strictObject({ policy: z.string().min(1).max(64), reason: reasonField }),
      answer: { status: 201, description: 'The window.', schema: windowSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const by = call.caller?.id ?? 'system';
        const made = await freezeWindow(trx, call.body, {
          ids: deps.ids,
          at: deps.clock.now(),
          by,
        });
        await call.audit(trx, {
          action: 'triage_window.create',
          subject: made.id,
          after: call.body,
        });
        return windowJson(made);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTriageWindow',
      tag,
      method: 'get',
      path: '/v1/triage/windows/{id}',
      summary: 'One window',
      right: 'triage:read',
    },
    { params: path, answer },
    async ({ params }) => windowJson(await windowStore(deps.read).demand(params.id)),
  );

const takeBack = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'voidTriageWindow',
      tag,
      method: 'post',
      path: '/v1/triage/windows/{id}:void',
      summary: 'Take back a window that is not drawn yet',
      description: 'Its units come into the next window.',
      right: 'triage:write',
      faults: ['conflict'],
    },
    { params: path, body: z.strictObject({ reason: reasonField }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const windows = windowStore(trx);
        const before = await windows.demand(call.params.id);
        if (before.state !== 'frozen') {
          throw new Fault('conflict', `the window is ${before.state}`, {
            remedy: 'Only a window that waits for its draw is taken back.',
          });
        }
        const { reason } = call.body;
        await voidWindow(trx, before, { why: reason, at: deps.clock.now() });
        await call.audit(trx, {
          action: 'triage_window.void',
          subject: before.id,
          before: { state: before.state },
          after: { state: 'void' },
          detail: { reason },
        });
        return windowJson(await windows.demand(before.id));
      }),
  );
