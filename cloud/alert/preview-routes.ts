/** What a policy could measure, and what it would do, before anybody saves it. */
import type { NounDeps } from '../http/deps.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { maxPreviewAlerts, maxPreviewHours } from '../alert-limits.ts';
import { conditionText } from './condition.ts';
import { summaryOf } from './evaluation.ts';
import { demandKnownMetric } from './known-metric.ts';
import type { Policy, PolicyDraft } from './policy.ts';
import { policyFields } from './policy-json.ts';
import { type Preview, previewOf } from './preview.ts';
import { demandSense } from './sense.ts';
import { fleetSignals, knownSeries } from './signals.ts';

export interface PreviewDeps extends NounDeps {
  readonly freeBytes?: (() => Promise<number | undefined>) | undefined;
}

const tag = 'alerts';

export const previewOperations = (deps: PreviewDeps): readonly Operation[] => [
  signals(),
  preview(deps),
];

const signalSchema = z
  .object({
    name: z.string(),
    of: z.enum(['device', 'fleet', 'telemetry']),
    unit: z.string(),
    windowed: z.boolean().openapi({ description: 'Whether windowS says over what it counts.' }),
    doc: z.string(),
  })
  .openapi('AlertSignal');

const signals = (): Operation =>
  operation(
    {
      id: 'getAlertSignals',
      tag,
      method: 'get',
      path: '/v1/alertSignals',
      summary: 'What the condition of a policy can measure',
      right: 'alerts:read',
    },
    {
      answer: {
        status: 200,
        description: 'Signals of the fleet, and series of the telemetry that agents send.',
        schema: z.object({ signals: z.array(signalSchema) }).openapi('AlertSignals'),
      },
    },
    () => ({
      signals: [
        ...fleetSignals,
        ...knownSeries.map(({ name, doc }) => ({
          name,
          of: 'telemetry' as const,
          unit: '',
          windowed: true,
          doc,
        })),
      ],
    }),
  );

const activeSchema = z.object({
  group: z.string(),
  device: z.string().optional(),
  site: z.string().optional(),
  rule: z.string().optional(),
  value: z.number(),
  summary: z.string(),
});

const previewSchema = z
  .object({
    says: z.string().openapi({ description: 'The condition in plain words.' }),
    now: z.object({
      groups: z.int().openapi({ description: 'How many were looked at.' }),
      activeCount: z.int(),
      active: z.array(activeSchema).openapi({ description: 'For whom it holds: the first ones.' }),
    }),
    past: z
      .object({
        since: instantField,
        stepS: z.int().openapi({ description: 'Seconds between the moments looked at.' }),
        fired: z.int().openapi({ description: 'How many alerts there would have been.' }),
        alerts: z.array(
          z.object({
            summary: z.string(),
            group: z.string(),
            firedAt: instantField,
            resolvedAt: instantField.optional(),
          }),
        ),
        partial: z.boolean().openapi({ description: 'Time was up: it reaches back less.' }),
      })
      .optional()
      .openapi({ description: 'Absent for a signal of which only the present is known.' }),
  })
  .openapi('AlertPolicyPreview');

const preview = (deps: PreviewDeps): Operation =>
  operation(
    {
      id: 'previewAlertPolicy',
      tag,
      method: 'post',
      path: '/v1/alertPolicies:preview',
      summary: 'For whom a policy would fire now, and how often it would have fired',
      description: 'Nothing is written and nobody is told.',
      right: 'alerts:read',
    },
    {
      body: z.strictObject({
        condition: policyFields.condition,
        forS: policyFields.forS.default(0),
        groupBy: policyFields.groupBy.default('device'),
        devices: policyFields.devices.optional(),
        hours: z.int().min(1).max(maxPreviewHours).default(24),
      }),
      answer: { status: 200, description: 'What it would do.', schema: previewSchema },
    },
    async ({ body: { hours, ...draft } }) => {
      demandSense(draft);
      await demandKnownMetric(deps.read, draft.condition);
      const policy = previewed(draft, deps.clock.now());
      return previewJson(policy, await previewOf(deps, policy, hours));
    },
  );

function previewed(
  draft: Pick<PolicyDraft, 'condition' | 'forS' | 'groupBy' | 'devices'>,
  at: number,
): Policy {
  const { condition, forS, groupBy, devices } = draft;
  return {
    id: '',
    name: 'preview',
    enabled: true,
    condition,
    forS,
    groupBy,
    ...(devices === undefined ? {} : { devices }),
    severity: 'info',
    channels: [],
    escalateTo: [],
    createdBy: '',
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

function previewJson(policy: Policy, { now, past }: Preview): z.infer<typeof previewSchema> {
  return {
    says: conditionText(policy.condition),
    now: {
      groups: now.groups,
      activeCount: now.active.length,
      active: now.active.slice(0, maxPreviewAlerts).map((sample) => ({
        group: sample.group,
        ...(sample.device === undefined ? {} : { device: sample.device.name }),
        ...(sample.site === undefined ? {} : { site: sample.site }),
        ...(sample.rule === undefined ? {} : { rule: sample.rule }),
        value: sample.value,
        summary: summaryOf(policy.condition, sample),
      })),
    },
    ...(past === undefined
      ? {}
      : {
          past: {
            since: instantText(past.fromAt),
            stepS: past.stepS,
            fired: past.alerts.length,
            alerts: past.alerts
              .slice(-maxPreviewAlerts)
              .map(({ firedAt, resolvedAt, ...same }) => ({
                ...same,
                firedAt: instantText(firedAt),
                ...(resolvedAt === undefined ? {} : { resolvedAt: instantText(resolvedAt) }),
              })),
            partial: past.partial,
          },
        }),
  };
}
