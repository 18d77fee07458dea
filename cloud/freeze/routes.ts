/** Operations on freezes: one engineer stops everything, two people let it go on. */
import { requireApproval } from '../auth/approval.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { freezeSource } from '../http/q/sources/releases.ts';
import { maxReasonLength } from '../limits.ts';
import type { Freeze } from './freeze.ts';
import { freezeFromRow, freezeStore } from './store.ts';

export const freezeOperations = (deps: NounDeps): readonly Operation[] => [
  set(deps),
  list(deps),
  get(deps),
  lift(deps),
];

const schema = z
  .object({
    id: z.string().openapi({ example: 'frz_01JC0000000000000000000000' }),
    state: z.enum(['standing', 'lifted']),
    reason: z.string(),
    cause: z.string().optional(),
    createdBy: z.string(),
    liftedAt: instantField.optional(),
    liftedBy: z.string().optional(),
    liftReason: z.string().optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Freeze');

export type FreezeJson = z.infer<typeof schema>;

const freezeJson = (of: Freeze): FreezeJson => ({
  id: of.id,
  state: of.liftedAt === undefined ? 'standing' : 'lifted',
  reason: of.reason,
  ...(of.cause === undefined ? {} : { cause: of.cause }),
  createdBy: of.createdBy,
  ...(of.liftedAt === undefined ? {} : { liftedAt: instantText(of.liftedAt) }),
  ...(of.liftedBy === undefined ? {} : { liftedBy: of.liftedBy }),
  ...(of.liftReason === undefined ? {} : { liftReason: of.liftReason }),
  createdAt: instantText(of.createdAt),
  updatedAt: instantText(of.updatedAt),
  version: of.version,
});

const tag = 'rollouts';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const reason = z.string().min(1).max(maxReasonLength);
const answer = { status: 200, description: 'The freeze.', schema } as const;

const set = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'setFreeze',
      tag,
      method: 'post',
      path: '/v1/freezes',
      summary: 'Stop all: nothing more goes out to any robot',
      description:
        'Robots that have not begun keep what they have; those that are at it finish or go back.',
      right: 'freezes:write',
    },
    { body: z.strictObject({ reason }), answer: { ...answer, status: 201 } },
    async (call) =>
      await call.change(async (trx) => {
        const id = deps.ids.ulid('frz');
        const by = call.caller?.id ?? 'system';
        const made = await freezeStore(trx).set({
          id,
          reason: call.body.reason,
          by,
          person: call.caller?.userId,
          at: deps.clock.now(),
        });
        await call.audit(trx, { action: 'freeze.set', subject: id, after: call.body });
        return freezeJson(made);
      }),
  );

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listFreezes',
      tag,
      method: 'get',
      path: '/v1/freezes',
      summary: 'Freezes, the newest first',
      right: 'freezes:read',
    },
    {
      query: listQuery(freezeSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('FreezePage', schema) },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listFreezes',
        source: freezeSource,
        rows: deps.read.selectFrom('rollout_freeze').selectAll('rollout_freeze'),
        items: (rows) => rows.map((row) => freezeJson(freezeFromRow(row))),
        schema,
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getFreeze',
      tag,
      method: 'get',
      path: '/v1/freezes/{id}',
      summary: 'One freeze',
      right: 'freezes:read',
    },
    { params: path, answer },
    async ({ params }) => freezeJson(await freezeStore(deps.read).get(params.id)),
  );

const lift = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'liftFreeze',
      tag,
      method: 'post',
      path: '/v1/freezes/{id}:lift',
      summary: 'Let rollouts go on',
      description: 'It takes the approval of another person.',
      right: 'freezes:approve',
      faults: ['conflict', 'forbidden'],
    },
    { params: path, body: z.strictObject({ reason }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const store = freezeStore(trx);
        const freeze = await store.get(call.params.id);
        if (freeze.liftedAt !== undefined) return freezeJson(freeze);
        const why = call.body.reason;
        const detail = { reason: freeze.reason };
        const wanted = { action: 'freeze.lift', subject: freeze.id, reason: why, detail };
        await requireApproval(trx, call, wanted, deps);
        const by = call.caller?.id ?? 'system';
        const lifted = await store.lift(freeze, { by, reason: why, at: deps.clock.now() });
        await call.audit(trx, {
          action: 'freeze.lift',
          subject: freeze.id,
          detail: { reason: why },
        });
        return freezeJson(lifted);
      }),
  );
