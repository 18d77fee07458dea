/** The alerts' rows and their timelines. */
import { maxAlertEntries } from '../alert-limits.ts';
import { bit, type Db, type Row } from '../store/db.ts';
import { sql } from '../store/kysely.ts';
import type { Alert, AlertLife, AlertState, Entry, EntryKind } from './alert.ts';
import type { Severity } from '@fieldloop/proto';

/** Everything of a new alert but its life. */
export type AlertAbout = Pick<
  Alert,
  | 'id'
  | 'policy'
  | 'group'
  | 'deviceId'
  | 'site'
  | 'rule'
  | 'severity'
  | 'value'
  | 'threshold'
  | 'summary'
>;

/** What a row needs to be read as an alert. */
export const alertRows = (db: Db) =>
  db
    .selectFrom('alert')
    .leftJoin('device', 'device.id', 'alert.device_id')
    .selectAll('alert')
    .select('device.name as device_name');

export const alertStore = (db: Db) => ({
  async create(about: AlertAbout, life: AlertLife, at: number): Promise<void> {
    await db
      .insertInto('alert')
      .values({
        id: about.id,
        policy_id: about.policy.id,
        policy_name: about.policy.name,
        group_key: about.group,
        device_id: about.deviceId ?? null,
        site: about.site ?? null,
        rule: about.rule ?? null,
        severity: about.severity,
        value: about.value ?? null,
        threshold: about.threshold ?? null,
        summary: about.summary,
        ...lifeColumns(life),
        entries: 0,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
  },

  async get(id: string): Promise<Alert | undefined> {
    const row = await alertRows(db).where('alert.id', '=', id).executeTakeFirst();
    return row && alertOfRow(row);
  },

  /** Those that the engine must look at, of one policy or of all. */
  async tracked(policyId?: string): Promise<readonly Alert[]> {
    let rows = alertRows(db).where(sql<boolean>`alert.tracked = 1`).orderBy('alert.id');
    if (policyId !== undefined) rows = rows.where('alert.policy_id', '=', policyId);
    return (await rows.execute()).map(alertOfRow);
  },

  async countTracked(policyId: string): Promise<number> {
    const row = await db
      .selectFrom('alert')
      .select(({ fn }) => fn.countAll<bigint>().as('n'))
      .where(sql<boolean>`tracked = 1`)
      .where('policy_id', '=', policyId)
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },

  /** The caller has read the alert in this transaction. */
  async change(
    alert: Pick<Alert, 'id' | 'version'>,
    change: {
      readonly life?: AlertLife | undefined;
      readonly value?: number | undefined;
      readonly summary?: string | undefined;
      readonly note?: string | undefined;
      readonly assignee?: string | null | undefined;
    },
    at: number,
  ): Promise<void> {
    const { life, value, summary, note, assignee } = change;
    await db
      .updateTable('alert')
      .set({
        ...(life === undefined ? {} : lifeColumns(life)),
        ...(value === undefined ? {} : { value }),
        ...(summary === undefined ? {} : { summary }),
        ...(note === undefined ? {} : { note }),
        ...(assignee === undefined ? {} : { assignee }),
        updated_at: at,
        version: alert.version + 1,
      })
      .where('id', '=', alert.id)
      .execute();
  },

  /** A sign that nobody was told of leaves no trace. */
  async remove(id: string): Promise<void> {
    await db.deleteFrom('alert_entry').where('alert_id', '=', id).execute();
    await db.deleteFrom('alert').where('id', '=', id).execute();
  },

  /** Adds lines to the timeline; past `maxAlertEntries` the life goes on and the lines end. */
  async tell(id: string, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const row = await db
      .updateTable('alert')
      .set((set) => ({ entries: set('entries', '+', BigInt(entries.length)) }))
      .where('id', '=', id)
      .returning('entries')
      .executeTakeFirstOrThrow();
    const first = Number(row.entries) - entries.length;
    const kept = entries
      .map((entry, i) => ({ entry, n: first + i + 1 }))
      .filter(({ n }) => n <= maxAlertEntries);
    if (kept.length === 0) return;
    await db
      .insertInto('alert_entry')
      .values(
        kept.map(({ entry, n }) => ({
          alert_id: id,
          n,
          at: entry.at,
          kind: entry.kind,
          by_id: entry.by ?? null,
          note: entry.note ?? null,
          detail: JSON.stringify(entry.detail ?? {}),
        })),
      )
      .execute();
  },

  async timeline(id: string): Promise<readonly Entry[]> {
    const rows = await db
      .selectFrom('alert_entry')
      .selectAll()
      .where('alert_id', '=', id)
      .orderBy('n')
      .execute();
    return rows.map((row) => ({
      at: Number(row.at),
      kind: row.kind as EntryKind,
      ...(row.by_id === null ? {} : { by: row.by_id }),
      ...(row.note === null ? {} : { note: row.note }),
      ...(row.detail === '{}'
        ? {}
        : { detail: JSON.parse(row.detail) as NonNullable<Entry['detail']> }),
    }));
  },
});

const lifeColumns = (life: AlertLife) => ({
  state: life.state,
  tracked: bit(life.tracked),
  pending_at: life.pendingAt,
  fired_at: life.firedAt ?? null,
  acknowledged_at: life.acknowledgedAt ?? null,
  acknowledged_by: life.acknowledgedBy ?? null,
  resolved_at: life.resolvedAt ?? null,
  resolved_by: life.resolvedBy ?? null,
  silenced_by: life.silencedBy ?? null,
  first_notified_at: life.firstNotifiedAt ?? null,
  notified_at: life.notifiedAt ?? null,
  escalated_at: life.escalatedAt ?? null,
  resolve_told: bit(life.resolveTold),
  flaps: life.flaps,
});

const number = (value: bigint | null): number | undefined =>
  value === null ? undefined : Number(value);

export function alertOfRow(row: Row<'alert'> & { readonly device_name: string | null }): Alert {
  const optional = {
    device: row.device_name ?? undefined,
    deviceId: row.device_id ?? undefined,
    site: row.site ?? undefined,
    rule: row.rule ?? undefined,
    value: row.value ?? undefined,
    threshold: row.threshold ?? undefined,
    firedAt: number(row.fired_at),
    acknowledgedAt: number(row.acknowledged_at),
    acknowledgedBy: row.acknowledged_by ?? undefined,
    resolvedAt: number(row.resolved_at),
    resolvedBy: row.resolved_by ?? undefined,
    note: row.note ?? undefined,
    assignee: row.assignee ?? undefined,
    silencedBy: row.silenced_by ?? undefined,
    firstNotifiedAt: number(row.first_notified_at),
    notifiedAt: number(row.notified_at),
    escalatedAt: number(row.escalated_at),
  };
  return {
    id: row.id,
    policy: { id: row.policy_id, name: row.policy_name },
    group: row.group_key,
    severity: row.severity as Severity,
    state: row.state as AlertState,
    tracked: row.tracked === 1n,
    summary: row.summary,
    pendingAt: Number(row.pending_at),
    resolveTold: row.resolve_told === 1n,
    flaps: Number(row.flaps),
    entries: Number(row.entries),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as typeof optional),
  };
}
