/** Writes what a round found: alerts, timelines, outbox rows and messages, in one transaction. */
import { canonicalJson, type Ids, sha256Hex } from '@fieldloop/core';
import { instantText } from '../http/fields.ts';
import { maxNoticeAlerts } from '../alert-limits.ts';
import {
  type Notification,
  notificationJson,
  type NotificationReason,
} from '../outgoing/notification.ts';
import { deliveryQueue } from '../outgoing/queue.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Alert } from './alert.ts';
import { type AlertAbout, alertStore } from './alert-store.ts';
import { conditionText } from './condition.ts';
import { compared } from './evaluation.ts';
import { bundles, entryKindOf, outboxKindOf, receiversOf, type Turn } from './plan.ts';
import type { Policy, PolicyFault } from './policy.ts';
import type { Notice } from './step.ts';

interface Write {
  readonly trx: Db;
  readonly ids: Ids;
  readonly policy: Policy;
  readonly now: number;
}

export async function writeTurns(write: Write, turns: readonly Turn[]): Promise<void> {
  const { trx, now } = write;
  const alerts = alertStore(trx);
  const idOf = new Map<Turn, string>();
  for (const turn of turns) {
    const id = turn.before?.id ?? write.ids.ulid('alr');
    idOf.set(turn, id);
    if (turn.before === undefined)
      await alerts.create(aboutOf(turn, id, write.policy), lived(turn), now);
    else if (turn.life === undefined) await alerts.remove(id);
    else await alerts.change(turn.before, { life: turn.life, ...numbersOf(turn) }, now);
    if (turn.life !== undefined) await alerts.tell(id, turn.entries);
    await tellOutbox(write, turn, id);
  }
  for (const { notice, turns: of } of bundles(turns).values()) {
    const told = of.map((turn) => ({ turn, id: idOf.get(turn) ?? '' }));
    const deliveries = await putNotice(write, notice, told);
    const channels = receiversOf(write.policy, notice);
    // A policy without channels is for those who look: its timelines tell of nobody.
    if (channels.length === 0) continue;
    const detail = { reason: notice.reason, channels, deliveries };
    for (const { id } of told) {
      await alerts.tell(id, [{ at: now, kind: entryKindOf(notice.reason), detail }]);
    }
  }
}

function lived(turn: Turn): NonNullable<Turn['life']> {
  if (turn.life === undefined) throw new TypeError('an alert begins without a life');
  return turn.life;
}

const numbersOf = ({ value, summary }: Turn) => ({
  summary,
  ...(value === undefined ? {} : { value }),
});

const aboutOf = (turn: Turn, id: string, policy: Policy): AlertAbout => ({
  id,
  policy,
  group: turn.group,
  deviceId: turn.sample?.device?.id,
  site: turn.sample?.site,
  rule: turn.sample?.rule,
  severity: policy.severity,
  ...numbersOf(turn),
  ...compared(policy.condition),
});

async function tellOutbox({ trx, policy, now }: Write, turn: Turn, id: string): Promise<void> {
  const kind = outboxKindOf(turn);
  if (kind === undefined) return;
  const device = turn.sample?.device?.name ?? turn.before?.device;
  const body = {
    policy: policy.name,
    severity: policy.severity,
    summary: turn.summary,
    ...(device === undefined ? {} : { device }),
    ...(turn.value === undefined ? {} : { value: turn.value }),
  };
  await putOutbox(trx, { kind, subject: id, at: now, body });
}

interface ToldAlert {
  readonly turn: Turn;
  readonly id: string;
}

/** One message for each channel; its key is the same when the same round runs again. */
async function putNotice(
  write: Write,
  notice: Notice,
  told: readonly ToldAlert[],
): Promise<readonly string[]> {
  const { policy, now } = write;
  const notification = notificationOf(policy, notice.reason, {
    now,
    total: told.length,
    alerts: told.slice(0, maxNoticeAlerts).map(toldOf),
  });
  const versions = told.map(({ turn, id }) => `${id} ${(turn.before?.version ?? 0) + 1}`);
  const [only] = told;
  return await putNotification(write, {
    notification,
    channels: receiversOf(policy, notice),
    key: sha256Hex(canonicalJson([notice.reason, ...versions])),
    subject: told.length === 1 && only !== undefined ? only.id : policy.id,
  });
}

