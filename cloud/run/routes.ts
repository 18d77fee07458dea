/** Runs of workflows: what goes on, one history each, and where a person steers. */
import { Fault, type Json, type RandomBytes } from '@fieldloop/core';
import type { BlobStore } from '../blob/blob.ts';
import type { NounDeps } from '../http/deps.ts';
import { listAnswer, type Listing, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { runSource } from '../http/q/sources/runs.ts';
import { startRun } from '../store/run-queue.ts';
import { explainRun } from '../workflows/kit/explain.ts';
import { workflows } from '../workflows/list.ts';
import {
  runDetailJson,
  runDetailSchema,
  type RunJson,
  runJson,
  runSchema,
  stepJson,
  stepSchema,
} from './json.ts';
import { runStates } from './run.ts';
import { runStore } from './store.ts';
import { triggerOperations } from './trigger-routes.ts';
import { runVerbs } from './verbs.ts';

export type { RunJson } from './json.ts';
export type RunPage = Listing<RunJson>;

export interface RunDeps extends NounDeps {
  readonly bytes: BlobStore;
  readonly randomBytes: RandomBytes;
}

const tag = 'runs';
const path = z.strictObject({ id: z.string().min(1).max(64) });

export const runOperations = (deps: RunDeps): readonly Operation[] => [
  list(deps),
  start(deps),
  get(deps),
  history(deps),
  explain(deps),
  ...runVerbs(deps),
  ...triggerOperations(deps),
];

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRuns',
      tag,
      method: 'get',
      path: '/v1/runs',
      summary: 'Runs of workflows, the newest first',
      right: 'runs:read',
    },
    {
      query: listQuery(runSource, {
        state: z.enum(runStates).optional(),
        workflow: z.string().min(1).max(64).optional(),
      }),
      answer: { status: 200, description: 'One page.', schema: listAnswer('RunPage', runSchema) },
    },
    async ({ query }) => {
      const { state, workflow } = query;
      return await listPage(deps, query, {
        operation: 'listRuns',
        source: runSource,
        rows: deps.read.selectFrom('run').select('run.id'),
        is: { state, workflow },
        items: async (rows) => {
          const store = runStore(deps.read);
          const runs = await Promise.all(rows.map(async (row) => await store.demand(row.id)));
          return runs.map(runJson);
        },
        schema: runSchema,
      });
    },
  );

const start = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'startRun',
      tag,
      method: 'post',
      path: '/v1/runs',
      summary: 'Start a workflow',
      description: 'With an Idempotency-Key, asking twice starts one.',
      right: 'runs:write',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        workflow: z.string().min(1).max(64).openapi({ example: 'data-to-training' }),
        subject: z.string().min(1).max(128).openapi({ description: 'What it is about.' }),
        input: z.unknown().openapi({ description: 'As the workflow takes it.' }),
      }),
      answer: { status: 201, description: 'The run.', schema: runDetailSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { workflow: name, subject, input } = call.body;
        const known = workflows.filter((one) => one.name === name);
        const workflow = known.toSorted((a, b) => b.version - a.version)[0];
        if (workflow === undefined) {
          throw new Fault('not_found', `there is no workflow "${name.slice(0, 64)}"`, {
            place: '/body/workflow',
            remedy: `Use one of ${[...new Set(workflows.map((one) => one.name))].join(', ')}.`,
          });
        }
        const id = await startRun(trx, {
          id: deps.ids.ulid('run'),
          workflow: workflow.name,
          workflowVersion: workflow.version,
          subject,
          input: workflow.check((input ?? null) as Json),
          actor: call.caller?.userId ?? call.caller?.id ?? 'nobody',
          at: deps.clock.now(),
        });
        await call.audit(trx, { action: 'run.start', subject: id, detail: { workflow: name } });
        return runDetailJson(await runStore(trx).demand(id));
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getRun',
      tag,
      method: 'get',
      path: '/v1/runs/{id}',
      summary: 'One run, with its input and its outcome',
      right: 'runs:read',
    },
    { params: path, answer: { status: 200, description: 'The run.', schema: runDetailSchema } },
    async ({ params }) => runDetailJson(await runStore(deps.read).demand(params.id)),
  );

const historySchema = z
  .object({ run: runSchema, steps: z.array(stepSchema), children: z.array(runSchema) })
  .openapi('RunHistory');

const history = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getRunHistory',
      tag,
      method: 'get',
      path: '/v1/runs/{id}/history',
      summary: 'What a run did, step by step, and the runs that it started',
      right: 'runs:read',
    },
    { params: path, answer: { status: 200, description: 'Its steps.', schema: historySchema } },
    async ({ params }) => {
      const store = runStore(deps.read);
      const run = await store.demand(params.id);
      const steps = await store.steps(run.id);
      const children = await store.children(run.id);
      return { run: runJson(run), steps: steps.map(stepJson), children: children.map(runJson) };
    },
  );

const explanationSchema = z
  .object({
    agrees: z.boolean().openapi({ description: 'The replay comes to where the run stands.' }),
    path: z.array(z.string()).openapi({ description: 'Steps in the order they were asked for.' }),
    lastStep: z.string().optional(),
    outcome: z.unknown().optional(),
    why: z.string().optional(),
  })
  .openapi('RunExplanation');

const explain = (deps: RunDeps): Operation =>
  operation(
    {
      id: 'explainRun',
      tag,
      method: 'get',
      path: '/v1/runs/{id}/explanation',
      summary: 'Replay a run on what it recorded',
      description: 'Touches nothing. The body must come to where the run stands.',
      right: 'runs:read',
    },
    {
      params: path,
      answer: { status: 200, description: 'What the replay did.', schema: explanationSchema },
    },
    async ({ params }) => {
      const run = await runStore(deps.read).demand(params.id);
      const { path: steps, ...rest } = await explainRun({ ...deps, workflows }, run.id);
      return { path: [...steps], ...rest };
    },
  );
