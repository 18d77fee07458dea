/** Verbs on more clips than a request waits for: the worker goes through all that match. */
import { asFault, type Json } from '@fieldloop/core';
import { maxBulkProblems } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import { eraseBlobs } from '../store/erasure.ts';
import type { OperationHandler } from '../store/operations.ts';
import { type BulkWork, workOn } from './bulk.ts';
import { matchingClips } from '../store/clip-selection.ts';

export interface BulkInput {
  readonly q: string;
  /** When it was asked for: what relative times in `q` mean. */
  readonly now: number;
  readonly by: string;
  readonly work: BulkWork;
}

/** Each verb does nothing to a clip that it was done to, so that a second run does the rest. */
export const workOnMatching: OperationHandler = async (input, context) => {
  const { q, now, by, work } = input as unknown as BulkInput;
  const { read, write, bytes, clock, ids, signal } = context;
  const sums = { matched: 0, changed: 0, failed: 0 };
  const problems: Json[] = [];
  const deps = {
    write,
    ids,
    audit: async (trx: typeof write, change: Parameters<typeof auditOf>[0]) =>
      void (await putAudit(trx, { at: clock.now(), actor: by, ...auditOf(change, context.id) })),
  };
  for await (const page of matchingClips(read, q, now)) {
    signal.throwIfAborted();
    const wished: string[] = [];
    const how = { by, at: clock.now(), wished: (some: readonly string[]) => wished.push(...some) };
    const results = await workOn(deps, page, work, how);
    await eraseBlobs({ write, bytes }, wished);
    for (const { id, changed, error } of results) {
      sums.matched += 1;
      if (changed) sums.changed += 1;
      if (error === undefined) continue;
      sums.failed += 1;
      const { code, message, remedy } = asFault(error);
      if (problems.length < maxBulkProblems) {
        problems.push({ id, code, message, ...(remedy === undefined ? {} : { remedy }) });
      }
    }
    context.progress(sums.matched, undefined, 'clips');
  }
  return { ...sums, problems };
};

const auditOf = (
  change: {
    readonly action: string;
    readonly subject: string;
    readonly detail: Readonly<Record<string, Json>>;
  },
  operation: string,
) => ({ ...change, via: 'operation', detail: { ...change.detail, operation } });

export const clipOperationKinds: Readonly<Record<string, OperationHandler>> = {
  'clips.tag': workOnMatching,
  'clips.hold': workOnMatching,
  'clips.delete': workOnMatching,
  'clips.pull': workOnMatching,
};
