import type { NounDeps } from '../http/deps.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { triageValueSource } from '../http/q/sources/triage.ts';
import { measureLabels, mostLost } from '../triage-limits.ts';
import { captureValues, censusOf, rateOf } from './estimate.ts';
import { holderStore } from './holder-store.ts';
import {
  captureJson,
  censusJson,
  estimatesSchema,
  rateJson,
  valueJson,
  valueSchema,
} from './json.ts';
import { auditCounts, baselineLoss, chosenCounts, labelledChoices } from './labelled.ts';
import { type Policy, policyStore } from './policy-store.ts';
import { lanes, populations } from './triage.ts';
import { valueKinds, valueOfRow, valueStore } from './value-store.ts';
import { Fault } from '@fieldloop/core';
import { instantText } from '../http/fields.ts';

const tag = 'triage';
const path = z.strictObject({ id: z.string().min(1).max(64) });

export const triageValueOperations = (deps: NounDeps): readonly Operation[] => [
  estimates(deps),
  list(deps),
  create(deps),
];

const estimates = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTriageEstimates',
      tag,
      method: 'get',
      path: '/v1/triage/policies/{id}/estimates',
      summary: 'How often the models fail, which scorers find that, and what each lane found',
      description:
        'Failure rates are of the audit lane alone, weighted by what it was drawn with; each ' +
        'figure names its population, n and 95 % interval.',
      right: 'triage:read',
    },
    { params: path, answer: { status: 200, description: 'Figures.', schema: estimatesSchema } },
    async ({ params }) => await estimatesOf(deps, await policyStore(deps.read).demand(params.id)),
  );

async function estimatesOf({ read }: NounDeps, policy: Policy) {
  const labels = await labelledChoices(read, policy.id, { lanes, limit: measureLabels });
  const counts = await auditCounts(read, policy.id);
  const chosen = await chosenCounts(read, policy.id, measureLabels);
  const baseline = await baselineLoss(read);
  const holders = holderStore(read);
  const measured = await holders.measured(policy.id);
  const known = [...labels, ...counts, ...measured].map(({ modelSha256 }) => modelSha256);
  const models = [];
  for (const modelSha256 of [...new Set(known)].toSorted()) {
    const isOwn = (one: { readonly modelSha256: string }): boolean =>
      one.modelSha256 === modelSha256;
    const own = labels.filter(isOwn);
    const audit = own.filter(({ lane }) => lane === 'audit');
    const of = { counts: counts.filter(isOwn), baseline, mostLost };
    const inbox = rateOf('inbox', audit, of);
    models.push({
      modelSha256,
      holder: await holders.of(policy.id, modelSha256),
      failureRates: populations.map((population) => rateJson(rateOf(population, audit, of))),
      census: censusJson(censusOf(chosen.filter(isOwn), audit, inbox)),
      scorers: measured.filter(isOwn).map(scorerJson),
      captureValues: captureValues(own, policy.definition.labelSeconds).map(captureJson),
    });
  }
  const history = (await holders.history(policy.id, 100)).map((step) => ({
    modelSha256: step.modelSha256,
    scorer: step.scorer,
    event: step.event,
    why: step.why,
    createdAt: instantText(step.at),
  }));
  return { policy: policy.name, models, history };
}

type Measured = Awaited<ReturnType<ReturnType<typeof holderStore>['measured']>>[number];

const scorerJson = ({ scorer, labels, auroc, aurocLow, aurocHigh, ...lead }: Measured) => ({
  scorer,
  labels,
  ...(auroc === undefined ? {} : { auroc }),
  ...(aurocLow === undefined ? {} : { low: aurocLow }),
  ...(aurocHigh === undefined ? {} : { high: aurocHigh }),
  ...(lead.difference === undefined || lead.low === undefined || lead.high === undefined
    ? {}
    : { lead: { value: lead.difference, low: lead.low, high: lead.high, n: labels } }),
});

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTriageValues',
      tag,
      method: 'get',
      path: '/v1/triage/values',
      summary: 'The two numbers of each lane with their history: capture value, retrain value',
      right: 'triage:read',
    },
    {
      query: listQuery(triageValueSource, {
        kind: z.enum(valueKinds).optional(),
        lane: z.enum(lanes).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TriageValuePage', valueSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTriageValues',
        source: triageValueSource,
        rows: deps.read.selectFrom('triage_value').selectAll('triage_value'),
        schema: valueSchema,
        is: { kind: query.kind, lane: query.lane },
        items: (rows) => rows.map((row) => valueJson(valueOfRow(row))),
      }),
  );

/** Labels of a lane below which a training tells nothing. */
const leastLabels = 50;

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTriageValue',
      tag,
      method: 'post',
      path: '/v1/triage/values',
      summary: 'Write what the labels of a lane taught: a retrain value',
      description:
        'metric(base + m labels of the lane) - metric(base + m labels of the audit lane), on the ' +
        'frozen test. Below 50 labels it is kept without a figure. The same source is one value.',
      right: 'triage:write',
      faults: ['not_found', 'conflict'],
    },
    {
      body: z.strictObject({
        policy: z.string().min(1).max(64),
        modelSha256: z.string().regex(/^[0-9a-f]{64}$/),
        lane: z.enum(['named', 'capture', 'diversity']),
        scorer: z.string().min(1).max(64),
        datasetVersion: z.string().min(1).max(64).optional(),
        labels: z.int().min(0),
        auditLabels: z.int().min(0),
        value: z.number(),
        low: z.number(),
        high: z.number(),
        seeds: z.int().min(1),
        metric: z.string().min(1).max(64),
        source: z.string().min(1).max(200).openapi({ description: 'The run or training.' }),
      }),
      answer: { status: 201, description: 'The value.', schema: valueSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { body } = call;
        const policy = await policyStore(trx).demand(body.policy);
        const m = Math.min(body.labels, body.auditLabels);
        const figures =
          m >= leastLabels
            ? { value: body.value, low: body.low, high: body.high }
            : { withheld: `not enough labels: ${m} of ${leastLabels}` };
        const made = await valueStore(trx).put(
          {
            kind: 'retrain',
            policyId: policy.id,
            model: policy.definition.model,
            modelSha256: body.modelSha256,
            lane: body.lane,
            scorer: body.scorer,
            datasetVersion: body.datasetVersion,
            n: body.labels,
            nAudit: body.auditLabels,
            ...figures,
            detail: { seeds: body.seeds, metric: body.metric, m },
            source: `retrain ${body.source} ${body.lane} ${body.scorer}`,
            createdBy: call.caller?.id ?? 'system',
            createdAt: deps.clock.now(),
          },
          deps.ids,
        );
        if (made === undefined) {
          throw new Fault('conflict', `there is a retrain value of ${body.source} already`, {
            place: '/body/source',
            remedy: 'Read it with `fieldloop triage values`.',
          });
        }
        await call.audit(trx, { action: 'triage_value.create', subject: made.id, after: body });
        return valueJson(made);
      }),
  );
