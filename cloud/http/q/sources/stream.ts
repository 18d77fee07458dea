import { column, no, type QSource } from '../source.ts';

/** Of the body no database is asked: the stream looks at rows that it has in hand. */
const inHand = { holds: () => no };

export const streamSource: QSource = {
  name: 'stream',
  table: 'outbox',
  id: { column: 'seq', type: 'int' },
  sorts: { seq: { column: 'outbox.seq', type: 'int' } },
  sort: 'seq',
  words: ['kind', 'subject'],
  fields: [
    {
      name: 'kind',
      type: 'text',
      says: 'What happened: noun, dot, verb.',
      example: 'kind:clip.*',
      place: column('outbox.kind'),
    },
    {
      name: 'subject',
      type: 'text',
      says: 'Id of what it happened to.',
      example: 'subject = clp_01JC0000000000000000000000',
      place: column('outbox.subject'),
    },
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device that is concerned.',
      example: 'device:amr-*',
      json: 'body.device',
      place: inHand,
    },
    {
      name: 'severity',
      type: 'text',
      says: 'Of a clip, an event, a failure or an alert.',
      example: 'severity = critical',
      values: ['critical', 'warning', 'info'],
      json: 'body.severity',
      place: inHand,
    },
    {
      name: 'body.*',
      type: 'mixed',
      says: 'Any member of the body.',
      example: 'body.state = stored',
      place: inHand,
    },
  ],
};
