import { deliveryStates } from '../../../outgoing/delivery.ts';
import { column, type QSource } from '../source.ts';

export const deliverySource: QSource = {
  name: 'deliveries',
  table: 'delivery',
  sorts: { createdAt: { column: 'delivery.created_at', type: 'int' } },
  sort: '-createdAt',
  words: ['kind', 'subject'],
  fields: [
    {
      name: 'state',
      type: 'text',
      says: 'Whether it waits, arrived or was given up.',
      example: 'state = failed',
      values: deliveryStates,
      place: column('delivery.state'),
    },
    {
      name: 'kind',
      type: 'text',
      says: 'What happened.',
      example: 'kind:clip.*',
      place: column('delivery.kind'),
    },
    {
      name: 'subject',
      type: 'text',
      says: 'Id of what it happened to.',
      example: 'subject = clp_01JC0000000000000000000000',
      place: column('delivery.subject'),
    },
    {
      name: 'status',
      type: 'int',
      says: 'What the receiver answered last.',
      example: 'status >= 500',
      place: column('delivery.status'),
    },
    {
      name: 'attempts',
      type: 'int',
      says: 'How often it was tried.',
      example: 'attempts > 1',
      place: column('delivery.attempts'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it was made.',
      example: 'createdAt > -1h',
      place: column('delivery.created_at'),
    },
  ],
};
