/**
 * What went over networks, by day and policy. It is noted in the buffer's database before it is
 * spent, so that an end of the process, of whatever kind, forgets none of it.
 */
import { asFault, type Log } from '@fieldloop/core';
import type { SpentShelf } from '../buffer/shelves.ts';
import { keptDays, spentAheadBytes, spentAheadLeastBytes } from '../limits.ts';

export interface DayBook {
  /** Bytes of this day. */
  spent(day: string, key: string): number;
  spend(entry: { readonly day: string; readonly key: string }, bytes: number): void;
  /** Notes what was spent, and nothing ahead of it. */
  close(): void;
}

/** Bytes by key, by day. */
type Days = Map<string, Map<string, number>>;

export function openDayBook(shelf: SpentShelf, log: Log): DayBook {
  const noted = daysOf(shelf.read());
  const spent: Days = new Map([...noted].map(([day, bytes]) => [day, new Map(bytes)]));
  let isNoting = true;

  /** A disk that refuses stops no upload: the count goes on in memory. */
  const write = (days: Days): void => {
    const document = [...days].map(([day, bytes]) => [day, Object.fromEntries(bytes)]);
    try {
      shelf.write(JSON.stringify(Object.fromEntries(document)));
      isNoting = true;
    } catch (error) {
      if (isNoting) log.warn('what was sent today could not be noted', { error: asFault(error) });
      isNoting = false;
    }
  };
  /** A clock that is set later comes back to its day: the last few are kept. */
  const pageOf = (days: Days, day: string): Map<string, number> => {
    const page = days.get(day) ?? new Map<string, number>();
    days.delete(day);
    days.set(day, page);
    for (const old of [...days.keys()].slice(0, -keptDays)) days.delete(old);
    return page;
  };
  return {
    spent: (day, key) => spent.get(day)?.get(key) ?? 0,
    spend({ day, key }, bytes) {
      const page = pageOf(spent, day);
      const now = (page.get(key) ?? 0) + bytes;
      page.set(key, now);
      const note = pageOf(noted, day);
      if (now <= (note.get(key) ?? 0)) return;
      note.set(key, now + Math.min(spentAheadBytes, Math.max(spentAheadLeastBytes, now / 8)));
      write(noted);
    },
    close() {
      if (spent.size > 0) write(spent);
    },
  };
}

/** What was written; nothing of anything else. */
function daysOf(text: string | undefined): Days {
  const days: Days = new Map();
  let document: unknown;
  try {
    document = JSON.parse(text ?? '{}');
  } catch {
    return days;
  }
  for (const [day, page] of entriesOf(document).slice(-keptDays)) {
    const bytes = entriesOf(page).filter((one): one is [string, number] => isCount(one[1]));
    days.set(day, new Map(bytes));
  }
  return days;
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const isCount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
