import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText, severityField } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { queryTree } from '../http/q/filter.ts';
import { alertSource } from '../http/q/sources/alerts.ts';
import { silenceSource } from '../http/q/sources/silences.ts';
import { demandVersion } from '../http/version.ts';
import { maxSilenceMs } from '../alert-limits.ts';
import { maxQueryLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { putOutbox } from '../store/outbox.ts';
import { policyStore } from './policy-store.ts';
import { type Silence, silenceState } from './silence.ts';
import { silenceOfRow, silenceStore } from './silence-store.ts';

const schema = z
  .object({
    id: z.string().openapi({ example: 'sil_01JC0000000000000000000000' }),
    state: z.enum(['scheduled', 'active', 'expired']),
    reason: z.string(),
    policy: z.string().optional().openapi({ description: 'Id of a policy.' }),
    device: z.string().optional().openapi({ description: 'Id of a device.' }),
    severity: severityField.optional(),
    q: z.string().optional(),
    from: instantField,
    until: instantField,
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Silence');

export type SilenceJson = z.infer<typeof schema>;

const wallField = z.iso.datetime({ offset: true }).openapi({ example: '2026-01-31T12:00:00Z' });
const fields = {
  reason: z.string().min(1).max(1000),
  policy: z.string().min(1).max(64).openapi({ description: 'Name or id of a policy.' }),
  device: z.string().min(1).max(64).openapi({ description: 'Name or id of a device.' }),
  severity: severityField,
  q: z.string().min(1).max(maxQueryLength).openapi({
    description: 'Over the fields of alerts.',
    example: 'site = hall-2 and severity != critical',
  }),
  from: wallField,
  until: wallField,
};
const path = z.strictObject({ id: z.string().min(1).max(64) });
const tag = 'alerts';

export const silenceOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listSilences',
      tag,
      method: 'get',
      path: '/v1/silences',
      summary: 'Silences, past ones too',
      right: 'alerts:read',
    },
    {
      query: listQuery(silenceSource, {}),
      answer: { status: 200, description: 'One page.', schema: listAnswer('SilencePage', schema) },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listSilences',
        source: silenceSource,
        rows: deps.read.selectFrom('silence').selectAll('silence'),
        schema,
        items: (rows) => rows.map((row) => silenceJson(silenceOfRow(row), deps.clock.now())),
      }),
  );

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createSilence',
      tag,
      method: 'post',
      path: '/v1/silences',
      summary: 'Tell nobody of some alerts for a time',
      description: 'All that is given must be so of an alert. It ends by itself.',
      right: 'alerts:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        ...z.object(fields).partial().shape,
        reason: fields.reason,
        until: fields.until,
      }),
      answer: { status: 201, description: 'The silence.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const at = deps.clock.now();
        const { from, until, ...about } = call.body;
        const said = {
          ...(await aboutOf(trx, about, at)),
          reason: call.body.reason,
          from: from === undefined ? at : Date.parse(from),
          until: Date.parse(until),
        };
        checkTimes(said);
        const id = deps.ids.ulid('sil');
        const by = call.caller?.id ?? 'system';
        const made = await silenceStore(trx).create(said, { id, by, at });
        const body = { reason: made.reason };
        await putOutbox(trx, { kind: 'silence.created', subject: id, at, body });
        await call.audit(trx, { action: 'silence.create', subject: id, after: call.body });
        return silenceJson(made, at);
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getSilence',
      tag,
      method: 'get',
      path: '/v1/silences/{id}',
      summary: 'One silence',
      right: 'alerts:read',
    },
    { params: path, answer: { status: 200, description: 'The silence.', schema } },
    async ({ params }) => silenceJson(await demandSilence(deps.read, params.id), deps.clock.now()),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateSilence',
      tag,
      method: 'patch',
      path: '/v1/silences/{id}',
      summary: 'Change a silence, for example when it ends',
      right: 'alerts:write',
    },
    {
      params: path,
      body: z.strictObject({
        reason: fields.reason.optional(),
        policy: fields.policy.nullable().optional(),
        device: fields.device.nullable().optional(),
        severity: fields.severity.nullable().optional(),
        q: fields.q.nullable().optional(),
        from: wallField.optional(),
        until: wallField.optional(),
      }),
      answer: { status: 200, description: 'The silence.', schema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const found = await demandSilence(trx, call.params.id);
        demandVersion(call, found);
        const at = deps.clock.now();
        const { body } = call;
        const kept = <T>(said: T | null | undefined, was: T | undefined): T | undefined =>
          said === undefined ? was : (said ?? undefined);
        const about = {
          policy: kept(body.policy, found.policyId),
          device: kept(body.device, found.deviceId),
          severity: kept(body.severity, found.severity),
          q: kept(body.q, found.q),
        };
        const said = {
          ...(await aboutOf(trx, about, at)),
          reason: body.reason ?? found.reason,
          from: body.from === undefined ? found.from : Date.parse(body.from),
          until: body.until === undefined ? found.until : Date.parse(body.until),
        };
        checkTimes(said);
        const changed = await silenceStore(trx).change(found, said, at);
        const told = { reason: changed.reason };
        await putOutbox(trx, { kind: 'silence.changed', subject: found.id, at, body: told });
        await call.audit(trx, {
          action: 'silence.update',
          subject: found.id,
          before: silenceJson(found, at),
          after: body,
        });
        return silenceJson(changed, at);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteSilence',
      tag,
      method: 'delete',
      path: '/v1/silences/{id}',
      summary: 'End a silence; what still fires is told',
      right: 'alerts:write',
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const found = await demandSilence(trx, call.params.id);
        demandVersion(call, found);
        const at = deps.clock.now();
        await silenceStore(trx).delete(found.id);
        const body = { reason: found.reason };
        await putOutbox(trx, { kind: 'silence.deleted', subject: found.id, at, body });
        const before = silenceJson(found, at);
        await call.audit(trx, { action: 'silence.delete', subject: found.id, before });
      });
      return undefined;
    },
  );

