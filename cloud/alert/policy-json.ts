/** Alert policies as the API shows and takes them. */
import { instantField, instantText, severityField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxPolicyChannels, maxReachS } from '../alert-limits.ts';
import { maxQueryLength } from '../limits.ts';
import { aggregates, conditionText, groupBys, ops, rowSources } from './condition.ts';
import type { Policy } from './policy.ts';

const secondsField = (most: number) => z.int().min(1).max(most);
const reachField = secondsField(maxReachS);
const qField = z.string().min(1).max(maxQueryLength);
const seriesField = z.string().min(1).max(128).openapi({
  description: 'A fleet signal, or a series of the telemetry: GET /v1/alertSignals.',
  example: 'disk.free',
});

export const conditionField = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('count'),
        source: z.enum(rowSources),
        q: qField.optional().openapi({ example: 'severity = critical' }),
        op: z.enum(ops),
        value: z.number().min(0),
        withinS: reachField,
      })
      .openapi('CountCondition'),
    z
      .strictObject({
        kind: z.literal('metric'),
        metric: seriesField,
        aggregate: z.enum(aggregates).default('last'),
        op: z.enum(ops),
        value: z.number(),
        windowS: reachField.default(300).openapi({
          description: 'What is aggregated; with last, how old the newest value may be.',
        }),
      })
      .openapi('MetricCondition'),
    z
      .strictObject({
        kind: z.literal('absence'),
        source: z.enum(rowSources).optional(),
        q: qField.optional(),
        metric: seriesField.optional(),
        forS: reachField,
      })
      .openapi('AbsenceCondition'),
    z
      .strictObject({
        kind: z.literal('event'),
        event: z
          .string()
          .max(101)
          .regex(/^[a-zA-Z_]{1,40}\.[a-z_]{1,60}$/, 'is no kind: write noun.verb')
          .openapi({ example: 'publication.halted' }),
        withinS: reachField.default(3600).openapi({
          description: 'The alert ends by itself when it did not happen for this long.',
        }),
      })
      .openapi('EventCondition'),
  ])
  .openapi({ description: 'What is watched.' });

const channelsField = z.array(z.string().min(1).max(64)).max(maxPolicyChannels).openapi({
  description: 'Ids of channels.',
});
const daySeconds = 86_400;

export const policyFields = {
  name: z.string().min(1).max(64),
  description: z.string().min(1).max(1000),
  enabled: z.boolean(),
  condition: conditionField,
  severity: severityField,
  forS: z.int().min(0).max(daySeconds).openapi({
    description: 'Seconds that the condition must hold before the alert fires.',
  }),
  groupBy: z.enum(groupBys).openapi({ description: 'One alert for each.' }),
  devices: qField.openapi({ description: 'Only these devices.', example: 'site = hall-2' }),
  channels: channelsField,
  repeatS: z
    .int()
    .min(60)
    .max(7 * daySeconds)
    .openapi({
      description: 'Told again this often while nobody acknowledged.',
    }),
  ackWithinS: z.int().min(60).max(daySeconds).openapi({
    description: 'Not acknowledged within this time: escalateTo is told.',
  }),
  escalateTo: channelsField,
};

export const policyBody = z.strictObject({
  ...policyFields,
  description: policyFields.description.optional(),
  enabled: policyFields.enabled.default(true),
  severity: severityField.default('warning'),
  forS: policyFields.forS.default(0),
  groupBy: policyFields.groupBy.default('device'),
  devices: policyFields.devices.optional(),
  channels: channelsField.default([]),
  repeatS: policyFields.repeatS.optional(),
  ackWithinS: policyFields.ackWithinS.optional(),
  escalateTo: channelsField.default([]),
});

export const policySchema = z
  .object({
    id: z.string().openapi({ example: 'pol_01JC0000000000000000000000' }),
    name: z.string(),
    description: z.string().optional(),
    enabled: z.boolean(),
    condition: conditionField,
    says: z.string().openapi({ description: 'The condition in plain words.' }),
    severity: severityField,
    forS: z.int(),
    groupBy: z.enum(groupBys),
    devices: z.string().optional(),
    channels: z.array(z.string()),
    repeatS: z.int().optional(),
    ackWithinS: z.int().optional(),
    escalateTo: z.array(z.string()),
    fault: z
      .object({
        since: instantField,
        code: z.string(),
        message: z.string(),
        remedy: z.string().optional(),
      })
      .optional()
      .openapi({ description: 'Why it cannot be evaluated; its alerts stay as they are.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('AlertPolicy');

export type PolicyJson = z.infer<typeof policySchema>;

export function policyJson(policy: Policy): PolicyJson {
  const { fault, createdAt, updatedAt, ...same } = policy;
  return {
    ...same,
    condition: { ...policy.condition },
    says: conditionText(policy.condition),
    channels: [...policy.channels],
    escalateTo: [...policy.escalateTo],
    ...(fault === undefined ? {} : { fault: { ...fault, since: instantText(fault.since) } }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
