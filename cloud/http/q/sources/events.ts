import { sql } from '../../../store/kysely.ts';
import { column, computed, eitherOf, lookup, type Place, type QSource, rows } from '../source.ts';
import { spanMs } from './span.ts';

const place = { owner: 'event_id', id: 'event.id' };

const text = (key: string): Place =>
  rows({
    ...place,
    table: 'event_text',
    is: { key },
    text: 'text',
    also: { at_ns: 'event.at_ns' },
  });

/** A number in one table, a text or a bool in the other. */
const values = (before: string): Place =>
  eitherOf(
    rows({
      ...place,
      table: 'event_value',
      key: { column: 'key', before },
      num: 'num',
      single: true,
    }),
    rows({
      ...place,
      table: 'event_text',
      key: { column: 'key', before },
      text: 'text',
      also: { at_ns: 'event.at_ns' },
    }),
  );

export const eventSource: QSource = {
  name: 'events',
  table: 'event',
  sorts: {
    atNs: { column: 'event.at_ns', type: 'int' },
    receivedAt: { column: 'event.received_at', type: 'int' },
  },
  sort: '-atNs',
  words: ['device', 'name', 'label', 'text', 'tag', 'rule'],
  fields: [
    {
      name: 'kind',
      type: 'text',
      says: 'An event, or a marker on the timeline of a clip.',
      example: 'kind = marker',
      values: ['event', 'marker'],
      place: column('event.kind'),
    },
    {
      name: 'name',
      type: 'text',
      says: 'What it is called.',
      example: 'name:rule.fired*',
      place: column('event.name'),
    },
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('event.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'site',
      type: 'text',
      says: 'Site of the device.',
      example: 'site = hall-2',
      place: lookup('event.device_id', 'device.id', 'device.site'),
    },
    {
      name: 'session',
      type: 'text',
      says: 'Id of the session.',
      example: 'session:*',
      place: column('event.session_id'),
    },
    {
      name: 'clip',
      type: 'text',
      says: 'Id of the clip.',
      example: 'clip = clp_01JC0000000000000000000000',
      place: column('event.clip_id'),
    },
    {
      name: 'severity',
      type: 'text',
      says: 'How much it matters.',
      example: 'severity in (critical, warning)',
      values: ['critical', 'warning', 'info'],
      place: column('event.severity'),
    },
    {
      name: 'rule',
      type: 'text',
      says: 'The rule that told it, without its version.',
      example: 'rule:near-miss',
      json: (item) => (typeof item['rule'] === 'string' ? ruleName(item['rule']) : undefined),
      place: text('rule'),
    },
    {
      name: 'tag',
      type: 'text',
      says: 'One of its tags.',
      example: 'tag:rain',
      json: 'tags',
      place: text('tag'),
    },
    {
      name: 'label',
      type: 'text',
      says: 'What a person wrote of it.',
      example: 'label:*pallet*',
      place: column('event.label'),
    },
    {
      name: 'text',
      type: 'text',
      says: 'What the robot wrote of it.',
      example: 'text:*close*',
      place: column('event.text'),
    },
    {
      name: 'values.*',
      type: 'mixed',
      says: 'A signal at that moment.',
      example: 'values.vx > 0.5',
      place: values('values.'),
    },
    {
      name: 'data.*',
      type: 'mixed',
      says: 'A member of its data, by its name.',
      example: 'data.weightKg > 20',
      place: values('data.'),
    },
    {
      name: 'margin',
      type: 'real',
      says: 'How far the value was from the limit of the rule.',
      example: 'margin < 0',
      place: column('event.margin'),
    },
    {
      name: 'synced',
      type: 'bool',
      says: 'Whether the clock of the robot was right then.',
      example: 'synced = false',
      place: column('event.synced'),
    },
    {
      name: 'atNs',
      type: 'ns',
      says: 'Log time of the event.',
      example: 'atNs > -1h',
      place: column('event.at_ns'),
    },
    {
      name: 'endNs',
      type: 'ns',
      says: 'Log time of its end; that of the event for an instant.',
      example: 'endNs < -1h',
      place: column('event.end_ns'),
    },
    {
      name: 'durationMs',
      type: 'duration',
      says: 'How long it lasted; 0 for an instant.',
      example: 'durationMs > 2s',
      json: spanMs('atNs', 'endNs'),
      place: computed(sql`(event.end_ns - event.at_ns)`),
    },
    {
      name: 'receivedAt',
      type: 'instant',
      says: 'When the cloud heard of it.',
      example: 'receivedAt: yesterday',
      place: column('event.received_at'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = evt_01JC0000000000000000000000',
      place: column('event.id'),
    },
  ],
};

/** `near-miss` of `near-miss@3`. */
export const ruleName = (rule: string): string => rule.replace(/@\d+$/u, '');
