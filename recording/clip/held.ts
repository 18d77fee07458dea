/** A window's block for a cut: in memory, or somewhere from where it can be had. */
import type { MessageBlock } from '../types.ts';

/** A block that is read when a cut comes to it. */
export interface StoredBlock {
  /** Smallest and largest log time, ns. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Of its messages, each once. */
  readonly channels: readonly number[];
  /** Undefined when its bytes are gone. The block may be valid only until another is loaded. */
  load(): Promise<MessageBlock | undefined>;
}

export type HeldBlock = MessageBlock | StoredBlock;

export const loadBlock = async (held: HeldBlock): Promise<MessageBlock | undefined> =>
  'load' in held ? await held.load() : held;

/** False only where no message of it can be on one of the channels. */
export function mayHold(held: HeldBlock, channels: ReadonlySet<number>): boolean {
  return !('load' in held) || held.channels.some((id) => channels.has(id));
}
