import { webhookStates } from '../../../webhook/webhook.ts';
import { column, type QSource } from '../source.ts';

export const webhookSource: QSource = {
  name: 'webhooks',
  table: 'webhook',
  sorts: {
    createdAt: { column: 'webhook.created_at', type: 'int' },
  },
  sort: '-createdAt',
  words: ['name'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'Its name.',
      example: 'name:ci*',
      place: column('webhook.name'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Whether rows are sent.',
      example: 'state = disabled',
      values: webhookStates,
      place: column('webhook.state'),
    },
    {
      name: 'url',
      type: 'text',
      says: 'Where rows are sent.',
      example: 'url:https://example.com/*',
      place: column('webhook.url'),
    },
    {
      name: 'failingSince',
      type: 'instant',
      says: 'Since when nothing arrived.',
      example: 'failingSince:*',
      place: column('webhook.failing_since'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('webhook.created_at'),
    },
  ],
};
