import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { deviceRefField, instantText } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { triageItemSource, triageLedgerSource } from '../http/q/sources/triage.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { explain } from './explain.ts';
import { choiceSchema, explainedJson, explanationSchema, itemJson, itemSchema } from './json.ts';
import { triagePolicyOperations } from './policy-routes.ts';
import { policyStore } from './policy-store.ts';
import { lanes, populations } from './triage.ts';
import { unitOfRow, unitStore } from './unit-store.ts';
import { triageValueOperations } from './value-routes.ts';
import { triageWindowOperations } from './window-routes.ts';

const tag = 'triage';
const path = z.strictObject({ id: z.string().min(1).max(64) });

export const triageOperations = (deps: NounDeps): readonly Operation[] => [
  items(deps),
  ledger(deps),
  explanation(deps),
  request(deps),
  ...triagePolicyOperations(deps),
  ...triageWindowOperations(deps),
  ...triageValueOperations(deps),
];

const items = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTriageItems',
      tag,
      method: 'get',
      path: '/v1/triage/items',
      summary: 'Moments that a model scored, which may be chosen for labelling',
      right: 'triage:read',
    },
    {
      query: listQuery(triageItemSource, {
        device: deviceRefField.optional(),
        clip: z.string().max(64).optional(),
        population: z.enum(populations).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TriageItemPage', itemSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTriageItems',
        source: triageItemSource,
        rows: deps.read
          .selectFrom('triage_unit')
          .innerJoin('device', 'device.id', 'triage_unit.device_id')
          .selectAll('triage_unit')
          .select('device.name as device'),
        schema: itemSchema,
        is: { device: query.device, clip: query.clip, population: query.population },
        items: async (rows) => {
          const scores = await unitStore(deps.read).scores(rows.map(({ id }) => id));
          return rows.map((row) => {
            const more = { device: row.device, scores: scores.get(row.id) ?? {} };
            return itemJson(unitOfRow(row), more);
          });
        },
      }),
  );

const ledger = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTriageLedger',
      tag,
      method: 'get',
      path: '/v1/triage/ledger',
      summary: 'Every choice for labelling, with its lane and its probability',
      right: 'triage:read',
    },
    {
      query: listQuery(triageLedgerSource, {
        lane: z.enum(lanes).optional(),
        window: z.string().max(64).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TriageLedgerPage', choiceSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTriageLedger',
        source: triageLedgerSource,
        rows: deps.read.selectFrom('triage_choice').selectAll('triage_choice'),
        schema: choiceSchema,
        is: { lane: query.lane, window: query.window },
        items: (rows) => rows.map(choiceJson),
      }),
  );

const choiceJson = (row: Row<'triage_choice'>) => ({
  id: row.id,
  unit: row.unit_id,
  clip: row.clip_id,
  window: row.window_id,
  lane: row.lane as (typeof lanes)[number],
  scorer: row.scorer,
  ...(row.scorer_sha256 === '' ? {} : { scorerSha256: row.scorer_sha256 }),
  propensity: row.propensity,
  salt: row.salt,
  reason: row.reason,
  ...(row.failure_id === null ? {} : { failure: row.failure_id }),
  ...(row.value === null ? {} : { value: row.value }),
  percentile: row.percentile,
  createdAt: instantText(Number(row.created_at)),
});

const explanation = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTriageExplanation',
      tag,
      method: 'get',
      path: '/v1/triage/explanations/{id}',
      summary: 'Why a clip or a unit was chosen for labelling, or was not',
      description: 'Lane, scores and propensity; or what suppressed it.',
      right: 'triage:read',
    },
    {
      params: path,
      answer: { status: 200, description: 'The explanation.', schema: explanationSchema },
    },
    async ({ params }) => {
      const found = await explain(deps.read, params.id);
      const names = await deviceNames(
        deps.read,
        found.units.map(({ unit }) => unit.deviceId),
      );
      return {
        ...found,
        units: found.units.map((one) => explainedJson(one, names.get(one.unit.deviceId) ?? '')),
      };
    },
  );

async function deviceNames(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('device')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

const requestSchema = z
  .object({ clip: z.string(), policy: z.string(), reason: z.string() })
  .openapi('TriageRequest');

const request = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTriageRequest',
      tag,
      method: 'post',
      path: '/v1/triage/requests',
      summary: 'Ask for the label of a clip: it goes through the named lane of the next window',
      right: 'triage:write',
      faults: ['not_found', 'conflict'],
    },
    {
      body: z.strictObject({
        clip: z.string().min(1).max(64),
        policy: z.string().min(1).max(64),
        reason: z.string().min(1).max(maxReasonLength),
      }),
      answer: { status: 201, description: 'The request.', schema: requestSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { clip, reason } = call.body;
        const policy = await policyStore(trx).demand(call.body.policy);
        const units = await unitStore(trx).ofClip(clip, 2_000);
        if (!units.some(({ model }) => model === policy.definition.model)) {
          throw new Fault('not_found', `no unit of ${policy.definition.model} is in clip ${clip}`, {
            place: '/body/clip',
            remedy: `See \`fieldloop triage explain ${clip}\`.`,
          });
        }
        const at = deps.clock.now();
        const done = await trx
          .insertInto('triage_request')
          .values({
            clip_id: clip,
            policy_id: policy.id,
            reason,
            created_by: call.caller?.id ?? 'system',
            created_at: at,
            window_id: null,
          })
          .onConflict((conflict) => conflict.columns(['clip_id', 'policy_id']).doNothing())
          .executeTakeFirst();
        if ((done.numInsertedOrUpdatedRows ?? 0n) === 0n) {
          throw new Fault('conflict', `clip ${clip} was asked for already`, {
            remedy: `See \`fieldloop triage explain ${clip}\`.`,
          });
        }
        const body = { policy: policy.name, reason };
        await putOutbox(trx, { kind: 'triage.requested', subject: clip, at, body });
        await call.audit(trx, { action: 'triage.request', subject: clip, after: call.body });
        return { clip, policy: policy.name, reason };
      }),
  );
