/**
 * The worker's part that looks at training policies, every minute and when there is news, and keeps
 * the regression set whole. Rows alone say what is left to do: a kill loses nothing.
 */
import { asFault } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { policyFacts } from '../store/policy-facts.ts';
import { failuresWithoutCase, putRegressionCase } from '../store/regression.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { dueAgainMs, policyStepMs } from '../training-limits.ts';
import { type Check, decidePolicy, type Policy, type PolicyFacts } from './policy.ts';
import { policyStore } from './policy-store.ts';
import { startTraining } from './store.ts';

export type PolicyDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** News that may change an answer. */
const newsKinds = [
  'dataset_version.ready',
  'training.done',
  'training.failed',
  'training.stopped',
  'training_policy.created',
  'training_policy.changed',
  'failure.labelled',
  'failure.in_dataset',
];

const by = 'system';

export async function openTrainingPolicies(deps: PolicyDeps): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const loop = opened.use(
    openLoop(deps, { name: 'training policies', everyMs: policyStepMs }, async () => {
      for (const id of await failuresWithoutCase(deps.read)) await caseOf(deps, id);
      for (const policy of await policyStore(deps.write).all()) await lookAtPolicy(deps, policy);
    }),
  );
  opened.use(
    await openTail(deps, { from: 'now', kinds: newsKinds }, () => {
      loop.hurry();
    }),
  );
  return opened.move();
}

/** A failure of which it is known what is right joins the regression set. */
async function caseOf({ write, ids, clock }: PolicyDeps, failure: string): Promise<void> {
  await write.transaction().execute(async (trx) => {
    await putRegressionCase(trx, failure, { ids, at: clock.now(), by });
  });
}

/** Decides in the transaction that starts: two workers never start twice. */
export async function lookAtPolicy(deps: PolicyDeps, policy: Policy): Promise<Check['outcome']> {
  const { write, clock, ids, log } = deps;
  return await write.transaction().execute(async (trx) => {
    const at = clock.now();
    const facts = await policyFacts(trx, policy, at);
    const answer = decidePolicy(policy, facts);
    const shown = { ...shownFacts(facts), cluster: answer.cluster ?? null };
    const noted = { policy: policy.id, why: answer.why, facts: shown };
    const store = policyStore(trx);
    if (answer.outcome !== 'started' || facts.version === undefined) {
      const isDue = answer.outcome === 'due';
      // What was asked for and never came is asked for again.
      const again = isDue ? { againMs: Math.max(policy.cooldownMs, dueAgainMs) } : {};
      const act = { ids, at, ...again };
      const isNew = await store.note({ ...noted, outcome: answer.outcome }, act);
      if (isDue && isNew) await tellDue(trx, policy, { why: answer.why, at });
      return answer.outcome;
    }
    const started = await begin(trx, policy, { version: facts.version, why: answer.why, at, ids });
    if (typeof started === 'string') {
      log.info('a policy started a training', { policy: policy.id, training: started });
      await store.note({ ...noted, outcome: 'started', training: started }, { ids, at });
      return 'started';
    }
    await store.note({ ...noted, outcome: 'held', why: started.why }, { ids, at });
    return 'held';
  });
}

async function begin(
  trx: Db,
  policy: Policy,
  of: {
    readonly version: string;
    readonly why: string;
    readonly at: number;
    readonly ids: PolicyDeps['ids'];
  },
): Promise<string | { readonly why: string }> {
  const { model, config, trainer, id } = policy;
  const wanted = {
    model,
    datasetVersion: of.version,
    config,
    trainer,
    policy: id,
    reason: of.why,
  };
  try {
    const { training } = await startTraining(trx, wanted, { at: of.at, by: id, ids: of.ids });
    return training.id;
  } catch (error) {
    const fault = asFault(error);
    if (!['invalid', 'conflict', 'not_found'].includes(fault.code)) throw error;
    return { why: fault.message };
  }
}

async function tellDue(
  trx: Db,
  { id, model, dataset }: Policy,
  { why, at }: { readonly why: string; readonly at: number },
): Promise<void> {
  await putOutbox(trx, { kind: 'training.due', subject: id, at, body: { model, dataset, why } });
}

/** What the answer rests on; counts that move all the time would make each row another. */
const shownFacts = (facts: PolicyFacts): Check['facts'] => ({
  version: facts.version ?? null,
  newLabels: facts.newLabels,
  auditedLow: facts.audited?.low ?? null,
  auditedUnits: facts.audited?.n ?? null,
  testedHigh: facts.tested?.high ?? null,
  drift: facts.drift ?? null,
  failures: facts.cluster?.failures ?? null,
});
