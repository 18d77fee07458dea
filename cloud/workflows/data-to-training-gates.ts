/** What people are asked on the way from data to a model. */
import { failedMs, signOffMs } from '../loop-limits.ts';
import type { DataInput, Failure, Snapshot } from './data-to-training-port.ts';
import type { Evidence, GateSpec } from './kit/flow.ts';

export const signOffGate = (
  { version, gates, reasons }: Snapshot,
  { dataset }: DataInput,
  evidence: readonly Evidence[],
): GateSpec => ({
  kind: 'sign_off',
  question: `${dataset} has a version that is ${gates}: ${reasons.join('; ')}. Train on it?`,
  subject: { id: version, digest: version },
  evidence,
  options: ['approve', 'reject'],
  who: { role: 'engineer', scope: 'datasets:write' },
  withinMs: signOffMs,
  onDeadline: 'hold',
});

export const failedGate = (what: string, failure: Failure, id: string): GateSpec => ({
  kind: 'failed',
  question: `${what}: ${failure.reason} Try again, or give up?`,
  subject: { id, digest: failure.digest },
  evidence: [{ name: 'problem', digest: failure.digest, link: failure.link, body: failure.reason }],
  options: ['retry', 'give_up'],
  who: { role: 'engineer' },
  withinMs: failedMs,
  onDeadline: 'reject',
});

/** Long work that nobody heard of again. */
export const late = (id: string, link: string): Failure => ({
  reason: 'it did not end in time',
  digest: id,
  link,
});
