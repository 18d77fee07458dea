import { Fault, type Json } from '@fieldloop/core';
import { leaseMs, maxLeaseMs, maxScopeItems } from '../care-limits.ts';
import type { NounDeps } from '../http/deps.ts';
import { listName } from '../http/deps.ts';
import { instantText, pageFields } from '../http/fields.ts';
import { listAnswer, listPage, listQuery } from '../http/list.ts';
import { z } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { pageOf } from '../http/page.ts';
import { reviewSource } from '../http/q/sources/reviews.ts';
import { demandVersion } from '../http/version.ts';
import { maxReasonLength } from '../limits.ts';
import { personBehind, policyInForce } from '../store/access.ts';
import type { Db } from '../store/db.ts';
import { deviceIdOf } from '../store/device-ref.ts';
import {
  policyFields,
  policyJson,
  policySchema,
  type ReviewJson,
  reviewJson,
  reviewSchema,
  useSchema,
} from './json.ts';
import { putPolicy } from './policy-store.ts';
import { endedReviews, reviewKinds, reviewStates } from './review.ts';
import { reviewOfRow } from './rows.ts';
import { reviewStore } from './store.ts';

const tag = 'reviews';
const path = z.strictObject({ id: z.string().min(1).max(64) });

export const reviewOperations = (deps: NounDeps): readonly Operation[] => [
  list(deps),
  request(deps),
  get(deps),
  uses(deps),
  revoke(deps),
  getPolicy(deps),
  changePolicy(deps),
];

const shown = async (db: Db, id: string): Promise<ReviewJson> => {
  const reviews = reviewStore(db);
  return reviewJson(await reviews.demand(id), await reviews.grantOf(id));
};

const list = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listReviews',
      tag,
      method: 'get',
      path: '/v1/reviews',
      summary: 'Compliance reviews, the newest first',
      right: 'reviews:read',
    },
    {
      query: listQuery(reviewSource, {
        state: z.enum(reviewStates).optional(),
        kind: z.enum(reviewKinds).optional(),
      }),
      answer: {
        status: 200,
        description: 'One page.',
        schema: listAnswer('ReviewPage', reviewSchema),
      },
    },
    async ({ query }) =>
      await listPage(deps, query, {
        operation: 'listReviews',
        source: reviewSource,
        rows: deps.read.selectFrom('review').selectAll('review'),
        schema: reviewSchema,
        is: { state: query.state, kind: query.kind },
        items: (rows) => rows.map((row) => reviewJson(reviewOfRow(row))),
      }),
  );

const request = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'requestReview',
      tag,
      method: 'post',
      path: '/v1/reviews',
      summary: 'Ask for what the policy keeps closed',
      description:
        'The workflow compliance-review freezes what is asked for, applies the policy, asks an admin and the owner of the regions, opens it for the lease, and closes it again. The same request of the same caller is the one that is live.',
      right: 'clips:read',
      faults: ['not_found'],
    },
    {
      body: z.strictObject({
        kind: z.enum(reviewKinds),
        clips: z
          .array(z.string().min(1).max(64))
          .min(1)
          .max(maxScopeItems)
          .optional()
          .openapi({ description: 'Ids; for all kinds but remote_support.' }),
        device: z.string().min(1).max(64).optional().openapi({
          description: 'Name or id; for remote_support.',
        }),
        topics: z.array(z.string().min(1).max(256)).min(1).max(256).optional(),
        format: z.enum(['zip', 'mcap']).optional().openapi({ description: 'Of an export.' }),
        rationale: z.string().min(1).max(maxReasonLength),
        leaseS: z
          .int()
          .min(60)
          .max(maxLeaseMs / 1000)
          .default(leaseMs / 1000)
          .openapi({ description: 'How long it is open once it is granted.' }),
      }),
      answer: { status: 201, description: 'The review.', schema: reviewSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const { kind, topics, format, rationale, leaseS } = call.body;
        const items = await itemsOf(trx, call.body);
        const by = call.caller?.id ?? 'nobody';
        const person = call.caller?.userId;
        const wish = { kind, items, topics, format, rationale, leaseMs: leaseS * 1000 };
        const how = { at: deps.clock.now(), by, ids: deps.ids, person };
        const { id, joined } = await reviewStore(trx).request(wish, how);
        const detail = { kind, items: items.length, rationale };
        if (!joined) await call.audit(trx, { action: 'review.request', subject: id, detail });
        return await shown(trx, id);
      }),
  );

async function itemsOf(
  trx: Db,
  body: {
    readonly kind: string;
    readonly clips?: readonly string[] | undefined;
    readonly device?: string | undefined;
  },
): Promise<readonly string[]> {
  const isSupport = body.kind === 'remote_support';
  if (isSupport && body.device !== undefined) return [await deviceIdOf(trx, body.device)];
  if (isSupport || body.clips === undefined) {
    throw new Fault('invalid', isSupport ? 'no device is named' : 'no clips are named', {
      place: isSupport ? '/body/device' : '/body/clips',
      remedy: isSupport ? 'Name the device.' : 'Name the clips by their ids.',
    });
  }
  const ids = [...new Set(body.clips)];
  const known = new Set<string>();
  for (let from = 0; from < ids.length; from += 500) {
    const page = ids.slice(from, from + 500);
    const rows = await trx.selectFrom('clip').select('id').where('id', 'in', page).execute();
    for (const { id } of rows) known.add(id);
  }
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return ids;
  throw new Fault('not_found', `there is no clip "${unknown}"`, {
    place: '/body/clips',
    remedy: 'List the clips with `fieldloop clips list`.',
  });
}

