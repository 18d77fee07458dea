/** A word about a case that a person gave beside its gate: the run that waits hears of it. */
import type { Decider } from '../gate/gate.ts';
import { gateStore } from '../gate/store.ts';
import type { Db } from './db.ts';

interface Word {
  readonly decider: Decider;
  readonly reason: string;
  readonly at: number;
}

/**
 * Votes `option` at the open gate of this kind; a caller that is no person withdraws it. Without
 * such a gate nothing happens: the run looks at the case itself.
 */
export async function answerGate(
  trx: Db,
  run: string | undefined,
  word: Word & { readonly kind: string; readonly option: string },
): Promise<void> {
  const gate = run === undefined ? undefined : await gateStore(trx).openOf(run);
  if (gate === undefined || gate.kind !== word.kind) return;
  const { decider, reason, at, option } = word;
  if (decider.userId === undefined || decider.role === undefined) {
    await gateStore(trx).close(gate, { state: 'withdrawn', reason, at });
    return;
  }
  await gateStore(trx).decide(gate, decider, { option, reason, at });
}

/** Nobody has to decide any more: the run goes on with what stands in the case. */
export async function withdrawGate(
  trx: Db,
  run: string | undefined,
  word: { readonly kinds: readonly string[]; readonly reason: string; readonly at: number },
): Promise<void> {
  const gate = run === undefined ? undefined : await gateStore(trx).openOf(run);
  if (gate === undefined || !word.kinds.includes(gate.kind)) return;
  await gateStore(trx).close(gate, { state: 'withdrawn', reason: word.reason, at: word.at });
}
