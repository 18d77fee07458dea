/** Files that releases are made of: rows here, bytes in the blob store under the same hash. */
import type { ArtifactKind } from '../release/release.ts';
import type { Db, Row } from '../store/db.ts';
import { noteBlob } from '../store/erasure.ts';
import { putOutbox } from '../store/outbox.ts';
import type { Artifact } from './artifact.ts';
import { artifactKinds } from './artifact.ts';

export interface NewArtifact {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly kind: ArtifactKind;
  readonly name?: string | undefined;
  readonly by: string;
  readonly at: number;
}

export const artifactStore = (db: Db) => ({
  /** The same bytes again change nothing. Run inside a transaction. */
  async put(made: NewArtifact): Promise<Artifact> {
    const { sha256, sizeBytes, kind, by, at } = made;
    const known = await this.find(sha256);
    if (known !== undefined) return known;
    await noteBlob(db, { sha256, sizeBytes, at });
    await db
      .insertInto('artifact')
      .values({
        sha256,
        size_bytes: sizeBytes,
        kind,
        name: made.name ?? null,
        created_by: by,
        created_at: at,
      })
      .execute();
    await putOutbox(db, {
      kind: 'artifact.stored',
      subject: sha256,
      at,
      body: { kind, sizeBytes },
    });
    const { name } = made;
    return {
      sha256,
      sizeBytes,
      kind,
      ...(name === undefined ? {} : { name }),
      createdBy: by,
      createdAt: at,
    };
  },

  async find(sha256: string): Promise<Artifact | undefined> {
    const row = await db
      .selectFrom('artifact')
      .selectAll()
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return row && artifactFromRow(row);
  },
});

export const artifactFromRow = (row: Row<'artifact'>): Artifact => ({
  sha256: row.sha256,
  sizeBytes: Number(row.size_bytes),
  kind: artifactKinds.find((one) => one === row.kind) ?? 'other',
  ...(row.name === null ? {} : { name: row.name }),
  createdBy: row.created_by,
  createdAt: Number(row.created_at),
});
