/** Trainings and their policies as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { jsonRecord } from '../http/json-record.ts';
import { z } from '../http/openapi.ts';
import { type Check, checkOutcomes, type Policy } from './policy.ts';
import { problemCodes, type Training, trainingStates } from './training.ts';

export const configField = jsonRecord({
  description: 'What the trainer is told; of the built-in one: kind, hidden, epochs, batch …',
  example: { kind: 'mlp', hidden: [32], epochs: 60 },
});

export const trainingSchema = z
  .object({
    id: z.string().openapi({ example: 'trn_01JC0000000000000000000000' }),
    model: z.string(),
    datasetVersion: z.string(),
    base: z.string().optional().openapi({ description: 'Model version it begins with.' }),
    config: z.record(z.string(), z.unknown()),
    seed: z.int(),
    trainer: z.string(),
    jobKey: z.string().openapi({ description: 'Hash of all that decides the weights.' }),
    breaking: z.boolean(),
    policy: z.string().optional(),
    reason: z.string().optional(),
    state: z.enum(trainingStates),
    attempt: z.int(),
    stopAsked: z.boolean(),
    progress: z
      .object({
        step: z.number(),
        of: z.number(),
        loss: z.number().optional(),
        metric: z.number().optional(),
      })
      .optional(),
    problem: z
      .object({
        code: z.enum(problemCodes),
        message: z.string(),
        remedy: z.string(),
        stderr: z.string().optional(),
      })
      .optional(),
    modelVersion: z.string().optional().openapi({ description: 'What it made.' }),
    deadlineAt: instantField,
    startedAt: instantField.optional(),
    endedAt: instantField.optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Training');

export type TrainingJson = z.infer<typeof trainingSchema>;

export function trainingJson(of: Training): TrainingJson {
  const { config, progress, problem, deadlineAt, startedAt, endedAt, ...rest } = of;
  const { createdAt, updatedAt, ...same } = rest;
  return {
    ...same,
    config: { ...config },
    ...(progress === undefined ? {} : { progress: { ...progress } }),
    ...(problem === undefined ? {} : { problem: { ...problem } }),
    deadlineAt: instantText(deadlineAt),
    ...(startedAt === undefined ? {} : { startedAt: instantText(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: instantText(endedAt) }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

export const triggersSchema = z.strictObject({
  newLabels: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .openapi({ description: 'So many labels resolved since the last training.' }),
  failureRate: z
    .boolean()
    .optional()
    .openapi({ description: 'The audited failure rate is above that of the champion’s test.' }),
  drift: z
    .boolean()
    .optional()
    .openapi({ description: 'The scores of the champion moved: PSI > 0.2 on 500 units.' }),
  cluster: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .openapi({ description: 'A cluster has so many labelled failures.' }),
});

export const retrainField = z.boolean().openapi({
  description: 'After each training, measure what the labels of each lane taught: more trainings.',
});

export const policySchema = z
  .object({
    id: z.string().openapi({ example: 'tpo_01JC0000000000000000000000' }),
    model: z.string(),
    dataset: z.string(),
    triggers: triggersSchema,
    config: z.record(z.string(), z.unknown()),
    trainer: z.string(),
    cooldownMs: z.int(),
    enabled: z.boolean(),
    retrainValue: retrainField,
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('TrainingPolicy');

export type PolicyJson = z.infer<typeof policySchema>;

export function policyJson({
  triggers,
  config,
  createdAt,
  updatedAt,
  ...same
}: Policy): PolicyJson {
  return {
    ...same,
    triggers: { ...triggers },
    config: { ...config },
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

export const checkSchema = z
  .object({
    id: z.string(),
    policy: z.string(),
    outcome: z.enum(checkOutcomes),
    why: z.string(),
    facts: z.record(z.string(), z.unknown()),
    training: z.string().optional(),
    firstAt: instantField,
    lastAt: instantField,
    times: z.int().openapi({ description: 'How often in a row the answer was this one.' }),
  })
  .openapi('TrainingCheck');

export type CheckJson = z.infer<typeof checkSchema>;

export const checkJson = ({ facts, firstAt, lastAt, ...same }: Check): CheckJson => ({
  ...same,
  facts: { ...facts },
  firstAt: instantText(firstAt),
  lastAt: instantText(lastAt),
});
