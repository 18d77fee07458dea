/** Operations on rollouts: plan, start, look, and what a person may do to one. */
import { Fault } from '@fieldloop/core';
import { requireApproval } from '../auth/approval.ts';
import { authorize } from '../http/caller.ts';
import { listName, type NounDeps } from '../http/deps.ts';
import { pageFields } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { rolloutSource } from '../http/q/sources/releases.ts';
import { maxReasonLength } from '../limits.ts';
import { doVerb } from './acts.ts';
import { explainDecision, replayVerdicts } from './explain.ts';
import { metricsOf } from './document.ts';
import {
  decisionJson,
  decisionSchema,
  rolloutJson,
  rolloutSchema,
  targetJson,
  targetSchema,
  verdictJson,
  verdictSchema,
} from './json.ts';
import { planOperations } from './plan-routes.ts';
import type { RolloutVerb } from './rollout.ts';
import { rolloutFromRow } from './rows.ts';
import { shownRollout } from './shown.ts';
import { rolloutRows, rolloutStore } from './store.ts';

export const rolloutOperations = (deps: NounDeps): readonly Operation[] => [
  ...planOperations(deps),
  list(deps),
  get(deps),
  targets(deps),
  decisions(deps),
  verdicts(deps),
  explain(deps),
  ...verbOperations(deps),
];

const tag = 'rollouts';
const path = z.strictObject({ id: z.string().min(1).max(64) });
const reason = z.string().min(1).max(maxReasonLength);

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRollouts',
      tag,
      method: 'get',
      path: '/v1/rollouts',
      summary: 'Rollouts, the newest first',
      right: 'rollouts:read',
    },
    {
      query: listQuery(rolloutSource, {}),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('RolloutPage', rolloutSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listRollouts',
        source: rolloutSource,
        rows: rolloutRows(deps.read),
        items: (rows) => rows.map((row) => rolloutJson(rolloutFromRow(row))),
        schema: rolloutSchema,
      }),
  );

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getRollout',
      tag,
      method: 'get',
      path: '/v1/rollouts/{id}',
      summary: 'One rollout: stage, devices by state, how far the judge is',
      right: 'rollouts:read',
    },
    { params: path, answer: { status: 200, description: 'The rollout.', schema: rolloutSchema } },
    async ({ params }) =>
      await shownRollout(deps.read, await rolloutStore(deps.read).get(params.id), deps.clock.now()),
  );

const targetPage = z
  .object({ items: z.array(targetSchema), nextCursor: z.string().optional() })
  .openapi('RolloutTargetPage');

const targets = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRolloutTargets',
      tag,
      method: 'get',
      path: '/v1/rollouts/{id}/targets',
      summary: 'The frozen devices: arm, stage, state, and why one is out',
      right: 'rollouts:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: targetPage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const store = rolloutStore(deps.read);
      const { id, plan } = await store.get(params.id);
      const stages = plan.stages.map(({ name }) => name);
      const name = listName('listRolloutTargets', { id });
      const [after] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      return pageOf(await store.targets(id, { after, limit: limit + 1 }), limit, {
        item: (one) => targetJson(one, stages),
        cursor: ({ deviceId }) => deps.cursors.encode(name, [deviceId]),
      }) as z.infer<typeof targetPage>;
    },
  );

const decisionPage = z
  .object({ items: z.array(decisionSchema), nextCursor: z.string().optional() })
  .openapi('RolloutDecisionPage');

const decisions = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRolloutDecisions',
      tag,
      method: 'get',
      path: '/v1/rollouts/{id}/decisions',
      summary: 'Every decision with what it was made of, the oldest first',
      right: 'rollouts:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: decisionPage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const store = rolloutStore(deps.read);
      const { id } = await store.get(params.id);
      const name = listName('listRolloutDecisions', { id });
      const [after = '0'] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await store.decisions(id, { after: Number(after), limit: limit + 1 });
      return pageOf(rows, limit, {
        item: (one) => decisionJson(id, one),
        cursor: ({ seq }) => deps.cursors.encode(name, [String(seq)]),
      }) as z.infer<typeof decisionPage>;
    },
  );

const verdictPage = z
  .object({ items: z.array(verdictSchema), nextCursor: z.string().optional() })
  .openapi('RolloutVerdictPage');

const verdicts = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listRolloutVerdicts',
      tag,
      method: 'get',
      path: '/v1/rollouts/{id}/verdicts',
      summary: 'What the judge made of each interval, the oldest first',
      right: 'rollouts:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: verdictPage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const { id, plan } = await rolloutStore(deps.read).get(params.id);
      const stages = plan.stages.map(({ name: own }) => own);
      const name = listName('listRolloutVerdicts', { id });
      const [after = '0'] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const rows = await deps.read
        .selectFrom('rollout_verdict')
        .selectAll()
        .where('rollout_id', '=', id)
        .where('n', '>', BigInt(after))
        .orderBy('n')
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, {
        item: (row) => verdictJson(row, stages),
        cursor: ({ n }) => deps.cursors.encode(name, [String(n)]),
      }) as z.infer<typeof verdictPage>;
    },
  );

