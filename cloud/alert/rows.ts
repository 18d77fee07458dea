/** Rows that arrived in a time, counted by what they are grouped by. */
import { compileTree } from '../http/q/compile.ts';
import { queryTree } from '../http/q/filter.ts';
import { lookedUp } from '../http/q/looked-up.ts';
import type { QSource, Sql } from '../http/q/source.ts';
import { clipSource } from '../http/q/sources/clips.ts';
import { deviceSource } from '../http/q/sources/devices.ts';
import { eventSource } from '../http/q/sources/events.ts';
import { failureSource } from '../http/q/sources/failures.ts';
import type { Db } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import type { RowSource } from './condition.ts';

const sources: Readonly<Record<RowSource, { readonly q: QSource; readonly arrived: string }>> = {
  events: { q: eventSource, arrived: 'event.received_at' },
  clips: { q: clipSource, arrived: 'clip.received_at' },
  failures: { q: failureSource, arrived: 'failure.created_at' },
};

/** Fault `invalid` with the place when `q` does not fit the source. */
export function checkRowsQuery(source: RowSource | 'devices', q: string, pointer: string): void {
  const of = source === 'devices' ? deviceSource : sources[source].q;
  queryTree(q, of, { now: 0, pointer });
}

export interface RowsAsked {
  readonly source: RowSource;
  readonly q?: string | undefined;
  /** Arrived after this and at or before that, in Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly by: 'device' | 'rule';
}

/** How many of each device's id, or of each rule. */
export async function countRowsBy(db: Db, asked: RowsAsked): Promise<ReadonlyMap<string, number>> {
  const { q: source, arrived } = sources[asked.source];
  const terms: Sql[] = [
    sql<boolean>`${sql.ref(arrived)} > ${BigInt(asked.fromMs)}`,
    sql<boolean>`${sql.ref(arrived)} <= ${BigInt(asked.toMs)}`,
  ];
  if (asked.q !== undefined) {
    const of = { now: asked.toMs, pointer: '/body/condition/q' };
    terms.push(compileTree(await lookedUp(db, queryTree(asked.q, source, of))));
  }
  const { from, key } = grouping(asked, source.table);
  const { rows } = await sql<{ named: string | null; n: bigint }>`
    select ${sql.ref(key)} as named, count(*) as n from ${from}
    where ${sql.join(terms, sql` and `)} group by ${sql.ref(key)}`.execute(db);
  return new Map(
    rows.flatMap(({ named, n }) => (named === null ? [] : [[named, Number(n)] as const])),
  );
}

function grouping(asked: RowsAsked, table: string) {
  if (asked.by === 'device') return { from: sql.table(table), key: `${table}.device_id` };
  if (asked.source === 'events') return { from: sql.table(table), key: 'event.rule' };
  const terms = sql`clip join clip_term as fired on fired.clip_id = clip.id
    and fired.start_ns = clip.start_ns and fired.kind = 'rule'`;
  return { from: terms, key: 'fired.term' };
}

/** Ids of the devices that a query selects. */
export async function devicesOf(db: Db, q: string, now: number): Promise<ReadonlySet<string>> {
  const tree = await lookedUp(db, queryTree(q, deviceSource, { now, pointer: '/body/devices' }));
  const rows = await db.selectFrom('device').select('device.id').where(compileTree(tree)).execute();
  return new Set(rows.map(({ id }) => id));
}
