/** What the database knows of transfers and blobs. Each function runs in its caller's transaction. */
import type { ContentKind } from '@fieldloop/proto';
import { clipStore } from '../clip/store.ts';
import type { Db } from '../store/db.ts';

export interface Content {
  readonly device: string;
  readonly sha256: string;
}

export type BeginOutcome =
  | { readonly isKnown: true }
  | {
      readonly isKnown: false;
      readonly epoch: number;
      /** What the row says is on disk. */
      readonly durable: number;
      /** True when this device was sending the same content before, and nobody has it stored. */
      readonly mayAdopt: boolean;
    };

/** True when this device itself stored the content: only then is it told so. */
export async function hasStored(db: Db, device: string, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('blob_source')
    .select('sha256')
    .where('device', '=', device)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return row !== undefined;
}

/** Raises the device's epoch and gives it to this content's row. */
export async function beginTransfer(
  db: Db,
  open: Content & {
    readonly sizeBytes: number;
    readonly content: ContentKind;
    readonly owner: string;
    readonly at: number;
  },
): Promise<BeginOutcome> {
  const { device, sha256, sizeBytes, content, owner, at } = open;
  if (await hasStored(db, device, sha256)) return { isKnown: true };
  const { epoch } = await db
    .insertInto('epoch')
    .values({ device, epoch: 1 })
    .onConflict((conflict) =>
      conflict.column('device').doUpdateSet((set) => ({ epoch: set('epoch.epoch', '+', 1n) })),
    )
    .returning('epoch')
    .executeTakeFirstOrThrow();
  const before = await row(db, open);
  const isSame = before !== undefined && before.size_bytes === BigInt(sizeBytes);
  const durable = isSame ? before.durable : 0n;
  const changed = {
    size_bytes: sizeBytes,
    kind: content,
    epoch,
    durable,
    owner,
    touched_at: at,
  };
  await db
    .insertInto('transfer')
    .values({ device, sha256, attempts: 0, ...changed })
    .onConflict((conflict) => conflict.columns(['device', 'sha256']).doUpdateSet(changed))
    .execute();
  if (content === 'clip') await clipStore(db).markUploading(device, sha256, at);
  const stored = await db
    .selectFrom('blob')
    .select('sha256')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  const mayAdopt = isSame && stored === undefined;
  return { isKnown: false, epoch: Number(epoch), durable: Number(durable), mayAdopt };
}

async function row(db: Db, { device, sha256 }: Content) {
  return await db
    .selectFrom('transfer')
    .selectAll()
    .where('device', '=', device)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
}

/** False when another epoch has taken over: then nothing may be said of this one. */
export async function setDurable(
  db: Db,
  progress: Content & {
    readonly epoch: number;
    readonly durable: number;
    readonly at: number;
  },
): Promise<boolean> {
  const done = await db
    .updateTable('transfer')
    .set({ durable: progress.durable, touched_at: progress.at })
    .where('device', '=', progress.device)
    .where('sha256', '=', progress.sha256)
    .where('epoch', '=', BigInt(progress.epoch))
    .executeTakeFirst();
  return done.numUpdatedRows > 0n;
}

/** The blob is in its place: blob, source, clip, outbox and the end of the transfer in one. */
export async function finishTransfer(
  db: Db,
  done: Content & {
    readonly sizeBytes: number;
    readonly content: ContentKind;
    readonly at: number;
  },
): Promise<void> {
  const { device, sha256, sizeBytes, content, at } = done;
  await db
    .insertInto('blob')
    .values({ sha256, size_bytes: sizeBytes, stored_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('blob_source')
    .values({ device, sha256, kind: content, at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (content === 'clip') await clipStore(db).markStored(device, sha256, sizeBytes, at);
  await endTransfer(db, done);
}

export async function endTransfer(db: Db, { device, sha256 }: Content): Promise<void> {
  await db
    .deleteFrom('transfer')
    .where('device', '=', device)
    .where('sha256', '=', sha256)
    .execute();
}

/** The bytes were not what their name says: from the start again, and counted. */
export async function restartTransfer(db: Db, one: Content & { readonly at: number }) {
  await db
    .updateTable('transfer')
    .set((set) => ({ durable: 0, attempts: set('attempts', '+', 1n), touched_at: one.at }))
    .where('device', '=', one.device)
    .where('sha256', '=', one.sha256)
    .execute();
}

/** Forgets transfers that nobody touched since, and lists what is left. */
export async function sweepTransfers(db: Db, untouchedSince: number): Promise<readonly Content[]> {
  await db.deleteFrom('transfer').where('touched_at', '<', BigInt(untouchedSince)).execute();
  return await db.selectFrom('transfer').select(['device', 'sha256']).execute();
}

/** Nobody sends what this device was sending: its clips are on the robot again. */
export async function putBackUploads(db: Db, device: string, at: number): Promise<void> {
  const contents = await db
    .selectFrom('transfer')
    .select('sha256')
    .where('device', '=', device)
    .execute();
  if (contents.length === 0) return;
  await db
    .updateTable('clip')
    .set((set) => ({ state: 'on_device', updated_at: at, version: set('version', '+', 1n) }))
    .where('state', '=', 'uploading')
    .where(
      'sha256',
      'in',
      contents.map((row) => row.sha256),
    )
    .where('device_id', 'in', (of) =>
      of.selectFrom('device').select('id').where('name', '=', device),
    )
    .execute();
}

/** The same for clips without a transfer, or with one that had no byte since then. */
export async function putBackStalled(
  db: Db,
  stalled: { readonly since: number; readonly at: number },
): Promise<number> {
  const { since, at } = stalled;
  const done = await db
    .updateTable('clip')
    .set((set) => ({ state: 'on_device', updated_at: at, version: set('version', '+', 1n) }))
    .where('state', '=', 'uploading')
    .where('updated_at', '<', BigInt(since))
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('transfer')
            .innerJoin('device', 'device.name', 'transfer.device')
            .select('transfer.sha256')
            .whereRef('device.id', '=', 'clip.device_id')
            .whereRef('transfer.sha256', '=', 'clip.sha256')
            .where('transfer.touched_at', '>=', BigInt(since)),
        ),
      ),
    )
    .executeTakeFirst();
  return Number(done.numUpdatedRows);
}
