/** An event of a person or program, checked against what is known and written. */
import { Fault, type Json } from '@fieldloop/core';
import type { NounDeps } from '../http/deps.ts';
import { eventSlackMs } from '../device-limits.ts';
import type { Db } from '../store/db.ts';
import { unknownDevice } from '../store/device-ref.ts';
import { checkKind, checkTime, type Event } from './event.ts';
import { eventKindStore } from './kind-store.ts';
import type { EventBody } from './write-body.ts';
import { type ClipOwner, type Owner, writtenEventStore } from './written-store.ts';

interface Wanted {
  readonly body: EventBody;
  readonly by: string;
  /** `/body`, `/body/events/3`: where it stands in the request. */
  readonly place: string;
}

/** `created` is false when the same writer told it before under its external id. */
export async function newEvent(
  trx: Db,
  { body, by, place }: Wanted,
  deps: Pick<NounDeps, 'clock' | 'ids'>,
): Promise<{ readonly event: Event; readonly created: boolean }> {
  const store = writtenEventStore(trx);
  const at = deps.clock.now();
  const clip = body.clip === undefined ? undefined : await demandClip(trx, body.clip, place);
  const owner = await ownerOf(trx, { device: body.device, clip, place });
  const { externalId } = body;
  if (externalId !== undefined) {
    const { deviceId } = owner;
    const event = await store.known({ createdBy: by, deviceId, externalId });
    if (event !== undefined) return { event, created: false };
  }
  const kind = body.kind ?? (clip === undefined ? 'event' : 'marker');
  if (kind === 'marker' && clip === undefined) {
    throw new Fault('invalid', 'a marker stands on a clip, and none is named', {
      place: `${place}/clip`,
      remedy: 'Name the clip, or write an event.',
    });
  }
  const data = body.data as Json | undefined;
  const kinds = await eventKindStore(trx).named([body.name]);
  checkKind({ name: body.name, data }, kinds.get(body.name), place);
  const atNs = BigInt(body.atNs);
  const endNs = body.endNs === undefined ? atNs : BigInt(body.endNs);
  const nowNs = BigInt(at + eventSlackMs) * 1_000_000n;
  const known = clip ?? (await store.knownTime(owner.deviceId, nowNs));
  checkTime({ atNs, endNs }, body.force ? undefined : known, place);
  const id = deps.ids.ulid('evt');
  await store.add({
    id,
    kind,
    deviceId: owner.deviceId,
    device: owner.device,
    session: await sessionOf(trx, { body, clip, owner, place }),
    clip: body.clip,
    name: body.name,
    severity: body.severity,
    atNs,
    endNs,
    label: body.label,
    data,
    values: body.values,
    tags: body.tags,
    createdBy: by,
    externalId,
    at,
  });
  const event = await store.get(id);
  if (event === undefined) throw new TypeError(`the event ${id} was written and is not there`);
  return { event, created: true };
}

async function demandClip(trx: Db, id: string, place: string): Promise<ClipOwner> {
  const clip = await writtenEventStore(trx).clip(id);
  if (clip !== undefined) return clip;
  throw new Fault('not_found', `there is no clip "${id}"`, {
    place: `${place}/clip`,
    remedy: 'List the clips with `fieldloop clips list`.',
  });
}

async function ownerOf(
  trx: Db,
  of: {
    readonly device: string | undefined;
    readonly clip: ClipOwner | undefined;
    readonly place: string;
  },
): Promise<Owner> {
  const { device, clip, place } = of;
  if (device === undefined) {
    if (clip !== undefined) return clip;
    throw new Fault('invalid', 'neither a device nor a clip is named', {
      place: `${place}/device`,
      remedy: 'Name the device that it happened on, or a clip of it.',
    });
  }
  const row = await trx
    .selectFrom('device')
    .select(['id', 'name'])
    .where((where) => where.or([where('id', '=', device), where('name', '=', device)]))
    .executeTakeFirst();
  if (row === undefined) throw unknownDevice(device);
  if (clip === undefined || clip.deviceId === row.id) {
    return { deviceId: row.id, device: row.name };
  }
  throw new Fault('invalid', `the clip is one of ${clip.device}, not of ${row.name}`, {
    place: `${place}/device`,
    remedy: 'Leave the device out, or name the one of the clip.',
  });
}

async function sessionOf(
  trx: Db,
  of: {
    readonly body: EventBody;
    readonly clip: ClipOwner | undefined;
    readonly owner: Owner;
    readonly place: string;
  },
): Promise<string | undefined> {
  const { session } = of.body;
  if (session === undefined) return of.clip?.session;
  if (await writtenEventStore(trx).hasSession(of.owner.deviceId, session)) return session;
  throw new Fault('not_found', `${of.owner.device} has no session "${session}"`, {
    place: `${of.place}/session`,
    remedy: 'List its sessions with `fieldloop sessions list`, or leave the session out.',
  });
}
