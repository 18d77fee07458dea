import { sql } from '../../../store/kysely.ts';
import { column, computed, lookup, type QSource } from '../source.ts';
import { spanMs } from './span.ts';

export const sessionSource: QSource = {
  name: 'sessions',
  table: 'session',
  sorts: { startNs: { column: 'session.start_ns', type: 'int' } },
  sort: '-startNs',
  words: ['device', 'source'],
  fields: [
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('session.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'site',
      type: 'text',
      says: 'Site of the device.',
      example: 'site = hall-2',
      place: lookup('session.device_id', 'device.id', 'device.site'),
    },
    {
      name: 'source',
      type: 'text',
      says: 'What was recorded from.',
      example: 'source = sim',
      place: column('session.source'),
    },
    {
      name: 'startNs',
      type: 'ns',
      says: 'Log time of its first moment.',
      example: 'startNs > -1d',
      place: column('session.start_ns'),
    },
    {
      name: 'endNs',
      type: 'ns',
      says: 'Log time of its last moment.',
      example: 'endNs > -1h',
      place: column('session.end_ns'),
    },
    {
      name: 'durationMs',
      type: 'duration',
      says: 'How long it is.',
      example: 'durationMs > 2h',
      json: spanMs('startNs', 'endNs'),
      place: computed(sql`(session.end_ns - session.start_ns)`),
    },
    {
      name: 'clips',
      type: 'int',
      says: 'How many clips the cloud knows of it.',
      example: 'clips > 10',
      place: computed(sql`(select count(*) from clip where clip.session_id = session.id)`),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When the cloud first heard of it.',
      example: 'createdAt: today',
      place: column('session.created_at'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = ses_01JC0000000000000000000000',
      place: column('session.id'),
    },
  ],
};
