/** Annotators: what they may be given, how good they are, and the gold that shows it. */
import { Fault } from '@fieldloop/core';
import { leastGoldShare, mostGoldShare } from '../annotation-limits.ts';
import { listName, type NounDeps } from '../http/deps.ts';
import { instantField, instantText, pageFields } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { demandVersion } from '../http/version.ts';
import { maxReasonLength } from '../limits.ts';
import type { Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { askedOf, makeGold } from './acts.ts';
import { checkValue, type LabelValue } from './annotation.ts';
import { annotatorOfRow, annotatorStore } from './annotator-store.ts';
import { annotatorJson, annotatorSchema, type ValueJson, valueSchema } from './json.ts';
import { ontologyStore } from './ontology-store.ts';
import { qualityOf } from './quality.ts';
import { taskTypes, type TaskType } from './task.ts';
import { taskStore } from './task-store.ts';

const tag = 'annotators';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'The annotator.', schema: annotatorSchema } as const;
const namesField = z.array(z.string().min(1).max(64)).max(100);

export const annotatorOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  get(deps),
  update(deps),
  pause(deps),
  resume(deps),
  quality(deps),
  listGold(deps),
  createGold(deps),
  retireGold(deps),
];

const page = z
  .object({ items: z.array(annotatorSchema), nextCursor: z.string().optional() })
  .openapi('AnnotatorPage');

type AnnotatorPage = z.infer<typeof page>;

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listAnnotators',
      tag,
      method: 'get',
      path: '/v1/annotators',
      summary: 'Who answers tasks, in the order in which they began',
      right: 'annotations:read',
    },
    {
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: page },
    },
    async ({ query: { limit, cursor } }) => {
      const name = listName('listAnnotators', {});
      const [at, id] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      let rows = deps.read.selectFrom('annotator').selectAll();
      if (at !== undefined && id !== undefined) {
        rows = rows.where((of) =>
          of.or([
            of('created_at', '>', BigInt(at)),
            of.and([of('created_at', '=', BigInt(at)), of('id', '>', id)]),
          ]),
        );
      }
      const found = await rows
        .orderBy('created_at')
        .orderBy('id')
        .limit(limit + 1)
        .execute();
      return pageOf(found, limit, {
        item: (row) => annotatorJson(annotatorOfRow(row)),
        cursor: (last) => deps.cursors.encode(name, [String(last.created_at), last.id]),
      }) as AnnotatorPage;
    },
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getAnnotator',
      tag,
      method: 'get',
      path: '/v1/annotators/{id}',
      summary: 'One annotator',
      right: 'annotations:read',
    },
    { params, answer },
    async (call) => annotatorJson(await annotatorStore(deps.read).demand(call.params.id)),
  );

const update = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'updateAnnotator',
      tag,
      method: 'patch',
      path: '/v1/annotators/{id}',
      summary: 'Say what an annotator is given, and whether they decide where others cannot agree',
      right: 'annotations:write',
    },
    {
      params,
      body: z.strictObject({
        name: z.string().min(1).max(128).optional(),
        skills: namesField.optional(),
        sites: namesField.optional(),
        senior: z.boolean().optional(),
        goldShare: z.number().min(leastGoldShare).max(mostGoldShare).optional(),
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const annotators = annotatorStore(trx);
        const found = await annotators.demand(call.params.id);
        demandVersion(call, found);
        const after = await annotators.change(found, call.body, deps.clock.now());
        const before = annotatorJson(found);
        const change = { action: 'annotator.update', subject: found.id, before };
        await call.audit(trx, { ...change, after: call.body });
        return annotatorJson(after);
      }),
  );

const pause = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'pauseAnnotator',
      tag,
      method: 'post',
      path: '/v1/annotators/{id}:pause',
      summary: 'Give an annotator nothing for now',
      right: 'annotations:write',
    },
    { params, body: z.strictObject({ reason: z.string().min(1).max(maxReasonLength) }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const { reason } = call.body;
        const annotators = annotatorStore(trx);
        const found = await annotators.demand(call.params.id);
        const after = await annotators.pause(found, reason, deps.clock.now());
        await call.audit(trx, { action: 'annotator.pause', subject: found.id, detail: { reason } });
        return annotatorJson(after);
      }),
  );

const resume = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'resumeAnnotator',
      tag,
      method: 'post',
      path: '/v1/annotators/{id}:resume',
      summary: 'Give an annotator tasks again; their gold answers of before count no more',
      right: 'annotations:write',
    },
    { params, body: z.strictObject({}), answer },
    async (call) =>
      await call.change(async (trx) => {
        const annotators = annotatorStore(trx);
        const found = await annotators.demand(call.params.id);
        const after = await annotators.resume(found, deps.clock.now());
        await call.audit(trx, { action: 'annotator.resume', subject: found.id });
        return annotatorJson(after);
      }),
  );

const qualitySchema = z
  .object({
    annotator: z.string(),
    answers: z.int(),
    skips: z.int(),
    undone: z.int(),
    withdrawn: z.int().openapi({ description: 'Asked again because gold was answered wrong.' }),
    secondsMedian: z.number().optional(),
    gold: z.object({
      answered: z.int(),
      correct: z.int(),
      share: z.number().openapi({ description: 'Of the last 20; below .7 they are paused.' }),
    }),
    alpha: z.number().optional().openapi({ description: 'With those who answered the same.' }),
    alphaTasks: z.int(),
    labelled: z.int().openapi({ description: 'Answers whose task has a label.' }),
    right: z.int(),
    confusion: z.array(z.object({ label: z.string(), said: z.string(), n: z.int() })),
  })
  .openapi('AnnotatorQuality');

