import { canonicalJson, Fault, type Ids, type Json } from '@fieldloop/core';
import {
  clipScope,
  deviceScope,
  grantOfRow,
  judgeFor,
  noteUse,
  personBehind,
} from '../store/access.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import {
  endedReviews,
  type Grant,
  isOpen,
  type PolicyEffect,
  type Review,
  type ReviewKind,
  type ReviewScope,
  type ReviewState,
  scopeDigest,
} from './review.ts';
import { reviewOfRow } from './rows.ts';

/** What is asked for and how it is to be made. */
export interface ReviewWish {
  readonly kind: ReviewKind;
  /** Clips; for remote support one device. */
  readonly items: readonly string[];
  readonly topics?: readonly string[] | undefined;
  /** Of an export. */
  readonly format?: 'zip' | 'mcap' | undefined;
  readonly includeManifests?: boolean | undefined;
  readonly rationale: string;
  readonly leaseMs: number;
}

export interface By {
  readonly at: number;
  readonly by: string;
}

/** Each function runs inside the caller's transaction when it writes. */
export const reviewStore = (db: Db) => ({
  async get(id: string): Promise<Review | undefined> {
    const row = await db.selectFrom('review').selectAll().where('id', '=', id).executeTakeFirst();
    return row && reviewOfRow(row);
  },

  /** Fault `not_found` with what to do. */
  async demand(id: string): Promise<Review> {
    const found = await this.get(id);
    if (found !== undefined) return found;
    throw new Fault('not_found', `there is no review "${id.slice(0, 64)}"`, {
      remedy: 'List them with `fieldloop reviews list`.',
    });
  },

  async wanted(id: string): Promise<ReviewWish> {
    const row = await db
      .selectFrom('review')
      .select('wanted')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return JSON.parse(row.wanted) as ReviewWish;
  },

  /** A live review of the same person for the same scope is that one. */
  async request(
    wish: ReviewWish,
    how: By & { readonly ids: Pick<Ids, 'ulid'>; readonly person?: string | undefined },
  ): Promise<{ readonly id: string; readonly joined: boolean }> {
    const { at, by, ids } = how;
    const scope = await scopeFor(db, wish);
    const scopeSha256 = scopeDigest(scope);
    const live = await db
      .selectFrom('review')
      .select('id')
      .where('scope_sha256', '=', scopeSha256)
      .where('requester', '=', by)
      .where('state', 'not in', [...endedReviews])
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (live !== undefined) return { id: live.id, joined: true };
    const id = ids.ulid('rev');
    await db
      .insertInto('review')
      .values({
        id,
        kind: wish.kind,
        state: 'requested',
        rationale: wish.rationale,
        requester: by,
        requester_person: how.person ?? (await personBehind(db, by)) ?? null,
        scope: canonicalJson(scope as unknown as Json),
        scope_sha256: scopeSha256,
        wanted: canonicalJson(JSON.parse(JSON.stringify(wish)) as Json),
        findings: '[]',
        approvers: '[]',
        lease_ms: wish.leaseMs,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
      })
      .execute();
    await tell(db, { id, kind: 'review.requested', at, of: wish.kind });
    return { id, joined: false };
  },

  /** The run that takes care of it; false when another one does or it is over. */
  async claim(id: string, run: string, { at }: Pick<By, 'at'>): Promise<boolean> {
    const found = await this.demand(id);
    if (found.run !== undefined || endedReviews.includes(found.state)) return found.run === run;
    await set(db, found, { run_id: run, updated_at: at });
    return true;
  },

  /** Hashes what is asked for as it is now; what people are asked about is this. */
  async freeze(id: string, { at }: Pick<By, 'at'>): Promise<Review> {
    const found = await this.demand(id);
    const scope = await scopeFor(db, await this.wanted(id));
    if (scope.count === 0) {
      throw new Fault('not_found', `nothing that ${id} asks for is there any more`, {
        remedy: 'Ask for what is there.',
      });
    }
    const columns = {
      scope: canonicalJson(scope as unknown as Json),
      scope_sha256: scopeDigest(scope),
      updated_at: at,
    };
    await set(db, found, columns);
    return await this.demand(id);
  },

  /** The hash of what the request means now: another one is another request. */
  async scopeNow(id: string): Promise<string> {
    return scopeDigest(await scopeFor(db, await this.wanted(id)));
  },

  /** Judges the frozen scope by the policy in force, and keeps which version that was. */
  async check(id: string, { at }: Pick<By, 'at'>): Promise<Review> {
    const found = await this.demand(id);
    const asker = { id: found.requester, userId: found.requesterPerson };
    const { effect, findings, policy } = await judgeFor(db, found.scope, asker);
    await set(db, found, {
      policy_version: policy.version,
      policy_sha256: policy.sha256,
      effect,
      findings: canonicalJson(findings as unknown as Json),
      ...(effect === 'needs_approval' ? { state: 'waiting' as const } : {}),
      updated_at: at,
    });
    if (effect === 'needs_approval') {
      await tell(db, { id, kind: 'review.waiting', at, of: found.kind });
    }
    return await this.demand(id);
  },

  /**
   * The grant of an approved review. It opens nothing until it is activated. Fault `conflict` when
   * the scope is another one than the approved.
   */
  async grant(
    id: string,
    of: { readonly scopeSha256: string; readonly approvers: readonly string[] },
    how: Pick<By, 'at'> & { readonly ids: Pick<Ids, 'ulid'> },
  ): Promise<Grant> {
    const found = await this.demand(id);
    const known = await this.grantOf(id);
    if (known !== undefined) return known;
    const now = await this.scopeNow(id);
    if (now !== of.scopeSha256 || found.scopeSha256 !== of.scopeSha256) {
      throw new Fault('conflict', `what ${id} asks for is not what was approved`, {
        remedy: 'Ask for a new review.',
      });
    }
    const grant = how.ids.ulid('grt');
    await db
      .insertInto('access_grant')
      .values({
        id: grant,
        review_id: id,
        kind: found.kind,
        state: 'pending',
        grantee: found.requester,
        grantee_person: found.requesterPerson ?? null,
        scope_sha256: of.scopeSha256,
        lease_ms: found.leaseMs,
        created_at: how.at,
        updated_at: how.at,
      })
      .execute();
    const items = found.scope.items.map((item) => ({ grant_id: grant, item: item.id }));
    for (let from = 0; from < items.length; from += 500) {
      await db
        .insertInto('grant_item')
        .values(items.slice(from, from + 500))
        .execute();
    }
    await set(db, found, { approvers: canonicalJson(of.approvers), updated_at: how.at });
    return await demandGrant(db, id);
  },

  async grantOf(review: string): Promise<Grant | undefined> {
    const row = await db
      .selectFrom('access_grant')
      .selectAll()
      .where('review_id', '=', review)
      .executeTakeFirst();
    return row && grantOfRow(row);
  },

  /** The export that a grant is for; the grant stays closed. */
  async bind(review: string, subject: string, { at }: Pick<By, 'at'>): Promise<void> {
    const columns = { subject, updated_at: at };
    await db.updateTable('access_grant').set(columns).where('review_id', '=', review).execute();
    await set(db, await this.demand(review), columns);
  },

  /** From here on it is open, until its lease ends. A revoked grant never opens again. */
  async activate(review: string, { at }: Pick<By, 'at'>): Promise<Grant> {
    const known = await demandGrant(db, review);
    if (known.state === 'active') return known;
    if (known.state === 'revoked') {
      throw new Fault('conflict', `the grant of ${review} is revoked`, {
        remedy: 'Ask for a new review.',
      });
    }
    const columns = {
      state: 'active',
      activated_at: at,
      expires_at: at + known.leaseMs,
      updated_at: at,
    };
    await db.updateTable('access_grant').set(columns).where('id', '=', known.id).execute();
    const found = await this.demand(review);
    await set(db, found, { state: 'granted', updated_at: at });
    await tell(db, { id: review, kind: 'review.granted', at, of: found.kind });
    return await demandGrant(db, review);
  },

  /** Closes it for good; again changes nothing. Undefined when there never was a grant. */
  async revoke(review: string, { at, by }: By): Promise<Grant | undefined> {
    const known = await this.grantOf(review);
    if (known === undefined || known.state === 'revoked') return known;
    const columns = { state: 'revoked', revoked_at: at, revoked_by: by, updated_at: at };
    await db.updateTable('access_grant').set(columns).where('id', '=', known.id).execute();
    const found = await this.demand(review);
    await tell(db, { id: review, kind: 'review.revoked', at, of: found.kind });
    return await demandGrant(db, review);
  },

  /** Tries the read that the grant opened, and writes down that it was denied. */
  async prove(
    review: string,
    denied: { readonly subject: string; readonly message: string },
    { at, by }: By,
  ): Promise<void> {
    const grant = await demandGrant(db, review);
    if (isOpen(grant, at)) {
      throw new Fault('unavailable', `the grant of ${review} is still open`, {
        remedy: 'Revoke it.',
      });
    }
    const proof = canonicalJson({ at, subject: denied.subject, message: denied.message });
    await db
      .updateTable('access_grant')
      .set({ proof, updated_at: at })
      .where('id', '=', grant.id)
      .execute();
    await noteUse(db, {
      grant: grant.id,
      at,
      actor: by,
      action: 'prove',
      subject: denied.subject,
      outcome: 'denied',
    });
  },

  /** Its last state, once; a grant that is still open is revoked in the same transaction. */
  async end(
    id: string,
    end: { readonly state: ReviewState; readonly reason: string },
    how: By,
  ): Promise<Review> {
    const found = await this.demand(id);
    if (endedReviews.includes(found.state)) return found;
    await this.revoke(id, how);
    const { at } = how;
    const columns = { state: end.state, reason: end.reason, ended_at: at, updated_at: at };
    await set(db, await this.demand(id), columns);
    await tell(db, { id, kind: 'review.ended', at, of: found.kind });
    return await this.demand(id);
  },

  async uses(grant: string, page: { readonly after: number; readonly limit: number }) {
    const rows = await db
      .selectFrom('grant_use')
      .selectAll()
      .where('grant_id', '=', grant)
      .where('n', '>', BigInt(page.after))
      .orderBy('n')
      .limit(page.limit)
      .execute();
    return rows.map(({ n, at, actor, action, subject, outcome }) => ({
      n: Number(n),
      at: Number(at),
      actor,
      action,
      subject,
      outcome: outcome === 'read' ? ('read' as const) : ('denied' as const),
    }));
  },

  async proofOf(review: string): Promise<Json | undefined> {
    const row = await db
      .selectFrom('access_grant')
      .select('proof')
      .where('review_id', '=', review)
      .executeTakeFirst();
    return row?.proof == null ? undefined : (JSON.parse(row.proof) as Json);
  },
});

