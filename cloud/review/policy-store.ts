/** The compliance policy, version by version; the largest is in force. */
import { canonicalJson, type Json } from '@fieldloop/core';
import { type Policy, policyInForce } from '../store/access.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import { policyDigest, type PolicyDocument } from './review.ts';

/** The same document again is no new version. */
export async function putPolicy(
  trx: Db,
  policy: { readonly document: PolicyDocument; readonly note: string },
  { at, by }: { readonly at: number; readonly by: string },
): Promise<Policy> {
  const known = await policyInForce(trx);
  const sha256 = policyDigest(policy.document);
  if (known.sha256 === sha256) return known;
  const version = known.version + 1;
  const document = canonicalJson(JSON.parse(JSON.stringify(policy.document)) as Json);
  await trx
    .insertInto('compliance_policy')
    .values({ version, sha256, document, note: policy.note, created_by: by, created_at: at })
    .execute();
  const body = { version };
  await putOutbox(trx, { kind: 'review.policy_changed', subject: String(version), at, body });
  return await policyInForce(trx);
}
