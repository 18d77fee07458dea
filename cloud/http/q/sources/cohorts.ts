import { column, type QSource } from '../source.ts';

export const cohortSource: QSource = {
  name: 'cohorts',
  table: 'cohort',
  sorts: { name: { column: 'cohort.name', type: 'text' } },
  sort: 'name',
  words: ['name', 'note'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name:warehouse-*',
      place: column('cohort.name'),
    },
    {
      name: 'note',
      type: 'text',
      says: 'What people wrote about it.',
      example: 'note ~ *pilot*',
      place: column('cohort.note'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who made it.',
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column('cohort.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -30d',
      place: column('cohort.created_at'),
    },
    {
      name: 'updatedAt',
      type: 'instant',
      says: 'When it was last changed.',
      example: 'updatedAt > -1d',
      place: column('cohort.updated_at'),
    },
  ],
};
