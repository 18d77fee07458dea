/**
 * Keeps what a window drew: choices in slices, then one transaction that ends the window. Every
 * slice may come twice, so a worker that dies in between leaves a window that is drawn again.
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock, Ids } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { insertMany } from '../store/insert-many.ts';
import { sql } from '../store/kysely.ts';
import { putOutbox } from '../store/outbox.ts';
import { drawReadRows, drawWriteRows } from '../triage-limits.ts';
import { type Drawn, drawOf, type DrawnWindow } from './draw.ts';
import type { Planner } from './planner.ts';
import { type TriageWindow, windowStore } from './window-store.ts';

export interface DrawDeps {
  readonly read: Db;
  readonly write: Db;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'ulid'>;
  /** One that stays open, for many draws; default one for this draw. */
  readonly planner?: Planner;
}

/** The window as it ended; one that is over already is left as it is. */
export async function drawWindow(deps: DrawDeps, id: string): Promise<TriageWindow> {
  const window = await windowStore(deps.write).demand(id);
  if (window.state !== 'frozen') return window;
  const drawn = await drawOf(deps.read, window, undefined, deps.planner);
  await writeSlices(deps, window, drawn);
  const stale = await staleOf(deps.write, window, drawn);
  const at = deps.clock.now();
  await deps.write.transaction().execute(async (trx) => {
    await dropStale(trx, stale);
    await finishDraw(trx, { window, drawn }, at);
  });
  return await windowStore(deps.write).demand(id);
}

interface Stale {
  /** Choices. */
  readonly choices: readonly string[];
  /** Units. */
  readonly suppressed: readonly string[];
  readonly window: string;
}

/**
 * What a drawer wrote that died and was drawn otherwise since: a failure was taken back meanwhile,
 * or a robot is held.
 */
async function staleOf(db: Db, { id }: TriageWindow, drawn: DrawnWindow): Promise<Stale> {
  const chosen = new Set(drawn.choices.map(({ unit, lane }) => `${unit} ${lane}`));
  const out = new Set(drawn.suppressed.map(({ unit }) => unit));
  const choices: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await db
      .selectFrom('triage_choice')
      .select(['id', 'unit_id', 'lane'])
      .where('window_id', '=', id)
      .where('unit_id', '>', after)
      .orderBy('unit_id')
      .limit(drawReadRows)
      .execute();
    // A unit has a row a lane: one that a full page may have cut comes with the next page.
    const cut = rows.length === drawReadRows ? rows.at(-1)?.unit_id : undefined;
    const whole = rows.filter((row) => row.unit_id !== cut);
    for (const row of whole) {
      if (!chosen.has(`${row.unit_id} ${row.lane}`)) choices.push(row.id);
    }
    after = whole.at(-1)?.unit_id;
    await setImmediate();
  }
  const suppressed: string[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const rows = await db
      .selectFrom('triage_suppression')
      .select('unit_id')
      .where('window_id', '=', id)
      .where('unit_id', '>', after)
      .orderBy('unit_id')
      .limit(drawReadRows)
      .execute();
    for (const row of rows) if (!out.has(row.unit_id)) suppressed.push(row.unit_id);
    after = rows.at(-1)?.unit_id;
    await setImmediate();
  }
  return { window: id, choices, suppressed };
}

async function dropStale(trx: Db, { choices, suppressed, window }: Stale): Promise<void> {
  for (let from = 0; from < choices.length; from += drawWriteRows) {
    const some = choices.slice(from, from + drawWriteRows);
    await trx.deleteFrom('triage_choice').where('id', 'in', some).execute();
  }
  for (let from = 0; from < suppressed.length; from += drawWriteRows) {
    const some = suppressed.slice(from, from + drawWriteRows);
    await trx
      .deleteFrom('triage_suppression')
      .where('window_id', '=', window)
      .where('unit_id', 'in', some)
      .execute();
    await trx
      .updateTable('triage_unit')
      .set({ suppressed_by: null })
      .where('id', 'in', some)
      .execute();
  }
}

