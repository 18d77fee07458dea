import { canonicalJson, type Json } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import { idOfUuid } from '../entity-id.ts';
import { bit, type Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { putOutbox } from '../store/outbox.ts';
import { putEventValues } from '../store/query-values.ts';
import {
  type Event,
  eventOfMarker,
  type EventValue,
  type NewEvent,
  type NewMarker,
} from './event.ts';

/** Events and markers. Twice the same id is once. */
export const eventStore = (db: Db) => ({
  /** False when it was known. */
  async putEvent(device: string, event: NewEvent, receivedAt: number): Promise<boolean> {
    return await put(db, device, { event, kind: 'event', receivedAt });
  },

  /** False when it was known. */
  async putMarker(device: string, marker: NewMarker, receivedAt: number): Promise<boolean> {
    return await put(db, device, { event: eventOfMarker(marker), kind: 'marker', receivedAt });
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

/** A clip that another device holds is not this one's to write on; the event itself is kept. */
async function ownClip(db: Db, owner: string, event: NewEvent): Promise<string | null> {
  if (event.clipId === undefined) return null;
  const id = idOfUuid('clp', event.clipId);
  const clip = await db
    .selectFrom('clip')
    .select('device_id')
    .where('id', '=', id)
    .executeTakeFirst();
  return clip === undefined || clip.device_id === owner ? id : null;
}

async function put(
  db: Db,
  device: string,
  row: {
    readonly event: NewEvent;
    readonly kind: Event['kind'];
    readonly receivedAt: number;
  },
): Promise<boolean> {
  const { event, kind, receivedAt } = row;
  const owner = await deviceIdOf(db, device);
  const id = idOfUuid('evt', event.id);
  const done = await db
    .insertInto('event')
    .values({
      id,
      device_id: owner,
      session_id: event.sessionId === undefined ? null : idOfUuid('ses', event.sessionId),
      clip_id: await ownClip(db, owner, event),
      kind,
      name: event.name,
      severity: event.severity,
      at_ns: event.atNs,
      end_ns: event.endNs ?? event.atNs,
      synced: bit(event.synced),
      rule: event.rule ?? null,
      rule_set_digest: event.ruleSetDigest ?? null,
      margin: event.margin ?? null,
      text: event.text ?? null,
      tags: canonicalJson(event.tags ?? []),
      values_json: canonicalJson(event.values ?? {}),
      received_at: receivedAt,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  if ((done.numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
  await putEventValues(db, { ...event, id });
  await putOutbox(db, {
    kind: kind === 'event' ? 'event.new' : 'marker.new',
    subject: id,
    at: receivedAt,
    body: { device, name: event.name, severity: event.severity },
  });
  return true;
}

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
