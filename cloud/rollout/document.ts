/** The document that plans a rollout: what it may say, and what it says when it is silent. Pure. */
import { parseDurationNs } from '@fieldloop/core';
import { z } from '../http/openapi.ts';
import { type DocumentFault, type DocumentPath, readDocument } from '../http/yaml-document.ts';
import { maxMetrics, maxStages } from '../release-limits.ts';
import type { Metric } from './judge.ts';

const name = z.string().regex(/^[a-z0-9-]{1,64}$/, 'is not a name: use 1 to 64 of a-z, 0-9 and -');
const duration = z.string().regex(/^\d{1,6}(ms|s|m|h|d)$/, 'is not a duration such as 24h');
const whole = z.int('is not a whole number').min(0);
const bp = whole.max(10_000, 'is more than 10,000 basis points');
const percent = z.number().min(0).max(100);

export const onInconclusive = [
  'extend-then-human',
  'human',
  'promote-if-no-harm',
  'rollback',
] as const;
export type OnInconclusive = (typeof onInconclusive)[number];

const stage = z
  .strictObject({
    name,
    percent: percent.optional(),
    target: z.literal('ring0').optional(),
    min: whole.optional(),
    bake: duration.optional(),
    maxBake: duration.optional(),
    gate: z.literal('human').optional(),
  })
  .refine(
    (one) => (one.percent === undefined) !== (one.target === undefined),
    'takes either percent or target: ring0',
  )
  .refine(
    (one) => one.maxBake === undefined || durationMs(one.maxBake) >= durationMs(one.bake ?? '0s'),
    'maxBake is shorter than bake',
  );

/** `event:NAME` counts events, `counter:SERIES` grows, `gauge:SERIES` is a level. */
const metric = z.strictObject({
  name,
  source: z
    .string()
    .regex(
      /^(event|counter|gauge):[\w./-]{1,96}$/,
      'is not event:NAME, counter:SERIES or gauge:SERIES',
    )
    .or(z.literal('silent')),
  weightBp: bp,
  marginBp: whole.max(100_000).default(11_000),
  critical: z.boolean().default(true),
  calmBp: whole.max(100_000).default(20_000),
  scaleBp: whole.min(1).max(1_000_000).default(10_000),
});

export const planSchema = z.strictObject({
  apiVersion: z.literal('fieldloop.rollout/v1'),
  kind: z.literal('Rollout'),
  release: z.string().regex(/^[a-z0-9-]{1,64}@\S{1,64}$/, 'is not name@version'),
  selector: z.string().min(1).max(2048),
  lateJoiners: z.enum(['exclude', 'last-stage']).default('exclude'),
  assignment: z
    .strictObject({
      stratify: z.array(z.string().min(1).max(64)).max(4).default(['site']),
      ring0: z.array(z.string().min(1).max(64)).max(64).default([]),
    })
    .prefault({}),
  control: z.strictObject({ percent, min: whole }).default({ percent: 20, min: 5 }),
  stages: z.array(stage).min(1).max(maxStages),
  limits: z
    .strictObject({
      inFlight: whole.min(1).default(20),
      inFlightPerSite: whole.min(1).default(20),
      perMinute: whole.min(1).default(60),
      siteMbit: whole.min(1).default(20),
      availablePerSiteBp: bp.default(0),
    })
    .prefault({}),
  deadlines: z
    .strictObject({
      contact: duration.default('30m'),
      install: duration.default('6h'),
      offer: duration.default('14d'),
    })
    .prefault({}),
  analysis: z
    .strictObject({
      alphaBp: bp.default(500),
      betaBp: bp.default(500),
      interval: duration.default('1h'),
      baseline: duration.default('14d'),
      capPerDeviceHour: whole.min(1).default(1),
      metrics: z.array(metric).max(maxMetrics).default([]),
    })
    .prefault({}),
  hardStops: z
    .record(z.string().max(64), whole.min(1))
    .default({ rejected: 2, rolled_back: 2, failed: 2, silent_after_activate: 2 }),
  onInconclusive: z.record(name, z.enum(onInconclusive)).default({}),
  onRegression: z
    .strictObject({
      rollback: z.enum(['this-rollout', 'none']).default('this-rollout'),
      case: z.enum(['sev1', 'sev2', 'sev3', 'none']).default('sev2'),
    })
    .prefault({}),
});