/** Names as ids. Faults: `not_found`, and `invalid` when it would cover everything. */
async function aboutOf(
  trx: Db,
  about: {
    readonly policy?: string | undefined;
    readonly device?: string | undefined;
    readonly severity?: Silence['severity'] | undefined;
    readonly q?: string | undefined;
  },
  now: number,
) {
  const { policy, device, severity, q } = about;
  if ([policy, device, severity, q].every((one) => one === undefined)) {
    throw new Fault('invalid', 'this silence would cover every alert', {
      place: '/body',
      remedy: 'Name a policy, a device, a severity or a query; q: "state:*" means all.',
    });
  }
  if (q !== undefined) queryTree(q, alertSource, { now, pointer: '/body/q' });
  return {
    policyId: policy === undefined ? undefined : await policyId(trx, policy),
    deviceId: device === undefined ? undefined : await deviceIdOf(trx, device),
    severity,
    q,
  };
}

/** A silence may outlive its policy: an id that it holds already stays. */
async function policyId(trx: Db, idOrName: string): Promise<string> {
  const policy = await policyStore(trx).get(idOrName);
  if (policy !== undefined) return policy.id;
  if (/^pol_[0-9A-Z]{26}$/.test(idOrName)) return idOrName;
  throw new Fault('not_found', `there is no alert policy "${idOrName}"`, {
    place: '/body/policy',
    remedy: 'List the policies at /v1/alertPolicies.',
  });
}

function checkTimes({ from, until }: Pick<Silence, 'from' | 'until'>): void {
  if (until > from && until - from <= maxSilenceMs) return;
  throw new Fault('invalid', 'a silence ends after it begins, and within 90 days', {
    place: '/body/until',
    remedy: 'Give a later or an earlier end; a silence can be made longer while it runs.',
  });
}

async function demandSilence(db: Db, id: string): Promise<Silence> {
  const silence = await silenceStore(db).get(id);
  if (silence !== undefined) return silence;
  throw new Fault('not_found', `there is no silence "${id}"`, {
    remedy: 'List the silences at /v1/silences.',
  });
}

function silenceJson(silence: Silence, now: number): SilenceJson {
  const {
    policyId: policy,
    deviceId: device,
    from,
    until,
    createdAt,
    updatedAt,
    ...same
  } = silence;
  return {
    ...same,
    state: silenceState(silence, now),
    ...(policy === undefined ? {} : { policy }),
    ...(device === undefined ? {} : { device }),
    from: instantText(from),
    until: instantText(until),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
