import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { policySource } from '../http/q/sources/alert-policies.ts';
import { demandVersion } from '../http/version.ts';
import { maxPolicies, maxPreviewAlerts, maxPreviewHours } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { alertStore } from './alert-store.ts';
import { conditionText } from './condition.ts';
import { summaryOf } from './evaluation.ts';
import { checkDraft, type Policy, type PolicyDraft } from './policy.ts';
import {
  policyBody,
  policyFields,
  policyJson,
  type PolicyJson,
  policySchema as schema,
} from './policy-json.ts';
import { policiesOfRows, policyStore } from './policy-store.ts';
import { type Preview, previewOf } from './preview.ts';
import { checkRowsQuery } from './rows.ts';
import { fleetSignals, knownSeries } from './signals.ts';
import { endAlertsOf } from './write.ts';

export interface PolicyDeps extends NounDeps {
  readonly freeBytes?: (() => Promise<number | undefined>) | undefined;
}

export type PolicyPage = Listing<PolicyJson>;

const path = z.strictObject({
  id: z.string().min(1).max(64).openapi({ description: 'Name or id of a policy.' }),
});
const tag = 'alerts';

export const policyOperations = (deps: PolicyDeps): readonly Operation[] => [
  signals(),
  list(deps),
  create(deps),
  preview(deps),
  get(deps),
  update(deps),
  remove(deps),
];

const signalSchema = z
  .object({
    name: z.string(),
    of: z.enum(['device', 'fleet', 'telemetry']),
    unit: z.string(),
    windowed: z.boolean().openapi({ description: 'Whether windowS says over what it counts.' }),
    doc: z.string(),
  })
  .openapi('AlertSignal');

const signals = (): Operation =>
  operation(
    {
      id: 'getAlertSignals',
      tag,
      method: 'get',
      path: '/v1/alertSignals',
      summary: 'What the condition of a policy can measure',
      right: 'alerts:read',
    },
    {
      answer: {
        status: 200,
        description: 'Signals of the fleet, and series of the telemetry that agents send.',
        schema: z.object({ signals: z.array(signalSchema) }).openapi('AlertSignals'),
      },
    },
    () => ({
      signals: [
        ...fleetSignals,
        ...knownSeries.map(({ name, doc }) => ({
          name,
          of: 'telemetry' as const,
          unit: '',
          windowed: true,
          doc,
        })),
      ],
    }),
  );

const list = (deps: PolicyDeps): Operation =>
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

const create = (deps: PolicyDeps): Operation =>
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

const activeSchema = z.object({
  group: z.string(),
  device: z.string().optional(),
  site: z.string().optional(),
  rule: z.string().optional(),
  value: z.number(),
  summary: z.string(),
});

const previewSchema = z
  .object({
    says: z.string().openapi({ description: 'The condition in plain words.' }),
    now: z.object({
      groups: z.int().openapi({ description: 'How many were looked at.' }),
      activeCount: z.int(),
      active: z.array(activeSchema).openapi({ description: 'For whom it holds: the first ones.' }),
    }),
    past: z
      .object({
        since: instantField,
        stepS: z.int().openapi({ description: 'Seconds between the moments looked at.' }),
        fired: z.int().openapi({ description: 'How many alerts there would have been.' }),
        alerts: z.array(
          z.object({
            summary: z.string(),
            group: z.string(),
            firedAt: instantField,
            resolvedAt: instantField.optional(),
          }),
        ),
        partial: z.boolean().openapi({ description: 'Time was up: it reaches back less.' }),
      })
      .optional()
      .openapi({ description: 'Absent for a signal of which only the present is known.' }),
  })
  .openapi('AlertPolicyPreview');

const preview = (deps: PolicyDeps): Operation =>
  operation(
    {
      id: 'previewAlertPolicy',
      tag,
      method: 'post',
      path: '/v1/alertPolicies:preview',
      summary: 'For whom a policy would fire now, and how often it would have fired',
      description: 'Nothing is written and nobody is told.',
      right: 'alerts:read',
    },
    {
      body: z.strictObject({
        condition: policyFields.condition,
        forS: policyFields.forS.default(0),
        groupBy: policyFields.groupBy.default('device'),
        devices: policyFields.devices.optional(),
        hours: z.int().min(1).max(maxPreviewHours).default(24),
      }),
      answer: { status: 200, description: 'What it would do.', schema: previewSchema },
    },
    async ({ body: { hours, ...draft } }) => {
      demandSense(draft);
      const policy = previewed(draft, deps.clock.now());
      return previewJson(policy, await previewOf(deps, policy, hours));
    },
  );

function previewed(
  draft: Pick<PolicyDraft, 'condition' | 'forS' | 'groupBy' | 'devices'>,
  at: number,
): Policy {
  const { condition, forS, groupBy, devices } = draft;
  return {
    id: '',
    name: 'preview',
    enabled: true,
    condition,
    forS,
    groupBy,
    ...(devices === undefined ? {} : { devices }),
    severity: 'info',
    channels: [],
    escalateTo: [],
    createdBy: '',
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

function previewJson(policy: Policy, { now, past }: Preview): z.infer<typeof previewSchema> {
  return {
    says: conditionText(policy.condition),
    now: {
      groups: now.groups,
      activeCount: now.active.length,
      active: now.active.slice(0, maxPreviewAlerts).map((sample) => ({
        group: sample.group,
        ...(sample.device === undefined ? {} : { device: sample.device.name }),
        ...(sample.site === undefined ? {} : { site: sample.site }),
        ...(sample.rule === undefined ? {} : { rule: sample.rule }),
        value: sample.value,
        summary: summaryOf(policy.condition, sample),
      })),
    },
    ...(past === undefined
      ? {}
      : {
          past: {
            since: instantText(past.fromAt),
            stepS: past.stepS,
            fired: past.alerts.length,
            alerts: past.alerts
              .slice(-maxPreviewAlerts)
              .map(({ firedAt, resolvedAt, ...same }) => ({
                ...same,
                firedAt: instantText(firedAt),
                ...(resolvedAt === undefined ? {} : { resolvedAt: instantText(resolvedAt) }),
              })),
            partial: past.partial,
          },
        }),
  };
}

const get = (deps: PolicyDeps): Operation =>
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

const update = (deps: PolicyDeps): Operation =>
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
          before: policyJson(found) as unknown as Json,
          after: call.body as unknown as Json,
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
    ...{ name, description, enabled, condition, severity, forS, groupBy, devices },
    ...{ channels, repeatS, ackWithinS, escalateTo },
    ...said,
  };
}

const remove = (deps: PolicyDeps): Operation =>
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

/** Faults `invalid` for what does not fit together. */
function demandSense(draft: Pick<PolicyDraft, 'condition' | 'groupBy' | 'devices'>): void {
  checkDraft(draft);
  const { condition, devices } = draft;
  if (devices !== undefined) checkRowsQuery('devices', devices, '/body/devices');
  if (condition.kind === 'event' || condition.kind === 'metric') return;
  const { source, q } = condition;
  if (source !== undefined && q !== undefined) checkRowsQuery(source, q, '/body/condition/q');
}

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
