/**
 * The worker's part that opens a correction for a sign of trouble: one at a time for each subject,
 * and not again before its cooldown. Rows alone say what was opened: a kill loses nothing.
 */
import { signCooldownMs, signStepMs } from '../care-limits.ts';
import { signFacts } from '../store/correction-signs.ts';
import type { Db } from '../store/db.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { endedCorrections } from './correction.ts';
import { type Sign, signsOf } from './signs.ts';
import { correctionStore } from './store.ts';

type SignDeps = Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'ids' | 'log'>;

/** Opens the part; disposing it leaves nothing running. */
export function openCorrectionSigns(deps: SignDeps): AsyncDisposable {
  return openLoop(deps, { name: 'correction signs', everyMs: signStepMs }, async () => {
    await lookForSigns(deps);
  });
}

/** Corrections that were opened, or joined to one that is. */
export async function lookForSigns({
  read,
  write,
  clock,
  ids,
}: Pick<SignDeps, 'read' | 'write' | 'clock' | 'ids'>): Promise<readonly string[]> {
  const at = clock.now();
  const found: string[] = [];
  for (const sign of signsOf(await signFacts(read, at))) {
    const id = await write.transaction().execute(async (trx) => await follow(trx, sign, at, ids));
    if (id !== undefined) found.push(id);
  }
  return found;
}

async function follow(
  trx: Db,
  { source, subject, words, moment }: Sign,
  at: number,
  ids: SignDeps['ids'],
): Promise<string | undefined> {
  const prefix = `sign:${source}:${subject}:`;
  const last = await trx
    .selectFrom('correction_mark')
    .innerJoin('correction', 'correction.id', 'correction_mark.correction_id')
    .select(['correction.state', 'correction_mark.key'])
    .where('correction_mark.key', 'like', `${prefix}%`)
    .execute();
  const isOver = ({ state }: { readonly state: string }): boolean =>
    endedCorrections.some((ended) => ended === state);
  const since = Math.max(0, ...last.map(({ key }) => Number(key.slice(prefix.length))));
  if (!last.every(isOver) || at - since < signCooldownMs) return undefined;
  const report = { ...moment, key: `${prefix}${at}`, source, words };
  return (await correctionStore(trx).report(report, { at, by: 'system', ids })).id;
}
