/** Data sets and their versions as the API shows them. */
import { groupKeys, splitBuckets, splits } from '@fieldloop/learning';
import { maxDatasetNameLength } from '../dataset-limits.ts';
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxNoteLength } from '../limits.ts';
import {
  type Dataset,
  type DatasetSettings,
  type DatasetTag,
  type DatasetVersion,
  gateOutcomes,
  usualBuckets,
  usualGates,
  versionStates,
} from './dataset.ts';

export const hashField = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in lower-case hex')
  .openapi({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' });

export const nameField = z
  .string()
  .regex(
    new RegExp(`^[a-z0-9][a-z0-9._-]{0,${maxDatasetNameLength - 1}}$`),
    'is not a name: use a-z, 0-9, ".", "_" and "-", a letter or digit first',
  )
  .openapi({ example: 'wall-following' });

const texts = (most: number, length = 256) => z.array(z.string().min(1).max(length)).max(most);
const share = z.number().min(0).max(1);

export const descriptionField = z.string().max(maxNoteLength);

export const selectionFields = z.strictObject({
  ontology: z
    .string()
    .min(1)
    .max(128)
    .openapi({ description: 'Name of the ontology whose labels belong to it.' }),
  types: z
    .array(z.enum(['classification', 'boxes', 'segments', 'text']))
    .min(1)
    .max(4)
    .optional()
    .openapi({ description: 'All when absent.' }),
  topics: texts(64).min(1).optional().openapi({ description: 'All when absent.' }),
});

const bucketField = z
  .int()
  .min(0)
  .max(splitBuckets / 2);

export const splitRuleFields = z.strictObject({
  key: z
    .enum(groupKeys)
    .default('device_session')
    .openapi({ description: 'What never stands on two sides: a drive, or a site.' }),
  salt: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .openapi({ description: 'The name of the data set unless said.' }),
  buckets: z
    .strictObject({
      test: bucketField.default(usualBuckets.test),
      calibration: bucketField.default(usualBuckets.calibration),
    })
    .default({ ...usualBuckets })
    .openapi({ description: `Of ${splitBuckets}; the rest trains.` }),
});

export const gateFields = z.strictObject({
  unresolved: z
    .int()
    .min(0)
    .default(usualGates.unresolved)
    .openapi({ description: 'Tasks that may be open.' }),
  alpha: z
    .strictObject({ fail: share, warn: share })
    .default({ ...usualGates.alpha })
    .openapi({ description: 'Krippendorff’s alpha: below the first it fails.' }),
  classMinimum: z
    .int()
    .min(0)
    .default(usualGates.classMinimum)
    .openapi({ description: 'Items of each class to train.' }),
  leakCosine: z
    .number()
    .min(0.5)
    .max(1)
    .nullable()
    .default(usualGates.leakCosine)
    .openapi({ description: 'Items across splits that are as near count as the same.' }),
  onLeak: z.enum(['drop', 'fail']).default(usualGates.onLeak),
  bytes: z
    .enum(['present', 'hashed'])
    .default(usualGates.bytes)
    .openapi({ description: '`hashed`: every clip is read and compared with its hash.' }),
  privacy: z
    .array(z.enum(['clear', 'redacted', 'unstated', 'raw']))
    .max(4)
    .default([...usualGates.privacy] as ('clear' | 'redacted' | 'unstated' | 'raw')[]),
  residency: texts(64, 64).nullable().default(null).openapi({ description: 'Null: anywhere.' }),
  testMinimum: z
    .int()
    .min(0)
    .default(usualGates.testMinimum)
    .openapi({ description: 'Items of test, which the audit drew.' }),
});

export const licencesField = texts(16, 128);

export const settingsOf = (
  name: string,
  of: {
    readonly selection: z.infer<typeof selectionFields>;
    readonly splitRule: z.infer<typeof splitRuleFields>;
    readonly gates: z.infer<typeof gateFields>;
    readonly licences: readonly string[];
  },
): DatasetSettings => {
  const { ontology, types, topics } = of.selection;
  return {
    selection: {
      ontology,
      ...(types === undefined ? {} : { types }),
      ...(topics === undefined ? {} : { topics }),
    },
    splitRule: { ...of.splitRule, salt: of.splitRule.salt ?? name },
    gates: of.gates,
    licences: of.licences,
  };
};

export const datasetSchema = z
  .object({
    id: z.string().openapi({ example: 'dst_01JC0000000000000000000000' }),
    name: nameField,
    description: z.string().optional(),
    selection: selectionFields,
    splitRule: z.object({
      key: z.enum(groupKeys),
      salt: z.string(),
      buckets: z.object({ test: z.int(), calibration: z.int() }),
    }),
    gates: gateFields,
    licences: z.array(z.string()),
    tags: z
      .array(z.object({ name: z.string(), version: hashField }))
      .optional()
      .openapi({ description: 'Where one data set is shown.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Dataset');

export type DatasetJson = z.infer<typeof datasetSchema>;

export function datasetJson(dataset: Dataset, tags?: readonly DatasetTag[]): DatasetJson {
  const { settings, description } = dataset;
  const plain = JSON.parse(JSON.stringify(settings)) as Pick<
    DatasetJson,
    'selection' | 'splitRule' | 'gates' | 'licences'
  >;
  const named = tags?.map((tag) => ({ name: tag.name, version: tag.versionId }));
  return {
    id: dataset.id,
    name: dataset.name,
    ...(description === undefined ? {} : { description }),
    ...plain,
    ...(named === undefined ? {} : { tags: named }),
    createdBy: dataset.createdBy,
    createdAt: instantText(dataset.createdAt),
    updatedAt: instantText(dataset.updatedAt),
    version: dataset.version,
  };
}

const counts = z.record(z.string(), z.int());

const gateSchema = z
  .object({
    gate: z.string().openapi({ example: 'alpha' }),
    outcome: z.enum(gateOutcomes),
    reason: z.string(),
    remedy: z.string().optional(),
    offenders: z.array(z.string()).optional(),
  })
  .openapi('DatasetGate');

export const versionSchema = z
  .object({
    id: hashField.openapi({ description: 'SHA-256 of its manifest.' }),
    dataset: z.string(),
    n: z.int().openapi({ description: 'Counts the versions of its data set.' }),
    parent: hashField.optional(),
    state: z.enum(versionStates),
    outcome: z.enum(gateOutcomes).openapi({ description: 'The worst of its gates.' }),
    gates: z.array(gateSchema),
    items: z.int(),
    clips: z.int(),
    bytes: z.int().openapi({ description: 'Of the clips’ files together.' }),
    splits: z.object(Object.fromEntries(splits.map((split) => [split, z.int()]))),
    classes: counts,
    lanes: counts,
    leftOut: counts.openapi({ description: 'Labels that match and are no items, by reason.' }),
    ontologySha256: hashField,
    itemsSha256: hashField,
    itemsBytes: z.int(),
    asOf: instantField.openapi({ description: 'Labels are as they were then.' }),
    batches: z.array(z.string()).optional(),
    tags: z.array(z.string()),
    reason: z.string().optional().openapi({ description: 'Of its sign-off.' }),
    decidedBy: z.string().optional(),
    decidedAt: instantField.optional(),
    gone: z
      .array(
        z.object({
          clip: z.string(),
          sha256: z.string(),
          state: z.string(),
          reason: z.string().optional(),
        }),
      )
      .optional()
      .openapi({ description: 'Clips whose bytes are not here any more, where one is shown.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('DatasetVersion');

export type DatasetVersionJson = z.infer<typeof versionSchema>;

export function versionJson(
  one: DatasetVersion,
  of: {
    readonly tags: readonly string[];
    readonly gone?: DatasetVersionJson['gone'];
  },
): DatasetVersionJson {
  const { manifest, parent, batches, reason, decidedBy, decidedAt } = one;
  const { counts: counted } = manifest;
  return {
    id: one.id,
    dataset: one.dataset,
    n: one.n,
    ...(parent === undefined ? {} : { parent }),
    state: one.state,
    outcome: one.outcome,
    gates: one.gates.map(({ offenders, ...gate }) => ({
      ...gate,
      ...(offenders === undefined ? {} : { offenders: [...offenders] }),
    })),
    items: counted.items,
    clips: counted.clips,
    bytes: counted.bytes,
    splits: { ...counted.splits },
    classes: { ...counted.classes },
    lanes: { ...counted.lanes },
    leftOut: { ...counted.leftOut },
    ontologySha256: manifest.ontologySha256,
    itemsSha256: one.itemsSha256,
    itemsBytes: one.itemsBytes,
    asOf: instantText(one.asOf),
    ...(batches === undefined ? {} : { batches: [...batches] }),
    tags: [...of.tags],
    ...(reason === undefined ? {} : { reason }),
    ...(decidedBy === undefined ? {} : { decidedBy }),
    ...(decidedAt === undefined ? {} : { decidedAt: instantText(decidedAt) }),
    ...(of.gone === undefined ? {} : { gone: of.gone }),
    createdBy: one.createdBy,
    createdAt: instantText(one.createdAt),
    updatedAt: instantText(one.updatedAt),
    version: one.version,
  };
}

export const tagSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    versionId: hashField.openapi({ description: 'The dataset version that it names.' }),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('DatasetTag');

export const tagJson = (tag: DatasetTag): z.infer<typeof tagSchema> => ({
  id: tag.id,
  name: tag.name,
  versionId: tag.versionId,
  createdBy: tag.createdBy,
  createdAt: instantText(tag.createdAt),
  updatedAt: instantText(tag.updatedAt),
  version: tag.version,
});

const diffCounts = z
  .object({
    added: z.int(),
    removed: z.int(),
    relabelled: z.int(),
    moved: z.int(),
    same: z.int(),
  })
  .openapi('DatasetDiffCounts');

export const diffSchema = z
  .object({
    before: hashField,
    after: hashField,
    total: diffCounts,
    classes: z.record(z.string(), diffCounts),
    splits: z.record(z.string(), diffCounts),
    sites: z.record(z.string(), diffCounts),
    entries: z
      .array(
        z.object({
          kind: z.enum(['added', 'removed', 'relabelled', 'moved']),
          clip: z.string(),
          startNs: z.string(),
          endNs: z.string(),
          topic: z.string(),
          beforeClass: z.string().optional(),
          afterClass: z.string().optional(),
          beforeSplit: z.string().optional(),
          afterSplit: z.string().optional(),
        }),
      )
      .openapi({ description: 'The first that are not the same, in order.' }),
  })
  .openapi('DatasetDiff');

export type DatasetDiffJson = z.infer<typeof diffSchema>;
