/** Gates, votes and evidence as rows. */
import type { Json } from '@fieldloop/core';
import type { Role } from '../auth/rights.ts';
import type { Row } from '../store/db.ts';
import type { DeadlineAct, EvidenceItem, Gate, GateState, Vote } from './gate.ts';

const optional = <K extends string, V>(key: K, value: V | null): { readonly [P in K]?: V } =>
  value === null ? {} : ({ [key]: value } as { readonly [P in K]: V });

const instant = (value: bigint | null): number | null => (value === null ? null : Number(value));

export const gateOfRow = (row: Row<'gate'>): Gate => ({
  id: row.id,
  runId: row.run_id,
  name: row.name,
  kind: row.kind,
  question: row.question,
  subject: { id: row.subject_id, digest: row.subject_digest },
  evidenceDigest: row.evidence_digest,
  options: JSON.parse(row.options) as string[],
  ...optional('role', row.role as Role | null),
  ...optional('scope', row.scope),
  ...optional('region', row.region),
  excluded: JSON.parse(row.excluded) as string[],
  ...optional(
    'among',
    row.among_role === null
      ? null
      : { role: row.among_role as Role, least: Number(row.among_least ?? 1) },
  ),
  quorum: Number(row.quorum),
  onDeadline: row.on_deadline as DeadlineAct,
  escalateTo: JSON.parse(row.escalate_to) as Role[],
  level: Number(row.level),
  withinMs: Number(row.within_ms),
  ...optional('assignee', row.assignee),
  ...optional('delegate', row.delegate),
  ...optional('delegatedBy', row.delegated_by),
  state: row.state as GateState,
  ...optional('option', row.option),
  ...optional('reason', row.reason),
  ...optional(
    'decidedBy',
    row.decided_by === null ? null : (JSON.parse(row.decided_by) as string[]),
  ),
  ...optional('changed', row.changed === null ? null : (JSON.parse(row.changed) as Json)),
  openedAt: Number(row.opened_at),
  deadlineAt: Number(row.deadline_at),
  ...optional('closedAt', instant(row.closed_at)),
  ...optional('takenAt', instant(row.taken_at)),
  reminders: Number(row.reminders),
  isOverdue: row.is_overdue === 1n,
  version: Number(row.version),
});

export const voteOfRow = (row: Row<'vote'>): Vote => ({
  person: row.person,
  role: row.role as Role,
  option: row.option,
  reason: row.reason,
  evidenceDigest: row.evidence_digest,
  isVoid: row.is_void === 1n,
  at: Number(row.at),
});

export const evidenceOfRow = (row: Row<'evidence'>): EvidenceItem => ({
  name: row.name,
  digest: row.digest,
  ...optional('link', row.link),
  ...optional('body', row.body === null ? null : (JSON.parse(row.body) as Json)),
});
