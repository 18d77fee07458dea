/** Who is connected, from the gate's own word, and what devices say of themselves. */
import type { Status, Stored } from '@fieldloop/proto';
import { deviceStore } from '../device/store.ts';
import { nodeDeadMs } from '../limits.ts';
import { connectionRowMs } from '../wire-limits.ts';
import type { Db } from '../store/db.ts';
import type { Calls, ConnectionOpened } from './calls.ts';
import { greetLane } from './rows.ts';
import { putBackUploads } from './transfer-rows.ts';

export async function connectionOpened(db: Db, opened: ConnectionOpened): Promise<void> {
  const { at, ...row } = opened;
  await db
    .insertInto('connection')
    .values({ ...row, opened_at: at })
    .execute();
  await deviceStore(db).seen(opened.device, at);
  if (opened.kind === 'control') {
    await deviceStore(db).setPresence(opened.device, { online: true, at });
  }
}

export async function connectionClosed(db: Db, closed: Calls['closed']['input']): Promise<void> {
  const { id, device, why, at } = closed;
  await db
    .updateTable('connection')
    .set({ closed_at: at, why })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .execute();
  if (closed.kind !== 'control') return;
  const other = await db
    .selectFrom('connection')
    .select('id')
    .where('device', '=', device)
    .where('kind', '=', 'control')
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  if (other !== undefined) return;
  await deviceStore(db).setPresence(device, { online: false, at });
  await putBackUploads(db, device, at);
}

/** What was open when the node ended is closed; rows of long ago are forgotten. */
export async function nodeStarted(db: Db, start: Calls['start']['input']): Promise<void> {
  const { node, at } = start;
  await closeNodes(db, [node], { at, why: 'node_restarted' });
  await db
    .deleteFrom('connection')
    .where('closed_at', '<', BigInt(at - connectionRowMs))
    .execute();
  await db
    .deleteFrom('ingest_node')
    .where('beat_at', '<', BigInt(at - connectionRowMs))
    .execute();
  await noteBeat(db, node, at);
  await offlineWithoutConnection(db, at);
}

/** This node lives; one that was thought dead and is not opens its connections again. */
export async function nodeBeat(db: Db, beat: Calls['beat']['input']): Promise<void> {
  const { node, at } = beat;
  const before = await noteBeat(db, node, at);
  if (before === undefined || before < at - nodeDeadMs) await reopen(db, beat);
  await closeDeadNodes(db, at);
}

/**
 * Connections of nodes that said nothing for too long are closed, and whoever then has none is
 * offline. Every ingest node and the worker look, so that the last of them may die, too.
 */
export async function closeDeadNodes(db: Db, at: number): Promise<void> {
  const dead = await db
    .selectFrom('connection')
    .select('node')
    .distinct()
    .where('closed_at', 'is', null)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('ingest_node')
            .select('ingest_node.node')
            .whereRef('ingest_node.node', '=', 'connection.node')
            .where('ingest_node.beat_at', '>=', BigInt(at - nodeDeadMs)),
        ),
      ),
    )
    .execute();
  if (dead.length === 0) return;
  await closeNodes(
    db,
    dead.map((row) => row.node),
    { at, why: 'node_died' },
  );
  await offlineWithoutConnection(db, at);
}

/** When it said so the last time. */
async function noteBeat(db: Db, node: string, at: number): Promise<number | undefined> {
  const before = await db
    .selectFrom('ingest_node')
    .select('beat_at')
    .where('node', '=', node)
    .executeTakeFirst();
  await db
    .insertInto('ingest_node')
    .values({ node, beat_at: at })
    .onConflict((conflict) => conflict.column('node').doUpdateSet({ beat_at: at }))
    .execute();
  return before === undefined ? undefined : Number(before.beat_at);
}

async function reopen(db: Db, { at, open }: Calls['beat']['input']): Promise<void> {
  for (const id of open) {
    const row = await db
      .updateTable('connection')
      .set({ closed_at: null, why: null })
      .where('id', '=', id)
      .where('why', '=', 'node_died')
      .returning(['device', 'kind'])
      .executeTakeFirst();
    if (row?.kind !== 'control') continue;
    await deviceStore(db).setPresence(row.device, { online: true, at });
  }
}

async function closeNodes(
  db: Db,
  nodes: readonly string[],
  how: { readonly at: number; readonly why: string },
): Promise<void> {
  if (nodes.length === 0) return;
  await db
    .updateTable('connection')
    .set({ closed_at: how.at, why: how.why })
    .where('node', 'in', nodes)
    .where('closed_at', 'is', null)
    .execute();
}

/** What a crash leaves behind: devices that are said to be here and are not. */
async function offlineWithoutConnection(db: Db, at: number): Promise<void> {
  const rows = await db
    .selectFrom('device')
    .select('name')
    .where('online', '=', 1n)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('connection')
            .select('connection.id')
            .whereRef('connection.device', '=', 'device.name')
            .where('connection.kind', '=', 'control')
            .where('connection.closed_at', 'is', null),
        ),
      ),
    )
    .execute();
  for (const { name } of rows) {
    await deviceStore(db).setPresence(name, { online: false, at });
    await putBackUploads(db, name, at);
  }
}

/** A takeover publishes the will of the connection before it: that one's `conn` is lower. */
export async function statusCame(
  db: Db,
  message: { readonly device: string; readonly status: Status; readonly at: number },
): Promise<{ readonly isNewest: boolean; readonly stored: readonly Stored[] }> {
  const { device, status, at } = message;
  const { online, conn, bootId: boot } = status;
  const isNewest = await deviceStore(db).setPresence(device, { online, at, conn, boot });
  const stored: Stored[] = [];
  if (!isNewest || !online) return { isNewest, stored };
  await deviceStore(db).seen(device, at);
  for (const { lane, origin, lowest } of status.lanes) {
    stored.push(...(await greetLane(db, { device, lane, origin }, lowest, at)));
  }
  return { isNewest, stored };
}
