import { column, type QSource } from '../source.ts';

export const savedQuerySource: QSource = {
  name: 'savedQueries',
  table: 'saved_query',
  sorts: { createdAt: { column: 'saved_query.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['name', 'note'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name:wet*',
      place: column('saved_query.name'),
    },
    {
      name: 'source',
      type: 'text',
      says: 'What it asks.',
      example: 'source = clips',
      place: column('saved_query.source'),
    },
    {
      name: 'q',
      type: 'text',
      says: 'The query itself.',
      example: 'q ~ *entropy*',
      place: column('saved_query.q'),
    },
    {
      name: 'note',
      type: 'text',
      says: 'What it is for.',
      example: 'note:*night*',
      place: column('saved_query.note'),
    },
    {
      name: 'shared',
      type: 'bool',
      says: 'Whether others see it.',
      example: 'shared = true',
      place: column('saved_query.shared'),
    },
    {
      name: 'owner',
      type: 'text',
      says: 'Id of who made it.',
      example: 'owner:usr_*',
      place: column('saved_query.owner'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('saved_query.created_at'),
    },
  ],
};
