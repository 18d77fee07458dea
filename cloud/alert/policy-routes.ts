import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { policySource } from '../http/q/sources/alert-policies.ts';
import { demandVersion } from '../http/version.ts';
import { maxPolicies } from '../alert-limits.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { alertStore } from './alert-store.ts';
import { demandKnownMetric } from './known-metric.ts';
import type { Policy, PolicyDraft } from './policy.ts';
import {
  policyBody,
  policyFields,
  policyJson,
  type PolicyJson,
  policySchema as schema,
} from './policy-json.ts';
import { policiesOfRows, policyStore } from './policy-store.ts';
import { demandSense } from './sense.ts';
import { endAlertsOf } from './write.ts';

export type PolicyPage = Listing<PolicyJson>;

const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a policy.' }),
});
const tag = 'alerts';

export const policyOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listAlertPolicies',
      tag,
      method: 'get',
      path: '/v1/alertPolicies',
      summary: 'Alert policies',
      right: 'alerts:read',
    },
    {
      query: listQuery(policySource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('AlertPolicyPage', schema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listAlertPolicies',
        source: policySource,
        rows: deps.read.selectFrom('alert_policy').selectAll('alert_policy'),
        schema,
        items: async (rows) => (await policiesOfRows(deps.read, rows)).map(policyJson),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createAlertPolicy',
      tag,
      method: 'post',
      path: '/v1/alertPolicies',
      summary: 'Say when there is an alert, and who is told',
      right: 'alerts:write',
      faults: ['conflict', 'limited'],
    },
    {
      body: policyBody,
      answer: { status: 201, description: 'The policy.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        await demandFit(trx, call.body);
        await demandKnownMetric(trx, call.body.condition);
        const at = deps.clock.now();
        const id = deps.ids.ulid('pol');
        const policies = policyStore(trx);
        if ((await policies.count()) >= maxPolicies) throw tooMany();
        const by = call.caller?.id ?? 'system';
        if (!(await policies.create(call.body, { id, by, at }))) throw nameTaken(call.body.name);
        await told(trx, { kind: 'alert_policy.created', id, name: call.body.name, at });
        const after = call.body as unknown as Json;
        await call.audit(trx, { action: 'alertPolicy.create', subject: id, after });
        return policyJson(await demandPolicy(trx, id));
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getAlertPolicy',
      tag,
      method: 'get',
      path: '/v1/alertPolicies/{id}',
      summary: 'One policy',
      right: 'alerts:read',
    },
    { params: path, answer: { status: 200, description: 'The policy.', schema } },
    async ({ params }) => policyJson(await demandPolicy(deps.read, params.id)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateAlertPolicy',
      tag,
      method: 'patch',
      path: '/v1/alertPolicies/{id}',
      summary: 'Change a policy; null takes a part away',
      description:
        'Alerts of groups that it no longer sees, or of a disabled one, end by themselves.',
      right: 'alerts:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        ...z.object(policyFields).partial().shape,
        description: policyFields.description.nullable().optional(),
        devices: policyFields.devices.nullable().optional(),
        repeatS: policyFields.repeatS.nullable().optional(),
        ackWithinS: policyFields.ackWithinS.nullable().optional(),
      }),
      answer: { status: 200, description: 'The policy.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandPolicy(trx, call.params.id);
        demandVersion(call, found);
        const draft = merged(found, call.body);
        await demandFit(trx, draft);
        // A condition that is not touched may stay: its series may be of a robot that is gone.
        if (call.body.condition !== undefined) await demandKnownMetric(trx, draft.condition);
        const policies = policyStore(trx);
        const isRenamed = draft.name !== found.name;
        if (isRenamed && (await policies.get(draft.name)) !== undefined)
          throw nameTaken(draft.name);
        const at = deps.clock.now();
        await policies.change(found, draft, at);
        await told(trx, { kind: 'alert_policy.changed', id: found.id, name: draft.name, at });
        await call.audit(trx, {
          action: 'alertPolicy.update',
          subject: found.id,
          before: policyJson(found),
          after: call.body,
        });
        return policyJson(await demandPolicy(trx, found.id));
      }),
  );

type Change = {
  readonly [K in keyof PolicyDraft]?: PolicyDraft[K] | null | undefined;
};

/** The policy as it will be: what is not said stays, null goes. */
function merged(found: Policy, change: Change): PolicyDraft {
  const said = Object.fromEntries(
    Object.entries(change)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, value ?? undefined]),
  );
  const { name, description, enabled, condition, severity, forS, groupBy, devices } = found;
  const { channels, repeatS, ackWithinS, escalateTo } = found;
  return {
    name,
    description,
    enabled,
    condition,
    severity,
    forS,
    groupBy,
    devices,
    channels,
    repeatS,
    ackWithinS,
    escalateTo,
    ...said,
  };
}

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteAlertPolicy',
      tag,
      method: 'delete',
      path: '/v1/alertPolicies/{id}',
      summary: 'Delete a policy; its alerts are over',
      right: 'alerts:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const found = await demandPolicy(trx, call.params.id);
        demandVersion(call, found);
        const now = deps.clock.now();
        const by = call.caller?.id ?? 'system';
        const note = 'the policy was deleted';
        await endAlertsOf(trx, await alertStore(trx).tracked(found.id), { by, note, now });
        await policyStore(trx).delete(found.id);
        await told(trx, { kind: 'alert_policy.deleted', id: found.id, name: found.name, at: now });
        const before = policyJson(found) as unknown as Json;
        await call.audit(trx, { action: 'alertPolicy.delete', subject: found.id, before });
      });
      return undefined;
    },
  );

async function demandFit(trx: Db, draft: PolicyDraft): Promise<void> {
  demandSense(draft);
  const policies = policyStore(trx);
  for (const [name, ids] of Object.entries({
    channels: draft.channels,
    escalateTo: draft.escalateTo,
  })) {
    const unknown = await policies.unknownChannel(ids);
    if (unknown === undefined) continue;
    throw new Fault('invalid', `there is no channel "${unknown}"`, {
      place: `/body/${name}/${ids.indexOf(unknown)}`,
      remedy: 'Use ids of channels: `fieldloop channels list` shows them.',
    });
  }
}

async function demandPolicy(db: Db, idOrName: string): Promise<Policy> {
  const policy = await policyStore(db).get(idOrName);
  if (policy !== undefined) return policy;
  throw new Fault('not_found', `there is no alert policy "${idOrName}"`, {
    remedy: 'List the policies at /v1/alertPolicies.',
  });
}

async function told(
  trx: Db,
  of: {
    readonly kind: 'alert_policy.created' | 'alert_policy.changed' | 'alert_policy.deleted';
    readonly id: string;
    readonly name: string;
    readonly at: number;
  },
): Promise<void> {
  const { kind, id, name, at } = of;
  await putOutbox(trx, { kind, subject: id, at, body: { name } });
}

const nameTaken = (name: string): Fault =>
  new Fault('conflict', `there is an alert policy "${name}" already`, {
    place: '/body/name',
    remedy: 'Choose another name, or change that policy.',
  });

const tooMany = (): Fault =>
  new Fault('limited', `there are ${maxPolicies} alert policies already`, {
    remedy: 'Group one policy by device or site instead of making one for each.',
  });
