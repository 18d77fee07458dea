/** How an export that the policy keeps closed becomes a review, in place of the export. */
import { Fault, type Ids } from '@fieldloop/core';
import { leaseMs } from '../care-limits.ts';
import { type Change, writesAfter } from '../http/change.ts';
import { deniedBy, scopeDigest } from '../review/review.ts';
import { reviewStore, type ReviewWish } from '../review/store.ts';
import { type Asker, clipScope, judgeFor } from './access.ts';
import type { Db } from './db.ts';

export interface WantedExport {
  readonly clips: readonly string[];
  readonly topics?: readonly string[] | undefined;
  readonly format: 'zip' | 'mcap';
  readonly includeManifests: boolean;
  readonly rationale?: string | undefined;
}

export interface ExportCall {
  readonly caller: Asker | undefined;
  audit(trx: Db, change: Change): Promise<void>;
}

/**
 * Goes on when the policy allows the export as it is. Faults: `forbidden` when a clause denies it;
 * `conflict` with the id of the review that now makes it, once people approved. Call it inside
 * `call.change`, before anything is written.
 */
export async function demandExportAllowed(
  trx: Db,
  call: ExportCall,
  wanted: WantedExport,
  how: { readonly at: number; readonly ids: Pick<Ids, 'ulid'> },
): Promise<void> {
  const { clips, topics, format, includeManifests, rationale } = wanted;
  const scope = await clipScope(trx, { kind: 'export', clips, topics: topics ?? null });
  const judged = await judgeFor(trx, scope, call.caller);
  if (judged.effect === 'allow') return;
  if (judged.effect === 'deny') throw deniedBy(judged, 'the export');
  const by = call.caller?.id ?? 'nobody';
  const live = await trx
    .selectFrom('review')
    .select('id')
    .where('scope_sha256', '=', scopeDigest(scope))
    .where('requester', '=', by)
    .where('state', 'in', ['requested', 'waiting', 'granted'])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (live !== undefined) throw waits(live.id);
  const id = how.ids.ulid('rev');
  throw writesAfter(waits(id), async (own) => {
    const wish: ReviewWish = {
      kind: 'export',
      items: clips,
      topics,
      format,
      includeManifests,
      rationale: rationale ?? 'an export was asked for',
      leaseMs,
    };
    const ids = { ulid: () => id };
    await reviewStore(own).request(wish, { at: how.at, by, ids, person: call.caller?.userId });
    const detail = { kind: 'export', items: clips.length };
    await call.audit(own, { action: 'review.request', subject: id, detail });
  });
}

function waits(id: string): Fault {
  return new Fault('conflict', `the policy closes this export: it waits for ${id}`, {
    details: { review: id },
    remedy: `It is made once people approved: fieldloop reviews show ${id}.`,
  });
}
