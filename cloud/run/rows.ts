/** Runs and steps as rows. */
import type { Json } from '@fieldloop/core';
import type { Row } from '../store/db.ts';
import type { Run, RunState, RunStep, StepKind, StepState, WaitingKind } from './run.ts';

const optional = <K extends string, V>(key: K, value: V | null): { readonly [P in K]?: V } =>
  value === null ? {} : ({ [key]: value } as { readonly [P in K]: V });

const instant = (value: bigint | null): number | null => (value === null ? null : Number(value));
const parsed = (text: string | null): Json | null =>
  text === null ? null : (JSON.parse(text) as Json);

export const runOfRow = (row: Row<'run'>): Run => ({
  id: row.id,
  workflow: row.workflow,
  workflowVersion: Number(row.workflow_version),
  subject: row.subject,
  ...optional('parentId', row.parent_id),
  ...optional('parentStep', row.parent_step),
  ...optional('trigger', row.trigger),
  ...optional('event', row.event),
  actor: row.actor,
  cause: JSON.parse(row.cause) as string[],
  input: JSON.parse(row.input) as Json,
  inputDigest: row.input_digest,
  state: row.state as RunState,
  ...optional('waitingFor', waitingOf(row)),
  ...optional('outcome', parsed(row.outcome)),
  ...optional('trouble', row.trouble),
  ...optional(
    'abort',
    row.abort_by === null
      ? null
      : {
          by: row.abort_by,
          reason: row.abort_reason ?? '',
          ...optional('step', row.abort_step),
        },
  ),
  createdAt: Number(row.created_at),
  updatedAt: Number(row.updated_at),
  ...optional('endedAt', instant(row.ended_at)),
  version: Number(row.version),
});

function waitingOf(row: Row<'run'>): NonNullable<Run['waitingFor']> | null {
  if (row.waiting_kind === null) return null;
  return {
    kind: row.waiting_kind as WaitingKind,
    what: row.waiting_for ?? '',
    since: Number(row.waiting_since ?? row.updated_at),
    ...optional('until', instant(row.waiting_until)),
  };
}

export const stepOfRow = (row: Row<'run_step'>): RunStep => ({
  n: Number(row.n),
  name: row.name,
  kind: row.kind as StepKind,
  state: row.state as StepState,
  attempts: Number(row.attempts),
  key: row.key,
  ...optional('output', parsed(row.output)),
  ...optional('fault', parsed(row.fault)),
  ...optional('worker', row.worker),
  startedAt: Number(row.started_at),
  ...optional('finishedAt', instant(row.finished_at)),
  ...optional('nextAt', instant(row.next_at)),
});
