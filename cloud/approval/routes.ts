/** Requests for approval: who waits for what, and the decision of another person. */
import { Fault, type Json } from '@fieldloop/core';
import type { Caller } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { approvalSource } from '../http/q/sources/approvals.ts';
import { linkStore } from '../auth/one-time-links.ts';
import { approvalMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import {
  type Approval,
  approvalStates,
  demandOpen,
  demandOtherPerson,
  stateAt,
} from './approval.ts';
import { approvalStore } from './store.ts';

const schema = z
  .object({
    id: z.string().openapi({ example: 'apr_01JC0000000000000000000000' }),
    action: z.string().openapi({ example: 'device.revoke' }),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
    reason: z.string(),
    state: z.enum(approvalStates),
    askedBy: z.string(),
    askedPerson: z.string().optional(),
    decidedBy: z.string().optional(),
    decidedAt: instantField.optional(),
    note: z.string().optional(),
    usedAt: instantField.optional(),
    expiresAt: instantField,
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Approval');

export type ApprovalJson = z.infer<typeof schema>;

const path = z.strictObject({ id: z.string().max(64) });

export const approvalOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  decide(deps, {
    id: 'approveApproval',
    verb: 'approve',
    state: 'approved',
    summary: 'Allow what another person asked for',
  }),
  decide(deps, {
    id: 'rejectApproval',
    verb: 'reject',
    state: 'rejected',
    summary: 'Refuse what another person asked for',
  }),
  withdraw(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listApprovals',
      tag: 'approvals',
      method: 'get',
      path: '/v1/approvals',
      summary: 'Requests for approval, the newest first',
      right: 'approvals:read',
    },
    {
      query: listQuery(approvalSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ApprovalPage', schema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listApprovals',
        source: approvalSource,
        rows: deps.read.selectFrom('approval').select('approval.id'),
        items: async (rows) => {
          const found = await approvalStore(deps.read).some(rows.map((row) => row.id));
          return found.map((one) => approvalJson(one, deps.clock.now()));
        },
        schema,
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getApproval',
      tag: 'approvals',
      method: 'get',
      path: '/v1/approvals/{id}',
      summary: 'One request for approval',
      right: 'approvals:read',
    },
    { params: path, answer: { status: 200, description: 'The request.', schema } },
    async ({ params }) => approvalJson(await approvalOf(deps.read, params.id), deps.clock.now()),
  );

const decide = (
  deps: NounDeps,
  decision: {
    readonly id: string;
    readonly verb: 'approve' | 'reject';
    readonly state: 'approved' | 'rejected';
    readonly summary: string;
  },
): Operation =>
  operation(
    {
      id: decision.id,
      tag: 'approvals',
      method: 'post',
      path: `/v1/approvals/{id}:${decision.verb}`,
      summary: decision.summary,
      description: 'By a person, and never by the one who asked, whatever key they use.',
      right: 'approvals:approve',
    },
    {
      params: path,
      body: z.strictObject({ note: z.string().max(500).optional() }),
      answer: { status: 200, description: 'The request.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const approval = await approvalOf(trx, call.params.id);
        const decidedBy = demandOtherPerson(approval, deciderOf(call.caller));
        const at = deps.clock.now();
        await demandOwnAccount(trx, approval, decidedBy);
        demandOpen(approval, at);
        const { note } = call.body;
        const { state } = decision;
        const decided = await approvalStore(trx).move(approval, { state, decidedBy, note }, at);
        await tell(trx, call, { approval: decided, verb: decision.verb, at });
        return approvalJson(decided, at);
      }),
  );

const withdraw = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'withdrawApproval',
      tag: 'approvals',
      method: 'post',
      path: '/v1/approvals/{id}:withdraw',
      summary: 'Take back what you asked for, decided or not',
      right: 'any',
      faults: ['forbidden'],
    },
    { params: path, answer: { status: 200, description: 'The request.', schema } },
    async (call) =>
      await call.change(async (trx) => {
        const approval = await approvalOf(trx, call.params.id);
        if (approval.askedBy !== call.caller?.id) {
          throw new Fault('forbidden', 'only who asked takes it back', {
            remedy: 'Reject it instead: POST /v1/approvals/{id}:reject.',
          });
        }
        const at = deps.clock.now();
        const state = stateAt(approval, at);
        if (state !== 'open' && state !== 'approved') demandOpen(approval, at);
        const gone = await approvalStore(trx).move(approval, { state: 'withdrawn' }, at);
        await tell(trx, call, { approval: gone, verb: 'withdraw', at });
        return approvalJson(gone, at);
      }),
  );

const kinds = {
  approve: 'approval.approved',
  reject: 'approval.rejected',
  withdraw: 'approval.withdrawn',
} as const;

async function tell(
  trx: Db,
  call: Pick<Call<unknown, unknown, unknown>, 'audit'>,
  of: { readonly approval: Approval; readonly verb: keyof typeof kinds; readonly at: number },
): Promise<void> {
  const { id: subject, action, subject: asked, note } = of.approval;
  const detail: Record<string, Json> = { action, subject: asked };
  if (note !== undefined) detail['note'] = note;
  const body = { action, subject: asked };
  await putOutbox(trx, { kind: kinds[of.verb], subject, at: of.at, body });
  await call.audit(trx, { action: `approval.${of.verb}`, subject, detail });
}

const deciderOf = (caller: Caller | undefined) => ({
  id: caller?.id ?? '',
  userId: caller?.userId,
  isPerson: caller?.role !== undefined,
});

/** Who asked must not have opened the account that decides: they may be in it. */
async function demandOwnAccount(trx: Db, approval: Approval, decidedBy: string): Promise<void> {
  const { askedBy, askedPerson } = approval;
  const makers = askedPerson === undefined ? [askedBy] : [askedBy, askedPerson];
  const since = approval.createdAt - approvalMs;
  if (!(await linkStore(trx).opened(decidedBy, { makers, since }))) return;
  throw new Fault('forbidden', 'who asked has lately handed over a link to your account', {
    remedy: 'Let somebody else decide, or ask again a day later.',
  });
}

/** Fault `not_found`. */
async function approvalOf(db: Db, id: string): Promise<Approval> {
  const approval = await approvalStore(db).get(id);
  if (approval !== undefined) return approval;
  throw new Fault('not_found', `there is no request for approval "${id}"`, {
    remedy: 'List them with `fieldloop approvals list`.',
  });
}

function approvalJson(approval: Approval, now: number): ApprovalJson {
  const { decidedAt, usedAt, expiresAt, createdAt, updatedAt, ...same } = approval;
  return {
    ...same,
    detail: { ...same.detail },
    state: stateAt(approval, now),
    ...(decidedAt === undefined ? {} : { decidedAt: instantText(decidedAt) }),
    ...(usedAt === undefined ? {} : { usedAt: instantText(usedAt) }),
    expiresAt: instantText(expiresAt),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
