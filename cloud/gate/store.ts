import { Fault, type Json } from '@fieldloop/core';
import type { Role } from '../auth/rights.ts';
import { bit, type Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OutboxKind } from '../store/outbox-kinds.ts';
import { wakeRun } from '../store/run-queue.ts';
import { reminderShares } from '../workflows/limits.ts';
import {
  type Decider,
  type DeadlineAct,
  demandDecider,
  demandOpen,
  type EvidenceItem,
  evidenceDigest,
  type Gate,
  remindAt,
  type Vote,
  wonBy,
} from './gate.ts';
import { evidenceOfRow, gateOfRow, voteOfRow } from './rows.ts';

export interface NewGate {
  readonly id: string;
  readonly runId: string;
  readonly name: string;
  readonly kind: string;
  readonly question: string;
  readonly subject: { readonly id: string; readonly digest: string };
  readonly evidence: readonly EvidenceItem[];
  readonly options: readonly string[];
  readonly role?: Role | undefined;
  readonly scope?: string | undefined;
  readonly region?: string | undefined;
  readonly excluded: readonly string[];
  readonly among?: { readonly role: Role; readonly least: number } | undefined;
  readonly quorum: number;
  readonly onDeadline: DeadlineAct;
  readonly escalateTo: readonly Role[];
  readonly withinMs: number;
  readonly assignee?: string | undefined;
  readonly at: number;
}

export interface Decision {
  readonly option: string;
  readonly reason: string;
  /** Digest of the evidence that the person saw; absent: what stands there now. */
  readonly evidence?: string | undefined;
  /** Input that a step shall be tried again with. */
  readonly changed?: Json | undefined;
  readonly at: number;
}

