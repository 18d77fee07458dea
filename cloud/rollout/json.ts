/** Rollouts, their devices, decisions and verdicts as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { Row } from '../store/db.ts';
import { outcomes } from './judge.ts';
import {
  type Rollout,
  rolloutPhases,
  rolloutStates,
  type Target,
  targetStates,
} from './rollout.ts';
import type { DecisionRow } from './store.ts';

export const rolloutSchema = z
  .object({
    id: z.string().openapi({ example: 'rol_01JC0000000000000000000000' }),
    release: z.object({ id: z.string(), name: z.string(), digest: z.string() }),
    planDigest: z
      .string()
      .openapi({ description: 'Of plan, release digest and frozen rows: approvals name it.' }),
    urgency: z.enum(['normal', 'emergency']),
    state: z.enum(rolloutStates),
    stage: z.string().optional(),
    stageIndex: z.int().openapi({ description: '-1 before the first stage.' }),
    stages: z.array(z.string()),
    phase: z.enum(rolloutPhases),
    stageAt: instantField,
    bakeAt: instantField.optional(),
    reason: z.string().optional(),
    counts: z
      .record(z.string(), z.int())
      .optional()
      .openapi({ description: 'Devices by state, where one rollout is asked for.' }),
    evidence: z
      .object({ intervals: z.int(), judgedUntil: instantField.optional() })
      .openapi({ description: 'How far the judge is.' }),
    next: z
      .object({
        action: z.string().openapi({ description: '`wait`, or what it is about to do.' }),
        rule: z.string().openapi({ description: 'Why: the rule that the decision follows.' }),
        until: instantField.optional(),
        away: z.int().openapi({ description: 'Robots in line that are out of reach or held.' }),
        withoutWayBack: z
          .int()
          .openapi({ description: 'Robots in line that do not run what they would go back to.' }),
      })
      .optional()
      .openapi({ description: 'What it does or waits for, while it is live.' }),
    plan: z.unknown().optional(),
    run: z.string().optional(),
    createdBy: z.string(),
    startedAt: instantField.optional(),
    endedAt: instantField.optional(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Rollout');

export type RolloutJson = z.infer<typeof rolloutSchema>;

export function rolloutJson(of: Rollout, counts?: Readonly<Record<string, number>>): RolloutJson {
  const stage = of.plan.stages[of.stage]?.name;
  return {
    id: of.id,
    release: { id: of.releaseId, name: of.release, digest: of.releaseDigest },
    planDigest: of.planDigest,
    urgency: of.urgency,
    state: of.state,
    ...(stage === undefined ? {} : { stage }),
    stageIndex: of.stage,
    stages: of.plan.stages.map(({ name }) => name),
    phase: of.phase,
    stageAt: instantText(of.stageAt),
    ...(of.bakeAt === undefined ? {} : { bakeAt: instantText(of.bakeAt) }),
    ...(of.reason === undefined ? {} : { reason: of.reason }),
    ...(counts === undefined ? {} : { counts: { ...counts }, plan: of.plan }),
    evidence: {
      intervals: of.judgedN,
      ...(of.judgedAt === 0 ? {} : { judgedUntil: instantText(of.judgedAt) }),
    },
    ...(of.runId === undefined ? {} : { run: of.runId }),
    createdBy: of.createdBy,
    ...(of.startedAt === undefined ? {} : { startedAt: instantText(of.startedAt) }),
    ...(of.endedAt === undefined ? {} : { endedAt: instantText(of.endedAt) }),
    createdAt: instantText(of.createdAt),
    updatedAt: instantText(of.updatedAt),
    version: of.version,
  };
}

export const targetSchema = z
  .object({
    id: z.string(),
    device: z.string(),
    site: z.string(),
    stratum: z.string(),
    arm: z.enum(['treatment', 'control', 'excluded']),
    stage: z.string().optional(),
    shadow: z.boolean(),
    why: z.string().optional().openapi({ description: 'Why it takes no part.' }),
    state: z.enum(targetStates),
    role: z.enum(['none', 'shadow', 'active']),
    attempt: z.int(),
    fault: z.object({ code: z.string(), message: z.string() }).optional(),
    told: z.record(z.string(), z.unknown()),
    offsets: z.record(z.string(), z.number()),
    changedAt: instantField,
    offeredAt: instantField.optional(),
    activatedAt: instantField.optional(),
  })
  .openapi('RolloutTarget');

export type RolloutTargetJson = z.infer<typeof targetSchema>;

export function targetJson(of: Target, stages: readonly string[]): RolloutTargetJson {
  const stage = stages[of.stage];
  return {
    id: of.deviceId,
    device: of.device,
    site: of.site,
    stratum: of.stratum,
    arm: of.arm,
    ...(stage === undefined ? {} : { stage }),
    shadow: of.shadow,
    ...(of.why === undefined ? {} : { why: of.why }),
    state: of.state,
    role: of.role,
    attempt: of.attempt,
    ...(of.fault === undefined ? {} : { fault: { ...of.fault } }),
    told: { ...of.told },
    offsets: { ...of.offsets },
    changedAt: instantText(of.changedAt),
    ...(of.offeredAt === undefined ? {} : { offeredAt: instantText(of.offeredAt) }),
    ...(of.activatedAt === undefined ? {} : { activatedAt: instantText(of.activatedAt) }),
  };
}

export const decisionSchema = z
  .object({
    id: z.string(),
    seq: z.int(),
    from: z.string(),
    to: z.string(),
    rule: z.string(),
    action: z.string(),
    reason: z.string().optional(),
    actor: z.string(),
    inputs: z.unknown(),
    inputsDigest: z.string(),
    at: instantField,
  })
  .openapi('RolloutDecision');

export type RolloutDecisionJson = z.infer<typeof decisionSchema>;

export const decisionJson = (rollout: string, of: DecisionRow): RolloutDecisionJson => ({
  id: `${rollout}/${of.seq}`,
  seq: of.seq,
  from: of.from,
  to: of.to,
  rule: of.rule,
  action: of.action,
  ...(of.reason === undefined ? {} : { reason: of.reason }),
  actor: of.actor,
  inputs: of.inputs,
  inputsDigest: of.inputsDigest,
  at: instantText(of.at),
});

const metricFound = z.object({ harm: z.number(), calm: z.number() });

export const verdictSchema = z
  .object({
    id: z.string(),
    n: z.int().openapi({ description: 'Number of the interval, from 1.' }),
    stage: z.string().optional(),
    startAt: instantField,
    endAt: instantField,
    outcome: z.enum(outcomes),
    e: z.number().openapi({ description: 'Evidence of harm; at 1/alpha the rollout halts.' }),
    metrics: z.record(z.string(), metricFound),
    counts: z.unknown().openapi({ description: 'Events, of them in canaries, and their share.' }),
    sha256: z.string(),
    at: instantField,
  })
  .openapi('RolloutVerdict');

export type RolloutVerdictJson = z.infer<typeof verdictSchema>;

export function verdictJson(
  row: Row<'rollout_verdict'>,
  stages: readonly string[],
): RolloutVerdictJson {
  const told = JSON.parse(row.evidence) as {
    readonly e: number;
    readonly metrics: Record<string, { harm: number; calm: number }>;
  };
  const stage = stages[Number(row.stage)];
  return {
    id: `${row.rollout_id}/${row.n}`,
    n: Number(row.n),
    ...(stage === undefined ? {} : { stage }),
    startAt: instantText(Number(row.start_at)),
    endAt: instantText(Number(row.end_at)),
    outcome: outcomes.find((one) => one === row.outcome) ?? 'inconclusive',
    e: told.e,
    metrics: told.metrics,
    counts: JSON.parse(row.counts) as unknown,
    sha256: row.sha256,
    at: instantText(Number(row.at)),
  };
}
