/** One verb on many clips: what is to be done to each, in a form that a worker can keep. */
import { setImmediate } from 'node:timers/promises';
import type { Ids, Json } from '@fieldloop/core';
import { authorize, type Caller } from '../http/caller.ts';
import { bulkBatch } from '../limits.ts';
import type { Db } from '../store/db.ts';
import { type By, clipCareStore } from './care-store.ts';
import { demandUnheld } from './care.ts';
import { type Clip, unknownClip } from './clip.ts';
import { pullClip } from './pull.ts';
import { clipStore } from './store.ts';

export type BulkWork =
  | { readonly verb: 'tag'; readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly verb: 'hold'; readonly hold: boolean; readonly reason: string }
  | { readonly verb: 'delete'; readonly reason: string }
  | {
      readonly verb: 'pull';
      readonly topics?: readonly string[] | undefined;
      readonly startNs?: string | undefined;
      readonly endNs?: string | undefined;
      readonly expiresInS: number;
    };

export interface Worked {
  readonly id: string;
  /** False when it was so already. */
  readonly changed: boolean;
  readonly error?: unknown;
}

export interface BulkDeps {
  readonly write: Db;
  readonly ids: Pick<Ids, 'uuid'>;
  audit(
    trx: Db,
    change: {
      readonly action: string;
      readonly subject: string;
      readonly detail: Readonly<Record<string, Json>>;
    },
  ): Promise<void>;
}

/** Lifting a hold is an admin's: what was held could be deleted by anybody the moment after. */
export function authorizeWork(work: BulkWork, caller: Caller | undefined): void {
  if (work.verb === 'hold' && !work.hold && caller !== undefined) authorize(caller, 'clips:admin');
}

/**
 * A transaction for some of them at a time, so that other writes come between; `wished` hears of
 * objects that may go once this resolves. What cannot be done to one is its own error.
 */
export async function workOn(
  deps: BulkDeps,
  ids: readonly string[],
  work: BulkWork,
  how: By & { readonly wished: (objects: readonly string[]) => void; readonly dryRun?: boolean },
): Promise<readonly Worked[]> {
  const results: Worked[] = [];
  for (let from = 0; from < ids.length; from += bulkBatch) {
    const batch = ids.slice(from, from + bulkBatch);
    const wished: string[] = [];
    const done = await inTransaction(deps.write, how.dryRun === true, async (trx) => {
      const worked: Worked[] = [];
      for (const id of batch) worked.push(await workOnOne(deps, trx, { id, work, how, wished }));
      return worked;
    });
    if (how.dryRun !== true) how.wished(wished);
    results.push(...done);
    await setImmediate();
  }
  return results;
}

class Undone<T> extends Error {
  readonly value: T;

  constructor(value: T) {
    super('a dry run leaves nothing behind');
    this.value = value;
  }
}

async function inTransaction<T>(
  write: Db,
  dryRun: boolean,
  work: (trx: Db) => Promise<T>,
): Promise<T> {
  try {
    return await write.transaction().execute(async (trx) => {
      const value = await work(trx);
      if (dryRun) throw new Undone(value);
      return value;
    });
  } catch (error) {
    if (error instanceof Undone) return error.value as T;
    throw error;
  }
}

async function workOnOne(
  deps: BulkDeps,
  trx: Db,
  one: {
    readonly id: string;
    readonly work: BulkWork;
    readonly how: By;
    readonly wished: string[];
  },
): Promise<Worked> {
  const { id, work } = one;
  try {
    const clip = await clipStore(trx).get(id);
    if (clip === undefined) throw unknownClip(id);
    const changed = await apply(deps, trx, { ...one, clip });
    if (changed) {
      const { verb, ...detail } = work;
      await deps.audit(trx, { action: `clip.${verb}`, subject: id, detail: jsonOf(detail) });
    }
    return { id, changed };
  } catch (error) {
    // An error of the database has undone more than this clip.
    if (!isFault(error)) throw error;
    return { id, changed: false, error };
  }
}

const isFault = (error: unknown): boolean => error instanceof Error && error.name === 'Fault';

const jsonOf = (detail: object): Readonly<Record<string, Json>> =>
  JSON.parse(JSON.stringify(detail)) as Readonly<Record<string, Json>>;

async function apply(
  deps: BulkDeps,
  trx: Db,
  one: {
    readonly clip: Clip;
    readonly work: BulkWork;
    readonly how: By;
    readonly wished: string[];
  },
): Promise<boolean> {
  const { clip, work, how } = one;
  const care = clipCareStore(trx);
  switch (work.verb) {
    case 'tag':
      return await care.tag(clip, work, how);
    case 'hold':
      return await care.hold(clip, work.hold ? { reason: work.reason } : undefined, how);
    case 'delete': {
      if (clip.state === 'erased') return false;
      demandUnheld(clip);
      one.wished.push(...(await care.erase(clip, work.reason, how)));
      return true;
    }
    case 'pull':
      return (await pullClip(trx, clip, work, { ...how, ids: deps.ids })).outcome === 'queued';
    default:
      throw new TypeError('a verb that nobody knows');
  }
}
