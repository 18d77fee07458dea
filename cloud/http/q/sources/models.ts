import { outcomes } from '@fieldloop/learning';
import { trainingStates } from '../../../training/training.ts';
import { column, type QField, type QSource } from '../source.ts';

const createdFields = (table: string): readonly QField[] => [
  {
    name: 'createdBy',
    type: 'text',
    says: 'Who made it.',
    example: 'createdBy = usr_01JC0000000000000000000000',
    place: column(`${table}.created_by`),
  },
  {
    name: 'createdAt',
    type: 'instant',
    says: 'When it was made.',
    example: 'createdAt > -7d',
    place: column(`${table}.created_at`),
  },
];

const text = (name: string, says: string, of: { example: string; at: string }): QField => ({
  name,
  type: 'text',
  says,
  example: `${name} = ${of.example}`,
  place: column(of.at),
});

export const modelSource: QSource = {
  name: 'models',
  table: 'model',
  sorts: { createdAt: { column: 'model.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['name', 'note'],
  fields: [
    text('name', 'What robots call it.', { example: 'classifier', at: 'model.name' }),
    text('note', 'What people wrote about it.', { example: 'pilot', at: 'model.note' }),
    ...createdFields('model'),
  ],
};

export const modelVersionSource: QSource = {
  name: 'modelVersions',
  table: 'model_version',
  sorts: { createdAt: { column: 'model_version.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['model'],
  fields: [
    text('model', 'The model.', { example: 'classifier', at: 'model_version.model' }),
    {
      name: 'number',
      type: 'int',
      says: 'Which version of its model it is.',
      example: 'number >= 3',
      place: column('model_version.version'),
    },
    {
      name: 'datasetVersion',
      type: 'text',
      says: 'What it was trained on.',
      example: 'datasetVersion:*',
      place: column('model_version.dataset_version_id'),
    },
    {
      name: 'training',
      type: 'text',
      says: 'What made it.',
      example: 'training:*',
      place: column('model_version.training_id'),
    },
    ...createdFields('model_version'),
  ],
};

export const trainingSource: QSource = {
  name: 'trainings',
  table: 'training',
  sorts: { createdAt: { column: 'training.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['model'],
  fields: [
    text('model', 'The model.', { example: 'classifier', at: 'training.model' }),
    {
      name: 'state',
      type: 'text',
      says: 'Where it is.',
      example: 'state in (queued, running)',
      values: trainingStates,
      place: column('training.state'),
    },
    {
      name: 'datasetVersion',
      type: 'text',
      says: 'What it trains on.',
      example: 'datasetVersion:*',
      place: column('training.version_id'),
    },
    text('trainer', 'Which program trains.', { example: 'builtin', at: 'training.trainer' }),
    {
      name: 'policy',
      type: 'text',
      says: 'The policy that started it.',
      example: 'policy:*',
      place: column('training.policy_id'),
    },
    ...createdFields('training'),
  ],
};

export const trainingPolicySource: QSource = {
  name: 'trainingPolicies',
  table: 'training_policy',
  sorts: { createdAt: { column: 'training_policy.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['model'],
  fields: [
    text('model', 'The model.', { example: 'classifier', at: 'training_policy.model' }),
    text('dataset', 'The data set.', { example: 'halls', at: 'training_policy.dataset' }),
    ...createdFields('training_policy'),
  ],
};

export const trainingCheckSource: QSource = {
  name: 'trainingChecks',
  table: 'training_check',
  sorts: { firstAt: { column: 'training_check.first_at', type: 'int' } },
  sort: '-firstAt',
  words: ['why'],
  fields: [
    {
      name: 'outcome',
      type: 'text',
      says: 'What came of it.',
      example: 'outcome = started',
      values: ['started', 'due', 'held'],
      place: column('training_check.outcome'),
    },
    text('policy', 'Id of the policy.', { example: 'tpo_01', at: 'training_check.policy_id' }),
    {
      name: 'why',
      type: 'text',
      says: 'The reason.',
      example: 'why ~ *labels*',
      place: column('training_check.why'),
    },
  ],
};

export const evaluationSource: QSource = {
  name: 'evaluations',
  table: 'evaluation',
  sorts: { createdAt: { column: 'evaluation.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['model'],
  fields: [
    text('model', 'The model.', { example: 'classifier', at: 'evaluation.model' }),
    {
      name: 'outcome',
      type: 'text',
      says: 'What the gates say together.',
      example: 'outcome = inconclusive',
      values: outcomes,
      place: column('evaluation.outcome'),
    },
    {
      name: 'modelVersion',
      type: 'text',
      says: 'What was measured.',
      example: 'modelVersion:*',
      place: column('evaluation.model_version_id'),
    },
    {
      name: 'datasetVersion',
      type: 'text',
      says: 'Whose test split it was measured on.',
      example: 'datasetVersion:*',
      place: column('evaluation.dataset_version_id'),
    },
    ...createdFields('evaluation'),
  ],
};

export const regressionCaseSource: QSource = {
  name: 'regressionCases',
  table: 'regression_case',
  sorts: { createdAt: { column: 'regression_case.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['class'],
  fields: [
    text('class', 'The class that is right.', { example: 'pallet', at: 'regression_case.class' }),
    {
      name: 'state',
      type: 'text',
      says: 'Whether models are asked about it.',
      example: 'state = active',
      values: ['active', 'withdrawn'],
      place: column('regression_case.state'),
    },
    {
      name: 'cluster',
      type: 'text',
      says: 'The cluster of failures it belongs to.',
      example: 'cluster:*',
      place: column('regression_case.cluster'),
    },
    {
      name: 'failure',
      type: 'text',
      says: 'The failure.',
      example: 'failure:*',
      place: column('regression_case.failure_id'),
    },
    ...createdFields('regression_case'),
  ],
};