const scopeFor = async (db: Db, wish: ReviewWish): Promise<ReviewScope> =>
  wish.kind === 'remote_support'
    ? await deviceScope(db, wish.items[0] ?? '')
    : await clipScope(db, { kind: wish.kind, clips: wish.items, topics: wish.topics ?? null });

async function demandGrant(db: Db, review: string): Promise<Grant> {
  const row = await db
    .selectFrom('access_grant')
    .selectAll()
    .where('review_id', '=', review)
    .executeTakeFirst();
  if (row !== undefined) return grantOfRow(row);
  throw new Fault('not_found', `the review ${review} has no grant`, {
    remedy: 'It was not approved.',
  });
}

interface ReviewColumns {
  readonly state?: ReviewState;
  readonly run_id?: string;
  readonly scope?: string;
  readonly scope_sha256?: string;
  readonly policy_version?: number;
  readonly policy_sha256?: string;
  readonly effect?: PolicyEffect;
  readonly findings?: string;
  readonly approvers?: string;
  readonly subject?: string;
  readonly reason?: string;
  readonly ended_at?: number;
  readonly updated_at: number;
}

async function set(db: Db, found: Review, columns: ReviewColumns): Promise<void> {
  await db
    .updateTable('review')
    .set({ ...columns, version: found.version + 1 })
    .where('id', '=', found.id)
    .execute();
}

async function tell(
  db: Db,
  word: {
    readonly id: string;
    readonly kind: OutboxKind;
    readonly at: number;
    readonly of: ReviewKind;
  },
): Promise<void> {
  const row = await db
    .selectFrom('review')
    .select('state')
    .where('id', '=', word.id)
    .executeTakeFirstOrThrow();
  const body = { kind: word.of, state: row.state };
  await putOutbox(db, { kind: word.kind, subject: word.id, at: word.at, body });
}
