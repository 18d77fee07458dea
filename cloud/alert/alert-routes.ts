import { asFault, type Json } from '@fieldloop/core';
import type { Caller } from '../http/caller.ts';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, severityField } from '../http/fields.ts';
import { bulkAnswer, type BulkAnswer, bulkFailure, bulkFields, demandOneOf } from '../http/bulk.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Call, type Operation, operation } from '../http/operation.ts';
import { alertSource } from '../http/q/sources/alerts.ts';
import { alertActsAtOnce } from '../alert-limits.ts';
import { maxBulkItems } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { sql } from '../store/kysely.ts';
import { type OperationHandler, startOperation } from '../store/operations.ts';
import { startedResponse } from '../http/long-work.ts';
import { type Act, actOn, type Actor, demandAlert, matchingAlerts } from './acts.ts';
import { alertStates } from './alert.ts';
import {
  alertJson,
  type AlertJson,
  alertSchema as schema,
  alertWithTimeline,
  entryJson,
} from './alert-json.ts';
import { alertOfRow, alertRows, alertStore } from './alert-store.ts';

export type AlertPage = Listing<AlertJson>;
export type AlertWithTimelineJson = z.infer<typeof alertWithTimeline>;

const path = z.strictObject({ id: z.string().min(1).max(64) });
const noteField = z.string().min(1).max(1000).optional().openapi({
  description: 'Why, for those who look later.',
});
const tag = 'alerts';

export const alertOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  verb(deps, {
    verb: 'acknowledge',
    id: 'acknowledgeAlert',
    summary: 'Say that it is seen: nobody is told again, and it does not escalate',
  }),
  verb(deps, {
    verb: 'resolve',
    id: 'resolveAlert',
    summary: 'Say that it is over: it fires again only after its condition was false',
  }),
  assign(deps),
  bulk(deps, {
    verb: 'acknowledge',
    id: 'acknowledgeAlerts',
    summary: 'Acknowledge the alerts that are named or match',
  }),
  bulk(deps, {
    verb: 'resolve',
    id: 'resolveAlerts',
    summary: 'Resolve the alerts that are named or match',
  }),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listAlerts',
      tag,
      method: 'get',
      path: '/v1/alerts',
      summary: 'Alerts, the newest first',
      right: 'alerts:read',
      faults: ['not_found'],
    },
    {
      query: listQuery(alertSource, {
        state: z.enum(alertStates).optional(),
        severity: severityField.optional(),
        policy: z.string().min(1).max(64).optional().openapi({ description: 'Id of a policy.' }),
        device: deviceRefField.optional(),
      }),
      answer: { status: 200, description: 'One page.', schema: listAnswer('AlertPage', schema) },
    },
    async ({ query }) => {
      const { state, severity, policy, device } = query;
      const deviceId = device === undefined ? undefined : await deviceIdOf(deps.read, device);
      return await listPage(deps, query, {
        operation: 'listAlerts',
        source: alertSource,
        rows: alertRows(deps.read),
        schema,
        narrow: () => ({
          is: { state, severity },
          where: [
            policy === undefined ? undefined : sql<boolean>`alert.policy_id = ${policy}`,
            deviceId === undefined
              ? undefined
              : sql<boolean>`(alert.device_id is not null and alert.device_id = ${deviceId})`,
          ],
        }),
        items: (rows) => rows.map((row) => alertJson(alertOfRow(row))),
      });
    },
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getAlert',
      tag,
      method: 'get',
      path: '/v1/alerts/{id}',
      summary: 'One alert with its timeline',
      right: 'alerts:read',
    },
    {
      params: path,
      answer: { status: 200, description: 'The alert.', schema: alertWithTimeline },
    },
    async ({ params }) => {
      const alert = await demandAlert(deps.read, params.id);
      const timeline = await alertStore(deps.read).timeline(alert.id);
      return { ...alertJson(alert), timeline: timeline.map(entryJson) };
    },
  );

interface Verb {
  readonly verb: 'acknowledge' | 'resolve';
  readonly id: string;
  readonly summary: string;
}

const verb = (deps: NounDeps, of: Verb): Operation =>
  operation(
    {
      id: of.id,
      tag,
      method: 'post',
      path: `/v1/alerts/{id}:${of.verb}`,
      summary: of.summary,
      right: 'alerts:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({ note: noteField }),
      answer: { status: 200, description: 'The alert.', schema },
    },
    async (call) => await acted(deps, call, { verb: of.verb, note: call.body.note }),
  );

const assign = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'assignAlert',
      tag,
      method: 'post',
      path: '/v1/alerts/{id}:assign',
      summary: 'Say who takes care of it',
      right: 'alerts:write',
    },
    {
      params: path,
      body: z.strictObject({
        to: z.string().min(1).max(64).nullable().openapi({
          description: 'Who: a name or the id of an account; null for nobody.',
        }),
        note: noteField,
      }),
      answer: { status: 200, description: 'The alert.', schema },
    },
    async (call) => await acted(deps, call, { verb: 'assign', ...call.body }),
  );

type AnyCall = Pick<Call<unknown, unknown, unknown>, 'caller' | 'change' | 'audit'>;

const actorOf = (deps: NounDeps, caller: Caller | undefined): Actor => ({
  by: caller?.id ?? 'system',
  now: deps.clock.now(),
});

