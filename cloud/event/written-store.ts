/** Events and markers that people and programs write. */
import { canonicalJson, type Json } from '@fieldloop/core';
import type { Severity } from '@fieldloop/proto';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { dropEventValues, putEventValues } from '../store/query-values.ts';
import type { Event, EventValue, KnownTime } from './event.ts';
import { eventOfRow, eventRows } from './store.ts';

export interface WrittenEvent {
  readonly id: string;
  readonly kind: Event['kind'];
  readonly deviceId: string;
  readonly device: string;
  readonly session?: string | undefined;
  readonly clip?: string | undefined;
  readonly name: string;
  readonly severity: Severity;
  readonly atNs: bigint;
  readonly endNs: bigint;
  readonly label?: string | undefined;
  readonly data?: Json | undefined;
  readonly values: Readonly<Record<string, EventValue>>;
  readonly tags: readonly string[];
  readonly createdBy: string;
  readonly externalId?: string | undefined;
  readonly at: number;
}

/** Null takes away; absent stays. */
export interface EventPatch {
  readonly severity?: Severity | undefined;
  readonly atNs?: bigint | undefined;
  readonly endNs?: bigint | undefined;
  readonly label?: string | null | undefined;
  readonly data?: Json | undefined;
  readonly tags?: readonly string[] | undefined;
}

export interface Owner {
  readonly deviceId: string;
  readonly device: string;
}

export interface ClipOwner extends Owner, KnownTime {
  readonly session: string;
}

export const writtenEventStore = (db: Db) => ({
  async get(id: string): Promise<Event | undefined> {
    const row = await eventRows(db).where('event.id', '=', id).executeTakeFirst();
    return row && eventOfRow(row);
  },

  /** The event that this writer wrote on this device under the same external id. */
  async known(of: {
    readonly createdBy: string;
    readonly deviceId: string;
    readonly externalId: string;
  }): Promise<Event | undefined> {
    const row = await eventRows(db)
      .where('event.created_by', '=', of.createdBy)
      .where('event.device_id', '=', of.deviceId)
      .where('event.external_id', '=', of.externalId)
      .executeTakeFirst();
    return row && eventOfRow(row);
  },

  async add(event: WrittenEvent): Promise<void> {
    const { id, kind, name, severity, atNs, endNs, data, at } = event;
    await db
      .insertInto('event')
      .values({
        id,
        device_id: event.deviceId,
        session_id: event.session ?? null,
        clip_id: event.clip ?? null,
        kind,
        name,
        severity,
        at_ns: atNs,
        end_ns: endNs,
        synced: 1,
        tags: canonicalJson(event.tags),
        values_json: canonicalJson(event.values),
        received_at: at,
        label: event.label ?? null,
        data: data === undefined ? null : canonicalJson(data),
        created_by: event.createdBy,
        external_id: event.externalId ?? null,
        updated_at: at,
        version: 1,
      })
      .execute();
    await putEventValues(db, event);
    await tell(db, event, { verb: 'new', at });
  },

  async change(known: Event, patch: EventPatch, at: number): Promise<void> {
    const { label, data, ...plain } = patch;
    const next = {
      severity: plain.severity ?? known.severity,
      atNs: plain.atNs ?? known.atNs,
      endNs: plain.endNs ?? known.endNs,
      tags: plain.tags ?? known.tags,
      data: data === undefined ? known.data : (data ?? undefined),
    };
    await dropEventValues(db, known.id);
    await db
      .updateTable('event')
      .set({
        severity: next.severity,
        at_ns: next.atNs,
        end_ns: next.endNs,
        tags: canonicalJson(next.tags),
        data: next.data === undefined ? null : canonicalJson(next.data),
        ...(label === undefined ? {} : { label }),
        updated_at: at,
        version: known.version + 1,
      })
      .where('id', '=', known.id)
      .execute();
    await putEventValues(db, { ...known, ...next });
    await tell(db, { ...known, ...next }, { verb: 'changed', at });
  },

  async remove(known: Event, at: number): Promise<void> {
    await dropEventValues(db, known.id);
    await db.deleteFrom('event').where('id', '=', known.id).execute();
    await tell(db, known, { verb: 'deleted', at });
  },

  /** Whose a clip is and what it covers. */
  async clip(id: string): Promise<ClipOwner | undefined> {
    const row = await db
      .selectFrom('clip')
      .innerJoin('device', 'device.id', 'clip.device_id')
      .select(['clip.device_id', 'device.name', 'clip.session_id', 'clip.start_ns', 'clip.end_ns'])
      .where('clip.id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { device_id: deviceId, name: device, session_id: session } = row;
    return {
      deviceId,
      device,
      session,
      startNs: row.start_ns,
      endNs: row.end_ns,
      of: `the clip ${id}`,
    };
  },

  /** From the first moment known of a device to the last, or to now; undefined: none is known. */
  async knownTime(deviceId: string, nowNs: bigint): Promise<KnownTime | undefined> {
    const edge = async (by: 'asc' | 'desc'): Promise<readonly [bigint, bigint] | undefined> => {
      const row = await db
        .selectFrom('session')
        .select(['start_ns', 'end_ns'])
        .where('device_id', '=', deviceId)
        .orderBy('start_ns', by)
        .orderBy('id', by)
        .limit(1)
        .executeTakeFirst();
      return row && [row.start_ns, row.end_ns];
    };
    const first = await edge('asc');
    const last = await edge('desc');
    if (first === undefined || last === undefined) return undefined;
    const endNs = last[1] > nowNs ? last[1] : nowNs;
    return { startNs: first[0], endNs, of: 'what is known of the device' };
  },

  /** The session of this device with this id. */
  async hasSession(deviceId: string, id: string): Promise<boolean> {
    const row = await db
      .selectFrom('session')
      .select('id')
      .where('id', '=', id)
      .where('device_id', '=', deviceId)
      .executeTakeFirst();
    return row !== undefined;
  },
});

const eventKinds = {
  event: { new: 'event.new', changed: 'event.changed', deleted: 'event.deleted' },
  marker: { new: 'marker.new', changed: 'marker.changed', deleted: 'marker.deleted' },
} as const;

async function tell(
  db: Db,
  event: Pick<Event, 'id' | 'kind' | 'device' | 'name' | 'severity'>,
  { verb, at }: { readonly verb: 'new' | 'changed' | 'deleted'; readonly at: number },
): Promise<void> {
  const { id, kind, device, name, severity } = event;
  await putOutbox(db, {
    kind: eventKinds[kind][verb],
    subject: id,
    at,
    body: { device, name, severity },
  });
}
