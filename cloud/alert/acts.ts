/** What people do to alerts: acknowledge, resolve, assign. Runs in the caller's transaction. */
import { Fault } from '@fieldloop/core';
import { maxBulkItems } from '../limits.ts';
import { compileTree } from '../http/q/compile.ts';
import { queryTree } from '../http/q/filter.ts';
import { lookedUp } from '../http/q/looked-up.ts';
import { alertSource } from '../http/q/sources/alerts.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Alert } from './alert.ts';
import { alertRows, alertStore } from './alert-store.ts';
import { lifeOf } from './plan.ts';
import { acknowledge, resolve } from './step.ts';

export interface Act {
  readonly verb: 'acknowledge' | 'resolve' | 'assign';
  readonly note?: string | undefined;
  /** Who takes care of it; null for nobody. */
  readonly to?: string | null | undefined;
}

export interface Actor {
  readonly by: string;
  readonly now: number;
}

/** Fault `not_found` with what to do. */
export async function demandAlert(db: Db, id: string): Promise<Alert> {
  const alert = await alertStore(db).get(id);
  if (alert !== undefined) return alert;
  throw new Fault('not_found', `there is no alert "${id}"`, {
    remedy: 'List the alerts with `fieldloop alerts list`.',
  });
}

const past = { acknowledge: 'acknowledged', resolve: 'resolved', assign: 'assigned' } as const;

/** Fault `conflict` where the alert is past it. Doing the same again changes nothing. */
export async function actOn(trx: Db, id: string, act: Act, actor: Actor): Promise<Alert> {
  const alert = await demandAlert(trx, id);
  if (act.verb === 'assign') return await assign(trx, alert, act, actor);
  if (alert.state === past[act.verb]) return alert;
  const { by, now } = actor;
  const done = (act.verb === 'acknowledge' ? acknowledge : resolve)(
    lifeOf(alert),
    by,
    act.note,
    now,
  );
  if (done === undefined) {
    throw new Fault('conflict', `the alert is ${alert.state}`, {
      place: '/path/id',
      remedy: 'Only a pending or firing alert can be acknowledged.',
    });
  }
  const [life, entries] = done;
  await alertStore(trx).change(alert, { life, note: act.note }, now);
  await alertStore(trx).tell(id, entries);
  await tell(trx, alert, act, actor);
  return await demandAlert(trx, id);
}

async function assign(trx: Db, alert: Alert, act: Act, actor: Actor): Promise<Alert> {
  const to = act.to ?? null;
  if ((alert.assignee ?? null) === to) return alert;
  await alertStore(trx).change(alert, { assignee: to, note: act.note }, actor.now);
  const detail = { to: to ?? '' };
  await alertStore(trx).tell(alert.id, [
    { at: actor.now, kind: 'assigned', by: actor.by, note: act.note, detail },
  ]);
  await tell(trx, alert, act, actor);
  return await demandAlert(trx, alert.id);
}

async function tell(trx: Db, alert: Alert, act: Act, { by, now }: Actor): Promise<void> {
  const { severity, summary, device } = alert;
  const body = {
    policy: alert.policy.name,
    severity,
    summary,
    ...(device === undefined ? {} : { device }),
    by,
    ...(act.verb === 'assign' ? { to: act.to ?? null } : {}),
  };
  const kind = `alert.${past[act.verb]}` as const;
  await putOutbox(trx, { kind, subject: alert.id, at: now, body });
}

/** Ids of alerts that match and that the verb has something to do with, the oldest first. */
export async function matchingAlerts(
  db: Db,
  q: string,
  of: { readonly verb: Act['verb']; readonly now: number; readonly limit?: number },
): Promise<readonly string[]> {
  const tree = await lookedUp(db, queryTree(q, alertSource, { now: of.now, pointer: '/body/q' }));
  const states =
    of.verb === 'acknowledge' ? ['pending', 'firing'] : ['pending', 'firing', 'acknowledged'];
  const rows = await alertRows(db)
    .where(compileTree(tree))
    .where('alert.state', 'in', states)
    .orderBy('alert.id')
    .limit(of.limit ?? maxBulkItems + 1)
    .execute();
  return rows.map(({ id }) => id);
}
