import { column, lookup, type QSource } from '../source.ts';

const createdFields = (table: string, what: string) =>
  [
    {
      name: 'createdBy',
      type: 'text',
      says: `The person or key who ${what} it.`,
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column(`${table}.created_by`),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: `When they ${what} it.`,
      example: 'createdAt > -7d',
      place: column(`${table}.created_at`),
    },
  ] as const;

export const datasetSource: QSource = {
  name: 'datasets',
  table: 'dataset',
  sorts: { createdAt: { column: 'dataset.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name = wall-following',
      place: column('dataset.name'),
    },
    ...createdFields('dataset', 'made'),
  ],
};

export const datasetVersionSource: QSource = {
  name: 'datasetVersions',
  table: 'dataset_version',
  sorts: { createdAt: { column: 'dataset_version.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['dataset'],
  fields: [
    {
      name: 'dataset',
      type: 'text',
      says: 'Name of its data set.',
      example: 'dataset = wall-following',
      place: lookup('dataset_version.dataset_id', 'dataset.id', 'dataset.name'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Whether it may train.',
      example: 'state = ready',
      values: ['draft', 'ready', 'rejected'],
      place: column('dataset_version.state'),
    },
    {
      name: 'outcome',
      type: 'text',
      says: 'The worst of its gates.',
      example: 'outcome = fail',
      values: ['pass', 'warn', 'inconclusive', 'fail'],
      place: column('dataset_version.outcome'),
    },
    {
      name: 'items',
      type: 'int',
      says: 'How many items it has.',
      example: 'items > 1000',
      place: column('dataset_version.items'),
    },
    ...createdFields('dataset_version', 'made'),
  ],
};

export const datasetExportSource: QSource = {
  name: 'datasetExports',
  table: 'dataset_export',
  sorts: { createdAt: { column: 'dataset_export.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['createdBy'],
  fields: [
    {
      name: 'format',
      type: 'text',
      says: 'What kind of file it is.',
      example: 'format = lerobot',
      values: ['lerobot', 'coco', 'croissant', 'bundle', 'openlineage'],
      place: column('dataset_export.format'),
    },
    ...createdFields('dataset_export', 'asked for'),
  ],
};
