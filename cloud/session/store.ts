import { idOfUuid } from '../entity-id.ts';
import type { Db } from '../store/db.ts';
import type { Session, SessionContents } from './session.ts';

export interface SessionTouch {
  /** The robot's UUID of the session. */
  readonly sessionId: string | Uint8Array;
  readonly source?: string | undefined;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly at: number;
}

export const sessionStore = (db: Db) => ({
  /** Makes the session known and widens it; false when the id is another device's or unknown. */
  async touch(device: string, touch: SessionTouch): Promise<boolean> {
    const id = idOfUuid('ses', touch.sessionId);
    const owner = await db
      .selectFrom('device')
      .select('id')
      .where('name', '=', device)
      .executeTakeFirst();
    if (owner === undefined) return false;
    const { startNs, endNs, at } = touch;
    const known = await db
      .selectFrom('session')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (known === undefined) {
      await db
        .insertInto('session')
        .values({
          id,
          device_id: owner.id,
          source: touch.source ?? '',
          start_ns: startNs,
          end_ns: endNs,
          created_at: at,
          updated_at: at,
          version: 1,
        })
        .execute();
      return true;
    }
    if (known.device_id !== owner.id) return false;
    const source = known.source === '' ? (touch.source ?? '') : known.source;
    if (startNs >= known.start_ns && endNs <= known.end_ns && source === known.source) return true;
    await db
      .updateTable('session')
      .set({
        source,
        start_ns: startNs < known.start_ns ? startNs : known.start_ns,
        end_ns: endNs > known.end_ns ? endNs : known.end_ns,
        updated_at: at,
        version: known.version + 1n,
      })
      .where('id', '=', id)
      .execute();
    return true;
  },

  /** How much of everything the cloud holds of a session. */
  async contents(id: string): Promise<SessionContents> {
    const clips = await db
      .selectFrom('clip')
      .select('state')
      .select((of) => [
        of.fn.countAll<bigint>().as('n'),
        of.fn.sum<bigint>('size_bytes').as('size'),
      ])
      .where('session_id', '=', id)
      .groupBy('state')
      .orderBy('state')
      .execute();
    const events = await db
      .selectFrom('event')
      .select('kind')
      .select((of) => of.fn.countAll<bigint>().as('n'))
      .where('session_id', '=', id)
      .groupBy('kind')
      .execute();
    const { n: failures } = await db
      .selectFrom('failure')
      .select((of) => of.fn.countAll<bigint>().as('n'))
      .where('session_id', '=', id)
      .executeTakeFirstOrThrow();
    const count = (kind: string): number =>
      Number(events.find((row) => row.kind === kind)?.n ?? 0n);
    return {
      clips: Object.fromEntries(clips.map(({ state, n }) => [state, Number(n)])),
      storedBytes: Number(clips.find(({ state }) => state === 'stored')?.size ?? 0n),
      events: count('event'),
      markers: count('marker'),
      failures: Number(failures),
    };
  },

  async get(id: string): Promise<Session | undefined> {
    const row = await sessionRows(db).where('session.id', '=', id).executeTakeFirst();
    return row && sessionOfRow(row);
  },
});

export const sessionRows = (db: Db) =>
  db
    .selectFrom('session')
    .innerJoin('device', 'device.id', 'session.device_id')
    .selectAll('session')
    .select('device.name as device')
    .select((of) =>
      of
        .selectFrom('clip')
        .select((count) => count.fn.countAll<bigint>().as('clips'))
        .whereRef('clip.session_id', '=', 'session.id')
        .as('clips'),
    );

type SessionRow = Awaited<ReturnType<ReturnType<typeof sessionRows>['executeTakeFirstOrThrow']>>;

export function sessionOfRow(row: SessionRow): Session {
  return {
    id: row.id,
    device: row.device,
    source: row.source,
    startNs: row.start_ns,
    endNs: row.end_ns,
    clips: Number(row.clips ?? 0n),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
