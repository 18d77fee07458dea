/** Reviews for their workflow: each effect is one transaction under its key. */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { reviewWorkingDays } from '../care-limits.ts';
import { exportKind } from '../export/make.ts';
import { exportStore } from '../export/store.ts';
import { isOpen, type Review, workingTime } from '../review/review.ts';
import { reviewOfRow } from '../review/rows.ts';
import { reviewStore } from '../review/store.ts';
import { demandClipsOpen, demandExportOpen, judgeFor } from '../store/access.ts';
import type { Db } from '../store/db.ts';
import { once } from '../store/effects.ts';
import { clipsNamed, getExport } from '../store/exports.ts';
import { startOperation } from '../store/operations.ts';
import { ownersOf } from '../store/regions.ts';
import {
  type Checked,
  compliance,
  type ComplianceDeps,
  type FrozenScope,
  type ReviewInput,
  type ReviewOutcome,
} from './compliance-review.ts';
import { type Evidence, pending } from './kit/flow.ts';
import { workflow, type WorkflowGround } from './kit/workflow.ts';

const by = 'system';

type Ground = Pick<WorkflowGround, 'read' | 'write' | 'clock' | 'ids'>;

export const complianceDeps = (ground: Ground): ComplianceDeps => {
  const { read, write, clock, ids } = ground;
  const at = () => clock.now();
  return {
    freeze: async (review, e) =>
      await once(write, e.key, async (trx) => await frozen(trx, review, { run: e.run, at: at() })),
    check: async (review, e) =>
      await once(write, e.key, async (trx) => await checked(trx, review, at())),
    evidence: async (review) => await shown(read, review),
    grant: async (review, of, e) =>
      await once(write, e.key, async (trx) => await granted(trx, review, { of, ground })),
    build: async (review, e) =>
      await once(write, e.key, async (trx) => await built(trx, review, { at: at(), ids })),
    built: async (review) => {
      const { subject } = await reviewStore(read).demand(review);
      return (await standingOf(read, subject ?? '')) ?? pending;
    },
    activate: async (review, e) =>
      await once(write, e.key, async (trx) => {
        const { expiresAt } = await reviewStore(trx).activate(review, { at: at() });
        return { expiresAt: expiresAt ?? 0 };
      }),
    async over(review) {
      const grant = await reviewStore(read).grantOf(review);
      if (isOpen(grant, at())) return pending;
      return { by: grant?.state === 'revoked' ? (grant.revokedBy ?? by) : null };
    },
    revoke: async (review, e) =>
      await once(write, e.key, async (trx) => {
        const grant = await reviewStore(trx).revoke(review, { at: at(), by });
        return { revoked: grant !== undefined };
      }),
    discard: async (review, e) =>
      await once(write, e.key, async (trx) => {
        const { kind, subject } = await reviewStore(trx).demand(review);
        if (kind !== 'export' || subject === undefined) return { discarded: false };
        // The sweep of exports removes the file itself.
        return { discarded: (await exportStore(trx).drop(subject, at())) !== undefined };
      }),
    prove: async (review, e) =>
      await once(write, e.key, async (trx) => await proved(trx, review, at())),
    end: async (review, end, e) =>
      await once(write, e.key, async (trx) => {
        const { state } = await reviewStore(trx).end(review, end, { at: at(), by });
        return { state };
      }),
  };
};

const mostEarlier = 10;

async function frozen(
  trx: Db,
  review: string,
  { run, at }: { readonly run: string; readonly at: number },
): Promise<FrozenScope> {
  const reviews = reviewStore(trx);
  const isOwn = await reviews.claim(review, run, { at });
  const one = isOwn ? await reviews.freeze(review, { at }) : await reviews.demand(review);
  const rows = await trx
    .selectFrom('review')
    .selectAll()
    .where('requester', '=', one.requester)
    .where('id', '<>', review)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(mostEarlier)
    .execute();
  return {
    taken: !isOwn,
    kind: one.kind,
    requester: one.requester,
    requesterPerson: one.requesterPerson ?? null,
    rationale: one.rationale,
    scopeSha256: one.scopeSha256,
    count: one.scope.count,
    regions: one.scope.regions,
    topics: one.scope.topics,
    earlier: rows
      .map(reviewOfRow)
      .map(({ id, kind, state, rationale }) => ({ id, kind, state, rationale })),
    withinMs: workingTime(at, reviewWorkingDays),
    leaseMs: one.leaseMs,
  };
}

async function checked(trx: Db, review: string, at: number): Promise<Checked> {
  const one = await reviewStore(trx).check(review, { at });
  const findings = one.findings as unknown as readonly Json[];
  const facts = { policySha256: one.policySha256 ?? '', findings };
  return {
    effect: one.effect ?? 'deny',
    policyVersion: one.policyVersion ?? 0,
    ...facts,
    digest: sha256Hex(canonicalJson(facts)),
    owners: await ownersOf(trx, one.scope.regions),
  };
}

/** What people decide on, as it is now: what is asked for, and what the policy says of it. */
async function shown(read: Db, review: string): Promise<readonly Evidence[]> {
  const one = await reviewStore(read).demand(review);
  const scopeNow = await reviewStore(read).scopeNow(review);
  const judged = await judgeFor(read, one.scope, askerOf(one));
  const rules = { policy: judged.policy.version, findings: judged.findings as unknown as Json };
  const { regions, count, topics } = one.scope;
  const scope = { regions: [...regions], count, topics: topics === null ? null : [...topics] };
  return [
    { name: 'scope', digest: scopeNow, link: `/v1/reviews/${review}`, body: scope },
    { name: 'rules', digest: sha256Hex(canonicalJson(rules)), body: rules },
    {
      name: 'rationale',
      digest: sha256Hex(one.rationale),
      body: { by: one.requesterPerson ?? one.requester, rationale: one.rationale },
    },
  ];
}

