/**
 * The worker's part of corrections: what robots and people mark as an intervention is reported,
 * and a clip that comes after its deadline is attached, not lost. How far it has followed the
 * outbox is kept in the transaction of what it did.
 */
import type { Db } from '../store/db.ts';
import { openTail, outboxEnd, type OutboxItem } from '../store/tail.ts';
import type { WorkerDeps } from '../store/work.ts';
import { contextOf, type CorrectionSource } from './correction.ts';
import { correctionOfRow, correctionRows, correctionStore } from './store.ts';

export type FollowDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

const followed = ['event.new', 'marker.new', 'failure.logged', 'clip.stored'];
const settingName = 'correction_follow';

/** Names of events and markers that say that a person took the command. */
const interventionNames = ['intervention', 'takeover'];

/** Opens the part; disposing it leaves nothing running. */
export async function openCorrectionFollow(deps: FollowDeps): Promise<AsyncDisposable> {
  const from = await position(deps.write);
  return await openTail(deps, { from, kinds: followed }, async (rows) => {
    const at = deps.clock.now();
    await deps.write
      .transaction()
      .execute(async (trx) => await followCorrections(trx, rows, { ids: deps.ids, at }));
  });
}

async function position(write: Db): Promise<bigint> {
  return await write.transaction().execute(async (trx) => {
    const known = await trx
      .selectFrom('setting')
      .select('value')
      .where('name', '=', settingName)
      .executeTakeFirst();
    if (known !== undefined) return BigInt(known.value);
    const end = await outboxEnd(trx);
    await note(trx, end);
    return end;
  });
}

async function note(trx: Db, seq: bigint): Promise<void> {
  const value = String(seq);
  await trx
    .insertInto('setting')
    .values({ name: settingName, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

interface How {
  readonly ids: FollowDeps['ids'];
  readonly at: number;
}

/** All of it in one transaction, with how far that is. */
export async function followCorrections(
  trx: Db,
  rows: readonly OutboxItem[],
  how: How,
): Promise<void> {
  for (const { kind, subject } of rows) {
    if (kind === 'clip.stored') await attachLate(trx, subject, how);
    else if (kind === 'failure.logged') await fromFailure(trx, subject, how);
    else await fromEvent(trx, subject, how);
  }
  const last = rows.at(-1)?.seq;
  if (last !== undefined) await note(trx, last);
}

async function fromEvent(trx: Db, id: string, { ids, at }: How): Promise<void> {
  const event = await trx.selectFrom('event').selectAll().where('id', '=', id).executeTakeFirst();
  if (event === undefined || !interventionNames.includes(event.name)) return;
  const source: CorrectionSource = event.created_by === null ? 'marker' : 'operator';
  const said = event.label ?? event.text ?? undefined;
  await correctionStore(trx).report(
    {
      key: `event:${id}`,
      deviceId: event.device_id,
      session: event.session_id ?? undefined,
      startNs: event.at_ns,
      endNs: event.end_ns,
      source,
      words: said,
    },
    { ids, at, by: event.created_by ?? 'system' },
  );
}

async function fromFailure(trx: Db, id: string, { ids, at }: How): Promise<void> {
  const row = await trx.selectFrom('failure').selectAll().where('id', '=', id).executeTakeFirst();
  if (row?.source !== 'intervention' || row.event_id !== null) return;
  await correctionStore(trx).report(
    {
      key: `failure:${id}`,
      deviceId: row.device_id,
      session: row.session_id ?? undefined,
      startNs: row.start_ns,
      endNs: row.end_ns,
      source: 'failure',
      words: row.note ?? undefined,
      failure: id,
    },
    { ids, at, by: row.created_by },
  );
}

/** The word of it starts a new run at what is there now. */
async function attachLate(trx: Db, clipId: string, { at }: How): Promise<void> {
  const clip = await trx
    .selectFrom('clip')
    .select(['device_id', 'start_ns', 'end_ns'])
    .where('id', '=', clipId)
    .executeTakeFirst();
  if (clip === undefined) return;
  const rows = await correctionRows(trx)
    .where('correction.device_id', '=', clip.device_id)
    .where('correction.state', '=', 'unrecoverable')
    .orderBy('correction.id')
    .execute();
  for (const one of rows.map(correctionOfRow)) {
    const { startNs, endNs } = contextOf(one);
    if (clip.start_ns > endNs || clip.end_ns < startNs) continue;
    const how = { at, by: 'system', told: 'correction.clip_late' as const };
    await correctionStore(trx).change(one.id, { clip_id: clipId, run_id: null }, how);
  }
}
