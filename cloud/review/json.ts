/** Reviews as the API shows them. */
import { instantField, instantText } from '../http/fields.ts';
import { z } from '../http/openapi.ts';
import { maxPolicyRules } from '../care-limits.ts';
import {
  effects,
  type Grant,
  type PolicyDocument,
  type Review,
  reviewKinds,
  reviewStates,
} from './review.ts';

const findingSchema = z.object({
  rule: z.string(),
  clause: z.string(),
  effect: z.enum(effects),
  why: z.string(),
});

const grantSchema = z.object({
  id: z.string(),
  state: z.enum(['pending', 'active', 'revoked']).openapi({
    description: 'Opens nothing but while it is active and expiresAt lies ahead.',
  }),
  activatedAt: instantField.optional(),
  expiresAt: instantField.optional(),
  revokedAt: instantField.optional(),
  revokedBy: z.string().optional(),
});

export const reviewSchema = z
  .object({
    id: z.string().openapi({ example: 'rev_01JC0000000000000000000000' }),
    kind: z.enum(reviewKinds),
    state: z.enum(reviewStates),
    rationale: z.string(),
    requester: z.string(),
    requesterPerson: z.string().optional(),
    count: z.int().openapi({ description: 'How many clips, or the one device.' }),
    regions: z.array(z.string()),
    topics: z.array(z.string()).optional().openapi({ description: 'Absent: all of them.' }),
    scopeSha256: z.string().openapi({ description: 'What is approved is this and nothing else.' }),
    policyVersion: z.int().optional(),
    policySha256: z.string().optional(),
    effect: z.enum(effects).optional(),
    findings: z.array(findingSchema),
    approvers: z.array(z.string()),
    leaseS: z.int(),
    subject: z.string().optional().openapi({ description: 'The export that was built.' }),
    grant: grantSchema.optional(),
    run: z.string().optional(),
    reason: z.string().optional(),
    endedAt: instantField.optional(),
    createdBy: z.string(),
    createdAt: instantField,
    updatedAt: instantField,
    version: z.int(),
  })
  .openapi('Review');

export type ReviewJson = z.infer<typeof reviewSchema>;

export function reviewJson(review: Review, grant?: Grant): ReviewJson {
  const { scope, leaseMs, findings, approvers, createdAt, updatedAt, endedAt, ...same } = review;
  return {
    ...same,
    count: scope.count,
    regions: [...scope.regions],
    ...(scope.topics === null ? {} : { topics: [...scope.topics] }),
    findings: findings.map((one) => ({ ...one })),
    approvers: [...approvers],
    leaseS: Math.round(leaseMs / 1000),
    ...(grant === undefined ? {} : { grant: grantJson(grant) }),
    ...(endedAt === undefined ? {} : { endedAt: instantText(endedAt) }),
    createdAt: instantText(createdAt),
    updatedAt: instantText(updatedAt),
  };
}

function grantJson(grant: Grant): z.infer<typeof grantSchema> {
  const { id, state, activatedAt, expiresAt, revokedAt, revokedBy } = grant;
  return {
    id,
    state,
    ...(activatedAt === undefined ? {} : { activatedAt: instantText(activatedAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: instantText(expiresAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: instantText(revokedAt) }),
    ...(revokedBy === undefined ? {} : { revokedBy }),
  };
}

export const useSchema = z
  .object({
    n: z.int(),
    at: instantField,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    outcome: z.enum(['read', 'denied']),
  })
  .openapi('GrantUse');

const nameList = (max: number) => z.array(z.string().min(1).max(256)).min(1).max(max);

export const policyFields = {
  rules: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name: use a-z, 0-9 and -'),
        clause: z.string().min(1).max(500).openapi({ example: 'DPA 4.2' }),
        on: z.array(z.enum(reviewKinds)).min(1).max(reviewKinds.length),
        regions: nameList(200).optional().openapi({ description: 'Names; * is any region.' }),
        topics: nameList(200).optional().openapi({ description: 'Globs.' }),
        outside: z.boolean().optional().openapi({
          description: 'Only for who does not work in every region of what is asked for.',
        }),
        moreThan: z.int().min(0).max(1_000_000).optional().openapi({ description: 'Items.' }),
        effect: z.enum(effects),
      }),
    )
    .max(maxPolicyRules),
  otherwise: z.enum(effects).default('allow').openapi({
    description: 'For what no rule speaks of.',
  }),
};

export const policySchema = z
  .object({
    id: z.string().openapi({ example: 'policy' }),
    version: z.int().openapi({ description: '0: there is none, and rights alone decide.' }),
    sha256: z.string(),
    rules: policyFields.rules,
    otherwise: z.enum(effects),
  })
  .openapi('CompliancePolicy');

export type PolicyJson = z.infer<typeof policySchema>;

export const policyJson = (policy: {
  readonly version: number;
  readonly sha256: string;
  readonly document: PolicyDocument;
}): PolicyJson => ({
  id: 'policy',
  version: policy.version,
  sha256: policy.sha256,
  ...(JSON.parse(JSON.stringify(policy.document)) as Pick<PolicyJson, 'rules' | 'otherwise'>),
});
