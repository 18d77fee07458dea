/** A worker's part: files of exports go when their time is over, and so does what was left. */
import { exportSweepEveryMs, maxPageRows } from '../limits.ts';
import { eraseBlobs } from '../store/erasure.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { exportDraft } from './export.ts';
import { exportStore } from './store.ts';

/** One round: exports, the drafts of those that are over, and every object wished away. */
export async function sweepExports(
  deps: Pick<WorkerDeps, 'write' | 'bytes' | 'clock'>,
): Promise<void> {
  const { write, bytes, clock } = deps;
  const over = await exportStore(write).over(clock.now(), maxPageRows);
  for (const { id } of over) {
    await write.transaction().execute(async (trx) => await exportStore(trx).drop(id, clock.now()));
    const draft = exportDraft(id);
    if ((await bytes.drafts()).includes(draft)) await (await bytes.draft(draft)).discard();
  }
  await sweepPictures(deps);
  await eraseBlobs({ write, bytes });
}

/** Drafts of pictures that a crash left: their clip has its pictures, or will have none. */
async function sweepPictures({ write, bytes }: Pick<WorkerDeps, 'write' | 'bytes'>): Promise<void> {
  for (const name of await bytes.drafts()) {
    const text = /^clp-([0-9a-z]{26})-\d+$/.exec(name)?.[1];
    if (text === undefined) continue;
    const due = await write
      .selectFrom('clip')
      .select('id')
      .where('id', '=', `clp_${text.toUpperCase()}`)
      .where('state', '=', 'stored')
      .where('previews_at', 'is', null)
      .executeTakeFirst();
    if (due === undefined) await (await bytes.draft(name)).discard();
  }
}

export const openExportSweep = (deps: WorkerDeps): AsyncDisposable =>
  openLoop(deps, { name: 'exports', everyMs: exportSweepEveryMs }, async () => {
    await sweepExports(deps);
  });
