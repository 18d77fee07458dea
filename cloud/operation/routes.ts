import { Fault } from '@fieldloop/core';
import { listName, type NounDeps } from '../http/deps.ts';
import { pageFields } from '../http/fields.ts';
import { operationJson, operationSchema } from '../http/long-work.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { operationRows } from '../store/operations.ts';
import { isEnded, operationStates } from './operation.ts';

const page = z
  .object({ items: z.array(operationSchema), nextCursor: z.string().optional() })
  .openapi('OperationPage');

export type OperationPage = z.infer<typeof page>;

const path = z.strictObject({ id: z.string().max(64) });

export const operationOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  cancel(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listOperations',
      tag: 'operations',
      method: 'get',
      path: '/v1/operations',
      summary: 'Long work, the newest first',
      right: 'operations:read',
    },
    {
      query: z.strictObject({
        state: z.enum(operationStates).optional(),
        kind: z.string().max(64).optional(),
        ...pageFields,
      }),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query }) => {
      const name = listName('listOperations', query);
      const { limit, cursor, state, kind } = query;
      const [before] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await operationRows(deps.read).list({ before, state, kind, limit: limit + 1 });
      return pageOf(rows, limit, {
        item: operationJson,
        cursor: (last) => deps.cursors.encode(name, [last.id]),
      }) as OperationPage;
    },
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getOperation',
      tag: 'operations',
      method: 'get',
      path: '/v1/operations/{id}',
      summary: 'How far long work is, and its result',
      right: 'operations:read',
    },
    { params: path, answer: { status: 200, description: 'The work.', schema: operationSchema } },
    async ({ params }) => {
      const found = await operationRows(deps.read).get(params.id);
      if (found === undefined) throw unknownOperation(params.id);
      return operationJson(found);
    },
  );

const cancel = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'cancelOperation',
      tag: 'operations',
      method: 'post',
      path: '/v1/operations/{id}:cancel',
      summary: 'Stop long work',
      description: 'What waits is cancelled at once; what runs stops within a second or two.',
      right: 'operations:write',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 200, description: 'The work.', schema: operationSchema } },
    async (call) =>
      await call.change(async (trx) => {
        const rows = operationRows(trx);
        const found = await rows.get(call.params.id);
        if (found === undefined) throw unknownOperation(call.params.id);
        if (isEnded(found) && found.state !== 'cancelled') {
          throw new Fault('conflict', `${found.id} is ${found.state} already`, {
            remedy: 'There is nothing left to stop.',
          });
        }
        await rows.askCancel(found.id, deps.clock.now());
        await call.audit(trx, { action: 'operation.cancel', subject: found.id });
        const after = await rows.get(found.id);
        return operationJson(after ?? found);
      }),
  );

function unknownOperation(id: string): Fault {
  return new Fault('not_found', `there is no operation "${id}"`, {
    remedy: 'List them with `fieldloop operations list`; ended ones are kept for 30 days.',
  });
}
