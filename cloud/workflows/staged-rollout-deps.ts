/** Rollouts for their workflow: each effect is one transaction under its key. */
import { type Json, sha256Hex, canonicalJson } from '@fieldloop/core';
import { gateStore } from '../gate/store.ts';
import { answerGate, doVerb, settlePlan } from '../rollout/acts.ts';
import { decide } from '../rollout/decide.ts';
import { lookAt } from '../rollout/look.ts';
import type { RolloutPlan } from '../rollout/document.ts';
import { stageSizes } from '../rollout/plan.ts';
import { isLive, type Rollout, type Target } from '../rollout/rollout.ts';
import { rolloutStore } from '../rollout/store.ts';
import { takeStep } from '../rollout/take.ts';
import { settleRules } from '../rule/settle.ts';
import { openCase } from '../store/case-queue.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import { pending, type ShownEvidence } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';
import {
  type PlanFacts,
  type RolloutDeps,
  type RolloutInput,
  rolloutStage,
  type StageDeps,
  stagedRollout,
} from './staged-rollout.ts';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock'>;

const actor = 'staged-rollout';

export const stageDeps = ({ write, clock }: Ground): StageDeps => ({
  next: async (id) => {
    const at = clock.now();
    // In the writer's turn: a reader of SQLite may be a moment behind what was just taken.
    const { inputs, rollout } = await write
      .transaction()
      .execute(async (trx) => await lookAt(trx, id, at));
    const { action } = decide(inputs);
    if (action === 'wait') return pending;
    return { action, state: rollout.state, reason: rollout.reason ?? null };
  },
  take: async (id, e) =>
    await once(
      write,
      e.key,
      async (trx) => await takeStep(trx, id, { settleRules, actor, at: clock.now() }),
    ),
  evidence: async (id) => await write.transaction().execute(async (trx) => await shown(trx, id)),
  answer: async (id, { reason, ...answer }, e) =>
    await once(write, e.key, async (trx) => {
      const by = { actor: answer.by, reason, at: clock.now() };
      return { state: (await answerGate(trx, id, answer, by)).state };
    }),
  report: async (id, reason, e) =>
    await once(write, e.key, async (trx) => ({
      cases: await reportCases(trx, id, { reason, key: e.key, at: clock.now() }),
    })),
});

export const rolloutDeps = ({ write, clock }: Ground): RolloutDeps => ({
  claim: async (id, e) =>
    await once(write, e.key, async (trx) => {
      const store = rolloutStore(trx);
      const rollout = await store.get(id);
      const isOurs = await isFor(trx, rollout.runId, e.run);
      if (isOurs) await store.setRun(id, e.run);
      return factsOf(rollout, isOurs, shapeOf(rollout.plan, await store.targets(id)));
    }),
  evidence: async (id) => await write.transaction().execute(async (trx) => await shown(trx, id)),
  settlePlan: async (id, { state, by, reason }, e) =>
    await once(write, e.key, async (trx) => {
      const done = await settlePlan(trx, id, state, { actor: by, reason, at: clock.now() });
      return { state: done.state };
    }),
  abort: async (id, { by, reason }, e) =>
    await once(write, e.key, async (trx) => {
      const at = clock.now();
      const store = rolloutStore(trx);
      const rollout = await store.get(id);
      if (isLive(rollout.state) && rollout.state !== 'rolling_back') {
        await doVerb(trx, rollout, 'abort', { actor: by, reason, at });
      }
      return { state: await allBack(trx, id, at) };
    }),
});

/** Every device in one effect: an abort waits for nobody. Who is not back follows on contact. */
async function allBack(trx: Db, id: string, at: number): Promise<Rollout['state']> {
  const store = rolloutStore(trx);
  for (;;) {
    const before = await store.get(id);
    if (before.state !== 'rolling_back') return before.state;
    const { inputs } = await lookAt(trx, id, at);
    if (decide(inputs).action === 'wait') {
      const note = {
        rule: 'aborted',
        action: 'finish',
        inputs: { pending: inputs.pending },
        actor,
        at,
      };
      const to = { state: 'rollback_incomplete', phase: 'none', endedAt: at } as const;
      await store.decided(before, to, { ...note, told: 'rollout.rollback_incomplete' });
      return 'rollback_incomplete';
    }
    await takeStep(trx, id, { settleRules, actor, at });
  }
}

/** Nobody has it, this run has it, or the run that started this one, which kept it for it. */
async function isFor(trx: Db, holder: string | undefined, run: string): Promise<boolean> {
  if (holder === undefined || holder === run) return true;
  const row = await trx
    .selectFrom('run')
    .select('parent_id')
    .where('id', '=', run)
    .executeTakeFirst();
  return row?.parent_id === holder;
}

/** How many robots get it when, as the rows were frozen. */
function shapeOf(plan: RolloutPlan, targets: readonly Target[]): Json {
  const inside = targets.filter(({ arm }) => arm !== 'excluded');
  const out = Map.groupBy(
    targets.filter(({ arm }) => arm === 'excluded'),
    ({ why = '' }) => why,
  );
  return {
    robots: inside.length,
    control: inside.filter(({ arm }) => arm === 'control').length,
    stages: stageSizes(plan, targets).map((robots, i) => ({
      name: plan.stages[i]?.name ?? '',
      robots,
    })),
    excluded: Object.fromEntries([...out].map(([why, list]) => [why, list.length])),
  };
}

