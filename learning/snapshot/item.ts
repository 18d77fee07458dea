/** One line of a dataset version: what was labelled, by whom it was chosen, where it belongs. */
import { canonicalJson, type Json } from '@fieldloop/core';
import type { ItemLane, Split } from './split.ts';

/** Members without a value are left out, so that an item has one text. */
export interface SnapshotItem {
  readonly clip: string;
  readonly clipSha256: string;
  /** Of the clip's file. */
  readonly bytes: number;
  /** Log times, in nanoseconds; equal for a frame. */
  readonly range: { readonly startNs: string; readonly endNs: string };
  readonly topic: string;
  readonly type: string;
  readonly class?: string | undefined;
  readonly label: string;
  readonly labelSha256: string;
  readonly consensus: {
    readonly method: string;
    readonly posterior?: number | undefined;
    readonly alpha?: number | undefined;
    readonly annotators: number;
  };
  readonly unit?: string | undefined;
  /** `fleet`, `inbox` or `import`: what the moment was drawn from. */
  readonly source: string;
  readonly device: string;
  readonly session: string;
  readonly site?: string | undefined;
  readonly residency?: string | undefined;
  readonly privacy: string;
  readonly group: string;
  readonly split: Split;
  readonly selectedBy: {
    readonly choice?: string | undefined;
    readonly lane: ItemLane;
    readonly scorer?: string | undefined;
    readonly scorerSha256?: string | undefined;
    /** Of the choice times that of the robot, where it counts; absent: not by a draw. */
    readonly propensity?: number | undefined;
  };
}

/** Without the line's end. */
export const itemLine = (item: SnapshotItem): string => canonicalJson(item as unknown as Json);

/** What the order of a version is made of. */
export interface ItemOrder {
  readonly clipSha256: string;
  readonly startNs: bigint;
  readonly labelSha256: string;
}

/** By clip, start and label: hashes by their hex digits. */
export function compareOrder(a: ItemOrder, b: ItemOrder): number {
  if (a.clipSha256 !== b.clipSha256) return a.clipSha256 < b.clipSha256 ? -1 : 1;
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  if (a.labelSha256 !== b.labelSha256) return a.labelSha256 < b.labelSha256 ? -1 : 1;
  return 0;
}

export const orderOf = (item: SnapshotItem): ItemOrder => ({
  clipSha256: item.clipSha256,
  startNs: BigInt(item.range.startNs),
  labelSha256: item.labelSha256,
});