export const gateStore = (db: Db) => ({
  async get(id: string): Promise<Gate | undefined> {
    const row = await db.selectFrom('gate').selectAll().where('id', '=', id).executeTakeFirst();
    return row && gateOfRow(row);
  },

  /** Fault `not_found`. */
  async demand(id: string): Promise<Gate> {
    const gate = await gateStore(db).get(id);
    if (gate !== undefined) return gate;
    throw new Fault('not_found', `there is no gate "${id}"`, {
      remedy: 'List them with `fieldloop gates list`.',
    });
  },

  async of(runId: string, name: string): Promise<Gate | undefined> {
    const row = await db
      .selectFrom('gate')
      .selectAll()
      .where('run_id', '=', runId)
      .where('name', '=', name)
      .executeTakeFirst();
    return row && gateOfRow(row);
  },

  async ofRun(runId: string): Promise<readonly Gate[]> {
    const rows = await db
      .selectFrom('gate')
      .selectAll()
      .where('run_id', '=', runId)
      .orderBy('opened_at')
      .orderBy('id')
      .execute();
    return rows.map(gateOfRow);
  },

  /** The gate that this run waits at, if it does. */
  async openOf(runId: string): Promise<Gate | undefined> {
    const row = await db
      .selectFrom('gate')
      .selectAll()
      .where('run_id', '=', runId)
      .where('state', '=', 'open')
      .orderBy('opened_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && gateOfRow(row);
  },

  async votes(gateId: string): Promise<readonly Vote[]> {
    const rows = await db
      .selectFrom('vote')
      .selectAll()
      .where('gate_id', '=', gateId)
      .orderBy('at')
      .orderBy('person')
      .execute();
    return rows.map(voteOfRow);
  },

  async evidence(gateId: string): Promise<readonly EvidenceItem[]> {
    const rows = await db
      .selectFrom('evidence')
      .selectAll()
      .where('gate_id', '=', gateId)
      .orderBy('n')
      .execute();
    return rows.map(evidenceOfRow);
  },

  /** Opens it, unless the run has opened it before; gives it as it stands. */
  async open(gate: NewGate): Promise<Gate> {
    const known = await gateStore(db).of(gate.runId, gate.name);
    if (known !== undefined) return known;
    const openedAt = gate.at;
    const deadlineAt = gate.at + gate.withinMs;
    await db
      .insertInto('gate')
      .values({
        id: gate.id,
        run_id: gate.runId,
        name: gate.name,
        kind: gate.kind,
        question: gate.question,
        subject_id: gate.subject.id,
        subject_digest: gate.subject.digest,
        evidence_digest: evidenceDigest(gate.subject, gate.evidence),
        options: JSON.stringify(gate.options),
        role: gate.role ?? null,
        scope: gate.scope ?? null,
        region: gate.region ?? null,
        excluded: JSON.stringify(gate.excluded),
        among_role: gate.among?.role ?? null,
        among_least: gate.among?.least ?? null,
        quorum: gate.quorum,
        on_deadline: gate.onDeadline,
        escalate_to: JSON.stringify(gate.escalateTo),
        level: 0,
        within_ms: gate.withinMs,
        assignee: gate.assignee ?? null,
        state: 'open',
        opened_at: openedAt,
        deadline_at: deadlineAt,
        remind_at: remindAt({ openedAt, deadlineAt, reminders: 0 }, reminderShares) ?? null,
        reminders: 0,
        is_overdue: 0,
        version: 1,
      })
      .execute();
    await putEvidence(db, gate.id, gate.evidence);
    const opened = await gateStore(db).demand(gate.id);
    await tell(db, opened, 'gate.opened', { at: gate.at });
    return opened;
  },

  /**
   * One person's vote, and the decision when it is the one that was missing. Faults `forbidden`,
   * `conflict` when the gate is closed or the evidence is another than the one that was seen.
   */
  async decide(gate: Gate, decider: Decider, decision: Decision): Promise<Gate> {
    const { option, at } = decision;
    demandOpen(gate, at);
    const { person, role } = demandDecider(gate, decider);
    demandOption(gate, option);
    const seen = decision.evidence ?? gate.evidenceDigest;
    if (seen !== gate.evidenceDigest) {
      throw new Fault('conflict', 'the evidence is another now than the one you saw', {
        remedy: `Look at it again: fieldloop gates show ${gate.id}.`,
      });
    }
    const { reason } = decision;
    const vote = { role, option, reason, evidence_digest: seen, is_void: bit(false), at };
    await db
      .insertInto('vote')
      .values({ gate_id: gate.id, person, ...vote })
      .onConflict((conflict) => conflict.columns(['gate_id', 'person']).doUpdateSet(vote))
      .execute();
    await tell(db, gate, 'gate.voted', { at, option, by: person });
    const won = wonBy(gate, await gateStore(db).votes(gate.id), option);
    if (won === undefined) return gate;
    const by = won.map((one) => one.person);
    return await gateStore(db).close(gate, { state: 'decided', ...decision, by });
  },

  /** One compare-and-set. Fault `conflict` when somebody else was first. */
  async close(
    gate: Gate,
    how: {
      readonly state: 'decided' | 'expired' | 'withdrawn';
      readonly option?: string;
      readonly reason?: string;
      readonly by?: readonly string[];
      readonly changed?: Json | undefined;
      readonly at: number;
    },
  ): Promise<Gate> {
    const { state, option, reason, by, changed, at } = how;
    const done = await db
      .updateTable('gate')
      .set({
        state,
        option: option ?? null,
        reason: reason ?? null,
        decided_by: by === undefined ? null : JSON.stringify(by),
        changed: changed === undefined ? null : JSON.stringify(changed),
        closed_at: at,
        remind_at: null,
        version: gate.version + 1,
      })
      .where('id', '=', gate.id)
      .where('state', '=', 'open')
      .where('version', '=', BigInt(gate.version))
      .executeTakeFirst();
    const now = await gateStore(db).demand(gate.id);
    if (done.numUpdatedRows !== 1n) {
      demandOpen(now, at);
      throw new Fault('conflict', `the gate ${gate.id} was changed meanwhile`, {
        remedy: 'Look at it again and decide anew.',
      });
    }
    await wakeRun(db, gate.runId, at);
    const said = state === 'decided' ? { option: option ?? '', by: by?.join(', ') ?? '' } : {};
    await tell(db, now, `gate.${state}`, { at, ...said, ...(reason !== undefined && { reason }) });
    return now;
  },

  /** The body has heard of it. */
  async take(gate: Gate, at: number): Promise<void> {
    await db.updateTable('gate').set({ taken_at: at }).where('id', '=', gate.id).execute();
  },

  /**
   * What people see is this now. Another digest voids all votes, and a decision that nobody has
   * taken yet; true then.
   */
  async refresh(gate: Gate, evidence: readonly EvidenceItem[], at: number): Promise<boolean> {
    const digest = evidenceDigest(gate.subject, evidence);
    const isLive =
      gate.state === 'open' || (gate.state === 'decided' && gate.takenAt === undefined);
    if (digest === gate.evidenceDigest || !isLive) return false;
    await db
      .updateTable('gate')
      .set({
        evidence_digest: digest,
        state: 'open',
        option: null,
        reason: null,
        decided_by: null,
        changed: null,
        closed_at: null,
        version: gate.version + 1,
      })
      .where('id', '=', gate.id)
      .execute();
    await db.updateTable('vote').set({ is_void: 1 }).where('gate_id', '=', gate.id).execute();
    await db.deleteFrom('evidence').where('gate_id', '=', gate.id).execute();
    await putEvidence(db, gate.id, evidence);
    await tell(db, gate, 'gate.evidence_changed', { at });
    return true;
  },

  /** Asks a higher role, for as long again. */
  async escalate(gate: Gate, at: number): Promise<void> {
    const role = gate.escalateTo[gate.level] ?? gate.role;
    const deadlineAt = at + gate.withinMs;
    const next = { openedAt: at, deadlineAt, reminders: 0 };
    await db
      .updateTable('gate')
      .set({
        role: role ?? null,
        level: gate.level + 1,
        deadline_at: deadlineAt,
        remind_at: remindAt(next, reminderShares) ?? null,
        reminders: 0,
        assignee: null,
        version: gate.version + 1,
      })
      .where('id', '=', gate.id)
      .execute();
    await tell(db, gate, 'gate.escalated', { at, role: role ?? '' });
  },

  async markOverdue(gate: Gate, at: number): Promise<void> {
    await db
      .updateTable('gate')
      .set({ is_overdue: 1, version: gate.version + 1 })
      .where('id', '=', gate.id)
      .execute();
    await tell(db, gate, 'gate.overdue', { at });
  },

  /** People are told, and when they are next. */
  async remind(gate: Gate, at: number): Promise<void> {
    const reminders = gate.reminders + 1;
    await db
      .updateTable('gate')
      .set({ reminders, remind_at: remindAt({ ...gate, reminders }, reminderShares) ?? null })
      .where('id', '=', gate.id)
      .execute();
    await tell(db, gate, 'gate.reminded', { at });
  },

  /** Another person is asked first; or, delegated, may decide whatever their role. */
  async assign(
    gate: Gate,
    to: { readonly person: string; readonly by: string; readonly isDelegate: boolean },
    at: number,
  ): Promise<Gate> {
    demandOpen(gate, at);
    const delegated = to.isDelegate ? { delegate: to.person, delegated_by: to.by } : {};
    await db
      .updateTable('gate')
      .set({ assignee: to.person, ...delegated, version: gate.version + 1 })
      .where('id', '=', gate.id)
      .execute();
    await tell(db, gate, 'gate.assigned', { at, to: to.person, by: to.by });
    return await gateStore(db).demand(gate.id);
  },
});

export function demandOption(gate: Gate, option: string): void {
  if (gate.options.includes(option)) return;
  throw new Fault('invalid', `"${option}" is no option of this gate`, {
    place: '/body/option',
    remedy: `Use one of ${gate.options.join(', ')}.`,
  });
}

async function putEvidence(db: Db, id: string, evidence: readonly EvidenceItem[]): Promise<void> {
  if (evidence.length === 0) return;
  await db
    .insertInto('evidence')
    .values(
      evidence.map(({ name, digest, link, body }, n) => ({
        gate_id: id,
        n,
        name,
        digest,
        link: link ?? null,
        body: body === undefined ? null : JSON.stringify(body),
      })),
    )
    .execute();
}

export async function tell(
  db: Db,
  gate: Gate,
  kind: Extract<OutboxKind, `gate.${string}`>,
  { at, ...more }: { readonly at: number; readonly [key: string]: Json },
): Promise<void> {
  const { runId: run, name, question, role, assignee } = gate;
  const who = { ...(role !== undefined && { role }), ...(assignee !== undefined && { assignee }) };
  const body = { run, name, kind: gate.kind, question, ...who, ...more };
  await putOutbox(db, { kind, subject: gate.id, at, body });
}
