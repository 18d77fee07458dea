/** Who is connected, from the gate's own word, and what devices say of themselves. */
import type { Status, Stored } from '@fieldloop/proto';
import { deviceStore } from '../device/store.ts';
import { connectionRowMs } from '../limits.ts';
import type { Db } from '../store/db.ts';
import type { Calls, ConnectionOpened } from './calls.ts';
import { greetLane } from './rows.ts';

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
  if (other === undefined) await deviceStore(db).setPresence(device, { online: false, at });
}

/** What was open when the node ended is closed; rows of long ago are forgotten. */
export async function nodeStarted(db: Db, start: Calls['start']['input']): Promise<void> {
  const { node, at } = start;
  await db
    .updateTable('connection')
    .set({ closed_at: at, why: 'node_restarted' })
    .where('node', '=', node)
    .where('closed_at', 'is', null)
    .execute();
  await db
    .deleteFrom('connection')
    .where('closed_at', '<', BigInt(at - connectionRowMs))
    .execute();
  await deviceStore(db).allOffline(at);
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
