/** Values, ontologies, tasks and labels as the API shows and takes them. */
import { instantField, instantText, nsField } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import type { Row } from '../store/db.ts';
import {
  maxAttributes,
  maxAttributeValues,
  maxBoxes,
  maxClasses,
  maxGuideLength,
  maxSegments,
  maxTextBytes,
} from '../annotation-limits.ts';
import {
  annotationActions,
  labelMethods,
  type LabelMethod,
  type LabelValue,
} from './annotation.ts';
import { type Annotator, annotatorStates } from './annotator.ts';
import { attributeKinds, type Ontology } from './ontology.ts';
import { bands, raisings, taskStates, taskTypes, type TaskType } from './task.ts';
import type { Task } from './task-store.ts';

const nameField = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w./ -]{0,63}$/,
    'is not a name: use up to 64 of A-z, 0-9, space and _ . / -',
  );

const attributesField = z
  .record(z.string().max(64), z.union([z.string().max(1024), z.number(), z.boolean()]))
  .openapi({ description: 'By name, as the ontology has them.' });

const shareField = z
  .number()
  .optional()
  .openapi({ description: 'Of a label: the share of the people who drew it.' });

export const boxSchema = z
  .strictObject({
    class: z.string().min(1).max(64),
    x: z.number(),
    y: z.number(),
    w: z.number(),
    h: z.number(),
    topic: z.string().max(256).optional(),
    atNs: nsField.optional().openapi({ description: 'Log time of the image.' }),
    track: z.string().max(64).optional(),
    occluded: z.boolean().optional(),
    zOrder: z.int().min(-1000).max(1000).optional(),
    attributes: attributesField.optional(),
    share: shareField,
  })
  .openapi('Box');

export const segmentSchema = z
  .strictObject({
    class: z.string().min(1).max(64),
    startNs: nsField,
    endNs: nsField,
    attributes: attributesField.optional(),
    share: shareField,
  })
  .openapi('LabelSegment');

export const valueShape = {
  class: z.string().min(1).max(64).optional().openapi({ description: 'Of a classification.' }),
  attributes: attributesField.optional(),
  boxes: z
    .array(boxSchema)
    .max(maxBoxes)
    .optional()
    .openapi({ description: 'In pixels of the original image.' }),
  segments: z.array(segmentSchema).max(maxSegments).optional(),
  text: z.string().max(maxTextBytes).optional(),
};

export const valueSchema = z.strictObject(valueShape).openapi('LabelValue');

export type ValueJson = z.infer<typeof valueSchema>;

/** Copies of lists, which the API's types may change. */
export const valueJson = (value: LabelValue): ValueJson =>
  JSON.parse(JSON.stringify(value)) as ValueJson;

