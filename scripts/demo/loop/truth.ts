/** What truly was ahead of a robot, from the simulator's own notes: what people would see. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TruthLine } from '@fieldloop/sim';

type FrameTruth = Extract<TruthLine, { readonly kind: 'frame' }>;

export interface Truth {
  /** The frame of a robot that is nearest in time, at most a second away. */
  at(robot: string, ns: bigint): FrameTruth | undefined;
}

const farthestNs = 1_000_000_000n;

export async function readTruth(file: string): Promise<Truth> {
  const frames = new Map<string, FrameTruth[]>();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    // The simulator writes on: its last line may be half there.
    if (!line.endsWith('}')) continue;
    const truth = JSON.parse(line) as TruthLine;
    if (truth.kind !== 'frame') continue;
    const known = frames.get(truth.robot);
    if (known === undefined) frames.set(truth.robot, [truth]);
    else known.push(truth);
  }
  return {
    at(robot, ns) {
      const own = frames.get(robot) ?? [];
      let [low, high] = [0, own.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (BigInt(own[middle]?.atNs ?? 0) < ns) low = middle + 1;
        else high = middle;
      }
      const near = [own[low - 1], own[low]].filter((one) => one !== undefined);
      const away = (one: FrameTruth): bigint => {
        const gap = BigInt(one.atNs) - ns;
        return gap < 0n ? -gap : gap;
      };
      const [best] = near.toSorted((a, b) => (away(a) < away(b) ? -1 : 1));
      return best !== undefined && away(best) <= farthestNs ? best : undefined;
    },
  };
}
