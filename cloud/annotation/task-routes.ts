/** Tasks as engineers see them: opened, listed, taken back, with every word that was said. */
import { Fault } from '@fieldloop/core';
import { maxOpenedTasks } from '../annotation-limits.ts';
import { listName, type NounDeps } from '../http/deps.ts';
import { nsField, pageFields } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { taskSource } from '../http/q/sources/tasks.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import { openTasks, voidTask, voidTasks } from '../store/task-queue.ts';
import { checkValue } from './annotation.ts';
import { annotationJson, annotationSchema, taskJson, taskSchema, valueSchema } from './json.ts';
import type { Ontology } from './ontology.ts';
import { ontologyStore } from './ontology-store.ts';
import { demandLive, taskStates, type TaskType, taskTypes } from './task.ts';
import { taskOfRow, taskRows, taskStore } from './task-store.ts';

const tag = 'tasks';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const idField = z.string().min(1).max(64);
const reasonField = z.string().min(1).max(maxReasonLength);
const batchField = z
  .string()
  .regex(/^[\w./:-]{1,128}$/, 'is not a batch: use up to 128 of A-z, 0-9 and _ . / : -')
  .openapi({ example: 'near-misses' });

export const taskOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  create(deps),
  get(deps),
  history(deps),
  take(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTasks',
      tag,
      method: 'get',
      path: '/v1/tasks',
      summary: 'Tasks, the newest first',
      right: 'annotations:read',
    },
    {
      query: listQuery(taskSource, { state: z.enum(taskStates).optional() }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('TaskPage', taskSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listTasks',
        source: taskSource,
        rows: taskRows(deps.read),
        // Gold questions are nobody's to look at: they would not be unmarked.
        where: () => [sql<boolean>`task.gold_id is null`],
        schema: taskSchema,
        is: { state: query.state },
        items: (rows) => rows.map((row) => taskJson(taskOfRow(row))),
      }),
  );

const openedSchema = z
  .object({
    opened: z.array(z.string()),
    known: z.array(z.string()).openapi({ description: 'Of this batch already.' }),
    accepted: z.array(z.string()).openapi({
      description: 'Labels that were taken from a trusted machine: nobody is asked.',
    }),
    refused: z.array(z.object({ n: z.int(), clipId: z.string(), why: z.string() })),
  })
  .openapi('OpenedTasks');

const momentField = z.strictObject({
  clip: idField,
  topic: z.string().min(1).max(256),
  startNs: nsField,
  endNs: nsField.optional().openapi({ description: 'Absent: an instant.' }),
  unit: idField.optional(),
  choice: idField.optional(),
  failure: idField.optional(),
  prefill: valueSchema.optional().openapi({ description: 'A proposal for the first to answer.' }),
});

const create = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'createTasks',
      tag,
      method: 'post',
      path: '/v1/tasks',
      summary: 'Ask people about moments of clips',
      description:
        'The same batch again opens nothing twice. Clips that are not here, or that nobody may see, are refused one by one.',
      right: 'annotations:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        batch: batchField,
        ontology: idField.openapi({ description: 'Its name, or the hash of a version.' }),
        type: z.enum(taskTypes),
        priority: z.number().min(0).max(200).default(0),
        moments: z.array(momentField).min(1).max(maxOpenedTasks),
      }),
      answer: { status: 201, description: 'What came of it.', schema: openedSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { batch, type, priority, moments } = call.body;
        const ontology = await ontologyStore(trx).demand(call.body.ontology, '/body/ontology');
        const tasks = moments.map((moment, n) => {
          const startNs = BigInt(moment.startNs);
          const endNs = moment.endNs === undefined ? startNs : BigInt(moment.endNs);
          const asked = { type, startNs, endNs };
          checkPrefill(moment.prefill, { asked, ontology, n });
          return {
            batch,
            type,
            priority,
            ontologySha256: ontology.sha256,
            clipId: moment.clip,
            topic: moment.topic,
            startNs,
            endNs,
            unitId: moment.unit,
            choiceId: moment.choice,
            failureId: moment.failure,
            prefill: moment.prefill,
          };
        });
        const done = await openTasks(trx, tasks, { ids: deps.ids, at: deps.clock.now() });
        const after = { opened: done.opened.length, refused: done.refused.length, type };
        await call.audit(trx, { action: 'task.open', subject: batch, after });
        return {
          opened: [...done.opened],
          known: [...done.known],
          accepted: [...done.accepted],
          refused: done.refused.map((one) => ({ ...one })),
        };
      }),
  );

