import { deviceStates } from '../../../device/device.ts';
import { sql } from '../../../store/kysely.ts';
import { column, computed, type QSource, rows } from '../source.ts';

/** Values that a device has now, under the names of its properties. */
const properties = rows({
  table: 'device_property',
  owner: 'device_id',
  id: 'device.id',
  key: { column: 'key', before: '' },
  num: 'num',
  text: 'text',
  kind: { column: 'kind', num: ['number'], text: ['string', 'boolean'] },
});

export const deviceSource: QSource = {
  name: 'devices',
  table: 'device',
  sorts: {
    name: { column: 'device.name', type: 'text' },
    createdAt: { column: 'device.created_at', type: 'int' },
  },
  sort: 'name',
  words: ['name', 'site'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'The name in its certificate.',
      example: 'name:amr-*',
      place: column('device.name'),
    },
    {
      name: 'id',
      type: 'text',
      says: 'Its id.',
      example: 'id = dev_01JC0000000000000000000000',
      place: column('device.id'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Where it stands in its life.',
      example: 'state in (active, suspended)',
      values: deviceStates,
      place: column('device.state'),
    },
    {
      name: 'site',
      type: 'text',
      says: 'Where it works.',
      example: 'site = hall-2',
      place: column('device.site'),
    },
    {
      name: 'online',
      type: 'bool',
      says: 'Whether it is connected.',
      example: 'online = true',
      json: 'presence.online',
      place: column('device.online'),
    },
    {
      name: 'held',
      type: 'bool',
      says: 'Whether a maintenance case holds it out of rollouts and draws.',
      example: 'held = false',
      json: () => undefined,
      place: computed(sql<bigint>`(select case when count(*) > 0 then 1 else 0 end from device_hold
        where device_hold.device_id = device.id and device_hold.lifted_at is null)`),
    },
    {
      name: 'lastSeen',
      type: 'instant',
      says: 'When something last came from it.',
      example: 'lastSeen < -1d',
      json: 'presence.lastSeen',
      place: column('device.last_seen_at'),
    },
    {
      name: 'properties.*',
      type: 'mixed',
      says: 'A property by its name, as it is now.',
      example: 'properties.firmware ~ 1.4.*',
      place: properties,
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When it became known.',
      example: 'createdAt > -7d',
      place: column('device.created_at'),
    },
    {
      name: 'updatedAt',
      type: 'instant',
      says: 'When it was last changed.',
      example: 'updatedAt > -1h',
      place: column('device.updated_at'),
    },
  ],
};
