import { column, type QSource } from '../source.ts';

export const exportSource: QSource = {
  name: 'exports',
  table: 'clip_export',
  sorts: { createdAt: { column: 'clip_export.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['createdBy'],
  fields: [
    {
      name: 'format',
      type: 'text',
      says: 'What kind of file it is.',
      example: 'format = zip',
      values: ['zip', 'mcap'],
      place: column('clip_export.format'),
    },
    {
      name: 'clips',
      type: 'int',
      says: 'How many clips were chosen.',
      example: 'clips > 100',
      place: column('clip_export.clip_count'),
      json: 'clipCount',
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'The person or key who asked for it.',
      example: 'createdBy = usr_01JC0000000000000000000000',
      place: column('clip_export.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was asked for.',
      example: 'createdAt > -1d',
      place: column('clip_export.created_at'),
    },
  ],
};
