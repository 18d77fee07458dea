import type { Json } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import type { Db } from '../store/db.ts';
import {
  type Event,
  eventOfMarker,
  type EventValue,
  type NewEvent,
  type NewMarker,
} from './event.ts';
import { putEvents } from './put-many.ts';

/** Events and markers. Twice the same id is once. */
export const eventStore = (db: Db) => ({
  /** False when it was known. */
  async putEvent(device: string, event: NewEvent, receivedAt: number): Promise<boolean> {
    return (await putEvents(db, device, [{ event, kind: 'event' }], receivedAt)) > 0;
  },

  /** False when it was known. */
  async putMarker(device: string, marker: NewMarker, receivedAt: number): Promise<boolean> {
    const event = eventOfMarker(marker);
    return (await putEvents(db, device, [{ event, kind: 'marker' }], receivedAt)) > 0;
  },

  async get(id: string): Promise<Event | undefined> {
    const row = await eventRows(db).where('event.id', '=', id).executeTakeFirst();
    return row && eventOfRow(row);
  },

  async hasClip(id: string): Promise<boolean> {
    const row = await db.selectFrom('clip').select('id').where('id', '=', id).executeTakeFirst();
    return row !== undefined;
  },
});

/** The columns of an event and its device's name. */
export const eventRows = (db: Db) =>
  db
    .selectFrom('event')
    .selectAll('event')
    .select((of) =>
      of
        .selectFrom('device')
        .select('device.name')
        .whereRef('device.id', '=', 'event.device_id')
        .as('device'),
    );

type EventRow = Awaited<ReturnType<ReturnType<typeof eventRows>['executeTakeFirstOrThrow']>>;

export function eventOfRow(row: EventRow): Event {
  return {
    id: row.id,
    device: row.device ?? '',
    ...(row.session_id === null ? {} : { session: row.session_id }),
    ...(row.clip_id === null ? {} : { clip: row.clip_id }),
    kind: row.kind === 'marker' ? 'marker' : 'event',
    name: row.name,
    severity: row.severity as Severity,
    atNs: row.at_ns,
    endNs: row.end_ns,
    synced: row.synced === 1n,
    values: JSON.parse(row.values_json) as Record<string, EventValue>,
    tags: JSON.parse(row.tags) as string[],
    ...(row.text === null ? {} : { text: row.text }),
    ...(row.rule === null ? {} : { rule: row.rule }),
    ...(row.rule_set_digest === null ? {} : { ruleSetDigest: row.rule_set_digest }),
    ...(row.margin === null ? {} : { margin: row.margin }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.data === null ? {} : { data: JSON.parse(row.data) as Json }),
    ...(row.created_by === null ? {} : { createdBy: row.created_by }),
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    receivedAt: Number(row.received_at),
    updatedAt: Number(row.updated_at ?? row.received_at),
    version: Number(row.version),
  };
}