const askerOf = (one: Review) => ({ id: one.requester, userId: one.requesterPerson });

/** Another scope than the approved is another request, which is made at once. */
async function granted(
  trx: Db,
  review: string,
  { of, ground }: { readonly of: Parameters<ComplianceDeps['grant']>[1]; readonly ground: Ground },
): Promise<{ readonly changed: boolean; readonly next: string | null }> {
  const { clock, ids } = ground;
  const at = clock.now();
  const reviews = reviewStore(trx);
  const one = await reviews.demand(review);
  const judged = await judgeFor(trx, one.scope, askerOf(one));
  if (judged.effect === 'deny') return { changed: true, next: null };
  if ((await reviews.scopeNow(review)) !== of.scopeSha256) {
    const wish = await reviews.wanted(review);
    const who = { at, by: one.requester, ids, person: one.requesterPerson };
    const { id } = await reviews.request(wish, who);
    return { changed: true, next: id };
  }
  await reviews.grant(review, of, { at, ids });
  return { changed: false, next: null };
}

/** Fault `forbidden` when a clip was not cleared or redacted on its robot. */
async function built(
  trx: Db,
  review: string,
  { at, ids }: { readonly at: number; readonly ids: Ground['ids'] },
): Promise<{ readonly subject: string | null }> {
  const reviews = reviewStore(trx);
  const one = await reviews.demand(review);
  if (one.kind !== 'export') return { subject: null };
  const { format = 'zip', topics, includeManifests = true } = await reviews.wanted(review);
  const clips = await clipsNamed(
    trx,
    one.scope.items.map(({ id }) => id),
  );
  const unclear = clips.find(({ manifest }) => !isClear(manifest));
  if (unclear !== undefined) {
    throw new Fault('forbidden', `${unclear.id} was not redacted on its robot`, {
      remedy: 'Leave it out of what is asked for.',
    });
  }
  const sourceBytes = clips.reduce(
    (sum, clip) => sum + (clip.state === 'stored' ? clip.sizeBytes : 0),
    0,
  );
  const [id, operationId] = [ids.ulid('exp'), ids.ulid('op')];
  const clipIds = clips.map((clip) => clip.id);
  const input = { export: id, format, clips: clipIds.length };
  const by = one.requester;
  await startOperation(trx, { id: operationId, kind: exportKind, input, by, at });
  const made = { id, operationId, format, topics, includeManifests, clipIds, sourceBytes, by, at };
  await exportStore(trx).add(made);
  await reviews.bind(review, id, { at });
  return { subject: id };
}

const isClear = (manifest: object): boolean => {
  const { privacy } = manifest as { readonly privacy?: string };
  return privacy === undefined || privacy === 'clear' || privacy === 'redacted';
};

async function standingOf(read: Db, id: string): Promise<{ readonly ok: boolean } | undefined> {
  const made = await getExport(read, id);
  if (made === undefined || made.erasedAt !== undefined) return { ok: false };
  if (made.readyAt !== undefined) return { ok: true };
  const row = await read
    .selectFrom('operation')
    .select('state')
    .where('id', '=', made.operationId)
    .executeTakeFirst();
  const isOver = row === undefined || row.state === 'failed' || row.state === 'cancelled';
  return isOver ? { ok: false } : undefined;
}

/** A Fault when the read is still open through the grant. */
async function proved(trx: Db, review: string, at: number): Promise<{ readonly denied: boolean }> {
  const reviews = reviewStore(trx);
  const one = await reviews.demand(review);
  const grant = await reviews.grantOf(review);
  const subject = one.subject ?? one.scope.items[0]?.id ?? review;
  const message = await deniedRead(trx, one, at);
  if (grant !== undefined) await reviews.prove(review, { subject, message }, { at, by });
  return { denied: true };
}

async function deniedRead(trx: Db, one: Review, now: number): Promise<string> {
  const [first] = one.scope.items;
  const attempt = async () => {
    if (one.kind === 'export' && one.subject !== undefined) {
      return await demandExportOpen(trx, one.subject, now);
    }
    if (one.kind === 'remote_support' || one.kind === 'export' || first === undefined) {
      const grant = await reviewStore(trx).grantOf(one.id);
      return grant !== undefined && isOpen(grant, now) ? { grant } : {};
    }
    const asked = { kind: one.kind, clips: [first.id], asker: askerOf(one) };
    return await demandClipsOpen(trx, asked, now);
  };
  const opened = await attempt().catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'forbidden') return error.message;
    throw error;
  });
  if (typeof opened === 'string') return opened;
  if (opened.grant?.review === one.id) {
    throw new Fault('unavailable', `the grant of ${one.id} still opens it`, {
      remedy: 'Revoke it again.',
    });
  }
  return 'this grant opens nothing any more';
}

function checkInput(input: Json): ReviewInput {
  const { review } = (input ?? {}) as { readonly review?: Json };
  if (typeof review === 'string' && review !== '') return { review };
  throw new Fault('invalid', 'the input names no review', {
    place: '/input/review',
    remedy: 'Ask for one: fieldloop reviews request --help.',
  });
}

export const complianceReview = workflow<ReviewInput, ReviewOutcome, ComplianceDeps>({
  name: 'compliance-review',
  version: 1,
  body: compliance,
  deps: complianceDeps,
  check: checkInput,
  triggers: [
    {
      name: 'compliance-on-request',
      version: 1,
      on: ['review.requested'],
      match: ({ subject }) => ({ input: { review: subject }, subject, key: subject }),
    },
  ],
});
