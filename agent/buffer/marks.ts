/**
 * High-water marks outside the database, so that a rebuilt one never reuses a sequence number.
 * Invariant: no number above `floor + markGap` is handed out before a higher floor is durable.
 */
import { readFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { markGap } from '../limits.ts';
import type { Disk } from './disk.ts';

export const laneNames = ['events', 'manifests', 'reported'] as const;
export type LaneName = (typeof laneNames)[number];
/** `conn` numbers the connections; the rest number rows. */
export type CounterName = LaneName | 'conn';
export const counterNames: readonly CounterName[] = [...laneNames, 'conn'];

export interface MarkSet {
  /** 64 random bits, 16 hex digits. */
  readonly origin: string;
  readonly floors: Readonly<Record<CounterName, number>>;
}

export interface Marks {
  /**
   * Raises the floor where `value` needs it. Fault `unavailable` when that could not be written:
   * `value` may not be used then.
   */
  check(counter: CounterName, value: number): void;
  /** Raises the floors that are half used up; call with what is committed, after each commit. */
  keepUp(committed: MarkSet): void;
}

export async function readMarks(path: string): Promise<MarkSet | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  return parseMarks(text);
}

function parseMarks(text: string): MarkSet | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { origin, floors } = (found ?? {}) as { origin?: unknown; floors?: unknown };
  if (typeof origin !== 'string' || !/^[0-9a-f]{16}$/.test(origin)) return undefined;
  const values = (floors ?? {}) as Partial<Record<CounterName, unknown>>;
  const sound = counterNames.every((name) => Number.isSafeInteger(values[name]));
  return sound ? { origin, floors: values as Record<CounterName, number> } : undefined;
}

/**
 * `durable` is what the file says. It is written in one go, and not beside other work, so that no
 * burst of rows can outrun it.
 */
export function openMarks(
  disk: Disk,
  path: string,
  durable: MarkSet | undefined,
  current: MarkSet,
): Marks {
  let written = durable ?? { origin: '', floors: noFloors };
  let committed = current;
  const raise = (): void => {
    disk.replaceFileNow(path, JSON.stringify(committed));
    written = committed;
  };
  const keepUp = (now: MarkSet): void => {
    committed = now;
    const isDue =
      now.origin !== written.origin ||
      counterNames.some((name) => now.floors[name] > written.floors[name] + markGap / 2);
    if (isDue) raise();
  };
  const covers = (counter: CounterName, value: number): boolean =>
    value <= written.floors[counter] + markGap;
  return {
    check(counter, value) {
      if (covers(counter, value)) return;
      let cause: unknown;
      try {
        raise();
      } catch (error) {
        cause = error;
      }
      if (covers(counter, value)) return;
      throw new Fault('unavailable', 'the high-water mark of the buffer could not be written', {
        place: path,
        remedy: 'Check that the disk is writable and not full; the agent tries again by itself.',
        cause,
      });
    },
    keepUp,
  };
}

const noFloors = { events: 0, manifests: 0, reported: 0, conn: 0 } as const;
