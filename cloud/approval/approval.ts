/**
 * Four eyes: what one person may not do alone waits for another person's decision. A request names
 * an action and its subject; once approved, the one who asked can use it a single time.
 */
import { Fault, type Json } from '@fieldloop/core';

export const approvalStates = [
  'open',
  'approved',
  'rejected',
  'used',
  'expired',
  'withdrawn',
] as const;
export type ApprovalState = (typeof approvalStates)[number];

export interface Approval {
  readonly id: string;
  /** `device.revoke`, `publication.promote`: noun, dot, what is to be done. */
  readonly action: string;
  /** An entity's id, or what stands for several of them. */
  readonly subject: string;
  /** What the one who decides should know. */
  readonly detail: Readonly<Record<string, Json>>;
  readonly reason: string;
  readonly state: ApprovalState;
  /** The caller who asked. */
  readonly askedBy: string;
  /** The person behind them, where one is known. */
  readonly askedPerson?: string;
  readonly decidedBy?: string;
  readonly decidedAt?: number;
  readonly note?: string;
  readonly usedAt?: number;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

/** Its state at this time: what nobody decided or used ends by itself. */
export function stateAt(approval: Approval, now: number): ApprovalState {
  const live = approval.state === 'open' || approval.state === 'approved';
  return live && approval.expiresAt <= now ? 'expired' : approval.state;
}

export interface Decider {
  readonly id: string;
  /** The person who decides; a key that stands for nobody decides nothing. */
  readonly userId?: string | undefined;
  /** Whether the caller is that person, or a key in their place. */
  readonly isPerson: boolean;
}

/** Fault unless this caller may decide: a person, and another one than who asked. */
export function demandOtherPerson(approval: Approval, decider: Decider): string {
  if (!decider.isPerson || decider.userId === undefined) {
    throw new Fault('forbidden', 'only a person decides on a request for approval', {
      remedy: 'Log in with your own account; this key stands for no person.',
    });
  }
  const own = decider.userId === approval.askedPerson || decider.id === approval.askedBy;
  if (!own) return decider.userId;
  throw new Fault('forbidden', 'nobody approves what they asked for themselves', {
    remedy: 'Ask another person who has the right approvals:approve.',
  });
}

/** Fault `conflict` unless a decision can still be made. */
export function demandOpen(approval: Approval, now: number): void {
  const state = stateAt(approval, now);
  if (state === 'open') return;
  throw new Fault('conflict', `the request ${approval.id} is ${state}`, {
    remedy: 'Ask anew by trying the action again.',
  });
}
