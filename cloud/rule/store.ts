import { Fault, sha256Hex } from '@fieldloop/core';
import type { Forecast, RuleProblem } from '@fieldloop/rules';
import type { Db, Row } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { RuleSetEntry, RuleVersion, RuleVersionHead } from './rule.ts';

export interface NewRuleVersion {
  readonly digest: string;
  readonly text: string;
  readonly note?: string | undefined;
  readonly problems: readonly RuleProblem[];
  readonly by: string;
  readonly at: number;
}

export interface KeptForecast {
  readonly id: string;
  readonly ruleSetId: string;
  readonly n: number;
  readonly digest: string;
  readonly forecast: Forecast;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** Rule sets and their versions. Changes run inside the caller's transaction. */
export const ruleSetStore = (db: Db) => ({
  /** Fault `conflict` when the name is taken. */
  async create(entry: {
    readonly id: string;
    readonly name: string;
    readonly description?: string | undefined;
    readonly by: string;
    readonly at: number;
  }): Promise<RuleSetEntry> {
    const { id, name, description, by, at } = entry;
    await demandFree(db, name, id);
    const row = await db
      .insertInto('rule_set')
      .values({
        id,
        name,
        description: description ?? null,
        latest: 0,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await putOutbox(db, { kind: 'rule_set.created', subject: id, at, body: { name } });
    return ruleSetFromRow(row);
  },

  /** By id or name. */
  async find(idOrName: string): Promise<RuleSetEntry | undefined> {
    const row = await db
      .selectFrom('rule_set')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrName), where('name', '=', idOrName)]))
      .executeTakeFirst();
    return row && ruleSetFromRow(row);
  },

  /** Fault `not_found` with what to do. */
  async get(idOrName: string): Promise<RuleSetEntry> {
    const found = await this.find(idOrName);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no rule set "${idOrName.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop rules list`.',
    });
  },

  /** Null takes the description away. */
  async change(
    entry: RuleSetEntry,
    to: { readonly name?: string | undefined; readonly description?: string | null | undefined },
    at: number,
  ): Promise<RuleSetEntry> {
    const { id } = entry;
    const name = to.name ?? entry.name;
    if (name !== entry.name) await demandFree(db, name, id);
    const description = to.description === undefined ? (entry.description ?? null) : to.description;
    const row = await db
      .updateTable('rule_set')
      .set({ name, description, updated_at: at, version: entry.version + 1 })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await putOutbox(db, { kind: 'rule_set.changed', subject: id, at, body: { name } });
    return ruleSetFromRow(row);
  },

  /** Fault `conflict` when it was ever published: what robots ran stays known. */
  async remove(entry: RuleSetEntry, at: number): Promise<void> {
    const { id, name } = entry;
    const published = await db
      .selectFrom('publication')
      .select('id')
      .where('rule_set_id', '=', id)
      .limit(1)
      .executeTakeFirst();
    if (published !== undefined) {
      throw new Fault('conflict', `"${name}" was published and stays for the record`, {
        place: published.id,
        remedy: 'Roll back its publications; a set that is not published runs nowhere.',
      });
    }
    await db.deleteFrom('rule_forecast').where('rule_set_id', '=', id).execute();
    await db.deleteFrom('rule_version').where('rule_set_id', '=', id).execute();
    await db.deleteFrom('rule_set').where('id', '=', id).execute();
    await putOutbox(db, { kind: 'rule_set.deleted', subject: id, at, body: { name } });
  },

  /** The same text again is the version that it was before. */
  async save(
    entry: RuleSetEntry,
    wanted: NewRuleVersion,
  ): Promise<{ readonly version: RuleVersion; readonly isNew: boolean }> {
    const { digest, text, note, problems, by, at } = wanted;
    const textHash = sha256Hex(text);
    const known = await versions(db)
      .where('rule_version.rule_set_id', '=', entry.id)
      .where('rule_version.text_sha256', '=', textHash)
      .executeTakeFirst();
    if (known !== undefined) return { version: versionOf(known), isNew: false };
    const n = entry.latest + 1;
    await db
      .insertInto('rule_version')
      .values({
        rule_set_id: entry.id,
        n,
        digest,
        text,
        text_sha256: textHash,
        note: note ?? null,
        problems: JSON.stringify(problems),
        created_by: by,
        created_at: at,
      })
      .execute();
    await db
      .updateTable('rule_set')
      .set({ latest: n, updated_at: at, version: entry.version + 1 })
      .where('id', '=', entry.id)
      .execute();
    const body = { name: entry.name, version: n, digest };
    await putOutbox(db, { kind: 'rule_set.version_saved', subject: entry.id, at, body });
    const row = await versions(db)
      .where('rule_version.rule_set_id', '=', entry.id)
      .where('rule_version.n', '=', BigInt(n))
      .executeTakeFirstOrThrow();
    return { version: versionOf(row), isNew: true };
  },

  /** Fault `not_found` with what to do. */
  async version(entry: RuleSetEntry, n: number): Promise<RuleVersion> {
    const row = await versions(db)
      .where('rule_version.rule_set_id', '=', entry.id)
      .where('rule_version.n', '=', BigInt(n))
      .executeTakeFirst();
    if (row !== undefined) return versionOf(row);
    const last = entry.latest === 0 ? 'it has none yet' : `the newest is ${entry.latest}`;
    throw new Fault('not_found', `"${entry.name}" has no version ${n}; ${last}`, {
      remedy: `List them with \`fieldloop rules get ${entry.name}\`.`,
    });
  },

  /** The newest first. */
  async versions(
    entry: RuleSetEntry,
    page: { readonly before?: number | undefined; readonly limit: number },
  ): Promise<readonly RuleVersionHead[]> {
    let rows = db
      .selectFrom('rule_version')
      .select(['n', 'digest', 'note', 'created_by', 'created_at'])
      .where('rule_set_id', '=', entry.id)
      .orderBy('n', 'desc')
      .limit(page.limit);
    if (page.before !== undefined) rows = rows.where('n', '<', BigInt(page.before));
    const about = { rule_set_id: entry.id, rule_set: entry.name };
    return (await rows.execute()).map((row) => headOf({ ...row, ...about }));
  },
});

