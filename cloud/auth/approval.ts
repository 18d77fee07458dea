/** Four eyes, for the operations that need them: one call inside the transaction of the change. */
import { type Clock, Fault, type Ids, type Json, sha256Hex } from '@fieldloop/core';
import { stateAt } from '../approval/approval.ts';
import { approvalStore, type NewApproval } from '../approval/store.ts';
import type { Caller } from '../http/caller.ts';
import { type Change, writesAfter } from '../http/change.ts';
import { answeredAs } from '../http/problem.ts';
import { approvalMs, maxOpenApprovals } from '../limits.ts';
import { putAudit } from '../store/audit-chain.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';

/** What `requireApproval` takes of a call. */
export interface ApprovedCall {
  readonly caller: Caller | undefined;
  readonly requestId: string;
  audit(trx: Db, change: Change): Promise<void>;
}

export interface Wanted {
  /** `device.revoke`: noun, dot, what is to be done. */
  readonly action: string;
  /** An entity's id, or `subjectOf` several. */
  readonly subject: string;
  readonly reason?: string | undefined;
  /** What the one who decides should know, such as how many and which. */
  readonly detail?: Readonly<Record<string, Json>> | undefined;
}

/** What stands for several entities: approved for these, it does not hold for one more. */
export const subjectOf = (ids: readonly string[]): string =>
  `sha256:${sha256Hex([...new Set(ids)].toSorted().join('\n'))}`;

/**
 * Goes on when another person approved this for the caller, and uses that up. Otherwise Fault
 * `conflict` with the id of the request that now waits for a decision; the caller tries again when
 * it was made. Call it inside `call.change`, before anything is written.
 */
export async function requireApproval(
  trx: Db,
  call: ApprovedCall,
  wanted: Wanted,
  deps: { readonly clock: Clock; readonly ids: Ids },
): Promise<void> {
  const { caller } = call;
  if (caller === undefined) throw new TypeError('an approval was asked for by nobody');
  await demandSomebody(trx, caller);
  const { action, subject } = wanted;
  const at = deps.clock.now();
  const approvals = approvalStore(trx);
  const found = await approvals.live({ action, subject, askedBy: caller.id });
  const state = found === undefined ? undefined : stateAt(found, at);
  if (found !== undefined && state === 'approved') {
    await approvals.move(found, { state: 'used' }, at);
    await call.audit(trx, {
      action: 'approval.use',
      subject: found.id,
      detail: { action, subject },
    });
    return;
  }
  if (found !== undefined && state === 'open') throw waits(found.id, wanted);
  if ((await approvals.openOf(caller.id, at)) >= maxOpenApprovals) {
    throw new Fault('limited', `${maxOpenApprovals} requests of yours wait for approval`, {
      remedy: 'Have them decided, or wait until they expire.',
    });
  }
  const id = deps.ids.ulid('apr');
  throw writesAfter(waits(id, wanted), async (own) => {
    if (found !== undefined) await approvalStore(own).move(found, { state: 'expired' }, at);
    await ask(own, call, {
      id,
      action,
      subject,
      detail: wanted.detail ?? {},
      reason: wanted.reason ?? '',
      askedBy: caller.id,
      askedPerson: caller.userId,
      at,
      expiresAt: at + approvalMs,
    });
  });
}

/**
 * The key that the first start makes is in the hands of whoever set the cloud up, who is also the
 * first person: with it one person would be both.
 */
async function demandSomebody(trx: Db, caller: Caller): Promise<void> {
  if (caller.kind !== 'key' || caller.userId !== undefined) return;
  const key = await trx
    .selectFrom('api_key')
    .select('created_by')
    .where('id', '=', caller.id)
    .executeTakeFirst();
  if (key?.created_by !== 'system') return;
  throw new Fault('forbidden', 'the first key stands for nobody who could be told from another', {
    remedy: 'Log in as a person (`fieldloop login`), or use a key that a person made.',
  });
}

async function ask(trx: Db, call: ApprovedCall, asked: NewApproval): Promise<void> {
  const { id, action, subject, reason, at } = asked;
  await approvalStore(trx).add(asked);
  await putOutbox(trx, { kind: 'approval.asked', subject: id, at, body: { action, subject } });
  await putAudit(trx, {
    at,
    actor: asked.askedBy,
    via: 'api',
    action: 'approval.ask',
    subject: id,
    detail: { action, subject, reason },
    requestId: call.requestId,
  });
}

function waits(id: string, { action, subject }: Wanted): Fault {
  const fault = new Fault('conflict', `${action} on ${subject} takes another person's approval`, {
    details: { approval: id },
    remedy: `Ask them to decide: fieldloop approvals approve ${id}. Then send this again.`,
  });
  return answeredAs(fault, { approval: id });
}
