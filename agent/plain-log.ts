/** A log for a person at a terminal: what was complained of, a line each, the same thing once. */
import { silentLog } from '@fieldloop/core';
import { type KeptLine, type LeveledLog, leveledLog } from './leveled-log.ts';

/** Also of what other threads wrote. */
export function plainLog(err: (text: string) => void, now: () => number): LeveledLog {
  const told = new Set<string>();
  const tell = (line: KeptLine): void => {
    const { level, phrase, why } = line;
    const text = why === '' ? phrase : why;
    if (told.has(text)) return;
    told.add(text);
    const words = why === '' ? phrase : `${phrase}: ${why}`;
    err(`${level}: ${words.replaceAll(/\p{Cc}+/gu, ' ')}\n`);
  };
  return { ...leveledLog(silentLog, { level: 'warn', now, onLine: tell }), keep: tell };
}
