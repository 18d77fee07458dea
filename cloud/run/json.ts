/** Runs as the API shows them. */
import type { Json } from '@fieldloop/core';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import {
  outcomeWord,
  type Run,
  type RunStep,
  runStates,
  stepKinds,
  stepStates,
  waitingKinds,
} from './run.ts';

const jsonField = z.unknown();

const shape = {
  id: z.string().openapi({ example: 'run_01JC0000000000000000000000' }),
  workflow: z.string().openapi({ example: 'staged-rollout' }),
  workflowVersion: z.int(),
  subject: z.string().openapi({ description: 'What it is about.' }),
  state: z.enum(runStates).openapi({
    description:
      'parked: stands at a step that failed; stuck: its body fails; blocked: no worker has its version.',
  }),
  waitingFor: z
    .object({
      kind: z.enum(waitingKinds),
      what: z.string(),
      since: instantField,
      until: instantField.optional().openapi({ description: 'When it looks by itself.' }),
    })
    .optional(),
  status: z.string().optional().openapi({ description: 'The word its outcome begins with.' }),
  trouble: z.string().optional(),
  parent: z.string().optional(),
  trigger: z.string().optional(),
  actor: z.string(),
  abort: z
    .object({ by: z.string(), reason: z.string(), step: z.string().optional() })
    .optional()
    .openapi({ description: 'step: where the run heard of it.' }),
  createdAt: instantField,
  updatedAt: instantField,
  endedAt: instantField.optional(),
  version: z.int(),
};

export const runSchema = z.object(shape).openapi('Run');
export type RunJson = z.infer<typeof runSchema>;

export const runDetailSchema = z
  .object({
    ...shape,
    parentStep: z.string().optional(),
    event: z.string().optional(),
    cause: z.array(z.string()).openapi({ description: 'Runs that led here, oldest first.' }),
    input: jsonField,
    inputDigest: z.string(),
    outcome: jsonField.optional(),
  })
  .openapi('RunDetail');
export type RunDetailJson = z.infer<typeof runDetailSchema>;

export const stepSchema = z
  .object({
    name: z.string(),
    kind: z.enum(stepKinds),
    state: z.enum(stepStates),
    attempts: z.int(),
    key: z.string().openapi({ description: 'What it does is done once for this key.' }),
    output: jsonField.optional(),
    fault: jsonField.optional(),
    worker: z.string().optional(),
    startedAt: instantField,
    finishedAt: instantField.optional(),
    nextAt: instantField.optional(),
  })
  .openapi('RunStep');

export type StepJson = z.infer<typeof stepSchema>;

const instant = <K extends string>(
  key: K,
  value: number | undefined,
): { readonly [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: instantText(value) } as { readonly [P in K]: string });

const text = <K extends string>(
  key: K,
  value: string | undefined,
): { readonly [P in K]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: string });

export const runJson = (run: Run): RunJson => ({
  id: run.id,
  workflow: run.workflow,
  workflowVersion: run.workflowVersion,
  subject: run.subject,
  state: run.state,
  ...(run.waitingFor !== undefined && {
    waitingFor: {
      kind: run.waitingFor.kind,
      what: run.waitingFor.what,
      since: instantText(run.waitingFor.since),
      ...instant('until', run.waitingFor.until),
    },
  }),
  ...text('status', outcomeWord(run.outcome)),
  ...text('trouble', run.trouble),
  ...text('parent', run.parentId),
  ...text('trigger', run.trigger),
  actor: run.actor,
  ...(run.abort !== undefined && { abort: { ...run.abort } }),
  createdAt: instantText(run.createdAt),
  updatedAt: instantText(run.updatedAt),
  ...instant('endedAt', run.endedAt),
  version: run.version,
});

export const runDetailJson = (run: Run): RunDetailJson => ({
  ...runJson(run),
  ...text('parentStep', run.parentStep),
  ...text('event', run.event),
  cause: [...run.cause],
  input: run.input,
  inputDigest: run.inputDigest,
  ...(run.outcome !== undefined && { outcome: run.outcome }),
});

const given = (key: 'output' | 'fault', value: Json | undefined) =>
  value === undefined ? {} : { [key]: value };

export const stepJson = (step: RunStep): StepJson => ({
  name: step.name,
  kind: step.kind,
  state: step.state,
  attempts: step.attempts,
  key: step.key,
  ...given('output', step.output),
  ...given('fault', step.fault),
  ...text('worker', step.worker),
  startedAt: instantText(step.startedAt),
  ...instant('finishedAt', step.finishedAt),
  ...instant('nextAt', step.nextAt),
});
