import { Fault } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import type { Failure } from './failure.ts';
import { failureStore } from './store.ts';

/** Fault `not_found` with what to do. */
export async function demandFailure(db: Db, id: string): Promise<Failure> {
  const found = await failureStore(db).get(id);
  if (found !== undefined) return found;
  throw new Fault('not_found', `there is no failure "${id}"`, {
    remedy: 'List them with `fieldloop failures list`.',
  });
}
