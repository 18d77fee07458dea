/**
 * Goal: the level changes while the program runs, for stations that were opened before as well.
 * Method: lines through a child, at each level; more complaints than are kept.
 */
import { Fault, type Log } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { type KeptLine, leveledLog } from './leveled-log.ts';
import { maxRecentFaults } from './limits.ts';

test('children follow the level, and complaints are kept whatever it is', () => {
  const lines: string[] = [];
  const say = (phrase: string): void => void lines.push(phrase);
  const inner: Log = { error: say, warn: say, info: say, debug: say, child: () => inner };
  const leveled = leveledLog(inner, { level: 'error', now: () => 7 });
  const station = leveled.log.child('uplink');
  station.info('a');
  station.warn('b', { error: new Fault('timeout', 'late', { remedy: 'Wait.' }) });
  leveled.setLevel('debug');
  station.debug('c');
  leveled.setLevel('info');
  station.debug('d');
  station.info('e');
  expect(lines).toEqual(['c', 'e']);
  expect(leveled.recent()).toEqual([
    { level: 'warn', station: 'uplink', phrase: 'b', why: 'late. Wait.', at: 7 },
  ]);
  for (let n = 0; n < 2 * maxRecentFaults; n += 1) station.error(`${n}`);
  expect(leveled.recent()).toHaveLength(maxRecentFaults);
  expect(leveled.recent().at(-1)?.phrase).toBe(`${2 * maxRecentFaults - 1}`);
});

test('what another thread writes or complains of is remembered with the own lines', () => {
  const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const inner: Log = { ...silent, child: () => inner };
  const main = leveledLog(inner, { level: 'info', now: () => 7 });
  const options = {
    level: 'error',
    now: () => 8,
    onLine: (line: KeptLine) => main.keep(line),
  } as const;
  const data = leveledLog(inner, options).log.child('data');
  data.debug('a');
  data.info('b');
  data.warn('c', { why: 'late' });
  data.error('d');
  expect(main.lines('info').map(({ phrase }) => phrase)).toEqual(['c', 'd']);
  expect(main.recent()[0]).toEqual({
    level: 'warn',
    station: 'data',
    phrase: 'c',
    why: 'late',
    at: 8,
  });
});
