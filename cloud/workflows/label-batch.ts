/**
 * At most some hundred tasks of one purpose, from opened to resolved. Ends as `labelled`,
 * `given_up` (a person said so, or nobody answered; what is open is void) or `aborted`.
 */
import type { Json } from '@fieldloop/core';
import { batchLateMs, batchLookMs, batchWithinMs } from '../loop-limits.ts';
import type { Body, Decision, EffectContext, GateSpec, Pending } from './kit/flow.ts';

export interface BatchInput {
  readonly [key: string]: Json;
  /** As tasks name it. */
  readonly batch: string;
  readonly dataset: string;
}

export interface BatchCounts {
  readonly [key: string]: Json;
  readonly open: number;
  readonly resolved: number;
  readonly void: number;
  /** Digest of the tasks that are still open. */
  readonly digest: string;
}

export type BatchOutcome =
  | { readonly status: 'labelled'; readonly resolved: number; readonly void: number }
  | { readonly status: 'given_up'; readonly resolved: number; readonly void: number }
  | { readonly status: 'aborted'; readonly by: string; readonly reason: string };

export interface BatchDeps {
  /** Pending while tasks of the batch are open. */
  look(batch: string, e: EffectContext): Promise<BatchCounts | Pending>;
  count(batch: string, e: EffectContext): Promise<BatchCounts>;
  /** Leases that nobody works at end, and the tasks go to whoever asks next. */
  reassign(batch: string, e: EffectContext): Promise<{ readonly freed: number }>;
  voidOpen(batch: string, reason: string, e: EffectContext): Promise<{ readonly void: number }>;
}

/** Rounds of waiting and asking; then what is open is void. */
const mostRounds = 4;

export const labelBatch: Body<BatchInput, BatchOutcome, BatchDeps> = async (flow, deps, input) => {
  const { batch } = input;
  for (let round = 1; round <= mostRounds; round += 1) {
    const watched = await flow.watch(`labels/${round}`, async (e) => await deps.look(batch, e), {
      withinMs: batchWithinMs,
      everyMs: batchLookMs,
      on: [{ kind: 'label.resolved' }, { kind: 'task.void' }],
    });
    if (watched.kind === 'seen') {
      return { status: 'labelled', resolved: watched.value.resolved, void: watched.value.void };
    }
    if (watched.kind === 'aborted') return await ended(watched);
    await flow.act(`reassign/${round}`, async (e) => await deps.reassign(batch, e));
    const left = await flow.must(`count/${round}`, async (e) => await deps.count(batch, e));
    if (left.kind === 'aborted') return await ended(left);
    if (left.kind === 'skipped') continue;
    const said = await flow.gate(`late/${round}`, lateGate(input, left.value));
    if (said.kind === 'aborted') return await ended(said);
    if (givesUp(said)) return await givenUp(said, round);
  }
  return await givenUp({ kind: 'expired' }, mostRounds + 1);

  async function ended(abort: { readonly by: string; readonly reason: string }) {
    await flow.act('void', async (e) => await deps.voidOpen(batch, abort.reason, e), back);
    return { status: 'aborted' as const, by: abort.by, reason: abort.reason };
  }

  async function givenUp(said: Decision, round: number): Promise<BatchOutcome> {
    const reason = said.kind === 'decided' ? said.reason : 'nobody labelled it in time';
    await flow.act('void', async (e) => await deps.voidOpen(batch, reason, e), back);
    const left = await flow.act(`count/end/${round}`, async (e) => await deps.count(batch, e));
    const counts = left.ok ? left.value : { resolved: 0, void: 0 };
    return { status: 'given_up', resolved: counts.resolved, void: counts.void };
  }
};

const back = { attempts: 10 } as const;

const givesUp = (said: Decision): boolean =>
  said.kind === 'withdrawn' || (said.kind === 'decided' && said.option === 'go_on_without');

const lateGate = ({ batch, dataset }: BatchInput, counts: BatchCounts): GateSpec => ({
  kind: 'late_labels',
  question: `${counts.open} tasks of ${dataset} wait for labels for days. Wait on, or go on without?`,
  subject: { id: batch, digest: counts.digest },
  evidence: [{ name: 'tasks', digest: counts.digest, link: `/v1/tasks?q=batch=${batch}` }],
  options: ['wait', 'go_on_without'],
  who: { role: 'engineer', scope: 'tasks:write' },
  withinMs: batchLateMs,
  onDeadline: 'escalate',
  escalateTo: ['admin'],
});
