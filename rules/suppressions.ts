/** Triggers that became no clip, by rule, reason and hour of log time, until someone takes them. */
import type { Json } from '@fieldloop/core';
import * as limits from './limits.ts';
import { periodAt } from './spent.ts';

/** Why a trigger became no clip; the clip planner and the robot add reasons of their own. */
export const suppressedBy = [
  'cooldown',
  'expired',
  'limit',
  'sampled_out',
  'budget',
  'shadow',
] as const;
export type SuppressedBy = (typeof suppressedBy)[number];

export interface Suppression {
  readonly rule: string;
  readonly reason: SuppressedBy;
  /** Begin of the hour, log time. */
  readonly hourNs: bigint;
  count: number;
}

export interface Suppressions {
  note(rule: string, reason: SuppressedBy, atNs: bigint): void;
  take(): readonly Suppression[];
  save(): Json;
  load(state: Json): void;
}

const hour = 3_600_000_000_000;

export function openSuppressions(): Suppressions {
  let rows = new Map<string, Suppression>();
  const add = (row: Suppression): void => {
    const key = `${row.rule} ${row.reason} ${row.hourNs}`;
    const known = rows.get(key);
    if (known !== undefined) {
      known.count += row.count;
      return;
    }
    // Nobody took them for so long that the oldest goes; the totals by rule still hold it.
    const [oldest] = rows.keys();
    if (rows.size >= limits.ledgerRows && oldest !== undefined) rows.delete(oldest);
    rows.set(key, row);
  };
  return {
    note(rule, reason, atNs) {
      add({ rule, reason, hourNs: BigInt(periodAt(atNs, hour)) * BigInt(hour), count: 1 });
    },
    take() {
      const taken = [...rows.values()];
      rows = new Map();
      return taken;
    },
    save: (): Json =>
      [...rows.values()].map(({ rule, reason, hourNs, count }) => [
        rule,
        reason,
        String(hourNs),
        count,
      ]),
    load(state) {
      rows = new Map();
      for (const [rule, reason, hourNs, count] of (state ?? []) as Saved[]) {
        add({ rule, reason, hourNs: BigInt(hourNs), count });
      }
    },
  };
}

type Saved = [string, SuppressedBy, string, number];