const classSchema = z
  .strictObject({
    name: nameField,
    says: z.string().max(1024).optional(),
    colour: z
      .string()
      .regex(/^#[0-9a-f]{6}$/, 'is not a colour such as #d94f2b')
      .optional(),
    attributes: z
      .array(
        z.strictObject({
          name: nameField,
          kind: z.enum(attributeKinds),
          values: z.array(z.string().min(1).max(64)).max(maxAttributeValues).optional(),
        }),
      )
      .max(maxAttributes)
      .optional(),
  })
  .openapi('OntologyClass');

export const ontologyBody = z.strictObject({
  name: nameField,
  classes: z.array(classSchema).min(1).max(maxClasses),
  guide: z.string().max(maxGuideLength).optional().openapi({ description: 'Markdown.' }),
});

export const ontologySchema = z
  .object({
    id: z.string().openapi({ description: 'SHA-256 of what it says.' }),
    name: z.string(),
    version: z.int().openapi({ description: 'Counts the versions of a name from 1.' }),
    classes: z.array(classSchema),
    guide: z.string().optional(),
    createdBy: z.string(),
    createdAt: instantField,
  })
  .openapi('Ontology');

export type OntologyJson = z.infer<typeof ontologySchema>;

export const ontologyJson = (ontology: Ontology): OntologyJson => ({
  id: ontology.sha256,
  name: ontology.name,
  version: ontology.n,
  classes: classesJson(ontology),
  ...(ontology.guide === undefined ? {} : { guide: ontology.guide }),
  createdBy: ontology.createdBy,
  createdAt: instantText(ontology.createdAt),
});

export const classesSchema = z.array(classSchema);

export const classesJson = (ontology: Ontology): OntologyJson['classes'] =>
  JSON.parse(JSON.stringify(ontology.classes)) as OntologyJson['classes'];

export const taskSchema = z
  .object({
    id: z.string().openapi({ example: 'tsk_01JC0000000000000000000000' }),
    batch: z.string(),
    type: z.enum(taskTypes),
    state: z.enum(taskStates),
    ontology: z.string().openapi({ description: 'Name of the ontology.' }),
    ontologySha256: z.string(),
    clip: z.string(),
    device: z.string(),
    topic: z.string(),
    startNs: nsField,
    endNs: nsField,
    unit: z.string().optional(),
    choice: z.string().optional().openapi({ description: 'Of the triage ledger.' }),
    lane: z.string().optional(),
    failure: z.string().optional(),
    priority: z.number(),
    wanted: z.int().openapi({ description: 'People whose answers are wanted by now.' }),
    people: z.int().openapi({ description: 'Answers that count.' }),
    band: z.enum(bands).openapi({ description: 'How far the machine is trusted with it.' }),
    prefill: valueSchema.optional(),
    label: z.string().optional(),
    voidReason: z.string().optional(),
    why: z
      .string()
      .optional()
      .openapi({ description: 'Why one more person, or a senior, is asked.' }),
    raised: z
      .enum(raisings)
      .optional()
      .openapi({ description: 'By which rule it came before a senior.' }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Task');

export type TaskJson = z.infer<typeof taskSchema>;

export function taskJson(task: Task): TaskJson {
  const { startNs, endNs, prefill, createdAt, updatedAt, ...same } = task;
  return {
    ...same,
    startNs: String(startNs),
    endNs: String(endNs),
    ...(prefill === undefined ? {} : { prefill: valueJson(prefill) }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

export const annotationSchema = z
  .object({
    id: z.string(),
    n: z.int().openapi({ description: 'Order in its task, from 1.' }),
    annotator: z.string().openapi({ description: 'A person, or `model:SHA256`.' }),
    action: z.enum(annotationActions),
    value: valueSchema.optional(),
    before: valueSchema.optional().openapi({ description: 'What was shown, or taken back.' }),
    seconds: z.number().optional(),
    assisted: z.boolean().openapi({ description: 'A proposal was shown.' }),
    undoes: z.string().optional(),
    reason: z.string().optional(),
    at: instantField,
  })
  .openapi('Annotation');

export type AnnotationJson = z.infer<typeof annotationSchema>;

export function annotationJson(row: Row<'annotation'>): AnnotationJson {
  return {
    id: row.id,
    n: Number(row.n),
    annotator: row.annotator_id,
    action: annotationActions.find((one) => one === row.action) ?? 'submit',
    ...(row.body === null ? {} : { value: JSON.parse(row.body) as ValueJson }),
    ...(row.before === null ? {} : { before: JSON.parse(row.before) as ValueJson }),
    ...(row.seconds === null ? {} : { seconds: row.seconds }),
    assisted: row.assisted === 1n,
    ...(row.undoes === null ? {} : { undoes: row.undoes }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    at: instantText(Number(row.at)),
  };
}

export const labelSchema = z
  .object({
    id: z.string().openapi({ example: 'lbl_01JC0000000000000000000000' }),
    task: z.string(),
    clip: z.string(),
    unit: z.string().optional(),
    choice: z.string().optional(),
    device: z.string(),
    topic: z.string(),
    startNs: nsField,
    endNs: nsField,
    type: z.enum(taskTypes),
    class: z.string().optional(),
    value: valueSchema,
    sha256: z.string().openapi({ description: 'Of all that it says, and how it was agreed on.' }),
    ontologySha256: z.string(),
    method: z.enum(labelMethods),
    posterior: z.number().optional(),
    alpha: z.number().optional().openapi({ description: 'Agreement on its class at that time.' }),
    annotators: z.int(),
    supersededBy: z.string().optional(),
    createdAt: instantField,
  })
  .openapi('Label');

export type LabelJson = z.infer<typeof labelSchema>;

export function labelJson(row: Row<'label'> & { readonly device: string }): LabelJson {
  return {
    id: row.id,
    task: row.task_id,
    clip: row.clip_id,
    ...(row.unit_id === null ? {} : { unit: row.unit_id }),
    ...(row.choice_id === null ? {} : { choice: row.choice_id }),
    device: row.device,
    topic: row.topic,
    startNs: String(row.start_ns),
    endNs: String(row.end_ns),
    type: row.type as TaskType,
    ...(row.class === null ? {} : { class: row.class }),
    value: JSON.parse(row.body) as ValueJson,
    sha256: row.sha256,
    ontologySha256: row.ontology_sha256,
    method: row.method as LabelMethod,
    ...(row.posterior === null ? {} : { posterior: row.posterior }),
    ...(row.alpha === null ? {} : { alpha: row.alpha }),
    annotators: Number(row.annotators),
    ...(row.superseded_by === null ? {} : { supersededBy: row.superseded_by }),
    createdAt: instantText(Number(row.created_at)),
  };
}

export const annotatorSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    skills: z.array(z.string()).openapi({ description: 'Names of ontologies; empty: all.' }),
    sites: z.array(z.string()).openapi({ description: 'Whose clips they may see; empty: all.' }),
    senior: z.boolean().openapi({ description: 'May decide where people cannot agree.' }),
    state: z.enum(annotatorStates),
    pausedReason: z.string().optional(),
    goldShare: z.number(),
    given: z.int(),
    goldGiven: z.int(),
    seenAt: instantField.openapi({ description: 'They asked for a task; to within an hour.' }),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Annotator');

export type AnnotatorJson = z.infer<typeof annotatorSchema>;

export function annotatorJson(one: Annotator): AnnotatorJson {
  const { skills, sites, goodAt: _good, judgedAt: _judged, seenAt, ...rest } = one;
  const { createdAt, updatedAt, ...same } = rest;
  return {
    ...same,
    skills: [...skills],
    sites: [...sites],
    seenAt: instantText(seenAt),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}
