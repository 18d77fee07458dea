/**
 * Which part of a dataset version an item belongs to. Whole groups are drawn by a hash, so that
 * moments of one drive never stand on both sides, and a group stays where it is for good.
 */
import { canonicalJson, sha256Hex } from '@fieldloop/core';

export const splits = ['train', 'calibration', 'test', 'regression'] as const;
export type Split = (typeof splits)[number];

export const groupKeys = ['device_session', 'site'] as const;
export type GroupKey = (typeof groupKeys)[number];

/** A group falls into one of so many buckets. */
export const splitBuckets = 10_000;

export interface SplitRule {
  readonly key: GroupKey;
  readonly salt: string;
  /** Buckets from 0 on are test, those behind them calibration, the rest train. */
  readonly buckets: { readonly test: number; readonly calibration: number };
}

/** How an item was chosen; `imported` and `unchosen` came by no draw. */
export const itemLanes = [
  'named',
  'audit',
  'capture',
  'diversity',
  'imported',
  'unchosen',
] as const;
export type ItemLane = (typeof itemLanes)[number];

export interface Placed {
  readonly device: string;
  readonly session: string;
  readonly site?: string | undefined;
  readonly lane: ItemLane;
}

/** A moment without a site stays with its drive. */
export function groupOf(rule: Pick<SplitRule, 'key'>, { device, session, site }: Placed): string {
  if (rule.key === 'site' && site !== undefined) return `site:${site}`;
  return `${device}/${session}`;
}

/** The first 8 bytes of SHA-256 of [salt, group], modulo the number of buckets. */
export function bucketOf(salt: string, group: string): number {
  const digest = sha256Hex(canonicalJson([salt, group]));
  return Number(BigInt(`0x${digest.slice(0, 16)}`) % BigInt(splitBuckets));
}

/** The split of a group that nobody holds out. */
export function drawnSplit(rule: SplitRule, group: string): Exclude<Split, 'regression'> {
  const bucket = bucketOf(rule.salt, group);
  const { test, calibration } = rule.buckets;
  if (bucket < test) return 'test';
  return bucket < test + calibration ? 'calibration' : 'train';
}

/**
 * A group that a regression case holds out never trains. Test is what the audit drew, alone: what a
 * scorer chose in a group of test is in no split at all, for it would flatter or leak.
 */
export function splitOf(
  rule: SplitRule,
  item: Pick<Placed, 'lane'> & { readonly group: string },
  heldOut: ReadonlySet<string>,
): Split | undefined {
  if (heldOut.has(item.group)) return 'regression';
  const drawn = drawnSplit(rule, item.group);
  if (drawn === 'test' && item.lane !== 'audit') return undefined;
  return drawn;
}
