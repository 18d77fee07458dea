import { Fault } from '@fieldloop/core';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import {
  canonicalOntology,
  checkOntology,
  type Ontology,
  type OntologyDocument,
  ontologyHash,
} from './ontology.ts';

export const ontologyStore = (db: Db) => ({
  async get(sha256: string): Promise<Ontology | undefined> {
    const row = await db
      .selectFrom('ontology')
      .selectAll()
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return row && ontologyOfRow(row);
  },

  /** By hash, or by name: then the newest version. Fault `not_found`. */
  async demand(hashOrName: string, place = '/path/id'): Promise<Ontology> {
    const row = await db
      .selectFrom('ontology')
      .selectAll()
      .where((of) => of.or([of('sha256', '=', hashOrName), of('name', '=', hashOrName)]))
      .orderBy('n', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) return ontologyOfRow(row);
    throw new Fault('not_found', `there is no ontology "${hashOrName.slice(0, 64)}"`, {
      place,
      remedy: 'List them with `fieldloop ontologies list`.',
    });
  },

  /** The version that says this: the one that is there, or a new one. Faults: `invalid`. */
  async save(
    document: OntologyDocument,
    { by, at }: { readonly by: string; readonly at: number },
  ): Promise<{ readonly ontology: Ontology; readonly isNew: boolean }> {
    checkOntology(document);
    const sha256 = ontologyHash(document);
    const known = await this.get(sha256);
    if (known !== undefined) return { ontology: known, isNew: false };
    const { name } = document;
    const last = await db
      .selectFrom('ontology')
      .select('n')
      .where('name', '=', name)
      .orderBy('n', 'desc')
      .limit(1)
      .executeTakeFirst();
    const n = Number(last?.n ?? 0n) + 1;
    const text = canonicalOntology(document);
    await db
      .insertInto('ontology')
      .values({ sha256, name, n, document: text, created_by: by, created_at: at })
      .execute();
    await putOutbox(db, {
      kind: 'ontology.created',
      subject: sha256,
      at,
      body: { name, version: n },
    });
    return { ontology: await this.demand(sha256), isNew: true };
  },
});

export function ontologyOfRow(row: Row<'ontology'>): Ontology {
  return {
    ...(JSON.parse(row.document) as OntologyDocument),
    sha256: row.sha256,
    n: Number(row.n),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
  };
}
