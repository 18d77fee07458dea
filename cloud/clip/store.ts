import { canonicalJson } from '@fieldloop/core';
import { type ClipManifest, parseClipManifest } from '@fieldloop/proto';
import { idOfUuid } from '../entity-id.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import { wishErasure } from '../store/erasure.ts';
import { putOutbox } from '../store/outbox.ts';
import { putClipValues } from '../store/query-values.ts';
import { type Clip, clipIdOf, clipTerms, isClipState, type ManifestOutcome, nsOf } from './clip.ts';

export const clipStore = (db: Db) => ({
  /**
   * Makes a clip queryable before its bytes arrive. `device` is the name in the certificate and
   * alone says whose clip it is: the manifest keeps the name that the robot had when it wrote it.
   * Twice the same is once; another content or device under a known id is `conflict` and changes
   * nothing. Run inside the caller's transaction.
   */
  async putManifest(
    device: string,
    manifest: ClipManifest,
    receivedAt: number,
  ): Promise<ManifestOutcome> {
    const owner = await deviceIdOf(db, device);
    const id = clipIdOf(manifest);
    const known = await db
      .selectFrom('clip')
      .select(['device_id', 'sha256'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (known !== undefined) {
      return known.device_id === owner && known.sha256 === manifest.sha256 ? 'known' : 'conflict';
    }
    await insert(db, { owner, id, manifest, receivedAt });
    await putOutbox(db, {
      kind: 'clip.known',
      subject: id,
      at: receivedAt,
      body: { device, state: 'on_device', severity: manifest.severity },
    });
    return 'new';
  },

  /**
   * The bytes are durable in the blob store. Returns the ids of the clips this changed: none when
   * it was known before, or when the manifest has not come yet.
   */
  async markStored(
    device: string,
    sha256: string,
    sizeBytes: number,
    at: number,
  ): Promise<readonly string[]> {
    const owner = await deviceIdOf(db, device);
    const rows = await db
      .updateTable('clip')
      .set((set) => ({
        state: 'stored',
        state_reason: null,
        size_bytes: sizeBytes,
        stored_at: at,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('device_id', '=', owner)
      .where('sha256', '=', sha256)
      .where('state', 'not in', ['stored', 'erased'])
      .returning('id')
      .execute();
    if (rows.length === 0) await dropErased(db, { owner, sha256, at });
    for (const { id } of rows) {
      await putOutbox(db, {
        kind: 'clip.stored',
        subject: id,
        at,
        body: { device, sha256, sizeBytes },
      });
    }
    return rows.map((row) => row.id);
  },

  /** The device began to send the bytes; what is stored, evicted or erased stays so. */
  async markUploading(device: string, sha256: string, at: number): Promise<void> {
    await db
      .updateTable('clip')
      .set((set) => ({ state: 'uploading', updated_at: at, version: set('version', '+', 1n) }))
      .where('device_id', '=', await deviceIdOf(db, device))
      .where('sha256', '=', sha256)
      .where('state', '=', 'on_device')
      .execute();
  },

  /** The device removed the bytes before they were sent; what is stored or erased stays so. */
  async markEvicted(device: string, sha256: string, at: number): Promise<void> {
    const owner = await deviceIdOf(db, device);
    const rows = await db
      .updateTable('clip')
      .set((set) => ({ state: 'evicted', updated_at: at, version: set('version', '+', 1n) }))
      .where('device_id', '=', owner)
      .where('sha256', '=', sha256)
      .where('state', 'in', ['on_device', 'uploading'])
      .returning('id')
      .execute();
    for (const { id } of rows) {
      await putOutbox(db, { kind: 'clip.evicted', subject: id, at, body: { device, sha256 } });
    }
  },

  async get(id: string): Promise<Clip | undefined> {
    const row = await clipRows(db).where('clip.id', '=', id).executeTakeFirst();
    return row && clipOfRow(row);
  },
});

/** A robot that had not heard of it sent the bytes of an erased clip again. */
async function dropErased(
  db: Db,
  of: { readonly owner: string; readonly sha256: string; readonly at: number },
): Promise<void> {
  const erased = await db
    .selectFrom('clip')
    .select('id')
    .where('device_id', '=', of.owner)
    .where('sha256', '=', of.sha256)
    .where('state', '=', 'erased')
    .executeTakeFirst();
  if (erased !== undefined) await wishErasure(db, of.sha256, of.at);
}

/** The columns of a clip and its device's name. */
export const clipRows = (db: Db) =>
  db
    .selectFrom('clip')
    .selectAll('clip')
    .select((of) =>
      of
        .selectFrom('device')
        .select('device.name')
        .whereRef('device.id', '=', 'clip.device_id')
        .as('device'),
    );

type ClipRow = Awaited<ReturnType<ReturnType<typeof clipRows>['executeTakeFirstOrThrow']>>;

async function insert(
  db: Db,
  clip: {
    readonly owner: string;
    readonly id: string;
    readonly manifest: ClipManifest;
    readonly receivedAt: number;
  },
): Promise<void> {
  const { owner, id, manifest, receivedAt } = clip;
  const startNs = nsOf(manifest.startNs, '/startNs');
  await db
    .insertInto('clip')
    .values({
      id,
      device_id: owner,
      session_id: idOfUuid('ses', manifest.sessionId),
      state: 'on_device',
      start_ns: startNs,
      end_ns: nsOf(manifest.endNs, '/endNs'),
      size_bytes: manifest.sizeBytes,
      sha256: manifest.sha256,
      severity: manifest.severity,
      class: manifest.class,
      received_at: receivedAt,
      created_at: receivedAt,
      updated_at: receivedAt,
      version: 1,
      manifest: canonicalJson(manifest),
      derived_from:
        manifest.derivedFrom === undefined ? null : idOfUuid('clp', manifest.derivedFrom),
    })
    .execute();
  const terms = clipTerms(manifest).map((one) => ({ ...one, start_ns: startNs, clip_id: id }));
  await db.insertInto('clip_term').values(terms).execute();
  await putClipValues(db, { id, startNs, manifest });
}

export function clipOfRow(row: ClipRow): Clip {
  if (!isClipState(row.state)) throw new TypeError(`clip state ${row.state}`);
  const manifest = parseClipManifest(JSON.parse(row.manifest));
  return {
    id: row.id,
    device: row.device ?? '',
    session: row.session_id,
    state: row.state,
    startNs: row.start_ns,
    endNs: row.end_ns,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    severity: manifest.severity,
    class: manifest.class,
    manifest,
    ...careOf(row),
    receivedAt: Number(row.received_at),
    ...(row.stored_at === null ? {} : { storedAt: Number(row.stored_at) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

const careOf = (row: ClipRow): Pick<Clip, 'stateReason' | 'label' | 'note' | 'hold'> => ({
  ...(row.state_reason === null ? {} : { stateReason: row.state_reason }),
  ...(row.label === null ? {} : { label: row.label }),
  ...(row.note === null ? {} : { note: row.note }),
  ...(row.hold === 0n
    ? {}
    : {
        hold: {
          reason: row.hold_reason ?? '',
          by: row.hold_by ?? '',
          at: Number(row.hold_at ?? 0n),
        },
      }),
});