function checkPrefill(
  prefill: z.infer<typeof valueSchema> | undefined,
  of: {
    readonly asked: { readonly type: TaskType; readonly startNs: bigint; readonly endNs: bigint };
    readonly ontology: Ontology;
    readonly n: number;
  },
): void {
  if (prefill === undefined) return;
  const { asked, ontology, n } = of;
  checkValue(prefill, { asked, ontology, place: `/body/moments/${n}/prefill` });
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getTask',
      tag,
      method: 'get',
      path: '/v1/tasks/{id}',
      summary: 'One task, and where it stands',
      right: 'annotations:read',
    },
    { params, answer: { status: 200, description: 'The task.', schema: taskSchema } },
    async (call) => taskJson(await taskStore(deps.read).demand(call.params.id)),
  );

const historyPage = z
  .object({ items: z.array(annotationSchema), nextCursor: z.string().optional() })
  .openapi('TaskHistoryPage');

type HistoryPage = z.infer<typeof historyPage>;

const history = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listTaskHistory',
      tag,
      method: 'get',
      path: '/v1/tasks/{id}/history',
      summary: 'Every word that was said of a task: who, when, before, and how long it took',
      right: 'annotations:read',
    },
    {
      params,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: historyPage },
    },
    async ({ params: { id }, query: { limit, cursor } }) => {
      await taskStore(deps.read).demand(id);
      const name = listName('listTaskHistory', { id });
      const [n = '0'] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await deps.read
        .selectFrom('annotation')
        .selectAll()
        .where('task_id', '=', id)
        .where('n', '>', BigInt(n))
        .orderBy('n')
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, {
        item: annotationJson,
        cursor: (last) => deps.cursors.encode(name, [String(last.n)]),
      }) as HistoryPage;
    },
  );

const takenSchema = z.object({ tasks: z.int() }).openapi('VoidTasks');

const take = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'voidTasks',
      tag,
      method: 'post',
      path: '/v1/tasks:void',
      summary: 'Ask nobody any more: one task, or what is open of a batch',
      description: 'Labels that are there stay.',
      right: 'annotations:write',
      faults: ['conflict', 'not_found'],
    },
    {
      body: z.strictObject({
        batch: batchField.optional(),
        task: idField.optional(),
        reason: reasonField,
      }),
      answer: { status: 200, description: 'How many.', schema: takenSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { batch, task, reason } = call.body;
        const why = { reason, by: call.caller?.userId ?? call.caller?.id ?? 'system' };
        if ((batch === undefined) === (task === undefined)) {
          throw new Fault('invalid', 'this names neither one task nor one batch', {
            place: '/body',
            remedy: 'Send either task or batch.',
          });
        }
        const tasks =
          batch === undefined
            ? await voidOne(trx, task ?? '', { why, deps })
            : await voidTasks(trx, batch, why, { ids: deps.ids, at: deps.clock.now() });
        const subject = batch ?? task ?? '';
        await call.audit(trx, { action: 'task.void', subject, detail: { reason, tasks } });
        return { tasks };
      }),
  );

async function voidOne(
  trx: Db,
  id: string,
  of: {
    readonly why: { readonly reason: string; readonly by: string };
    readonly deps: NounDeps;
  },
): Promise<number> {
  const { state } = await taskStore(trx).demand(id);
  demandLive({ id, state });
  const row = await taskStore(trx).demandRow(id);
  const { ids, clock } = of.deps;
  await voidTask(trx, row, of.why, { ids, at: clock.now() });
  return 1;
}