export type RolloutPlan = z.infer<typeof planSchema>;
export type PlanMetric = RolloutPlan['analysis']['metrics'][number];

/** What a rollout counts against it at once, whatever the judge says. */
export const hardStopNames = [
  'rejected',
  'failed',
  'rolled_back',
  'rollback_failed',
  'silent_after_activate',
  'orBp',
] as const;

export const durationMs = (text: string): number => Number(parseDurationNs(text) / 1_000_000n);

export interface ParsedPlan {
  readonly plan: RolloutPlan | undefined;
  readonly faults: readonly DocumentFault[];
  readonly place: (path: DocumentPath) => Pick<DocumentFault, 'line' | 'column'>;
}

export function parsePlan(text: string): ParsedPlan {
  const { value, faults, place } = readDocument(text, planSchema);
  if (value === undefined) return { plan: undefined, faults, place };
  const found = ownFaults(value).map(({ path, ...fault }) => ({ ...place(path), ...fault }));
  return { plan: value, faults: found, place };
}

interface OwnFault {
  readonly path: DocumentPath;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

function ownFaults(plan: RolloutPlan): OwnFault[] {
  const faults: OwnFault[] = [];
  const names = plan.stages.map((one) => one.name);
  const { metrics } = plan.analysis;
  let before = 0;
  plan.stages.forEach((one, i) => {
    if (names.indexOf(one.name) !== i) {
      faults.push(fault(['stages', i, 'name'], `there are two stages named ${one.name}`));
    }
    if (one.name === 'shadow' && i > 0) {
      faults.push(fault(['stages', i], 'the shadow stage comes first'));
    }
    if (one.target === 'ring0' && plan.assignment.ring0.length === 0) {
      faults.push(fault(['stages', i, 'target'], 'assignment.ring0 names no device'));
    }
    if (one.percent !== undefined && one.name !== 'shadow') {
      if (one.percent < before) {
        faults.push(fault(['stages', i, 'percent'], 'a stage is not smaller than the one before'));
      }
      before = one.percent;
    }
    if (one.maxBake !== undefined && metrics.length === 0) {
      faults.push(fault(['analysis', 'metrics'], `stage ${one.name} is judged, and by no metric`));
    }
  });
  const weights = metrics.reduce((sum, { weightBp }) => sum + weightBp, 0);
  if (metrics.length > 0 && weights !== 10_000) {
    faults.push(
      fault(['analysis', 'metrics'], `the weights are ${weights} bp together, not 10,000`),
    );
  }
  for (const stopped of Object.keys(plan.hardStops)) {
    if (hardStopNames.some((one) => one === stopped)) continue;
    faults.push(fault(['hardStops', stopped], `there is no hard stop "${stopped}"`));
  }
  for (const of of Object.keys(plan.onInconclusive)) {
    if (!names.includes(of))
      faults.push(fault(['onInconclusive', of], `there is no stage "${of}"`));
  }
  return faults;
}

const fault = (path: DocumentPath, message: string): OwnFault => ({
  path,
  code: 'plan',
  message,
  remedy: 'Change the plan: docs/operating/rollouts.md explains each part.',
});

/** The metrics as the judge takes them. */
export const metricsOf = ({ analysis }: Pick<RolloutPlan, 'analysis'>): readonly Metric[] =>
  analysis.metrics.map(({ name: own, source, weightBp, marginBp, critical, calmBp }): Metric => {
    const weight = weightBp / 10_000;
    if (source.startsWith('gauge:')) return { name: own, kind: 'bounded', weight };
    const margin = marginBp / 10_000;
    return {
      name: own,
      kind: 'event',
      weight,
      margin,
      calmMargin: critical ? calmBp / 10_000 : undefined,
    };
  });
