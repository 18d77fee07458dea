/** An abort is a row; the body is handed it once, at the first step that can hear of it. */
import type { Db } from '../../store/db.ts';
import type { Aborted } from './flow.ts';
import type { RunRow } from './turn.ts';

/** The abort that the body has not heard of, which is now handed to this step. */
export async function handedAbort(
  trx: Db,
  run: RunRow,
  step: string,
): Promise<Aborted | undefined> {
  const abort = abortOf(run);
  if (abort === undefined) return undefined;
  await trx.updateTable('run').set({ abort_step: step }).where('id', '=', run.id).execute();
  return abort;
}

export const abortOf = (run: RunRow): Aborted | undefined =>
  run.abort_by === null || run.abort_step !== null
    ? undefined
    : { kind: 'aborted', by: run.abort_by, reason: run.abort_reason ?? '' };
