import type { Row } from '../store/db.ts';
import type {
  Finding,
  PolicyEffect,
  Review,
  ReviewKind,
  ReviewScope,
  ReviewState,
} from './review.ts';

export function reviewOfRow(row: Row<'review'>): Review {
  return {
    id: row.id,
    kind: row.kind as ReviewKind,
    state: row.state as ReviewState,
    rationale: row.rationale,
    requester: row.requester,
    ...(row.requester_person === null ? {} : { requesterPerson: row.requester_person }),
    scope: JSON.parse(row.scope) as ReviewScope,
    scopeSha256: row.scope_sha256,
    ...(row.policy_version === null ? {} : { policyVersion: Number(row.policy_version) }),
    ...(row.policy_sha256 === null ? {} : { policySha256: row.policy_sha256 }),
    ...(row.effect === null ? {} : { effect: row.effect as PolicyEffect }),
    findings: JSON.parse(row.findings) as Finding[],
    approvers: JSON.parse(row.approvers) as string[],
    leaseMs: Number(row.lease_ms),
    ...(row.subject === null ? {} : { subject: row.subject }),
    ...(row.run_id === null ? {} : { run: row.run_id }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.ended_at === null ? {} : { endedAt: Number(row.ended_at) }),
    createdBy: row.created_by,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    version: Number(row.version),
  };
}
