/** A failure as the API shows it. */
import { instantField, instantText, nsField, severityField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxLabelLength, maxNoteLength } from '../limits.ts';
import {
  type Failure,
  failureLinks,
  failureSources,
  failureStates,
  type FailureStep,
} from './failure.ts';

export const signalField = z.union([z.number(), z.string().max(256), z.boolean(), z.null()]);
const propertyField = z.union([z.string(), z.number(), z.boolean()]);

const conditionsSchema = z
  .object({
    signals: z.record(z.string(), signalField).openapi({
      description: 'Values at that moment: of its event, or of the nearest verdict of a clip.',
    }),
    site: z.string().optional(),
    firmware: z.string().optional(),
    agent: z.string().optional(),
    rules: z.string().optional().openapi({ description: 'Digest of the rules that ran.' }),
    ruleSet: z.string().optional(),
    models: z.record(z.string(), z.string()).openapi({ description: 'SHA-256 by model id.' }),
    properties: z.record(z.string(), propertyField),
  })
  .openapi('FailureConditions');

const didSchema = z.object({ signal: z.string(), value: signalField });
const shouldSchema = z.object({
  label: z.string().optional(),
  text: z.string().optional(),
});

/** As a person says it: a label of an ontology, or words. */
export const shouldField = z
  .strictObject({
    label: z.string().min(1).max(maxLabelLength).optional(),
    text: z.string().min(1).max(maxNoteLength).optional(),
  })
  .refine(({ label, text }) => label !== undefined || text !== undefined, {
    error: 'needs a label or a text',
  });

export const failureSchema = z
  .object({
    id: z.string().openapi({ example: 'flr_01JC0000000000000000000000' }),
    kind: z.string(),
    severity: severityField,
    device: z.string(),
    session: z.string().optional(),
    startNs: nsField,
    endNs: nsField.openapi({ description: 'Equal to startNs for an instant.' }),
    conditions: conditionsSchema,
    did: didSchema.optional().openapi({ description: 'What the system did.' }),
    shouldHaveDone: shouldSchema.optional(),
    note: z.string().optional(),
    source: z.enum(failureSources),
    event: z.string().optional().openapi({ description: 'The event that it was made of.' }),
    clip: z.string().optional().openapi({ description: 'The clip that shows it best.' }),
    link: z.enum(failureLinks).openapi({
      description: '`pulling`: the robot has the clip and was asked to send it.',
    }),
    cluster: z.string().optional(),
    state: z.enum(failureStates),
    datasetVersion: z.string().optional(),
    model: z.string().optional(),
    fix: z.enum(['memorised', 'generalised']).optional(),
    release: z.string().optional().openapi({ description: 'The release that closed it.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Failure');

export type FailureJson = z.infer<typeof failureSchema>;

export function failureJson(failure: Failure): FailureJson {
  const { startNs, endNs, conditions, did, shouldHaveDone, ...rest } = failure;
  const { createdAt, updatedAt, ...same } = rest;
  const { label, text } = shouldHaveDone ?? {};
  return {
    ...same,
    startNs: String(startNs),
    endNs: String(endNs),
    conditions: {
      ...conditions,
      signals: { ...conditions.signals },
      models: { ...conditions.models },
      properties: { ...conditions.properties },
    },
    ...(did === undefined ? {} : { did: { ...did } }),
    ...(shouldHaveDone === undefined
      ? {}
      : {
          shouldHaveDone: {
            ...(label === undefined ? {} : { label }),
            ...(text === undefined ? {} : { text }),
          },
        }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

export const stepSchema = z
  .object({
    n: z.int(),
    at: instantField,
    actor: z.string(),
    action: z.string().openapi({ example: 'advance' }),
    state: z.enum(failureStates),
    link: z.enum(failureLinks),
    why: z.string().optional(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('FailureStep');

export type FailureStepJson = z.infer<typeof stepSchema>;

export const stepJson = ({ at, detail, ...same }: FailureStep): FailureStepJson => ({
  ...same,
  at: instantText(at),
  detail: { ...detail },
});