const get = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getReview',
      tag,
      method: 'get',
      path: '/v1/reviews/{id}',
      summary: 'One review, its rules, its grant',
      right: 'reviews:read',
    },
    { params: path, answer: { status: 200, description: 'The review.', schema: reviewSchema } },
    async ({ params }) => await shown(deps.read, params.id),
  );

const usesPage = z
  .object({ items: z.array(useSchema), nextCursor: z.string().optional() })
  .openapi('GrantUsePage');

type UsesPage = z.infer<typeof usesPage>;

const uses = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'listReviewUses',
      tag,
      method: 'get',
      path: '/v1/reviews/{id}/uses',
      summary: 'Each read that a review opened, and the read that proved it closed',
      right: 'reviews:read',
    },
    {
      params: path,
      query: z.strictObject(pageFields),
      answer: { status: 200, description: 'One page.', schema: usesPage },
    },
    async ({ params, query: { limit, cursor } }) => {
      const reviews = reviewStore(deps.read);
      const { id } = await reviews.demand(params.id);
      const grant = await reviews.grantOf(id);
      if (grant === undefined) return { items: [] };
      const name = listName('listReviewUses', { id });
      const [n = '0'] = cursor === undefined ? [] : deps.cursors.decode(name, cursor);
      const page = { after: Number(n), limit: limit + 1 };
      return pageOf(await reviews.uses(grant.id, page), limit, {
        item: ({ at, ...same }) => ({ ...same, at: instantText(at) }),
        cursor: (last) => deps.cursors.encode(name, [String(last.n)]),
      }) as UsesPage;
    },
  );

const revoke = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'revokeReview',
      tag,
      method: 'post',
      path: '/v1/reviews/{id}:revoke',
      summary: 'Close at once what a review opened',
      description: 'Who asked for it may do so too. Nothing opens it again.',
      right: 'clips:read',
      faults: ['conflict', 'forbidden'],
    },
    {
      params: path,
      body: z.strictObject({ reason: z.string().min(1).max(maxReasonLength) }),
      answer: { status: 200, description: 'The review.', schema: reviewSchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const reviews = reviewStore(trx);
        const found = await reviews.demand(call.params.id);
        await demandMayRevoke(trx, call.caller, found.requester);
        if (endedReviews.includes(found.state)) {
          throw new Fault('conflict', `the review ${found.id} is over: ${found.state}`, {
            remedy: 'It is closed already.',
          });
        }
        const by = call.caller?.userId ?? call.caller?.id ?? 'nobody';
        const at = deps.clock.now();
        const grant = await reviews.revoke(found.id, { at, by });
        if (grant === undefined) {
          const { reason } = call.body;
          await reviews.end(found.id, { state: 'revoked', reason }, { at, by });
        }
        const detail: Readonly<Record<string, Json>> = { reason: call.body.reason };
        await call.audit(trx, { action: 'review.revoke', subject: found.id, detail });
        return await shown(trx, found.id);
      }),
  );

async function demandMayRevoke(
  trx: Db,
  caller:
    | { readonly id: string; readonly userId?: string; readonly scopes: readonly string[] }
    | undefined,
  requester: string,
): Promise<void> {
  const person = await personBehind(trx, requester);
  const isOwn = caller?.id === requester || (person !== undefined && caller?.userId === person);
  if (isOwn || caller?.scopes.some((one) => mayWrite.includes(one)) === true) return;
  throw new Fault('forbidden', 'the review is somebody else’s', {
    remedy: 'Ask who has the right reviews:write.',
  });
}

const mayWrite = ['reviews', '*'].flatMap((noun) =>
  ['write', 'approve', 'admin'].map((level) => `${noun}:${level}`),
);

const getPolicy = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'getCompliancePolicy',
      tag,
      method: 'get',
      path: '/v1/compliancePolicy',
      summary: 'The rules in force: what is closed, what is denied, by which clause',
      right: 'reviews:read',
    },
    { answer: { status: 200, description: 'The policy.', schema: policySchema } },
    async () => policyJson(await policyInForce(deps.read)),
  );

const changePolicy = (deps: NounDeps): Operation =>
  operation(
    {
      id: 'changeCompliancePolicy',
      tag,
      method: 'put',
      path: '/v1/compliancePolicy',
      summary: 'Put another version of the policy in force',
      description: 'It holds at once for exports that are there already, too.',
      right: 'reviews:admin',
    },
    {
      body: z.strictObject({ ...policyFields, note: z.string().min(1).max(maxReasonLength) }),
      answer: { status: 200, description: 'The policy.', schema: policySchema },
    },
    async (call) =>
      await call.change(async (trx) => {
        const known = await policyInForce(trx);
        demandVersion(call, { id: 'policy', version: known.version });
        const { note, ...document } = call.body;
        const by = call.caller?.id ?? 'nobody';
        const made = await putPolicy(trx, { document, note }, { at: deps.clock.now(), by });
        const detail = { version: made.version, sha256: made.sha256, note };
        await call.audit(trx, { action: 'review.policy', subject: 'policy', detail });
        return policyJson(made);
      }),
  );
