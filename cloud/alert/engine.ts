/**
 * The worker's part that evaluates policies. The rows of alerts are its whole state: it may die
 * between any two transactions, and the next round goes on from what is written. One transaction
 * holds what a round does to a policy, with the messages that tell of it.
 */
import { asFault } from '@fieldloop/core';
import {
  alertHurryMs,
  alertLookMs,
  alertQueries,
  alertTickMs,
  alertTurnsAtOnce,
  maxAlertNews,
  maxTrackedAlerts,
} from '../alert-limits.ts';
import { type OutboxItem, openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import type { Alert } from './alert.ts';
import { alertStore } from './alert-store.ts';
import { type Evaluate, openRound } from './evaluate.ts';
import type { Evaluation } from './evaluation.ts';
import { type Round, turnsOf } from './plan.ts';
import type { Policy, PolicyFault } from './policy.ts';
import { policyStore } from './policy-store.ts';
import { openSilencing } from './silencing.ts';
import { silenceStore } from './silence-store.ts';
import { concernOf } from './wake.ts';
import { writeFault, writeTurns } from './write.ts';

export type EngineDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'> & {
  /** Free bytes where the cloud's objects are. */
  readonly freeBytes?: (() => Promise<number | undefined>) | undefined;
};

export async function openAlertEngine(deps: EngineDeps): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const engine = { ...deps, log: deps.log.child('alerts') };
  const { clock } = deps;
  /** What rows have come that policies may be about, since the last round. */
  let news: OutboxItem[] = [];
  let fullAtMs = Number.NEGATIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  const loop = opened.use(
    openLoop(
      { clock, log: engine.log },
      { name: 'alerts', everyMs: alertLookMs },
      async (signal) => {
        const since = clock.monotonicMs() - lastMs;
        if (since < alertHurryMs) await clock.sleep(alertHurryMs - since, signal);
        lastMs = clock.monotonicMs();
        const rows = news;
        news = [];
        const isFull = lastMs - fullAtMs >= alertTickMs;
        if (!isFull && rows.length === 0) return;
        if (isFull) fullAtMs = lastMs;
        await runRound(engine, isFull ? () => true : (policy) => concernOf(policy, rows));
      },
    ),
  );
  opened.use(
    await openTail(deps, { from: 'now' }, (rows) => {
      // A full memory of news is a round about everything.
      if (news.length > maxAlertNews) fullAtMs = Number.NEGATIVE_INFINITY;
      else news.push(...rows);
      loop.hurry();
    }),
  );
  return opened.move();
}

/** Evaluates the policies that `isAsked` names, once. */
export async function runRound(
  deps: EngineDeps,
  isAsked: (policy: Policy) => boolean = () => true,
): Promise<void> {
  const now = deps.clock.now();
  const { read, freeBytes } = deps;
  const policies = (await policyStore(read).all()).filter(isAsked);
  if (policies.length === 0) return;
  const tracked = Map.groupBy(await alertStore(read).tracked(), ({ policy }) => policy.id);
  const covering = openSilencing(await silenceStore(read).active(now), now);
  const evaluate = openRound({ read, now, freeBytes });
  await each(policies, alertQueries, async (policy) => {
    const found = await evaluated(policy, evaluate);
    await settleFault(deps, policy, found, now);
    if (!('active' in found)) return;
    await settlePolicy(deps, {
      policy,
      tracked: tracked.get(policy.id) ?? [],
      evaluation: found,
      silenceOf: (alert) => covering(policy, alert),
      now,
    });
  });
}

/** A policy that is switched off sees nothing, so its alerts come to their ends. */
async function evaluated(
  policy: Policy,
  evaluate: Evaluate,
): Promise<Evaluation | { readonly fault: ReturnType<typeof asFault> }> {
  if (!policy.enabled) return { active: [], groups: 0 };
  try {
    return await evaluate(policy);
  } catch (error) {
    return { fault: asFault(error) };
  }
}

async function settleFault(
  deps: EngineDeps,
  policy: Policy,
  found: Awaited<ReturnType<typeof evaluated>>,
  now: number,
): Promise<void> {
  if (!('fault' in found)) {
    if (policy.fault !== undefined) await noteFault(deps, policy, undefined, now);
    return;
  }
  const { code, message, remedy } = found.fault;
  if (policy.fault?.message === message) return;
  if (code === 'internal') {
    deps.log.error('a policy met a bug', { policy: policy.id, cause: found.fault.cause });
  }
  await noteFault(deps, policy, { since: policy.fault?.since ?? now, code, message, remedy }, now);
}

async function noteFault(
  { write, ids }: EngineDeps,
  policy: Policy,
  fault: PolicyFault | undefined,
  now: number,
): Promise<void> {
  await write.transaction().execute(async (trx) => {
    const fresh = await policyStore(trx).get(policy.id);
    // Somebody changed it meanwhile: the next round looks at what it is now.
    if (fresh?.version !== policy.version) return;
    await policyStore(trx).setFault(policy, fault, now);
    await writeFault({ trx, ids, policy, now }, fault);
  });
}

async function settlePolicy(deps: EngineDeps, round: Round): Promise<void> {
  const groups = turnsOf(bounded(round)).map(({ group }) => group);
  const asked = [...new Set(groups)];
  for (let at = 0; at < asked.length; at += alertTurnsAtOnce) {
    await settleGroups(deps, round, new Set(asked.slice(at, at + alertTurnsAtOnce)));
  }
}

/** Further groups than `maxTrackedAlerts` wait until others are over. */
function bounded(round: Round): Round {
  const known = new Set(round.tracked.map(({ group }) => group));
  let room = maxTrackedAlerts - known.size;
  const active = round.evaluation.active.filter(
    ({ group }) => known.has(group) || (room -= 1) >= 0,
  );
  return { ...round, evaluation: { ...round.evaluation, active } };
}

/** Looks at the rows once more inside the transaction: a person may have changed them. */
async function settleGroups(
  { write, ids }: EngineDeps,
  round: Round,
  groups: ReadonlySet<string>,
): Promise<void> {
  const { policy, now, evaluation } = round;
  await write.transaction().execute(async (trx) => {
    const fresh = await policyStore(trx).get(policy.id);
    if (fresh === undefined || fresh.version !== policy.version) return;
    const mine = ({ group }: Pick<Alert, 'group'>): boolean => groups.has(group);
    const tracked = (await alertStore(trx).tracked(policy.id)).filter(mine);
    const active = evaluation.active.filter(mine);
    const turns = turnsOf({ ...round, tracked, evaluation: { ...evaluation, active } });
    await writeTurns({ trx, ids, policy, now }, turns);
  });
}

async function each<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const run = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
}
