import { Fault } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { triagePolicySource } from '../http/q/sources/triage.ts';
import { demandVersion } from '../http/version.ts';
import { findCohort, unknownCohort } from '../store/cohort-ref.ts';
import type { Db } from '../store/db.ts';
import { dryRunUnits } from '../triage-limits.ts';
import { drawOf } from './draw.ts';
import { holderStore } from './holder-store.ts';
import { policyFields, policyJson, policySchema, resultSchema } from './json.ts';
import { type Policy, policyOfRow, policyStore } from './policy-store.ts';
import { type PolicyDefinition, usualPolicy } from './triage.ts';
import { frozenOf, modelsIn, windowStore } from './window-store.ts';

const tag = 'triage';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200 as const, description: 'The policy.', schema: policySchema };
const nameField = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,62}$/, 'is not a name: use 2 to 63 of a-z, 0-9 and -')
  .openapi({ example: 'classifier-frames' });

export const triagePolicyOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  update(deps),
  remove(deps),
  dryRun(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTriagePolicies',
      tag,
      method: 'get',
      path: '/v1/triage/policies',
      summary: 'Policies: what is chosen for labelling, by which budget',
      right: 'triage:read',
    },
    {
      query: listQuery(triagePolicySource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TriagePolicyPage', policySchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTriagePolicies',
        source: triagePolicySource,
        rows: deps.read.selectFrom('triage_policy').selectAll('triage_policy'),
        schema: policySchema,
        items: (rows) => rows.map((row) => policyJson(policyOfRow(row))),
      }),
  );

const { model, ...others } = policyFields;
const definitionBody = z.strictObject(others).partial();

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTriagePolicy',
      tag,
      method: 'post',
      path: '/v1/triage/policies',
      summary: 'Choose moments of a model for labelling from now on',
      description:
        'What is left out is as usual: an hour of labels a day, .15 of it for the audit.',
      right: 'triage:write',
      faults: ['conflict', 'not_found'],
    },
    {
      body: definitionBody.extend({ name: nameField, model, enabled: z.boolean().default(true) }),
      answer: { status: 201, description: 'The policy.', schema: policySchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { name, enabled, ...given } = call.body;
        const id = deps.ids.ulid('tpo');
        const definition = { ...usualPolicy, ...whole(given), model: given.model, salt: id };
        await demandCohort(trx, definition);
        const by = call.caller?.id ?? 'system';
        const made = await policyStore(trx).create({
          id,
          name,
          enabled,
          definition,
          by,
          at: deps.clock.now(),
        });
        if (made === undefined) throw nameTaken(name);
        await call.audit(trx, { action: 'triage_policy.create', subject: id, after: call.body });
        return policyJson(made);
      }),
  );

/** Without the members that were left out. */
const whole = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

async function demandCohort(db: Db, { cohort }: Pick<PolicyDefinition, 'cohort'>): Promise<void> {
  if (cohort === undefined || (await findCohort(db, cohort)) !== undefined) return;
  throw unknownCohort(cohort);
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTriagePolicy',
      tag,
      method: 'get',
      path: '/v1/triage/policies/{id}',
      summary: 'One policy, by id or by name',
      right: 'triage:read',
    },
    { params: path, answer },
    async ({ params }) => policyJson(await policyStore(deps.read).demand(params.id)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateTriagePolicy',
      tag,
      method: 'patch',
      path: '/v1/triage/policies/{id}',
      summary: 'Change a policy; windows that are frozen keep the old one',
      right: 'triage:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject(others).partial().extend({
        cohort: policyFields.cohort.nullable(),
        duplicates: policyFields.duplicates.nullable(),
        enabled: z.boolean().optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const before = await policyStore(trx).demand(call.params.id);
        demandVersion(call, before);
        const { enabled, cohort, duplicates, ...given } = call.body;
        const definition: PolicyDefinition = {
          ...before.definition,
          ...whole(given),
          cohort: cohort === null ? undefined : (cohort ?? before.definition.cohort),
          duplicates:
            duplicates === null ? undefined : (duplicates ?? before.definition.duplicates),
        };
        await demandCohort(trx, definition);
        const change = { enabled, definition };
        const after = await policyStore(trx).change(before, change, deps.clock.now());
        await call.audit(trx, {
          action: 'triage_policy.change',
          subject: before.id,
          before: policyJson(before),
          after: policyJson(after),
        });
        return policyJson(after);
      }),
  );

const remove = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'deleteTriagePolicy',
      tag,
      method: 'delete',
      path: '/v1/triage/policies/{id}',
      summary: 'Forget a policy that drew nothing yet',
      right: 'triage:write',
      faults: ['conflict'],
    },
    { params: path, answer: { status: 204, description: 'It is gone.' } },
    async (call) => {
      await call.change(async (trx) => {
        const before = await policyStore(trx).demand(call.params.id);
        demandVersion(call, before);
        await policyStore(trx).remove(before, deps.clock.now());
        await call.audit(trx, {
          action: 'triage_policy.delete',
          subject: before.id,
          before: policyJson(before),
        });
      });
    },
  );

const dryRunSchema = z
  .object({
    policy: z.string(),
    units: z.int().openapi({ description: 'Units since the last window.' }),
    looked: z.int().openapi({ description: 'Units that this dry run looked at.' }),
    draw: resultSchema,
    examples: z.array(
      z.object({ unit: z.string(), clip: z.string(), lane: z.string(), reason: z.string() }),
    ),
  })
  .openapi('TriageDryRun');

const dryRun = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'dryRunTriagePolicy',
      tag,
      method: 'post',
      path: '/v1/triage/policies/{id}:dryRun',
      summary: 'What a window would choose now, and what its labels would cost',
      description:
        'Nothing is written. The audit of the real window has another salt, so it draws others.',
      right: 'triage:read',
    },
    {
      params: path,
      body: z.strictObject({}),
      answer: { status: 200, description: 'The draw.', schema: dryRunSchema },
    },
    async ({ params }) => {
      const policy = await policyStore(deps.read).demand(params.id);
      const window = await wouldBe(deps.read, policy, deps.clock.now());
      const drawn = await drawOf(deps.read, window, dryRunUnits);
      return {
        policy: policy.name,
        units: window.units,
        looked: Math.min(window.units, dryRunUnits),
        draw: { ...drawn.result, notes: [...drawn.result.notes] },
        examples: drawn.choices
          .slice(0, 20)
          .map(({ unit, clip, lane, reason }) => ({ unit, clip, lane, reason })),
      };
    },
  );

/** The window that would be frozen at this moment. */
async function wouldBe(db: Db, policy: Policy, now: number) {
  const last = await windowStore(db).last(policy.id);
  const definition = await frozenOf(db, policy, now);
  const range = { fromN: BigInt(last?.toN ?? 0), toN: 2n ** 50n };
  const models = await modelsIn(db, definition, range);
  const holder: Record<string, string> = {};
  for (const { sha256 } of models) holder[sha256] = await holderStore(db).of(policy.id, sha256);
  return {
    id: 'dry-run',
    policyId: policy.id,
    definition,
    salt: `${definition.salt}/dry-run/${now}`,
    fromN: Number(range.fromN),
    toN: Number(range.toN),
    asOf: now,
    holder,
    units: models.reduce((sum, { n }) => sum + n, 0),
  };
}

const nameTaken = (name: string): Fault =>
  new Fault('conflict', `there is a triage policy "${name}" already`, {
    place: '/body/name',
    remedy: 'Choose another name, or change that one.',
  });
