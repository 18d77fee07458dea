/** An alert as the API shows it, and as `q` sees it in memory. */
import { instantField, instantText, severityField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Alert, alertStates, type Entry } from './alert.ts';

export const alertSchema = z
  .object({
    id: z.string().openapi({ example: 'alr_01JC0000000000000000000000' }),
    policy: z.object({ id: z.string(), name: z.string() }),
    group: z.string().openapi({
      description: "Within the policy: a device's id, a site, a rule, or nothing.",
    }),
    device: z.string().optional(),
    site: z.string().optional(),
    rule: z.string().optional(),
    severity: severityField,
    state: z.enum(alertStates),
    summary: z.string().openapi({ description: 'What is wrong, where, in one line.' }),
    value: z.number().optional().openapi({ description: 'When it fired.' }),
    threshold: z.number().optional(),
    pendingAt: instantField,
    firedAt: instantField.optional(),
    acknowledgedAt: instantField.optional(),
    acknowledgedBy: z.string().optional(),
    resolvedAt: instantField.optional(),
    resolvedBy: z.string().optional().openapi({ description: 'Absent: it resolved by itself.' }),
    note: z.string().optional(),
    assignee: z.string().optional(),
    silencedBy: z.string().optional().openapi({ description: 'The silence that keeps it quiet.' }),
    notifiedAt: instantField.optional(),
    escalatedAt: instantField.optional(),
    flaps: z.int().openapi({
      description: 'How often it fired again within five minutes after it had resolved.',
    }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Alert');

export type AlertJson = z.infer<typeof alertSchema>;

export const entrySchema = z
  .object({
    at: instantField,
    kind: z.enum([
      'pending',
      'fired',
      'fired_again',
      'notified',
      'escalated',
      'silenced',
      'unsilenced',
      'acknowledged',
      'assigned',
      'resolved',
    ]),
    by: z.string().optional(),
    note: z.string().optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('AlertEntry');

export const alertWithTimeline = alertSchema
  .extend({ timeline: z.array(entrySchema) })
  .openapi('AlertWithTimeline');

const instants = ['firedAt', 'acknowledgedAt', 'resolvedAt', 'notifiedAt', 'escalatedAt'] as const;

export function alertJson(alert: Alert): AlertJson {
  const {
    deviceId: _deviceId,
    tracked: _tracked,
    firstNotifiedAt: _first,
    resolveTold: _told,
    entries: _entries,
    ...shown
  } = alert;
  const times = Object.fromEntries(
    instants.flatMap((name) => {
      const at = alert[name];
      return at === undefined ? [] : [[name, instantText(at)]];
    }),
  );
  const known = Object.fromEntries(
    Object.entries(shown).filter(([, value]) => value !== undefined),
  ) as typeof shown;
  return {
    ...known,
    ...(times as Record<(typeof instants)[number], string>),
    policy: { ...alert.policy },
    pendingAt: instantText(alert.pendingAt),
    createdAt: instantText(alert.createdAt),
    updatedAt: instantText(alert.updatedAt),
  };
}

export const entryJson = ({ at, kind, by, note, detail }: Entry): z.infer<typeof entrySchema> => ({
  at: instantText(at),
  kind,
  ...(by === undefined ? {} : { by }),
  ...(note === undefined ? {} : { note }),
  ...(detail === undefined ? {} : { detail: { ...detail } }),
});
