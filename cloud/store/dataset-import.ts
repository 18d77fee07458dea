/** Writes what came from elsewhere: clips of a device of their own, and resolved labels. */
import { type Ids, sha256Hex } from '@fieldloop/core';
import type { ClipManifest } from '@fieldloop/proto';
import { openIndexedMcap } from '@fieldloop/recording';
import { checkValue, type LabelValue } from '../annotation/annotation.ts';
import type { Ontology, OntologyDocument } from '../annotation/ontology.ts';
import type { TaskType } from '../annotation/task.ts';
import type { BlobStore } from '../blob/blob.ts';
import { objectReadable } from '../blob/object-readable.ts';
import { clipIdOf } from '../clip/clip.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { putAnnotation } from './annotation-rows.ts';
import type { Db } from './db.ts';
import { noteBlob } from './erasure.ts';
import { putLabel } from './label-rows.ts';

/** A name-based UUID of version 8 (RFC 9562): the same name is the same thing. */
function uuidOf(name: string): string {
  const hex = sha256Hex(name);
  const variant = (8 + (Number.parseInt(hex[16] ?? '0', 16) % 4)).toString(16);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}

/** The device of an import, made when there is none of this name. */
export async function importDevice(
  trx: Db,
  name: string,
  of: { readonly id: string; readonly at: number },
): Promise<string> {
  const found = await deviceStore(trx).get(name);
  if (found !== undefined) return found.id;
  await deviceStore(trx).create({ id: of.id, name, at: of.at });
  return of.id;
}

/** What the recording says of itself. Fault `corrupt` for one without an index. */
export async function importedManifest(
  bytes: Pick<BlobStore, 'read'>,
  of: {
    readonly device: string;
    readonly session: string;
    readonly sha256: string;
    readonly sizeBytes: number;
  },
): Promise<ClipManifest> {
  const { device, session, sha256, sizeBytes } = of;
  const file = await openIndexedMcap(objectReadable(bytes, { name: sha256, sha256, sizeBytes }));
  const { messageStartTime, messageEndTime, messageCount, channelMessageCounts } = file.statistics;
  return {
    schema: 'fieldloop.clip/v1',
    clipId: uuidOf(`clip ${device} ${sha256}`),
    sessionId: uuidOf(`session ${device} ${session}`),
    device,
    source: 'import',
    startNs: String(messageStartTime),
    endNs: String(messageEndTime),
    severity: 'info',
    class: 'info',
    tags: ['imported'],
    markers: [
      {
        rule: 'import',
        ruleSet: 'import',
        version: 0,
        ruleSetDigest: sha256Hex('import'),
        severity: 'info',
        atNs: String(messageStartTime),
        expression: 'imported',
        values: {},
      },
    ],
    topics: [...file.channels.values()].slice(0, 256).map((channel) => ({
      topic: channel.topic,
      schema: channel.schema?.name ?? '',
      count: Number(channelMessageCounts.get(channel.id) ?? 0n),
    })),
    messageCount: Number(messageCount),
    scores: {},
    models: {},
    agentVersion: 'import',
    preTruncated: false,
    sha256,
    sizeBytes,
  };
}

/** The clip's id. Twice is once. */
export async function putImportedClip(
  trx: Db,
  manifest: ClipManifest,
  at: number,
): Promise<string> {
  const { device, sha256, sizeBytes } = manifest;
  await noteBlob(trx, { sha256, sizeBytes, at });
  await clipStore(trx).putManifest(device, manifest, at);
  await clipStore(trx).markStored(device, sha256, sizeBytes, at);
  return clipIdOf(manifest);
}

export interface ImportedItem {
  readonly clipSha256: string;
  readonly topic: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly type: TaskType;
  readonly value: LabelValue;
}

/**
 * Faults: `invalid` for a value off the ontology. Undefined when this import has a label of this
 * moment, topic and type already.
 */
export async function putImportedLabel(
  trx: Db,
  item: ImportedItem,
  of: {
    readonly importId: string;
    readonly clip: { readonly id: string; readonly deviceId: string; readonly sessionId: string };
    readonly ontology: Ontology;
    readonly place: string;
    readonly ids: Pick<Ids, 'ulid'>;
    readonly at: number;
  },
): Promise<string | undefined> {
  const { importId, clip, ontology, ids, at } = of;
  const { topic, startNs, endNs, type, value } = item;
  checkValue(value, { asked: { type, startNs, endNs }, ontology, place: of.place });
  const row = await trx
    .insertInto('task')
    .values({
      id: ids.ulid('tsk'),
      batch: importId,
      place: `${clip.id} ${topic} ${startNs} ${endNs}`,
      type,
      clip_id: clip.id,
      device_id: clip.deviceId,
      session_id: clip.sessionId,
      site: '',
      skill: '',
      topic,
      start_ns: startNs,
      end_ns: endNs,
      ontology_sha256: ontology.sha256,
      lane: '',
      priority: 0,
      rank: 0,
      queue: 0,
      state: 'resolved',
      wanted: 1,
      people: 1,
      leases: 0,
      band: 'blind',
      created_at: at,
      updated_at: at,
      version: 1,
    })
    .onConflict((conflict) => conflict.columns(['batch', 'place', 'type']).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const said = { taskId: row.id, annotatorId: 'import', action: 'import' as const, value };
  await putAnnotation(trx, said, { ids, at });
  const consensus = { method: 'adjudicated' as const, annotators: 1 };
  const label = await putLabel(trx, row, { value, consensus }, { ids, at });
  await trx.updateTable('task').set({ label_id: label }).where('id', '=', row.id).execute();
  await trx
    .insertInto('dataset_import_label')
    .values({ label_id: label, import_id: importId })
    .execute();
  return label;
}

export async function ontologyRow(db: Db, sha256: string): Promise<Ontology | undefined> {
  const row = await db
    .selectFrom('ontology')
    .selectAll()
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const document = JSON.parse(row.document) as OntologyDocument;
  return {
    ...document,
    sha256,
    n: Number(row.n),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
  };
}
