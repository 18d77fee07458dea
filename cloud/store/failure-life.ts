/** A failure is taken a step on by another part of the loop; the steps are the failure log's. */
import type { Failure } from '../failure/failure.ts';
import { nextStates } from '../failure/failure.ts';
import { type FailureChange, failureStore, type Step } from '../failure/store.ts';
import type { Db } from './db.ts';

/** False when it is not there, or its state does not lead there (any more). */
export async function advanceFailure(
  trx: Db,
  id: string,
  step: Step & { readonly state: Failure['state'] },
  change: FailureChange = {},
): Promise<boolean> {
  const known = await failureStore(trx).get(id);
  if (known === undefined || !nextStates[known.state].includes(step.state)) return false;
  await failureStore(trx).step(known, step, change);
  return true;
}