async function acted(
  deps: NounDeps,
  call: AnyCall & { readonly params: { readonly id: string } },
  act: Act,
): Promise<AlertJson> {
  return await call.change(async (trx) => {
    const { id } = call.params;
    const alert = await actOn(trx, id, act, actorOf(deps, call.caller));
    await call.audit(trx, { action: `alert.${act.verb}`, subject: id, detail: detailOf(act) });
    return alertJson(alert);
  });
}

const detailOf = ({ note, to }: Act): Record<string, Json> => ({
  ...(note === undefined ? {} : { note }),
  ...(to === undefined ? {} : { to }),
});

const bulk = (deps: NounDeps, of: Verb): Operation =>
  operation(
    {
      id: of.id,
      tag,
      method: 'post',
      path: `/v1/alerts:${of.verb}`,
      summary: of.summary,
      description: `A query that matches more than ${maxBulkItems} alerts becomes an operation.`,
      right: 'alerts:write',
      statuses: { 202: 'More than a request waits for: an Operation.' },
    },
    {
      body: z.strictObject({ ...bulkFields, note: noteField }),
      answer: { status: 200, description: 'Each result.', schema: bulkAnswer },
    },
    async (call) => {
      const { q, dryRun, note } = call.body;
      demandOneOf(call.body, 'alerts');
      const act: Act = { verb: of.verb, note };
      const actor = actorOf(deps, call.caller);
      const found = { verb: of.verb, now: actor.now };
      const ids = call.body.ids ?? (await matchingAlerts(deps.read, q ?? '', found));
      if (ids.length > maxBulkItems && !dryRun)
        return await startBulk(deps, call, { q, act, actor });
      const named = [...new Set(ids)].slice(0, maxBulkItems);
      if (dryRun) return await dryRunOf(deps.read, named, act);
      return await call.change(async (trx) => await bulkOn(trx, call, { ids: named, act, actor }));
    },
  );

async function bulkOn(
  trx: Db,
  call: AnyCall,
  of: { readonly ids: readonly string[]; readonly act: Act; readonly actor: Actor },
): Promise<BulkAnswer> {
  const { ids, act, actor } = of;
  const results: BulkAnswer['results'] = [];
  let changed = 0;
  for (const id of ids) {
    try {
      const before = await demandAlert(trx, id);
      const after = await actOn(trx, id, act, actor);
      if (after.version === before.version) {
        results.push({ id, ok: true });
        continue;
      }
      await call.audit(trx, { action: `alert.${act.verb}`, subject: id, detail: detailOf(act) });
      changed += 1;
      results.push({ id, ok: true });
    } catch (error) {
      // Only what was found out by reading: nothing of this alert is written yet.
      if (asFault(error).code === 'internal') throw error;
      results.push(bulkFailure(id, error));
    }
  }
  return { results, matched: ids.length, changed, dryRun: false };
}

/** What a run would do, by reading alone. */
async function dryRunOf(read: Db, ids: readonly string[], act: Act): Promise<BulkAnswer> {
  const results: BulkAnswer['results'] = [];
  let changed = 0;
  for (const id of ids) {
    try {
      const { state } = await demandAlert(read, id);
      const open =
        act.verb === 'acknowledge'
          ? state === 'pending' || state === 'firing'
          : state !== 'resolved';
      if (open) changed += 1;
      results.push({ id, ok: true });
    } catch (error) {
      results.push(bulkFailure(id, error));
    }
  }
  return { results, matched: ids.length, changed, dryRun: true };
}

async function startBulk(
  deps: NounDeps,
  call: AnyCall,
  of: { readonly q: string | undefined; readonly act: Act; readonly actor: Actor },
): Promise<Response> {
  const { act, actor } = of;
  const q = of.q ?? '';
  const { by, now: at } = actor;
  const input = {
    q,
    now: at,
    by,
    verb: act.verb,
    ...(act.note === undefined ? {} : { note: act.note }),
  };
  return startedResponse(
    await call.change(async (trx) => {
      const kind = `alerts.${act.verb}`;
      const started = await startOperation(trx, { id: deps.ids.ulid('op'), kind, input, by, at });
      await call.audit(trx, { action: `alert.${act.verb}`, subject: started.id, detail: { q } });
      return started;
    }),
  );
}

/** Each pass takes alerts that the verb was not done to, so that a second run does the rest. */
const bulkHandler: OperationHandler = async (input, context) => {
  const { read, write, clock, signal, id } = context;
  const {
    q,
    now,
    by,
    verb: name,
    note,
  } = input as unknown as {
    readonly q: string;
    readonly now: number;
    readonly by: string;
    readonly verb: 'acknowledge' | 'resolve';
    readonly note?: string;
  };
  let changed = 0;
  for (;;) {
    signal.throwIfAborted();
    const ids = await matchingAlerts(read, q, { verb: name, now, limit: alertActsAtOnce });
    if (ids.length === 0) return { changed };
    const at = clock.now();
    await write.transaction().execute(async (trx) => {
      for (const alert of ids) {
        await actOn(trx, alert, { verb: name, note }, { by, now: at });
        const detail = { operation: id };
        const action = { action: `alert.${name}`, subject: alert, detail };
        await putAudit(trx, { at, actor: by, via: 'operation', ...action });
      }
    });
    changed += ids.length;
    context.progress(changed, undefined, 'alerts');
  }
};

export const alertOperationKinds: Readonly<Record<string, OperationHandler>> = {
  'alerts.acknowledge': bulkHandler,
  'alerts.resolve': bulkHandler,
};
