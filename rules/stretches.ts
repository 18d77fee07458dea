/**
 * The stretches of log time that messages cover, apart where the clock was set: what lies between
 * two of them was not recorded. As in the engine a clock was set where log time steps back by more
 * than `clockJumpNs` or is further away than `epochNs`. Pure: log times in ns.
 */
import type { MessageBlock } from '@fieldloop/recording';
import * as limits from './limits.ts';

export interface Stretch {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface Stretches {
  take(block: MessageBlock): void;
  all(): readonly Stretch[];
}

const epochNs = BigInt(limits.epochNs);

export function openStretches(): Stretches {
  const all: { startNs: bigint; endNs: bigint }[] = [];
  let last: (typeof all)[number] | undefined;
  const widen = (fromNs: bigint, toNs: bigint): void => {
    const isNear = ({ startNs }: Stretch): boolean =>
      fromNs >= startNs - limits.clockJumpNs && toNs <= startNs + epochNs;
    if (last === undefined || !isNear(last)) {
      const known = all.find(isNear) ?? (all.length < limits.stretches ? undefined : last);
      last = known ?? { startNs: fromNs, endNs: toNs };
      if (known === undefined) all.push(last);
    }
    if (fromNs < last.startNs) last.startNs = fromNs;
    if (toNs > last.endNs) last.endNs = toNs;
  };
  return {
    take(block) {
      if (block.count === 0) return;
      if (block.lastNs - block.firstNs <= limits.clockJumpNs) widen(block.firstNs, block.lastNs);
      else widenByParts(block, widen);
    },
    all: () => all,
  };
}

/** A block may hold the step of the clock itself. */
function widenByParts(
  { timesNs, count, baseNs }: MessageBlock,
  widen: (fromNs: bigint, toNs: bigint) => void,
): void {
  const clockJumpNs = Number(limits.clockJumpNs);
  let [from = 0] = timesNs;
  let to = from;
  for (let i = 1; i < count; i += 1) {
    const at = timesNs[i] ?? 0;
    if (at < from - clockJumpNs || at > to + clockJumpNs) {
      widen(baseNs + BigInt(from), baseNs + BigInt(to));
      from = at;
      to = at;
    } else if (at > to) to = at;
    else if (at < from) from = at;
  }
  widen(baseNs + BigInt(from), baseNs + BigInt(to));
}
