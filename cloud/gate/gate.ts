/**
 * A gate: the place where a run waits for people. Votes hold for the evidence that was seen and for
 * nothing else; the first option that has its votes closes the gate, once.
 */
import { canonicalJson, Fault, type Json, sha256Hex } from '@fieldloop/core';
import { allows, type Role, roles } from '../auth/rights.ts';

export const gateStates = ['open', 'decided', 'expired', 'withdrawn'] as const;
export type GateState = (typeof gateStates)[number];
export const deadlineActs = ['hold', 'reject', 'escalate'] as const;
export type DeadlineAct = (typeof deadlineActs)[number];

export interface EvidenceItem {
  readonly name: string;
  readonly digest: string;
  readonly link?: string;
  readonly body?: Json;
}

export interface Gate {
  readonly id: string;
  readonly runId: string;
  readonly name: string;
  readonly kind: string;
  readonly question: string;
  readonly subject: { readonly id: string; readonly digest: string };
  readonly evidenceDigest: string;
  readonly options: readonly string[];
  readonly role?: Role;
  readonly scope?: string;
  readonly region?: string;
  readonly excluded: readonly string[];
  readonly among?: { readonly role: Role; readonly least: number };
  readonly quorum: number;
  readonly onDeadline: DeadlineAct;
  readonly escalateTo: readonly Role[];
  readonly level: number;
  readonly withinMs: number;
  readonly assignee?: string;
  readonly delegate?: string;
  readonly delegatedBy?: string;
  readonly state: GateState;
  readonly option?: string;
  readonly reason?: string;
  readonly decidedBy?: readonly string[];
  readonly changed?: Json;
  readonly openedAt: number;
  readonly deadlineAt: number;
  readonly closedAt?: number;
  readonly takenAt?: number;
  readonly reminders: number;
  readonly isOverdue: boolean;
  readonly version: number;
}

export interface Vote {
  readonly person: string;
  readonly role: Role;
  readonly option: string;
  readonly reason: string;
  readonly evidenceDigest: string;
  readonly isVoid: boolean;
  readonly at: number;
}

/** Who decides: always a person, though a key may speak for them. */
export interface Decider {
  readonly id: string;
  readonly userId?: string | undefined;
  readonly role?: Role | undefined;
  readonly scopes: readonly string[];
}

/** Of what people see: names and digests, in their order. */
export const evidenceDigest = (
  subject: { readonly id: string; readonly digest: string },
  evidence: readonly EvidenceItem[],
): string =>
  sha256Hex(
    canonicalJson({ subject, evidence: evidence.map(({ name, digest }) => [name, digest]) }),
  );

export const isAtLeast = (role: Role, wanted: Role): boolean =>
  roles.indexOf(role) >= roles.indexOf(wanted);

/** Why this caller may not decide here; undefined when they may. */
export function whyNot(gate: Gate, decider: Decider): string | undefined {
  const { userId, role } = decider;
  if (userId === undefined || role === undefined) return 'only a person decides at a gate';
  if (gate.excluded.includes(userId) || gate.excluded.includes(decider.id)) {
    return 'who made or asked for this does not decide on it';
  }
  if (gate.delegatedBy === userId) return 'you handed this decision over';
  if (gate.delegate === userId) return undefined;
  if (gate.role !== undefined && !isAtLeast(role, gate.role)) {
    return `this gate is for the role ${gate.role} or a higher one`;
  }
  if (gate.scope !== undefined && !allows(decider.scopes, gate.scope)) {
    return `this gate is for those who have ${gate.scope}`;
  }
  return undefined;
}

/** The person who decides. Fault `forbidden` with the reason. */
export function demandDecider(gate: Gate, decider: Decider): { person: string; role: Role } {
  const why = whyNot(gate, decider);
  if (why === undefined && decider.userId !== undefined && decider.role !== undefined) {
    return { person: decider.userId, role: decider.role };
  }
  throw new Fault('forbidden', why ?? 'only a person decides at a gate', {
    remedy: `Log in with an account that may, or ask one who may: fieldloop gates show ${gate.id}.`,
  });
}

/** Fault `conflict` with who decided what and when. */
export function demandOpen(gate: Gate, now: number): void {
  if (gate.state === 'open' && !isTooLate(gate, now)) return;
  const by = gate.decidedBy?.join(' and ') ?? 'nobody';
  const when = new Date(gate.closedAt ?? gate.deadlineAt).toISOString();
  const what =
    gate.state === 'decided'
      ? `was decided: ${gate.option ?? ''}, by ${by}, at ${when}`
      : `is ${gate.state === 'open' ? 'expired' : gate.state} since ${when}`;
  throw new Fault('conflict', `the gate ${gate.id} ${what}`, {
    remedy: `Look at the run: fieldloop runs show ${gate.runId}.`,
    details: {
      state: gate.state,
      ...(gate.option !== undefined && { option: gate.option }),
      ...(gate.decidedBy !== undefined && { decidedBy: gate.decidedBy }),
      closedAt: when,
    },
  });
}

/** A decision behind the deadline of a gate that rejects then is none, read or not. */
const isTooLate = (gate: Gate, now: number): boolean =>
  gate.onDeadline === 'reject' && now >= gate.deadlineAt;

/** What a deadline does to an open gate, judged on its row's time; undefined before it. */
export function judgeDeadline(
  gate: Gate,
  now: number,
): 'expire' | 'overdue' | 'escalate' | undefined {
  if (gate.state !== 'open' || now < gate.deadlineAt) return undefined;
  if (gate.onDeadline === 'reject') return 'expire';
  if (gate.onDeadline === 'escalate' && gate.level < gate.escalateTo.length) return 'escalate';
  return gate.isOverdue ? undefined : 'overdue';
}

/** The votes that decide for this option, or undefined; void ones and other evidence do not. */
export function wonBy(
  gate: Gate,
  votes: readonly Vote[],
  option: string,
): readonly Vote[] | undefined {
  const valid = votes.filter(
    (vote) => !vote.isVoid && vote.option === option && vote.evidenceDigest === gate.evidenceDigest,
  );
  if (valid.length < gate.quorum) return undefined;
  const { among } = gate;
  const weighty = valid.filter((vote) => among !== undefined && isAtLeast(vote.role, among.role));
  const isComplete = weighty.length >= (among?.least ?? 0);
  return isComplete ? valid : undefined;
}

/** When people are told again; undefined when there is no reminder left. */
export function remindAt(
  gate: Pick<Gate, 'openedAt' | 'deadlineAt' | 'reminders'>,
  shares: readonly number[],
): number | undefined {
  const share = shares[gate.reminders];
  if (share === undefined) return undefined;
  return Math.round(gate.openedAt + (gate.deadlineAt - gate.openedAt) * share);
}
