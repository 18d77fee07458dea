/** What an annotator does all day: next, submit, skip, release, undo. One request a decision. */
import { Fault } from '@fieldloop/core';
import { maxHeldTasks } from '../annotation-limits.ts';
import type { Caller } from '../http/caller.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxReasonLength } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { release, skip, submit, undo } from './acts.ts';
import type { Annotator } from './annotator.ts';
import { annotatorStore } from './annotator-store.ts';
import { type GivenJson, givenJson, givenSchema } from './card.ts';
import { give, type Given, type GiveDeps } from './give.ts';
import { valueShape } from './json.ts';
import type { TaskDeps } from './media.ts';

const tag = 'tasks';
const right = 'tasks:write';
const params = z.strictObject({ id: z.string().min(1).max(64) });
const answer = { status: 200, description: 'What you hold now.', schema: givenSchema } as const;

export const workOperations = (deps: TaskDeps): readonly Operation[] => [
  next(deps),
  submitTask(deps),
  skipTask(deps),
  releaseTask(deps),
  undoTask(deps),
];

const countField = z
  .int()
  .min(0)
  .max(maxHeldTasks)
  .openapi({ description: 'Tasks to hold afterwards; a page that asks ahead takes 2 or 3.' });

const guideField = z.boolean().default(false).openapi({ description: 'With the guides to read.' });

/** The person, whichever of their keys asks: nobody is two people. */
async function annotatorOf(trx: Db, caller: Caller | undefined, at: number): Promise<Annotator> {
  if (caller === undefined)
    throw new Fault('unauthenticated', 'nobody asks', { remedy: 'Log in.' });
  const who = { id: caller.userId ?? caller.id, name: caller.name };
  return await annotatorStore(trx).ensure(who, at);
}

interface Acting {
  readonly caller: Caller | undefined;
  readonly request: Request;
  change<T>(work: (trx: Db) => Promise<T>): Promise<T>;
}

/** Does something, then gives what is next, in the one transaction of the request. */
async function actAndGive(
  deps: TaskDeps,
  call: Acting,
  of: {
    readonly count: number;
    readonly guide: boolean;
    readonly act?: (trx: Db, who: Annotator, give: GiveDeps) => Promise<void>;
  },
): Promise<GivenJson> {
  const giving = { ids: deps.ids, at: deps.clock.now() };
  const given = await call.change(async (trx): Promise<readonly Given[]> => {
    const who = await annotatorOf(trx, call.caller, giving.at);
    await of.act?.(trx, who, giving);
    if (of.count === 0 && of.act !== undefined) return [];
    const now = await annotatorStore(trx).demand(who.id);
    // Who was paused by this very answer is told so when they ask for the next one.
    if (of.act !== undefined && now.state === 'paused') return [];
    return await give(trx, now, of.count, giving);
  });
  return await givenJson(deps, given, { url: call.request.url, guide: of.guide });
}

const next = (deps: TaskDeps): Operation =>
  operation(
    {
      id: 'nextTasks',
      tag,
      method: 'post',
      path: '/v1/tasks:next',
      summary: 'What you are to answer next',
      description:
        'You hold a task for 30 minutes; who asks again gets the same ones, topped up to `count`; 0 ' +
        'shows all that you hold and takes nothing. ' +
        'Nobody sees what others said, and nobody is asked twice.',
      right,
      faults: ['limited'],
    },
    { body: z.strictObject({ count: countField.default(1), guide: guideField }), answer },
    async (call) => await actAndGive(deps, call, call.body),
  );

const submitTask = (deps: TaskDeps): Operation =>
  operation(
    {
      id: 'submitTask',
      tag,
      method: 'post',
      path: '/v1/tasks/{id}:submit',
      summary: 'Answer a task, and take the next',
      right,
      faults: ['conflict', 'limited'],
    },
    {
      params,
      body: z.strictObject({
        ...valueShape,
        seconds: z.number().min(0).max(86_400).optional().openapi({ description: 'It took you.' }),
        count: countField.default(0),
        guide: guideField,
      }),
      answer,
    },
    async (call) => {
      const { seconds, count, guide, ...value } = call.body;
      const taskId = call.params.id;
      return await actAndGive(deps, call, {
        count,
        guide,
        act: async (trx, who, giving) => {
          await submit(trx, who, { taskId, said: { value, seconds } }, giving);
          await call.audit(trx, { action: 'task.submit', subject: taskId, after: call.body });
        },
      });
    },
  );

const skipTask = (deps: TaskDeps): Operation =>
  operation(
    {
      id: 'skipTask',
      tag,
      method: 'post',
      path: '/v1/tasks/{id}:skip',
      summary: 'Say why you cannot answer a task; it is never yours again',
      right,
      faults: ['conflict', 'limited'],
    },
    {
      params,
      body: z.strictObject({
        reason: z.string().min(1).max(maxReasonLength),
        count: countField.default(0),
        guide: guideField,
      }),
      answer,
    },
    async (call) => {
      const { reason, ...rest } = call.body;
      const taskId = call.params.id;
      return await actAndGive(deps, call, {
        ...rest,
        act: async (trx, who, giving) => {
          await skip(trx, who, { taskId, reason }, giving);
          await call.audit(trx, { action: 'task.skip', subject: taskId, detail: { reason } });
        },
      });
    },
  );

const releaseTask = (deps: TaskDeps): Operation =>
  operation(
    {
      id: 'releaseTask',
      tag,
      method: 'post',
      path: '/v1/tasks/{id}:release',
      summary: 'Hand a task back, as if you had never had it',
      right,
      faults: ['conflict'],
    },
    { params, body: z.strictObject({}), answer },
    async (call) =>
      await actAndGive(deps, call, {
        count: 0,
        guide: false,
        act: async (trx, who, giving) => {
          await release(trx, who, call.params.id, giving);
          await call.audit(trx, { action: 'task.release', subject: call.params.id });
        },
      }),
  );

const undoTask = (deps: TaskDeps): Operation =>
  operation(
    {
      id: 'undoTask',
      tag,
      method: 'post',
      path: '/v1/tasks:undo',
      summary: 'Take your last answer back while its task is unresolved',
      right,
      faults: ['conflict'],
    },
    { body: z.strictObject({ guide: guideField }), answer },
    async (call) =>
      await actAndGive(deps, call, {
        count: 1,
        guide: call.body.guide,
        act: async (trx, who, giving) => {
          const { id } = await undo(trx, who, giving);
          await call.audit(trx, { action: 'task.undo', subject: id });
        },
      }),
  );
