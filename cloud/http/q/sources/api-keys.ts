/** What lists of keys can be asked about. */
import { column, type QSource } from '../source.ts';

export const apiKeySource: QSource = {
  name: 'apiKeys',
  table: 'api_key',
  sorts: { createdAt: { column: 'api_key.created_at', type: 'int' } },
  sort: '-createdAt',
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'For whom or what the key is.',
      example: 'name ~ ci*',
      place: column('api_key.name'),
    },
    {
      name: 'user',
      type: 'text',
      says: 'The person it stands for.',
      example: 'user:*',
      place: column('api_key.person_id'),
    },
    {
      name: 'createdBy',
      type: 'text',
      says: 'Who made it.',
      example: 'createdBy = system',
      place: column('api_key.created_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -7d',
      place: column('api_key.created_at'),
    },
    {
      name: 'expiresAt',
      type: 'instant',
      says: 'When it ends by itself.',
      example: 'expiresAt < 2030-01-01',
      place: column('api_key.expires_at'),
    },
    {
      name: 'lastUsedAt',
      type: 'instant',
      says: 'When it was used last, to the minute.',
      example: 'lastUsedAt < -30d',
      place: column('api_key.last_used_at'),
    },
    {
      name: 'revokedAt',
      type: 'instant',
      says: 'When it was revoked.',
      example: 'not revokedAt:*',
      place: column('api_key.revoked_at'),
    },
  ],
  words: ['name'],
};
