import { clipStates } from '../../../clip/clip.ts';
import { sql } from '../../../store/kysely.ts';
import { column, computed, eitherOf, lookup, type Place, type QSource, rows } from '../source.ts';

const term = (kind: 'rule' | 'tag'): Place =>
  rows({
    table: 'clip_term',
    owner: 'clip_id',
    id: 'clip.id',
    is: { kind },
    text: 'term',
    also: { start_ns: 'clip.start_ns' },
  });

/** Texts that step 0010 keeps beside the clip, in list order. */
const text = (key: string): Place =>
  rows({
    table: 'clip_text',
    owner: 'clip_id',
    id: 'clip.id',
    is: { key },
    text: 'text',
    also: { start_ns: 'clip.start_ns' },
  });

const texts = (before: string): Place =>
  rows({
    table: 'clip_text',
    owner: 'clip_id',
    id: 'clip.id',
    key: { column: 'key', before },
    text: 'text',
    also: { start_ns: 'clip.start_ns' },
  });

const numbers = (before: string): Place =>
  rows({
    table: 'clip_value',
    owner: 'clip_id',
    id: 'clip.id',
    key: { column: 'key', before },
    num: 'num',
    single: true,
  });

/** What a property of the device was when the clip began. */
const propertyThen = rows({
  table: 'property_interval',
  owner: 'device_id',
  id: 'clip.device_id',
  key: { column: 'key', before: '' },
  num: 'num',
  text: 'text',
  kind: { column: 'kind', num: ['number'], text: ['string', 'boolean'] },
  when: sql<boolean>`v.from_at <= clip.start_ns / 1000000
    and (v.to_at is null or v.to_at > clip.start_ns / 1000000)`,
});

export const clipSource: QSource = {
  name: 'clips',
  table: 'clip',
  sorts: {
    startNs: { column: 'clip.start_ns', type: 'int' },
    receivedAt: { column: 'clip.received_at', type: 'int' },
    sizeBytes: { column: 'clip.size_bytes', type: 'int' },
  },
  sort: '-startNs',
  words: ['device', 'rule', 'tag', 'label'],
  fields: [
    {
      name: 'device',
      type: 'text',
      says: 'Name of the device.',
      example: 'device = amr-01',
      place: lookup('clip.device_id', 'device.id', 'device.name'),
    },
    {
      name: 'site',
      type: 'text',
      says: 'Site of the device.',
      example: 'site = hall-2',
      place: lookup('clip.device_id', 'device.id', 'device.site'),
    },
    {
      name: 'device.properties.*',
      type: 'mixed',
      says: 'A property of the device, as it was when the clip began.',
      example: 'device.properties.payload = pallet',
      json: (item, key) => (item['properties'] as Record<string, unknown> | undefined)?.[key],
      place: { holds: propertyThen.holds },
    },
    {
      name: 'session',
      type: 'text',
      says: 'Id of the session.',
      example: 'session = ses_01JC0000000000000000000000',
      place: column('clip.session_id'),
    },
    {
      name: 'rule',
      type: 'text',
      says: 'A rule that fired inside.',
      example: 'rule:near-miss',
      json: 'rules',
      place: term('rule'),
    },
    {
      name: 'tag',
      type: 'text',
      says: 'A tag, of the rule or of a person.',
      example: 'tag:rain',
      json: 'tags',
      place: term('tag'),
    },
    {
      name: 'severity',
      type: 'text',
      says: 'How much it matters.',
      example: 'severity = critical',
      values: ['critical', 'warning', 'info'],
      place: column('clip.severity'),
    },
    {
      name: 'class',
      type: 'text',
      says: 'What the robot keeps it as.',
      example: 'class = baseline',
      values: ['critical', 'warning', 'info', 'baseline'],
      place: column('clip.class'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where its bytes are.',
      example: 'state in (on_device, uploading)',
      values: clipStates,
      place: column('clip.state'),
    },
    {
      name: 'topic',
      type: 'text',
      says: 'A topic with messages inside.',
      example: 'topic:/scan*',
      json: 'topics.name',
      place: text('topic'),
    },
    {
      name: 'scores.*',
      type: 'real',
      says: 'The largest score of a scorer and kind inside.',
      example: 'scores.classifier.entropy > 0.7',
      place: numbers('scores.'),
    },
    {
      name: 'why.values.*',
      type: 'mixed',
      says: 'A signal of the expression when the rule fired.',
      example: 'why.values.vx > 0.5',
      place: eitherOf(numbers('why.values.'), texts('why.values.')),
    },
    {
      name: 'firmware',
      type: 'text',
      says: 'The firmware that ran then.',
      example: 'firmware ~ 1.4.*',
      place: text('firmware'),
    },
    {
      name: 'agent',
      type: 'text',
      says: 'The version of the agent then.',
      example: 'agent = 0.1.0',
      json: 'agentVersion',
      place: text('agent'),
    },
    {
      name: 'model',
      type: 'text',
      says: 'A model that ran then, as `name@` and the first 12 digits of its SHA-256.',
      example: 'model:classifier@*',
      json: (item) => modelTexts((item['models'] ?? {}) as Record<string, string>),
      place: text('model'),
    },
    {
      name: 'label',
      type: 'text',
      says: 'What a person called it.',
      example: 'label:*pallet*',
      place: column('clip.label'),
    },
    {
      name: 'hold',
      type: 'bool',
      says: 'Whether it is kept from deletion.',
      example: 'hold = true',
      place: column('clip.hold'),
    },
    {
      name: 'startNs',
      type: 'ns',
      says: 'Log time of its start.',
      example: 'startNs: -2d..-1d',
      place: column('clip.start_ns'),
    },
    {
      name: 'endNs',
      type: 'ns',
      says: 'Log time of its end.',
      example: 'endNs < now',
      place: column('clip.end_ns'),
    },
    {
      name: 'durationMs',
      type: 'duration',
      says: 'How long it is.',
      example: 'durationMs > 30s',
      place: computed(sql`(clip.end_ns - clip.start_ns)`),
    },
    {
      name: 'sizeBytes',
      type: 'bytes',
      says: 'How large its file is.',
      example: 'sizeBytes > 5MiB',
      place: column('clip.size_bytes'),
    },
    {
      name: 'receivedAt',
      type: 'instant',
      says: 'When the cloud heard of it.',
      example: 'receivedAt: today',
      place: column('clip.received_at'),
    },
    {
      name: 'storedAt',
      type: 'instant',
      says: 'When its bytes were stored.',
      example: 'storedAt > -1h',
      place: column('clip.stored_at'),
    },
    {
      name: 'sha256',
      type: 'text',
      says: 'SHA-256 of its file.',
      example: 'sha256 ~ 9f86d0*',
      place: column('clip.sha256'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = clp_01JC0000000000000000000000',
      place: column('clip.id'),
    },
  ],
};

/** `classifier@9f86d081884c`: a model and which one it was. */
export const modelTexts = (models: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(models).map(([name, sha256]) => `${name}@${sha256.slice(0, 12)}`);