const factsOf = (rollout: Rollout, isOurs: boolean, shape: Json): PlanFacts => ({
  isOurs,
  shape,
  state: rollout.state,
  release: rollout.release,
  planDigest: rollout.planDigest,
  isEmergency: rollout.urgency === 'emergency',
  authors: [rollout.createdBy, rollout.createdPerson].filter((one) => one !== undefined),
});

/** What people see at a gate: the stage as it stands, and the last verdict. */
async function shown(trx: Db, id: string): Promise<readonly ShownEvidence[]> {
  const { inputs, rollout } = await lookAt(trx, id, 0);
  const stage: Json = {
    stage: inputs.stage?.name ?? '',
    counts: { ...inputs.counts },
    stops: { ...inputs.stops },
    planDigest: rollout.planDigest,
  };
  const verdict: Json = inputs.verdict === null ? null : { ...inputs.verdict };
  return [
    { name: 'plan', digest: rollout.planDigest, link: `/v1/rollouts/${id}` },
    evidenceOf('stage', stage, `/v1/rollouts/${id}/targets`),
    evidenceOf('verdict', verdict, `/v1/rollouts/${id}/verdicts`),
  ];
}

const evidenceOf = (name: string, body: Json, link: string): ShownEvidence => ({
  name,
  digest: sha256Hex(canonicalJson(body)),
  link,
  body,
});

const mostCases = 20;

/** One for each robot that is in trouble; without one, what halted it stands in its decision. */
async function reportCases(
  trx: Db,
  id: string,
  of: { readonly reason: string; readonly key: string; readonly at: number },
): Promise<number> {
  const store = rolloutStore(trx);
  const { plan, release } = await store.get(id);
  if (plan.onRegression.case === 'none') return 0;
  const bad = (await store.targets(id)).filter(
    ({ state, attempt }) =>
      attempt > 0 &&
      (state === 'failed' || state === 'silent' || state === 'rejected' || state === 'rolled_back'),
  );
  for (const target of bad.slice(0, mostCases)) {
    const isSevere = target.state === 'silent' || target.fault?.code === 'digest_mismatch';
    await openCase(
      trx,
      {
        key: `${of.key}/${target.deviceId}`,
        device: target.deviceId,
        kind: `rollout_${target.state}`,
        severity: isSevere ? 'sev1' : plan.onRegression.case,
        source: 'rollout',
        rollout: id,
        subject: id,
        summary: `${release}: ${target.fault?.message ?? target.state} (${of.reason})`.slice(
          0,
          400,
        ),
      },
      { at: of.at, by: actor },
    );
  }
  return Math.min(bad.length, mostCases);
}

/**
 * A gate that nobody has to decide any more is withdrawn: what happened to the rollout meanwhile,
 * such as a hard stop, does not wait for it.
 */
export async function withdrawGates(
  deps: Pick<Ground, 'read' | 'write'>,
  id: string,
  at: number,
): Promise<number> {
  const rows = await deps.read
    .selectFrom('gate')
    .select('id')
    .where('subject_id', '=', id)
    .where('state', '=', 'open')
    .execute();
  if (rows.length === 0) return 0;
  return await deps.write.transaction().execute(async (trx) => {
    const { inputs, rollout } = await lookAt(trx, id, at);
    const { action, rule } = decide(inputs);
    if (rollout.state === 'waiting_approval' || action === 'ask') return 0;
    const gates = gateStore(trx);
    for (const row of rows) {
      const gate = await gates.demand(row.id);
      const reason = `the rollout is ${rollout.state}: ${rule.replaceAll('_', ' ')}`;
      if (gate.state === 'open') await gates.close(gate, { state: 'withdrawn', reason, at });
    }
    return rows.length;
  });
}

const idOf = (body: Json): RolloutInput => body as RolloutInput;

export const stagedRolloutWorkflow = workflow({
  name: 'staged-rollout',
  version: 1,
  body: stagedRollout,
  deps: rolloutDeps,
  check: idOf,
  triggers: [
    {
      name: 'rollout-planned',
      version: 1,
      on: ['rollout.planned'],
      match: async ({ subject }, read) => {
        const rollout = await rolloutStore(read).find(subject);
        // An emergency's plan was approved by its workflow, which runs it as its own child.
        if (rollout?.urgency === 'emergency' && rollout.createdPerson === undefined) {
          return { skip: 'its emergency runs it' };
        }
        return { input: { rollout: subject }, subject, key: subject };
      },
    },
    {
      name: 'rollout-taken-back',
      version: 1,
      on: ['rollout.rolling_back'],
      match: async ({ subject }, read) => {
        const rollout = await rolloutStore(read).find(subject);
        if (rollout?.runId !== undefined) return { skip: 'its run is at it' };
        return { input: { rollout: subject }, subject };
      },
    },
  ],
});

export const rolloutStageWorkflow = workflow({
  name: 'staged-rollout-stage',
  version: 1,
  body: rolloutStage,
  deps: stageDeps,
});
