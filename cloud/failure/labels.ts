/**
 * The worker's part that takes a failure on when its label is known: what should have been done is
 * what people agreed on. How far it followed is kept with what it did: twice is once.
 */
import type { Json } from '@fieldloop/core';
import type { Db } from '../store/db.ts';
import { keepPlace, openPlace } from '../store/place.ts';
import { openTail, type OutboxItem } from '../store/tail.ts';
import type { WorkerDeps } from '../store/work.ts';
import { failureStore } from './store.ts';

const settingName = 'failure_labels';

/** Opens the part; disposing it leaves nothing running. */
export async function openFailureLabels(
  deps: Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'log'>,
): Promise<AsyncDisposable> {
  const from = await openPlace(deps.write, settingName);
  return await openTail(deps, { from, kinds: ['label.resolved'] }, async (rows) => {
    await deps.write.transaction().execute(async (trx) => {
      await followLabels(trx, rows, deps.clock.now());
      await keepPlace(trx, settingName, rows.at(-1)?.seq ?? from);
    });
  });
}

interface Resolved {
  readonly failure?: string;
  readonly class?: string;
}

export async function followLabels(
  trx: Db,
  rows: readonly OutboxItem[],
  at: number,
): Promise<void> {
  for (const { subject, body } of rows) {
    const { failure: id, class: label } = (body ?? {}) as Json & Resolved;
    const found = id === undefined ? undefined : await failureStore(trx).get(id);
    // Open ones have no clip yet; those further on had their label before.
    if (found?.state !== 'linked' && found?.state !== 'recurred') continue;
    const known = found.shouldHaveDone;
    if (label === undefined && known?.label === undefined && known?.text === undefined) continue;
    const change = label === undefined ? {} : { shouldHaveDone: { ...known, label } };
    const detail = { label: subject, ...(label === undefined ? {} : { class: label }) };
    const why = 'its label is resolved';
    const step = {
      action: 'advance',
      actor: 'system',
      at,
      state: 'labelled' as const,
      why,
      detail,
    };
    await failureStore(trx).step(found, step, change);
  }
}
