/** Many events of one device at once, as its messages bring them. */
import { canonicalJson } from '@fieldloop/core';
import { idOfUuid } from '../entity-id.ts';
import { bit, type Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { insertMany } from '../store/insert-many.ts';
import { eventValues } from '../store/query-values.ts';
import type { Event, NewEvent } from './event.ts';

export interface PutEvent {
  readonly kind: Event['kind'];
  readonly event: NewEvent;
}

const columns = [
  'id',
  'device_id',
  'session_id',
  'clip_id',
  'kind',
  'name',
  'severity',
  'at_ns',
  'end_ns',
  'synced',
  'rule',
  'rule_set_digest',
  'margin',
  'text',
  'tags',
  'values_json',
  'received_at',
] as const;

/**
 * How many were new; what was known stays as it is. Run inside the caller's transaction.
 */
export async function putEvents(
  db: Db,
  device: string,
  events: readonly PutEvent[],
  receivedAt: number,
): Promise<number> {
  const owner = await deviceIdOf(db, device);
  const foreign = await foreignClips(db, owner, events);
  const all = events.map(({ kind, event }) => ({ kind, event, id: idOfUuid('evt', event.id) }));
  const written = new Set(
    await insertMany(db, {
      table: 'event',
      columns,
      once: ['id'],
      returning: 'id',
      rows: all.map(({ kind, event, id }) => [
        id,
        owner,
        event.sessionId === undefined ? null : idOfUuid('ses', event.sessionId),
        clipOf(event, foreign),
        kind,
        event.name,
        event.severity,
        event.atNs,
        event.endNs ?? event.atNs,
        bit(event.synced),
        event.rule ?? null,
        event.ruleSetDigest ?? null,
        event.margin ?? null,
        event.text ?? null,
        canonicalJson(event.tags ?? []),
        canonicalJson(event.values ?? {}),
        receivedAt,
      ]),
    }),
  );
  // Twice in one message is once: the first of them was written.
  const fresh = all.filter(({ id }) => written.delete(id));
  await putValues(db, fresh);
  await insertMany(db, {
    table: 'outbox',
    columns: ['kind', 'subject', 'at', 'body'],
    rows: fresh.map(({ kind, event: { name, severity }, id }) => [
      kind === 'event' ? 'event.new' : 'marker.new',
      id,
      receivedAt,
      JSON.stringify({ device, name, severity }),
    ]),
  });
  return fresh.length;
}

async function putValues(
  db: Db,
  events: readonly { readonly id: string; readonly event: NewEvent }[],
): Promise<void> {
  const values = events.map(({ id, event }) => eventValues({ ...event, id }));
  await insertMany(db, {
    table: 'event_value',
    columns: ['event_id', 'key', 'num'],
    once: ['event_id', 'key'],
    rows: values.flatMap(({ numbers }) => numbers.map((one) => [one.event_id, one.key, one.num])),
  });
  await insertMany(db, {
    table: 'event_text',
    columns: ['key', 'text', 'at_ns', 'event_id'],
    once: ['key', 'text', 'at_ns', 'event_id'],
    rows: values.flatMap(({ texts }) =>
      texts.map((one) => [one.key, one.text, one.at_ns, one.event_id]),
    ),
  });
}

const clipIdOf = ({ clipId }: NewEvent): string | undefined =>
  clipId === undefined ? undefined : idOfUuid('clp', clipId);

/** A clip that another device holds is not this one's to write on; the event itself is kept. */
function clipOf(event: NewEvent, foreign: ReadonlySet<string>): string | null {
  const clip = clipIdOf(event);
  return clip === undefined || foreign.has(clip) ? null : clip;
}

async function foreignClips(
  db: Db,
  owner: string,
  events: readonly PutEvent[],
): Promise<ReadonlySet<string>> {
  const ids = new Set(events.map(({ event }) => clipIdOf(event)).filter((id) => id !== undefined));
  if (ids.size === 0) return new Set();
  const rows = await db
    .selectFrom('clip')
    .select('id')
    .where('id', 'in', [...ids])
    .where('device_id', '<>', owner)
    .execute();
  return new Set(rows.map(({ id }) => id));
}
