/**
 * Goal: what a person asks of the agent on this machine is done as it was meant, or refused.
 * Method: requests as the socket hands them on, to a log that remembers.
 */
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { leveledLog } from './leveled-log.ts';
import { carryOut, type LocalDeps } from './local.ts';

test('lines of the log are those of a level; one that nobody knows is refused with the known', async () => {
  const levels = leveledLog(silentLog, { level: 'debug', now: () => 5 });
  levels.log.info('it runs');
  levels.log.warn('it limps');
  const deps = { ids: { uuid: () => new Uint8Array(16) }, levels } as unknown as LocalDeps;
  const lines = async (level?: unknown): Promise<unknown> =>
    ((await carryOut({ ask: 'logs', level }, deps)) as { phrase: string }[]).map(
      ({ phrase }) => phrase,
    );
  expect(await lines('warn')).toEqual(['it limps']);
  expect(await lines()).toEqual(['it runs', 'it limps']);
  await expect(lines('warning')).rejects.toMatchObject({
    code: 'invalid',
    message: 'there is no level "warning"',
    remedy: 'Levels are debug, info, warn, error.',
  });
});