/** Ends a window whose choices are written, and tells it. Again changes nothing. */
export async function finishDraw(
  trx: Db,
  { window, drawn }: { readonly window: TriageWindow; readonly drawn: DrawnWindow },
  at: number,
): Promise<void> {
  const isNew = await windowStore(trx).finish(window, { state: 'drawn', result: drawn.result }, at);
  if (!isNew) return;
  await trx
    .updateTable('triage_request')
    .set({ window_id: window.id })
    .where('policy_id', '=', window.policyId)
    .where('created_at', '<=', BigInt(window.asOf))
    .where('window_id', 'is', null)
    .execute();
  const units = new Set(drawn.choices.map(({ unit }) => unit)).size;
  await putOutbox(trx, {
    kind: 'triage.selected',
    subject: window.id,
    at,
    body: { window: window.id, units, policy: window.policy },
  });
}

/** Takes a frozen window back: its units come into the next one. */
export async function voidWindow(
  trx: Db,
  window: TriageWindow,
  { why, at }: { readonly why: string; readonly at: number },
): Promise<void> {
  if (!(await windowStore(trx).finish(window, { state: 'void' }, at))) return;
  const { id, policy } = window;
  await putOutbox(trx, { kind: 'triage.failed', subject: id, at, body: { policy, reason: why } });
}

async function writeSlices(
  { write, clock, ids }: DrawDeps,
  window: TriageWindow,
  { choices, suppressed }: DrawnWindow,
): Promise<void> {
  const at = clock.now();
  for (let from = 0; from < choices.length; from += drawWriteRows) {
    const some = choices.slice(from, from + drawWriteRows);
    await write.transaction().execute(async (trx) => {
      await putChoices(trx, some, { window, ids, at });
    });
    await setImmediate();
  }
  for (let from = 0; from < suppressed.length; from += drawWriteRows) {
    const some = suppressed.slice(from, from + drawWriteRows);
    await write.transaction().execute(async (trx) => {
      await insertMany(trx, {
        table: 'triage_suppression',
        columns: ['window_id', 'unit_id', 'leader_id', 'cosine'],
        rows: some.map(({ unit, leader, cosine }) => [window.id, unit, leader, cosine]),
        once: ['window_id', 'unit_id'],
      });
      const ids = some.map(({ unit }) => unit);
      await sql`update triage_unit set suppressed_by = (
        select leader_id from triage_suppression
        where window_id = ${window.id} and unit_id = triage_unit.id
      ) where id in (${sql.join(ids)})`.execute(trx);
    });
    await setImmediate();
  }
}

async function putChoices(
  trx: Db,
  some: readonly Drawn[],
  of: {
    readonly window: TriageWindow;
    readonly ids: Pick<Ids, 'ulid'>;
    readonly at: number;
  },
): Promise<void> {
  const { window, ids, at } = of;
  await insertMany(trx, {
    table: 'triage_choice',
    columns: [
      'id',
      'unit_id',
      'clip_id',
      'window_id',
      'lane',
      'scorer',
      'scorer_sha256',
      'propensity',
      'salt',
      'reason',
      'failure_id',
      'value',
      'percentile',
      'created_at',
    ],
    rows: some.map((one) => [
      ids.ulid('chc'),
      one.unit,
      one.clip,
      window.id,
      one.lane,
      one.scorer,
      one.scorerSha256,
      one.propensity,
      window.salt,
      one.reason,
      one.failure ?? null,
      one.value ?? null,
      one.percentile,
      at,
    ]),
    once: ['window_id', 'unit_id', 'lane'],
  });
  await insertMany(trx, {
    table: 'triage_score',
    columns: ['unit_id', 'scorer', 'scorer_sha256', 'value'],
    rows: some.flatMap(({ unit, scores }) =>
      scores.map(({ scorer, sha256, value }) => [unit, scorer, sha256, value] as const),
    ),
    once: ['unit_id', 'scorer', 'scorer_sha256'],
  });
}
