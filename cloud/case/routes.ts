import type { Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listName } from '../http/deps.ts';
import { deviceRefField, instantText, pageFields } from '../http/fields.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { caseProposalSource, caseSource } from '../http/q/sources/cases.ts';
import { caseOfRow, caseRows, openCase } from '../store/case-queue.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { caseStates } from './case.ts';
import {
  type CaseJson,
  caseJson,
  caseKindField,
  caseSchema,
  caseStepJson,
  caseStepSchema,
  digestsField,
  evidenceSchema,
  proposalSchema,
  sevField,
  summaryField,
} from './json.ts';
import { caseQueueOperations } from './queue-routes.ts';
import { caseStore } from './store.ts';
import { caseVerbs } from './verbs.ts';

export type { CaseJson } from './json.ts';
export type CasePage = Listing<CaseJson>;

const tag = 'cases';
const path = z.strictObject({ id: z.string().min(1).max(64) });

export const caseOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  open(deps),
  get(deps),
  history(deps),
  evidence(deps),
  ...caseVerbs(deps),
  ...caseQueueOperations(deps),
  proposals(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCases',
      tag,
      method: 'get',
      path: '/v1/cases',
      summary: 'Robots that need a person, the newest case first',
      right: 'cases:read',
    },
    {
      query: listQuery(caseSource, {
        device: z.string().min(1).max(64).optional().openapi({ description: 'Its name.' }),
        state: z.enum(caseStates).optional(),
        severity: sevField.optional(),
      }),
      answer: { status: 200, description: 'One page.', schema: listAnswer('CasePage', caseSchema) },
    },
    async ({ query }) => {
      const { device, state, severity } = query;
      return await listPage(deps, query, {
        operation: 'listCases',
        source: caseSource,
        rows: caseRows(deps.read),
        schema: caseSchema,
        is: { device, state, severity },
        items: (rows) => rows.map((row) => caseJson(caseOfRow(row))),
      });
    },
  );

const open = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'openCase',
      tag,
      method: 'post',
      path: '/v1/cases',
      summary: 'Say that a robot needs a person',
      description:
        'Joins the live case of the same device and kind when that was told of within 24 h. The workflow maintenance-escalation takes care of a new one: it holds the robot out of rollouts and draws, and asks people in tiers.',
      right: 'cases:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        device: deviceRefField,
        kind: caseKindField,
        severity: sevField.default('sev2'),
        summary: summaryField,
        subject: z.string().min(1).max(128).optional(),
        rollout: z.string().min(1).max(64).optional(),
        clip: z.string().min(1).max(64).optional(),
        wanted: digestsField.optional().openapi({
          description: 'Digest by section that the robot must report before the case can end.',
        }),
        source: z.enum(['operator', 'drift', 'alert']).default('operator'),
      }),
      answer: { status: 201, description: 'The case, new or joined.', schema: caseSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        const how = { at: deps.clock.now(), by: call.caller?.id ?? 'system' };
        const device = await deviceIdOf(trx, body.device);
        const key = `api:${deps.ids.ulid('rep')}`;
        const { id, joined } = await openCase(trx, { ...body, device, key }, how);
        const after = { ...body } as Readonly<Record<string, Json>>;
        await call.audit(trx, {
          action: joined ? 'case.join' : 'case.open',
          subject: id,
          after,
        });
        return caseJson(await caseStore(trx).demand(id));
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCase',
      tag,
      method: 'get',
      path: '/v1/cases/{id}',
      summary: 'One case',
      right: 'cases:read',
    },
    { params: path, answer: { status: 200, description: 'The case.', schema: caseSchema } },
    async ({ params }) => caseJson(await caseStore(deps.read).demand(params.id)),
  );

const historyPage = z
  .object({ items: z.array(caseStepSchema), nextCursor: z.string().optional() })
  .openapi('CaseHistoryPage');

export type CaseHistoryPage = z.infer<typeof historyPage>;

const history = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCaseHistory',
      tag,
      method: 'get',
      path: '/v1/cases/{id}/history',
      summary: 'Each step of a case: when, who and what',
      right: 'cases:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: historyPage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const cases = caseStore(deps.read);
      const { id } = await cases.demand(params.id);
      const name = listName('listCaseHistory', { id });
      const [n = '0'] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const page = { after: Number(n), limit: limit + 1 };
      return pageOf(await cases.history(id, page), limit, {
        item: caseStepJson,
        cursor: (last) => deps.cursors.encode(name, [String(last.n)]),
      }) as CaseHistoryPage;
    },
  );

const evidence = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCaseEvidence',
      tag,
      method: 'get',
      path: '/v1/cases/{id}/evidence',
      summary: 'What was kept with a case: rollout, telemetry, digests, diagnosis, clip',
      right: 'cases:read',
    },
    { params: path, answer: { status: 200, description: 'All of it.', schema: evidenceSchema } },
    async ({ params }) => {
      const cases = caseStore(deps.read);
      const { id } = await cases.demand(params.id);
      const kept = await cases.evidence(id);
      return { items: kept.map((one) => ({ ...one, at: instantText(one.at) })) };
    },
  );

const proposals = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listCaseProposals',
      tag,
      method: 'get',
      path: '/v1/caseProposals',
      summary: 'What many cases of one kind ask for together',
      description: 'Three of a kind in 30 days on two robots: more than repairs.',
      right: 'cases:read',
    },
    {
      query: listQuery(caseProposalSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('CaseProposalPage', proposalSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listCaseProposals',
        source: caseProposalSource,
        rows: deps.read.selectFrom('case_proposal').selectAll('case_proposal'),
        schema: proposalSchema,
        items: (rows) =>
          rows.map((row) => ({
            id: row.id,
            kind: row.kind,
            proposal: row.proposal as 'withdraw',
            ...(row.subject === null ? {} : { subject: row.subject }),
            cases: JSON.parse(row.cases) as string[],
            devices: Number(row.device_count),
            createdAt: instantText(Number(row.created_at)),
          })),
      }),
  );
