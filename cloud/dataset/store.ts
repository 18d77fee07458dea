import { Fault } from '@fieldloop/core';
import type { SnapshotManifest } from '@fieldloop/learning';
import type { Db, Row } from '../store/db.ts';
import { noteBlob } from '../store/erasure.ts';
import { putOutbox } from '../store/outbox.ts';
import {
  type Dataset,
  type DatasetSettings,
  type DatasetTag,
  type DatasetVersion,
  type Decision,
  demandDecidable,
  type GateOutcome,
  gateOutcomes,
  type GateResult,
  unknownDataset,
  unknownVersion,
  type VersionState,
  versionStates,
  worstOf,
} from './dataset.ts';

export interface By {
  readonly by: string;
  readonly at: number;
}

export interface NewDataset {
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly settings: DatasetSettings;
}

export interface NewVersion {
  readonly id: string;
  readonly datasetId: string;
  readonly manifest: SnapshotManifest;
  readonly manifestText: string;
  readonly itemsBytes: number;
  readonly asOf: number;
  readonly batches?: readonly string[] | undefined;
  readonly gates: readonly GateResult[];
}

/** Data sets, their versions and tags. Changes run inside the caller's transaction. */
export const datasetStore = (db: Db) => ({
  /** Undefined when the name is taken. */
  async create({ id, name, description, settings }: NewDataset, { by, at }: By) {
    const row = await db
      .insertInto('dataset')
      .values({
        id,
        name,
        description: description ?? null,
        settings: JSON.stringify(settings),
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await putOutbox(db, { kind: 'dataset.created', subject: id, at, body: { name } });
    return datasetOfRow(row);
  },

  /** By id or name. */
  async get(idOrName: string): Promise<Dataset | undefined> {
    const row = await db
      .selectFrom('dataset')
      .selectAll()
      .where((of) => of.or([of('id', '=', idOrName), of('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && datasetOfRow(row);
  },

  /** Fault `not_found`. */
  async demand(idOrName: string): Promise<Dataset> {
    const found = await datasetStore(db).get(idOrName);
    if (found === undefined) throw unknownDataset(idOrName);
    return found;
  },

  /** The caller has read it in this transaction. Versions that are there keep their rules. */
  async change(
    found: Dataset,
    change: { readonly description?: string | null; readonly settings?: DatasetSettings },
    at: number,
  ): Promise<Dataset> {
    const row = await db
      .updateTable('dataset')
      .set({
        ...(change.description === undefined ? {} : { description: change.description }),
        ...(change.settings === undefined ? {} : { settings: JSON.stringify(change.settings) }),
        updated_at: at,
        version: found.version + 1,
      })
      .where('id', '=', found.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const body = { name: found.name };
    await putOutbox(db, { kind: 'dataset.changed', subject: found.id, at, body });
    return datasetOfRow(row);
  },

  /** The newest version that may train, as the parent of the next one. */
  async head(datasetId: string): Promise<DatasetVersion | undefined> {
    const row = await versionRows(db)
      .where('dataset_version.dataset_id', '=', datasetId)
      .where('dataset_version.state', '=', 'ready')
      .orderBy('dataset_version.n', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && versionOfRow(row);
  },

  /** A version by its id, or by at least 12 digits of it that one version alone begins with. */
  async version(id: string): Promise<DatasetVersion | undefined> {
    if (!/^[0-9a-f]{12,64}$/.test(id)) return undefined;
    const rows = await versionRows(db)
      .where('dataset_version.id', '>=', id)
      .where('dataset_version.id', '<=', id.padEnd(64, 'f'))
      .orderBy('dataset_version.id')
      .limit(2)
      .execute();
    const [row] = rows;
    return row === undefined || rows.length > 1 ? undefined : versionOfRow(row);
  },

  /** Fault `not_found`. */
  async demandVersion(id: string): Promise<DatasetVersion> {
    const found = await datasetStore(db).version(id);
    if (found === undefined) throw unknownVersion(id);
    return found;
  },

  /** Its rows are there already. The same version twice is one: then the answer is false. */
  async addVersion(made: NewVersion, { by, at }: By): Promise<boolean> {
    const { id, datasetId, manifest, gates } = made;
    const known = await db
      .selectFrom('dataset_version')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst();
    if (known !== undefined) return false;
    const last = await db
      .selectFrom('dataset_version')
      .select('n')
      .where('dataset_id', '=', datasetId)
      .orderBy('n', 'desc')
      .limit(1)
      .executeTakeFirst();
    const { counts } = manifest;
    const { itemsSha256 } = manifest;
    await db
      .insertInto('dataset_version')
      .values({
        ...counts.splits,
        id,
        dataset_id: datasetId,
        n: (last?.n ?? 0n) + 1n,
        parent_id: manifest.parent,
        state: 'draft',
        manifest: made.manifestText,
        items_sha256: itemsSha256,
        items_bytes: made.itemsBytes,
        items: counts.items,
        clips: counts.clips,
        as_of: made.asOf,
        batches: made.batches === undefined ? null : JSON.stringify(made.batches),
        gates: JSON.stringify(gates),
        outcome: worstOf(gates),
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    await noteBlob(db, { sha256: itemsSha256, sizeBytes: made.itemsBytes, at });
    await putOutbox(db, {
      kind: 'dataset_version.created',
      subject: id,
      at,
      body: { dataset: manifest.dataset, items: counts.items, outcome: worstOf(gates) },
    });
    return true;
  },

  /**
   * The sign-off. Faults as `demandDecidable`; a repeated decision of the same kind by the same
   * person is the one that stands.
   */
  async decide(
    id: string,
    wanted: { readonly decision: Decision; readonly reason?: string | undefined },
    { by, at }: By,
  ): Promise<DatasetVersion> {
    const { decision, reason } = wanted;
    const found = await datasetStore(db).demandVersion(id);
    if (found.state === decision && found.decidedBy === by) return found;
    demandDecidable(found, decision, reason);
    await db
      .updateTable('dataset_version')
      .set((set) => ({
        state: decision,
        reason: reason ?? null,
        decided_by: by,
        decided_at: at,
        updated_at: at,
        version: set('version', '+', 1n),
      }))
      .where('id', '=', found.id)
      .execute();
    const { dataset, manifest } = found;
    const body =
      decision === 'ready'
        ? { dataset, items: manifest.counts.items, by }
        : { dataset, reason: reason ?? '' };
    await putOutbox(db, { kind: `dataset_version.${decision}`, subject: found.id, at, body });
    return await datasetStore(db).demandVersion(found.id);
  },

  /** Fault `conflict` for a tag on a rejected version; the tag is new or moves. */
  async tag(
    dataset: Dataset,
    tag: { readonly name: string; readonly to: string; readonly id: string },
    { by, at }: By,
  ): Promise<DatasetTag> {
    const version = await datasetStore(db).demandVersion(tag.to);
    if (version.datasetId !== dataset.id || version.state === 'rejected') {
      throw new Fault('conflict', `${tag.to.slice(0, 12)} cannot have a tag of ${dataset.name}`, {
        place: '/body/version',
        remedy: 'Choose a version of this data set that was not rejected.',
      });
    }
    const row = await db
      .insertInto('dataset_tag')
      .values({
        id: tag.id,
        dataset_id: dataset.id,
        name: tag.name,
        version_id: version.id,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .onConflict((conflict) =>
        conflict.columns(['dataset_id', 'name']).doUpdateSet((set) => ({
          version_id: version.id,
          updated_at: at,
          version: set('dataset_tag.version', '+', 1n),
        })),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    await putOutbox(db, {
      kind: 'dataset_tag.moved',
      subject: row.id,
      at,
      body: { dataset: dataset.name, name: tag.name, to: version.id },
    });
    return tagOfRow(row);
  },

  async getTag(datasetId: string, name: string): Promise<DatasetTag | undefined> {
    const row = await db
      .selectFrom('dataset_tag')
      .selectAll()
      .where('dataset_id', '=', datasetId)
      .where('name', '=', name)
      .executeTakeFirst();
    return row && tagOfRow(row);
  },

  async dropTag(dataset: Dataset, tag: DatasetTag, at: number): Promise<void> {
    await db.deleteFrom('dataset_tag').where('id', '=', tag.id).execute();
    await putOutbox(db, {
      kind: 'dataset_tag.removed',
      subject: tag.id,
      at,
      body: { dataset: dataset.name, name: tag.name },
    });
  },

  /** Names of tags by version. */
  async tagsOf(versionIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    if (versionIds.length === 0) return new Map();
    const rows = await db
      .selectFrom('dataset_tag')
      .select(['name', 'version_id'])
      .where('version_id', 'in', versionIds)
      .orderBy('name')
      .orderBy('id')
      .execute();
    const grouped = Map.groupBy(rows, (row) => row.version_id);
    return new Map([...grouped].map(([id, found]) => [id, found.map(({ name }) => name)]));
  },

  /** Clips of a version that were erased since, or whose bytes are gone. */
  async goneClips(versionId: string, limit: number) {
    const rows = await db
      .selectFrom('dataset_item')
      .innerJoin('clip', 'clip.id', 'dataset_item.clip_id')
      .select(['clip.id', 'clip.sha256', 'clip.state', 'clip.state_reason'])
      .distinct()
      .where('dataset_item.version_id', '=', versionId)
      .where('clip.state', '<>', 'stored')
      .orderBy('clip.id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      clip: row.id,
      sha256: row.sha256,
      state: row.state,
      ...(row.state_reason === null ? {} : { reason: row.state_reason }),
    }));
  },
});

/** The columns of a version and its data set's name. */
export const versionRows = (db: Db) =>
  db
    .selectFrom('dataset_version')
    .selectAll('dataset_version')
    .select((of) =>
      of
        .selectFrom('dataset')
        .select('dataset.name')
        .whereRef('dataset.id', '=', 'dataset_version.dataset_id')
        .as('dataset'),
    );

type VersionRow = Row<'dataset_version'> & { readonly dataset: string | null };

export const datasetOfRow = (row: Row<'dataset'>): Dataset => ({
  id: row.id,
  name: row.name,
  ...(row.description === null ? {} : { description: row.description }),
  settings: JSON.parse(row.settings) as DatasetSettings,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});

export function versionOfRow(row: VersionRow): DatasetVersion {
  return {
    id: row.id,
    datasetId: row.dataset_id,
    dataset: row.dataset ?? '',
    n: Number(row.n),
    ...(row.parent_id === null ? {} : { parent: row.parent_id }),
    state: known(versionStates, row.state),
    manifest: JSON.parse(row.manifest) as SnapshotManifest,
    manifestText: row.manifest,
    itemsSha256: row.items_sha256,
    itemsBytes: Number(row.items_bytes),
    asOf: Number(row.as_of),
    ...(row.batches === null ? {} : { batches: JSON.parse(row.batches) as string[] }),
    gates: JSON.parse(row.gates) as GateResult[],
    outcome: known(gateOutcomes, row.outcome),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.decided_at === null ? {} : { decidedAt: Number(row.decided_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

function known<T extends VersionState | GateOutcome>(all: readonly T[], text: string): T {
  const found = all.find((one) => one === text);
  if (found === undefined) throw new TypeError(`a dataset version's ${text}`);
  return found;
}

export const tagOfRow = (row: Row<'dataset_tag'>): DatasetTag => ({
  id: row.id,
  datasetId: row.dataset_id,
  name: row.name,
  versionId: row.version_id,
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  version: Number(row.version),
});