const quality = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getAnnotatorQuality',
      tag,
      method: 'get',
      path: '/v1/annotators/{id}/quality',
      summary: 'How good an annotator is: against labels, gold and others, and how fast',
      description: 'Over the latest 2,000 answers.',
      right: 'annotations:read',
    },
    { params, answer: { status: 200, description: 'The figures.', schema: qualitySchema } },
    async (call) => {
      const found = await annotatorStore(deps.read).demand(call.params.id);
      const { confusion, gold, ...same } = await qualityOf(deps.read, found);
      return {
        annotator: found.id,
        ...same,
        gold: { ...gold },
        confusion: confusion.map((one) => ({ ...one })),
      };
    },
  );

const goldSchema = z
  .object({
    id: z.string(),
    task: z.string().openapi({ description: 'The task that it was.' }),
    type: z.enum(taskTypes),
    ontology: z.string(),
    value: valueSchema,
    retired: z.boolean(),
    createdBy: z.string(),
    createdAt: instantField,
  })
  .openapi('GoldQuestion');

type GoldJson = z.infer<typeof goldSchema>;

const goldJson = (row: Row<'gold'>): GoldJson => ({
  id: row.id,
  task: row.task_id,
  type: row.type as TaskType,
  ontology: row.skill,
  value: JSON.parse(row.body) as ValueJson,
  retired: row.retired === 1n,
  createdBy: row.created_by,
  createdAt: instantText(Number(row.created_at)),
});

const goldPage = z
  .object({ items: z.array(goldSchema), nextCursor: z.string().optional() })
  .openapi('GoldQuestionPage');

type GoldPage = z.infer<typeof goldPage>;

const listGold = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listGoldQuestions',
      tag,
      method: 'get',
      path: '/v1/goldQuestions',
      summary: 'Tasks whose answer is known, asked again of everybody, unmarked',
      right: 'annotations:read',
    },
    {
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: goldPage },
    },
    async ({ query: { limit, cursor } }) => {
      const name = listName('listGoldQuestions', {});
      const [after] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      let rows = deps.read.selectFrom('gold').selectAll();
      if (after !== undefined) rows = rows.where('id', '<', after);
      const found = await rows
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(found, limit, {
        item: goldJson,
        cursor: (last) => deps.cursors.encode(name, [last.id]),
      }) as GoldPage;
    },
  );

const createGold = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createGoldQuestion',
      tag,
      method: 'post',
      path: '/v1/goldQuestions',
      summary: 'Ask a task again as a gold question',
      description: 'What a senior decides becomes one by itself.',
      right: 'annotations:write',
      faults: ['not_found', 'conflict'],
    },
    {
      body: z.strictObject({ task: z.string().min(1).max(64), value: valueSchema.optional() }),
      answer: { status: 201, description: 'The question.', schema: goldSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { task: id } = call.body;
        const { label } = await taskStore(trx).demand(id);
        const task = await taskStore(trx).demandRow(id);
        const known = await trx
          .selectFrom('label')
          .select('body')
          .where('id', '=', label ?? '')
          .executeTakeFirst();
        const value = call.body.value ?? (known && (JSON.parse(known.body) as LabelValue));
        if (value === undefined) {
          throw new Fault('invalid', `${id} has no label, and no value is given`, {
            place: '/body/value',
            remedy: 'Wait for its label, or say what is right.',
          });
        }
        const ontology = await ontologyStore(trx).demand(task.ontology_sha256);
        checkValue(value, { asked: askedOf(task), ontology, place: '/body/value' });
        const by = call.caller?.id ?? 'system';
        const giving = { ids: deps.ids, at: deps.clock.now() };
        if (!(await makeGold(trx, { task, value, by }, giving))) {
          throw new Fault('conflict', `${id} is a gold question already`, {
            remedy: 'List them with `fieldloop annotators gold`.',
          });
        }
        const row = await trx
          .selectFrom('gold')
          .selectAll()
          .where('task_id', '=', id)
          .executeTakeFirstOrThrow();
        await call.audit(trx, { action: 'gold.create', subject: row.id, after: { task: id } });
        return goldJson(row);
      }),
  );

const retireGold = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'retireGoldQuestion',
      tag,
      method: 'post',
      path: '/v1/goldQuestions/{id}:retire',
      summary: 'Ask a gold question no more',
      right: 'annotations:write',
    },
    {
      params,
      body: z.strictObject({}),
      answer: { status: 200, description: 'The question.', schema: goldSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { id } = call.params;
        const at = deps.clock.now();
        await trx
          .updateTable('gold')
          .set((of) => ({ retired: 1, updated_at: at, version: of('version', '+', 1n) }))
          .where('id', '=', id)
          .execute();
        const row = await trx
          .selectFrom('gold')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
        if (row === undefined) {
          throw new Fault('not_found', `there is no gold question "${id}"`, {
            remedy: 'List them with `fieldloop annotators gold`.',
          });
        }
        await putOutbox(trx, {
          kind: 'gold.retired',
          subject: id,
          at,
          body: { task: row.task_id },
        });
        await call.audit(trx, { action: 'gold.retire', subject: id });
        return goldJson(row);
      }),
  );
