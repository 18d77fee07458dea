/** Rows of units and of their scores. */
import type { Ids } from '@fieldloop/core';
import { insertMany } from '../store/insert-many.ts';
import type { Db, Row } from '../store/db.ts';
import { entropyOf, type UnitFacts } from './note.ts';
import type { Grain, Population, Unit } from './triage.ts';

export interface NewUnits {
  readonly clip: string;
  readonly deviceId: string;
  readonly session: string;
  readonly site: string | undefined;
  readonly units: readonly UnitFacts[];
  readonly at: number;
  readonly ids: Ids;
}

const columns = [
  'id',
  'n',
  'clip_id',
  'device_id',
  'session_id',
  'site',
  'topic',
  'at_ns',
  'start_ns',
  'end_ns',
  'grain',
  'population',
  'propensity_device',
  'model_id',
  'model_sha256',
  'predicted',
  'probabilities',
  'embedding',
  'bytes',
  'created_at',
] as const;

/** Units and scores. Runs inside the caller's transaction where it writes. */
export const unitStore = (db: Db) => ({
  /** How many were new: a unit that is known already is left as it is. */
  async put(many: NewUnits): Promise<number> {
    const { clip, at, ids } = many;
    const first = (await this.end()) + 1n;
    const rows = many.units.map((unit, i) => ({ unit, id: ids.ulid('unt'), n: first + BigInt(i) }));
    const made = await insertMany(db, {
      table: 'triage_unit',
      columns,
      rows: rows.map(({ unit, id, n }) => [
        id,
        n,
        clip,
        many.deviceId,
        many.session,
        many.site ?? null,
        unit.topic,
        unit.atNs,
        unit.startNs,
        unit.endNs,
        unit.grain,
        unit.population,
        unit.propensityDevice,
        unit.model,
        unit.modelSha256,
        unit.predicted,
        unit.probabilities === undefined ? null : JSON.stringify(unit.probabilities),
        unit.embedding ?? null,
        unit.bytes,
        at,
      ]),
      once: ['clip_id', 'model_sha256', 'grain', 'at_ns'],
      returning: 'id',
    });
    const isNew = new Set(made);
    await insertMany(db, {
      table: 'triage_score',
      columns: ['unit_id', 'scorer', 'scorer_sha256', 'value'],
      rows: rows
        .filter(({ id }) => isNew.has(id))
        .flatMap(({ unit, id }) => {
          const own = entropyOf(unit);
          const scores = own === undefined ? unit.scores : { ...unit.scores, entropy: own };
          return Object.entries(scores).map(
            ([scorer, value]) => [id, scorer, unit.modelSha256, value] as const,
          );
        }),
    });
    return made.length;
  },

  /** The number of the newest unit, 0 before the first. */
  async end(): Promise<bigint> {
    const row = await db
      .selectFrom('triage_unit')
      .select('n')
      .orderBy('n', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.n ?? 0n;
  },

  async get(id: string): Promise<Unit | undefined> {
    const row = await db
      .selectFrom('triage_unit')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && unitOfRow(row);
  },

  /** In the order of their times. */
  async ofClip(clip: string, limit: number): Promise<readonly Unit[]> {
    const rows = await db
      .selectFrom('triage_unit')
      .selectAll()
      .where('clip_id', '=', clip)
      .orderBy('at_ns')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(unitOfRow);
  },

  /** By scorer; of two models of one scorer the last one. */
  async scores(ids: readonly string[]): Promise<ReadonlyMap<string, Record<string, number>>> {
    const found = new Map<string, Record<string, number>>();
    if (ids.length === 0) return found;
    const rows = await db
      .selectFrom('triage_score')
      .select(['unit_id', 'scorer', 'value'])
      .where('unit_id', 'in', ids)
      .orderBy('unit_id')
      .orderBy('scorer')
      .orderBy('scorer_sha256')
      .execute();
    for (const { unit_id: id, scorer, value } of rows) {
      const scores = found.get(id) ?? {};
      scores[scorer] = value;
      found.set(id, scores);
    }
    return found;
  },
});

export const unitOfRow = (row: Row<'triage_unit'>): Unit => ({
  id: row.id,
  n: Number(row.n),
  clip: row.clip_id,
  deviceId: row.device_id,
  session: row.session_id,
  ...(row.site === null ? {} : { site: row.site }),
  topic: row.topic,
  atNs: row.at_ns,
  startNs: row.start_ns,
  endNs: row.end_ns,
  grain: row.grain as Grain,
  population: row.population as Population,
  propensityDevice: row.propensity_device,
  model: row.model_id,
  modelSha256: row.model_sha256,
  predicted: row.predicted,
  ...(row.probabilities === null
    ? {}
    : { probabilities: JSON.parse(row.probabilities) as readonly number[] }),
  ...(row.embedding === null ? {} : { embedding: row.embedding }),
  bytes: Number(row.bytes),
  ...(row.suppressed_by === null ? {} : { suppressedBy: row.suppressed_by }),
  createdAt: Number(row.created_at),
});
