import { column, type QSource } from '../source.ts';

export const silenceSource: QSource = {
  name: 'silences',
  table: 'silence',
  sorts: {
    createdAt: { column: 'silence.created_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['reason'],
  fields: [
    {
      name: 'reason',
      type: 'text',
      says: 'Why it is quiet.',
      example: 'reason ~ "*repair*"',
      place: column('silence.reason'),
    },
    {
      name: 'severity',
      type: 'text',
      says: 'Of the alerts that it covers.',
      example: 'severity = info',
      values: ['critical', 'warning', 'info'],
      place: column('silence.severity'),
    },
    {
      name: 'from',
      type: 'instant',
      says: 'When it begins.',
      example: 'from < now',
      place: column('silence.from_at'),
    },
    {
      name: 'until',
      type: 'instant',
      says: 'When it ends.',
      example: 'until > now',
      place: column('silence.until_at'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('silence.created_at'),
    },
  ],
};