/** Forecasts that backtests left behind. */
export const forecastStore = (db: Db) => ({
  /** Twice the same id is once: a backtest may run twice. */
  async keep(kept: KeptForecast): Promise<void> {
    await db
      .insertInto('rule_forecast')
      .values({
        id: kept.id,
        rule_set_id: kept.ruleSetId,
        n: kept.n,
        digest: kept.digest,
        forecast: JSON.stringify(kept.forecast),
        created_by: kept.createdBy,
        created_at: kept.createdAt,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },

  /** Of this digest, at or after `since`, the newest. */
  async newest(digest: string, since: number): Promise<KeptForecast | undefined> {
    const row = await db
      .selectFrom('rule_forecast')
      .selectAll()
      .where('digest', '=', digest)
      .where('created_at', '>=', BigInt(since))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && forecastOf(row);
  },

  async get(id: string): Promise<KeptForecast | undefined> {
    return (await this.byId([id])).get(id);
  },

  async byId(ids: readonly string[]): Promise<ReadonlyMap<string, KeptForecast>> {
    if (ids.length === 0) return new Map();
    const rows = await db
      .selectFrom('rule_forecast')
      .selectAll()
      .where('id', 'in', [...new Set(ids)])
      .execute();
    return new Map(rows.map((row) => [row.id, forecastOf(row)]));
  },
});

async function demandFree(db: Db, name: string, id: string): Promise<void> {
  const other = await db
    .selectFrom('rule_set')
    .select('id')
    .where('name', '=', name)
    .where('id', '<>', id)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new Fault('conflict', `there is a rule set "${name}" already`, {
    place: '/body/name',
    remedy: `Save a version of it (fieldloop rules save ${name} FILE), or choose another name.`,
  });
}

const versions = (db: Db) =>
  db
    .selectFrom('rule_version')
    .innerJoin('rule_set', 'rule_set.id', 'rule_version.rule_set_id')
    .selectAll('rule_version')
    .select('rule_set.name as rule_set');

type VersionRow = Row<'rule_version'> & { readonly rule_set: string };

export function ruleSetFromRow(row: Row<'rule_set'>): RuleSetEntry {
  return {
    id: row.id,
    name: row.name,
    ...(row.description === null ? {} : { description: row.description }),
    latest: Number(row.latest),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}

function headOf(row: Omit<VersionRow, 'text' | 'text_sha256' | 'problems'>): RuleVersionHead {
  return {
    ruleSetId: row.rule_set_id,
    ruleSet: row.rule_set,
    n: Number(row.n),
    digest: row.digest,
    ...(row.note === null ? {} : { note: row.note }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
  };
}

function versionOf(row: VersionRow): RuleVersion {
  const problems = JSON.parse(row.problems) as readonly RuleProblem[];
  return { ...headOf(row), text: row.text, problems };
}

function forecastOf(row: Row<'rule_forecast'>): KeptForecast {
  return {
    id: row.id,
    ruleSetId: row.rule_set_id,
    n: Number(row.n),
    digest: row.digest,
    forecast: JSON.parse(row.forecast) as Forecast,
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
  };
}
