/** Evaluations and regression cases as the API shows them. */
import { outcomes } from '@fieldloop/learning';
import { instantField, instantText, nsField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { Row } from '../store/db.ts';
import type { Evaluation } from './evaluation.ts';

/** Null where there are no units. */
const figure = z.number().nullable();
const metrics = z.object({
  n: z.int(),
  accuracy: figure,
  macroF1: figure,
  nll: figure,
  ece: figure,
});
const gate = z.object({ name: z.string(), outcome: z.enum(outcomes), reason: z.string() });

export const evaluationSchema = z
  .object({
    id: z.string().openapi({ example: 'evl_01JC0000000000000000000000' }),
    model: z.string(),
    modelVersion: z.string(),
    against: z.string().optional().openapi({ description: 'The version before it.' }),
    datasetVersion: z.string(),
    regressionSha256: z.string(),
    sha256: z.string().openapi({ description: 'Of all that decides and of the result.' }),
    outcome: z.enum(outcomes),
    gates: z.array(gate),
    metrics,
    before: metrics.nullable(),
    comparison: z
      .object({
        n: z.int(),
        groups: z.int(),
        difference: z.number(),
        bounds: z.object({ low: z.number(), high: z.number() }),
        lost: z.int(),
        won: z.int(),
        p: z.number(),
      })
      .nullable(),
    calibration: z
      .object({
        n: z.int(),
        groups: z.int(),
        bins: z.int(),
        before: z.number(),
        after: z.number(),
        difference: z.number(),
        error: z.number(),
        bounds: z.object({ low: z.number(), high: z.number() }),
      })
      .nullable()
      .openapi({
        description:
          'Expected calibration error of both on the same units, over bins of equal mass and ' +
          'without its noise; the difference with its 95 % interval by groups.',
      }),
    classes: z.array(
      z.object({
        name: z.string(),
        n: z.int(),
        precision: figure,
        recall: figure,
        f1: figure,
      }),
    ),
    confusion: z.array(z.array(z.int())),
    reliability: z.array(z.object({ n: z.int(), confidence: z.number(), accuracy: z.number() })),
    slices: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        n: z.int(),
        accuracy: z.number(),
        difference: figure,
        lost: z.int().nullable(),
        won: z.int().nullable(),
      }),
    ),
    cases: z.array(
      z.object({
        id: z.string(),
        failure: z.string(),
        cluster: z.string().optional(),
        heldOut: z.boolean(),
        share: z.number().optional(),
        isRight: z.boolean().optional(),
        wasRight: z.boolean(),
        fix: z.enum(['memorised', 'generalised']).optional(),
      }),
    ),
    unread: z.int(),
    notFinite: z.int(),
    measured: z.object({
      latencyMs: z.object({ p50: z.number(), p99: z.number() }),
      memoryBytes: z.int(),
      sizeBytes: z.int(),
      machine: z.string(),
      runtime: z.string(),
    }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField.openapi({ description: 'createdAt: it never changes.' }),
    version: z.int().openapi({ description: 'Always 1.' }),
  })
  .openapi('Evaluation');

export type EvaluationJson = z.infer<typeof evaluationSchema>;

export function evaluationJson(of: Evaluation): EvaluationJson {
  const { input: _input, result, measured, createdAt, ...same } = of;
  const { gates: machineGates, ...machine } = measured;
  const { gates, ...figures } = structuredClone(result) as unknown as {
    readonly gates: EvaluationJson['gates'];
  } & Omit<EvaluationJson, 'gates' | 'measured'>;
  const at = instantText(createdAt);
  return {
    ...figures,
    ...same,
    gates: [...gates, ...machineGates.map((one) => ({ ...one }))],
    measured: { ...machine, latencyMs: { ...machine.latencyMs } },
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}

export const regressionCaseSchema = z
  .object({
    id: z.string().openapi({ example: 'rgc_01JC0000000000000000000000' }),
    failure: z.string(),
    clip: z.string(),
    startNs: nsField,
    endNs: nsField,
    class: z.string().openapi({ description: 'What is right.' }),
    share: z.number().openapi({ description: 'Of the frames, so many must be right.' }),
    heldOut: z.boolean().openapi({ description: 'Its session never trains.' }),
    cluster: z.string().optional(),
    state: z.enum(['active', 'withdrawn']),
    why: z.string().optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('RegressionCase');

export type RegressionCaseJson = z.infer<typeof regressionCaseSchema>;

export const regressionCaseJson = (row: Row<'regression_case'>): RegressionCaseJson => ({
  id: row.id,
  failure: row.failure_id,
  clip: row.clip_id,
  startNs: String(row.start_ns),
  endNs: String(row.end_ns),
  class: row.class,
  share: row.share,
  heldOut: row.held_out === 1n,
  ...(row.cluster === null ? {} : { cluster: row.cluster }),
  state: row.state === 'active' ? 'active' : 'withdrawn',
  ...(row.why === null ? {} : { why: row.why }),
  createdBy: row.created_by,
  createdAt: instantText(Number(row.created_at)),
  updatedAt: instantText(Number(row.updated_at)),
  version: Number(row.version),
});
