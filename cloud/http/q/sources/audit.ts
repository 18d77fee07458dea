import { column, type QSource } from '../source.ts';

export const auditSource: QSource = {
  name: 'audit',
  table: 'audit',
  id: { column: 'seq', type: 'int' },
  sorts: { seq: { column: 'audit.seq', type: 'int' } },
  sort: '-seq',
  words: ['actor', 'action', 'subject'],
  fields: [
    {
      name: 'at',
      type: 'instant',
      says: 'When it was done.',
      example: 'at > -1d',
      place: column('audit.at'),
    },
    {
      name: 'actor',
      type: 'text',
      says: 'Id of the person or key, name of the device, or `system`.',
      example: 'actor:usr_*',
      place: column('audit.actor'),
    },
    {
      name: 'via',
      type: 'text',
      says: 'Through which door.',
      example: 'via = api',
      place: column('audit.via'),
    },
    {
      name: 'action',
      type: 'text',
      says: 'Noun, dot, what was done.',
      example: 'action:device.*',
      place: column('audit.action'),
    },
    {
      name: 'subject',
      type: 'text',
      says: 'Id of what it was done to.',
      example: 'subject = dev_01JC0000000000000000000000',
      place: column('audit.subject'),
    },
    {
      name: 'requestId',
      type: 'text',
      says: 'Id of the request.',
      example: 'requestId = req_01JC0000000000000000000000',
      place: column('audit.request_id'),
    },
    {
      name: 'ip',
      type: 'text',
      says: 'Address of the client.',
      example: 'ip ~ 10.0.*',
      place: column('audit.ip'),
    },
    {
      name: 'seq',
      type: 'int',
      says: 'Its place in the chain.',
      example: 'seq: 100..200',
      place: column('audit.seq'),
    },
  ],
};
