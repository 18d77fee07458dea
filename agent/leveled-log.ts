/** A log whose level may change while the program runs, and that remembers its last complaints. */
import type { Log, LogFields } from '@fieldloop/core';
import { faultLine, Fault } from '@fieldloop/core';
import type { LogLevel } from '@fieldloop/proto';
import { maxKeptLines, maxRecentFaults } from './limits.ts';

export interface LeveledLog {
  readonly log: Log;
  setLevel(level: LogLevel): void;
  /** Newest last. */
  recent(): readonly Complaint[];
  /** What was written, from this level on, newest last. */
  lines(level: LogLevel): readonly KeptLine[];
  /** Remembers what another thread wrote. */
  keep(line: KeptLine): void;
}

export interface KeptLine extends Omit<Complaint, 'level'> {
  readonly level: LogLevel;
}

export interface Complaint {
  readonly level: 'warn' | 'error';
  readonly station: string;
  readonly phrase: string;
  readonly why: string;
  /** Unix milliseconds. */
  readonly at: number;
}

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** `inner` lets everything through. */
export function leveledLog(
  inner: Log,
  options: {
    readonly level: LogLevel;
    readonly now: () => number;
    /** Hears each line that is written, and each complaint. */
    readonly onLine?: (line: KeptLine) => void;
  },
): LeveledLog {
  let level = options.level;
  const complaints: Complaint[] = [];
  const kept: KeptLine[] = [];
  const passes = (own: LogLevel): boolean => rank[own] >= rank[level];
  const keep = (line: KeptLine): void => {
    const { level: own, ...rest } = line;
    if (own === 'warn' || own === 'error') {
      complaints.push({ level: own, ...rest });
      if (complaints.length > maxRecentFaults) complaints.shift();
    }
    if (!passes(own)) return;
    kept.push(line);
    if (kept.length > maxKeptLines) kept.shift();
  };
  const wrap = (log: Log, station: string): Log => {
    const say =
      (own: LogLevel) =>
      (phrase: string, fields?: LogFields): void => {
        if (!passes(own) && rank[own] < rank.warn) return;
        const line = { level: own, station, phrase, why: whyOf(fields), at: options.now() };
        keep(line);
        options.onLine?.(line);
        if (passes(own)) log[own](phrase, fields);
      };
    return {
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      child: (name) => wrap(log.child(name), name),
    };
  };
  return {
    log: wrap(inner, ''),
    setLevel: (next) => {
      level = next;
    },
    recent: () => [...complaints],
    lines: (from) => kept.filter((line) => rank[line.level] >= rank[from]),
    keep,
  };
}

/** One line of what the fields say is wrong. */
function whyOf(fields: LogFields = {}): string {
  const { error, why, reason, text } = fields;
  if (error instanceof Fault) return faultLine(error).slice(0, 256);
  if (error instanceof Error) return error.message.slice(0, 256);
  const told = [why, reason, text].find((one) => typeof one === 'string');
  return typeof told === 'string' ? told.slice(0, 256) : '';
}
