/** What people are told of alerts: one message, of one policy, for one or several alerts. */
import type { Json } from '@fieldloop/core';

export type NotificationReason =
  | 'firing'
  | 'repeat'
  | 'escalated'
  | 'resolved'
  | 'policy_faulty'
  | 'test';

export interface NotifiedAlert {
  readonly id: string;
  readonly state: string;
  /** One line: what is wrong, where. */
  readonly summary: string;
  readonly device?: string | undefined;
  readonly site?: string | undefined;
  readonly rule?: string | undefined;
  readonly value?: number | undefined;
  readonly threshold?: number | undefined;
  /** RFC 3339. */
  readonly since: string;
  readonly resolvedAt?: string | undefined;
  readonly flaps?: number | undefined;
  readonly note?: string | undefined;
}

export interface Notification {
  readonly reason: NotificationReason;
  readonly at: string;
  readonly severity: string;
  readonly policy: { readonly id: string; readonly name: string };
  /** The policy's condition in plain words. */
  readonly condition: string;
  /** The first ones. */
  readonly alerts: readonly NotifiedAlert[];
  /** How many it is about. */
  readonly total: number;
  /** For a policy that cannot be evaluated: why, and what to do. */
  readonly problem?: string | undefined;
}

/** As it is kept and sent. */
export const notificationJson = (notification: Notification): Json =>
  JSON.parse(JSON.stringify(notification)) as Json;

const words: Readonly<Record<NotificationReason, string>> = {
  firing: 'firing',
  repeat: 'still firing',
  escalated: 'not acknowledged in time',
  resolved: 'resolved',
  policy_faulty: 'cannot be evaluated',
  test: 'test message',
};

/** `[critical] low-disk firing: amr-01` */
export function subjectOf(notification: Notification): string {
  const { reason, severity, policy, alerts, total } = notification;
  const [first] = alerts;
  const where = total === 1 ? (first?.device ?? first?.site ?? first?.rule) : `${total} alerts`;
  const tail = total === 0 || where === undefined ? '' : `: ${where}`;
  return oneLine(`[${severity}] ${policy.name} ${words[reason]}${tail}`).slice(0, 200);
}

/** Plain text: what, since when, value and threshold, device, and how to look at it. */
export function textOf(notification: Notification): string {
  const { reason, severity, policy, condition, alerts, total, problem } = notification;
  const head = `${severity.toUpperCase()}: ${policy.name} ${words[reason]}`;
  const lines = [head, '', `Policy: ${policy.name} (${condition})`];
  if (problem !== undefined) lines.push(`Problem: ${problem}`);
  for (const alert of alerts) lines.push('', ...alertLines(alert));
  if (total > alerts.length) lines.push('', `… and ${total - alerts.length} more alerts.`);
  lines.push('', lookAt(notification));
  return lines.join('\n');
}

function alertLines(alert: NotifiedAlert): readonly string[] {
  const where = [
    ['Device', alert.device],
    ['Site', alert.site],
    ['Rule', alert.rule],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const compared = alert.threshold === undefined ? '' : ` (threshold ${alert.threshold})`;
  return [
    alert.summary,
    ...where,
    ...(alert.value === undefined ? [] : [`Value: ${alert.value}${compared}`]),
    `Since: ${alert.since}`,
    ...(alert.resolvedAt === undefined ? [] : [`Resolved: ${alert.resolvedAt}`]),
    ...(alert.flaps === undefined || alert.flaps === 0
      ? []
      : [`Fired again: ${alert.flaps} times`]),
    ...(alert.note === undefined ? [] : [`Note: ${alert.note}`]),
    `Alert: ${alert.id}`,
  ].map(oneLine);
}

function lookAt({ reason, alerts, total, policy }: Notification): string {
  const [first] = alerts;
  if (reason === 'policy_faulty') return 'Look at it: GET /v1/alertPolicies/' + policy.id;
  if (first === undefined) return 'Nothing needs to be done.';
  return total === 1
    ? `Look at it: GET /v1/alerts/${first.id}`
    : `Look at them: GET /v1/alerts?q=policy=${policy.name}`;
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n\t]+/g, ' ');