const explained = z
  .object({
    agrees: z.boolean(),
    decisions: z.array(
      z.object({
        seq: z.int(),
        rule: z.string(),
        action: z.string(),
        to: z.string(),
        replay: z.enum(['agrees', 'differs', 'person']),
        why: z.string().optional(),
        recorded: z.string().openapi({ description: 'Hash of its inputs and of what it decided.' }),
        reproduced: z.string().optional().openapi({
          description: 'The same hash, decided again; absent where a person decided.',
        }),
      }),
    ),
    verdicts: z.object({
      intervals: z.int(),
      firstDifferent: z
        .int()
        .optional()
        .openapi({ description: 'The first interval that differs.' }),
    }),
  })
  .openapi('RolloutExplanation');

const explain = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'explainRollout',
      tag,
      method: 'get',
      path: '/v1/rollouts/{id}/explanation',
      summary: 'Replay every decision and verdict from what was recorded',
      right: 'rollouts:read',
    },
    { params: path, answer: { status: 200, description: 'What came out.', schema: explained } },
    async ({ params }) => {
      const store = rolloutStore(deps.read);
      const { id, plan } = await store.get(params.id);
      const rows = await store.decisions(id, { limit: explainedRows });
      const found = rows.map((row) => {
        const { rule, action, to } = row;
        return { rule, action, to, ...explainDecision(row) };
      });
      const judged = await deps.read
        .selectFrom('rollout_verdict')
        .select(['n', 'counts', 'evidence', 'sha256'])
        .where('rollout_id', '=', id)
        .orderBy('n')
        .limit(explainedRows)
        .execute();
      const { alphaBp, betaBp } = plan.analysis;
      const limits = { alpha: alphaBp / 10_000, beta: betaBp / 10_000 };
      const firstDifferent = replayVerdicts(
        judged.map((row) => ({ ...row, n: Number(row.n) })),
        metricsOf(plan),
        limits,
      );
      return {
        agrees: firstDifferent === undefined && found.every(({ replay }) => replay !== 'differs'),
        decisions: found,
        verdicts: {
          intervals: judged.length,
          ...(firstDifferent === undefined ? {} : { firstDifferent }),
        },
      };
    },
  );

/** Decisions and intervals that one explanation replays. */
const explainedRows = 5000;

interface VerbDoc {
  readonly verb: Exclude<RolloutVerb, 'supersede'>;
  readonly summary: string;
  readonly description: string;
  readonly right: 'rollouts:write' | 'rollouts:approve';
}

const verbDocs: readonly VerbDoc[] = [
  {
    verb: 'pause',
    summary: 'Send it to nobody else for now',
    description: 'Robots that are at it go on.',
    right: 'rollouts:write',
  },
  {
    verb: 'resume',
    summary: 'Let it go on',
    description:
      'One that was halted takes the approval of another person, and the right rollouts:approve.',
    right: 'rollouts:write',
  },
  {
    verb: 'halt',
    summary: 'Stop it now',
    description: 'A halt wins over everything that is decided at the same time.',
    right: 'rollouts:write',
  },
  {
    verb: 'abort',
    summary: 'End it; robots go back to what they had',
    description: 'One that no robot has is cancelled.',
    right: 'rollouts:write',
  },
  {
    verb: 'rollback',
    summary: 'Take the release back from every robot of it',
    description: 'The newest stage first; who cannot be reached goes back on contact.',
    right: 'rollouts:write',
  },
  {
    verb: 'promote',
    summary: 'Decide for a rollout that is held: it goes on with the next stage',
    description: 'What the judge or a gate left open is answered by a release manager.',
    right: 'rollouts:approve',
  },
];

const verbOperations = (deps: NounDeps): readonly Operation[] =>
  verbDocs.map((doc) =>
    operation(
      {
        id: `${doc.verb}Rollout`,
        tag,
        method: 'post',
        path: `/v1/rollouts/{id}:${doc.verb}`,
        summary: doc.summary,
        description: doc.description,
        right: doc.right,
        faults: ['conflict', 'forbidden'],
      },
      {
        params: path,
        body: z.strictObject({ reason }),
        answer: { status: 200, description: 'The rollout.', schema: rolloutSchema },
      },
      async (call) =>
        await call.change(async (trx) => {
          const { caller } = call;
          if (caller === undefined) throw new Fault('unauthenticated', 'nobody asks for this');
          const rollout = await rolloutStore(trx).get(call.params.id);
          if (doc.verb === 'resume' && rollout.state === 'halted') {
            authorize(caller, 'rollouts:approve');
            const { id, release, state } = rollout;
            const detail = { release, state, why: rollout.reason ?? '' };
            const why = call.body.reason;
            const wanted = { action: 'rollout.resume', subject: id, reason: why, detail };
            await requireApproval(trx, call, wanted, deps);
          }
          const by = { actor: caller.id, reason: call.body.reason, at: deps.clock.now() };
          const changed = await doVerb(trx, rollout, doc.verb, by);
          await call.audit(trx, {
            action: `rollout.${doc.verb}`,
            subject: rollout.id,
            before: { state: rollout.state },
            after: { state: changed.state },
            detail: { reason: call.body.reason },
          });
          return await shownRollout(trx, changed, by.at);
        }),
    ),
  );
