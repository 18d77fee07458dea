import { effects, reviewKinds, reviewStates } from '../../../review/review.ts';
import { column, type QSource } from '../source.ts';

export const reviewSource: QSource = {
  name: 'reviews',
  table: 'review',
  sorts: {
    createdAt: { column: 'review.created_at', type: 'int' },
    updatedAt: { column: 'review.updated_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['rationale'],
  fields: [
    {
      name: 'kind',
      type: 'text',
      says: 'What is asked for.',
      example: 'kind = export',
      values: reviewKinds,
      place: column('review.kind'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands.',
      example: 'state in (waiting, granted)',
      values: reviewStates,
      place: column('review.state'),
    },
    {
      name: 'effect',
      type: 'text',
      says: 'What the policy says of it.',
      example: 'effect = deny',
      values: effects,
      place: column('review.effect'),
    },
    {
      name: 'requester',
      type: 'text',
      says: 'Key or person who asks.',
      example: 'requester = usr_01JC0000000000000000000000',
      place: column('review.requester'),
    },
    {
      name: 'rationale',
      type: 'text',
      says: 'Why it is asked for.',
      example: 'rationale ~ *customer*',
      place: column('review.rationale'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was asked for.',
      example: 'createdAt > -30d',
      place: column('review.created_at'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = rev_01JC0000000000000000000000',
      place: column('review.id'),
    },
  ],
};

export const regionSource: QSource = {
  name: 'regions',
  table: 'region',
  sorts: { name: { column: 'region.name', type: 'text' } },
  sort: 'name',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name = eu',
      place: column('region.name'),
    },
  ],
};
