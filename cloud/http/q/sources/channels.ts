import { channelKinds } from '../../../channel/channel.ts';
import { column, type QSource } from '../source.ts';

export const channelSource: QSource = {
  name: 'channels',
  table: 'channel',
  sorts: {
    createdAt: { column: 'channel.created_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name:on-call*',
      place: column('channel.name'),
    },
    {
      name: 'kind',
      type: 'text',
      says: 'How it tells.',
      example: 'kind = mail',
      values: channelKinds,
      place: column('channel.kind'),
    },
    {
      name: 'enabled',
      type: 'bool',
      says: 'Whether it tells anything.',
      example: 'enabled = true',
      place: column('channel.enabled'),
    },
    {
      name: 'failingSince',
      type: 'instant',
      says: 'Since when nothing arrived.',
      example: 'failingSince:*',
      place: column('channel.failing_since'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('channel.created_at'),
    },
  ],
};
