import { approvalStates } from '../../../approval/approval.ts';
import { column, type QSource } from '../source.ts';

export const approvalSource: QSource = {
  name: 'approvals',
  table: 'approval',
  sorts: { createdAt: { column: 'approval.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['action', 'reason'],
  fields: [
    {
      name: 'state',
      type: 'text',
      says: 'Where the request stands; an open one may have expired, see expiresAt.',
      example: 'state = open and expiresAt > now',
      values: approvalStates,
      place: column('approval.state'),
    },
    {
      name: 'action',
      type: 'text',
      says: 'What is to be done.',
      example: 'action = device.revoke',
      place: column('approval.action'),
    },
    {
      name: 'subject',
      type: 'text',
      says: 'To what it is to be done.',
      example: 'subject = clp_01JC0000000000000000000000',
      place: column('approval.subject'),
    },
    {
      name: 'reason',
      type: 'text',
      says: 'Why it was asked for.',
      example: 'reason ~ *recall*',
      place: column('approval.reason'),
    },
    {
      name: 'askedBy',
      type: 'text',
      says: 'The caller who asked.',
      example: 'askedBy = usr_01JC0000000000000000000000',
      place: column('approval.asked_by'),
    },
    {
      name: 'decidedBy',
      type: 'text',
      says: 'The person who decided.',
      example: 'decidedBy:*',
      place: column('approval.decided_by'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was asked for.',
      example: 'createdAt > -7d',
      place: column('approval.created_at'),
    },
    {
      name: 'expiresAt',
      type: 'instant',
      says: 'Until when it can be decided and used.',
      example: 'expiresAt > now',
      place: column('approval.expires_at'),
    },
  ],
};
