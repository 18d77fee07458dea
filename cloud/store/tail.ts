/**
 * Follows the outbox: rows in the order of their commits, each at least once. Writes are serial on
 * both databases, so a row with a smaller number never appears behind one with a larger number.
 */
import {
  backoffMs,
  type Clock,
  type Json,
  type Log,
  type Random,
  seededRandom,
} from '@fieldloop/core';
import { tailPollMs, tailRetryMs, tailRows } from '../limits.ts';
import type { Db } from './db.ts';

export interface OutboxItem {
  readonly seq: bigint;
  readonly kind: string;
  readonly subject: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly body: Json;
}

export interface Tail extends AsyncDisposable {
  /** The newest row that was handed over. */
  readonly position: bigint;
}

export interface TailOptions {
  /** The last row that is known already; `now` begins with what is committed after the start. */
  readonly from: bigint | 'now';
  /** Only rows of these kinds. */
  readonly kinds?: readonly string[];
}

/**
 * Hands rows to `onRows` until it is disposed. When `onRows` fails the same rows come again, later
 * and later.
 */
export async function openTail(
  deps: { readonly read: Db; readonly clock: Clock; readonly log: Log },
  options: TailOptions,
  onRows: (rows: readonly OutboxItem[]) => Promise<void> | void,
): Promise<Tail> {
  const { read, clock, log } = deps;
  const stop = new AbortController();
  const random: Random = seededRandom(1);
  let position = options.from === 'now' ? await outboxEnd(read) : options.from;
  /** Behind the rows of other kinds, too. */
  let seen = position;
  const follow = async (): Promise<void> => {
    for (let failures = 0; !stop.signal.aborted; ) {
      try {
        const end = await sharedEnd(read);
        const rows = end > seen ? await outboxAfter(read, seen, options.kinds) : [];
        if (rows.length > 0) await onRows(rows);
        position = rows.at(-1)?.seq ?? position;
        failures = 0;
        if (rows.length === tailRows) {
          seen = position;
          continue;
        }
        seen = [seen, end, position].reduce((a, b) => (a > b ? a : b));
        await clock.sleep(untilLook(clock), stop.signal);
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        log.warn('the outbox is read again', { failures, cause: error });
        const waitMs = backoffMs(failures, tailRetryMs, random);
        await clock.sleep(waitMs, stop.signal).catch(() => undefined);
      }
    }
  };
  const followed = follow();
  return {
    get position() {
      return position;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await followed;
    },
  };
}

/** Tails look at the same moments, so that one answer serves all. */
const untilLook = (clock: Clock): number =>
  tailPollMs - (Math.floor(clock.monotonicMs()) % tailPollMs);

/** Of each database, while it is on its way. */
const asked = new WeakMap<Db, Promise<bigint>>();

/** What a look finds for most of the time is that nothing is new: all tails ask that together. */
async function sharedEnd(read: Db): Promise<bigint> {
  const running = asked.get(read);
  if (running !== undefined) return await running;
  const answer = outboxEnd(read).finally(() => void asked.delete(read));
  asked.set(read, answer);
  return await answer;
}

/** The newest row's number, 0 when there is none. */
export async function outboxEnd(db: Db): Promise<bigint> {
  const row = await db
    .selectFrom('outbox')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0n;
}

/** At most `tailRows` rows behind this one. */
export async function outboxAfter(
  db: Db,
  seq: bigint,
  kinds?: readonly string[],
): Promise<readonly OutboxItem[]> {
  let rows = db
    .selectFrom('outbox')
    .selectAll()
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(tailRows);
  if (kinds !== undefined) rows = rows.where('kind', 'in', kinds);
  return (await rows.execute()).map((row) => ({
    seq: row.seq,
    kind: row.kind,
    subject: row.subject,
    at: Number(row.at),
    body: JSON.parse(row.body) as Json,
  }));
}