const toldOf = ({ turn, id }: ToldAlert): Notification['alerts'][number] => {
  const { life, sample, before } = turn;
  return {
    id,
    state: life?.state ?? 'resolved',
    summary: turn.summary,
    device: sample?.device?.name ?? before?.device,
    site: sample?.site ?? before?.site,
    rule: sample?.rule ?? before?.rule,
    value: turn.value,
    threshold: before?.threshold,
    since: instantText(life?.pendingAt ?? 0),
    resolvedAt: life?.resolvedAt === undefined ? undefined : instantText(life.resolvedAt),
    flaps: life?.flaps,
    note: before?.note,
  };
};

const notificationOf = (
  policy: Policy,
  reason: NotificationReason,
  of: { readonly now: number; readonly total: number; readonly alerts: Notification['alerts'] },
): Notification => ({
  reason,
  at: instantText(of.now),
  severity: policy.severity,
  policy: { id: policy.id, name: policy.name },
  condition: conditionText(policy.condition),
  alerts: of.alerts.map((alert) => ({ ...alert, ...compared(policy.condition) })),
  total: of.total,
});

async function putNotification(
  { trx, ids, now }: Write,
  of: {
    readonly notification: Notification;
    readonly channels: readonly string[];
    readonly key: string;
    readonly subject: string;
  },
): Promise<readonly string[]> {
  const deliveries = of.channels.map((id) => ({
    id: ids.ulid('dlv'),
    target: { kind: 'channel' as const, id },
    key: of.key,
    kind: 'notification',
    subject: of.subject,
    body: notificationJson(of.notification),
    at: now,
  }));
  await deliveryQueue(trx).put(deliveries);
  return deliveries.map(({ id }) => id);
}

/** A policy that cannot be evaluated, or can again, is told like an alert. */
export async function writeFault(write: Write, fault: PolicyFault | undefined): Promise<void> {
  const { trx, policy, now } = write;
  const kind = fault === undefined ? 'alert_policy.recovered' : 'alert_policy.faulty';
  const body = { name: policy.name, ...(fault === undefined ? {} : { why: fault.message }) };
  await putOutbox(trx, { kind, subject: policy.id, at: now, body });
  if (fault === undefined) return;
  const told = notificationOf(policy, 'policy_faulty', { now, total: 0, alerts: [] });
  await putNotification(write, {
    notification: { ...told, problem: [fault.message, fault.remedy ?? ''].join('. ').trim() },
    channels: policy.channels,
    key: sha256Hex(`faulty ${policy.id} ${fault.since}`),
    subject: policy.id,
  });
}

/** Ends every alert of a policy that goes away. */
export async function endAlertsOf(
  trx: Db,
  alerts: readonly Alert[],
  end: { readonly by: string; readonly note: string; readonly now: number },
): Promise<void> {
  const store = alertStore(trx);
  for (const alert of alerts) {
    const { state, resolvedAt, resolvedBy } = alert;
    const isOver = state === 'resolved';
    await store.change(
      alert,
      {
        life: {
          ...alert,
          state: 'resolved',
          tracked: false,
          resolveTold: true,
          resolvedAt: isOver ? resolvedAt : end.now,
          resolvedBy: isOver ? resolvedBy : end.by,
        },
        ...(isOver ? {} : { note: end.note }),
      },
      end.now,
    );
    if (isOver) continue;
    await store.tell(alert.id, [{ at: end.now, kind: 'resolved', by: end.by, note: end.note }]);
    const body = {
      policy: alert.policy.name,
      severity: alert.severity,
      summary: alert.summary,
      ...(alert.device === undefined ? {} : { device: alert.device }),
    };
    await putOutbox(trx, { kind: 'alert.resolved', subject: alert.id, at: end.now, body });
  }
}
