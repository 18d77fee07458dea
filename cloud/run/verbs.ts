/** What people do to runs, each with a reason that is kept. */
import type { NounDeps } from '../http/deps.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { Db } from '../store/db.ts';
import {
  deciderOf,
  demandAccount,
  reassignRun,
  retryRun,
  skipStep,
  type Steering,
} from '../workflows/kit/steer.ts';
import { runDetailJson, runDetailSchema } from './json.ts';
import { demandLive, type Run } from './run.ts';
import { runStore } from './store.ts';

const tag = 'runs';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const reasonField = z.string().min(1).max(2000).openapi({ description: 'Why; it is kept.' });
const answer = { status: 200, description: 'The run.', schema: runDetailSchema } as const;

interface Verb {
  readonly id: string;
  readonly verb: string;
  readonly summary: string;
  readonly description: string;
  act(trx: Db, run: Run, by: Steering & { readonly actor: string }): Promise<void>;
}

const verbs: readonly Verb[] = [
  {
    id: 'retryRun',
    verb: 'retry',
    summary: 'Try again where a run failed',
    description: 'At the step that failed, under the same key: nothing is done twice.',
    act: retryRun,
  },
  {
    id: 'skipRunStep',
    verb: 'skip',
    summary: 'Go on without the step that failed',
    description: 'Only for steps that may be left out.',
    act: skipStep,
  },
  {
    id: 'abortRun',
    verb: 'abort',
    summary: 'Stop a run and what it started',
    description: 'It takes back what it did, and ends as aborted.',
    async act(trx, run, { actor: by, reason, at }) {
      demandLive(run);
      await runStore(trx).abort(run, { by, reason, at });
    },
  },
  {
    id: 'expediteRun',
    verb: 'expedite',
    summary: 'Let a run look now, whatever it waits for',
    description: 'A wait that is not over goes on.',
    async act(trx, run, { at }) {
      demandLive(run);
      await runStore(trx).hurry(run, at);
    },
  },
];

export const runVerbs = (deps: NounDeps): readonly Operation[] => [
  ...verbs.map((verb) => steer(deps, verb)),
  reassign(deps),
];

const steer = (deps: NounDeps, of: Verb): Operation =>
  operation(
    {
      id: of.id,
      tag,
      method: 'post',
      path: `/v1/runs/{id}:${of.verb}`,
      summary: of.summary,
      description: of.description,
      right: 'runs:write',
      faults: ['forbidden', 'conflict'],
    },
    { params: path, body: z.strictObject({ reason: reasonField }), answer },
    async (call) =>
      await call.change(async (trx) => {
        const { reason } = call.body;
        const decider = deciderOf(call.caller);
        const run = await runStore(trx).demand(call.params.id);
        const actor = decider.userId ?? decider.id;
        await of.act(trx, run, { decider, actor, reason, at: deps.clock.now() });
        const { state } = run;
        const detail = { reason, state };
        await call.audit(trx, { action: `run.${of.verb}`, subject: run.id, detail });
        return runDetailJson(await runStore(trx).demand(run.id));
      }),
  );

const reassign = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'reassignRun',
      tag,
      method: 'post',
      path: '/v1/runs/{id}:reassign',
      summary: 'Ask another person first at the gate where a run waits',
      right: 'runs:write',
      faults: ['conflict'],
    },
    {
      params: path,
      body: z.strictObject({
        to: z.string().min(1).max(64).openapi({ description: 'Id of an account.' }),
        reason: reasonField,
      }),
      answer,
    },
    async (call) =>
      await call.change(async (trx) => {
        const { to, reason } = call.body;
        const run = await runStore(trx).demand(call.params.id);
        await demandAccount(trx, to);
        const { userId, id } = deciderOf(call.caller);
        await reassignRun(trx, run, { person: to, by: userId ?? id, at: deps.clock.now() });
        const detail = { to, reason };
        await call.audit(trx, { action: 'run.reassign', subject: run.id, detail });
        return runDetailJson(await runStore(trx).demand(run.id));
      }),
  );
