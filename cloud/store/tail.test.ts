/**
 * Goal: what follows the outbox costs an idle cloud next to nothing, however many follow it.
 * Method: tails on a real file and a counted clock; how often they ask, and what each hears.
 */
import { setImmediate } from 'node:timers/promises';
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { tailPollMs } from '../limits.ts';
import { putOutbox } from './outbox.ts';
import { openSqlite } from './sqlite.ts';
import { sqliteWorld } from './sqlite.sample.ts';
import { openTail } from './tail.ts';

test('tails ask together whether anything is new, and each hears what it follows', async () => {
  await using world = await sqliteWorld();
  let queries = 0;
  const read = openSqlite(world.path, { readOnly: true, onQuery: () => (queries += 1) });
  const clock = turningClock();
  const deps = { read, clock, log: silentLog };
  const heard: string[] = [];
  await using tails = new AsyncDisposableStack();
  for (const [n, kind] of (['clip.stored', 'alert.fired', 'clip.stored'] as const).entries()) {
    tails.use(
      await openTail(deps, { from: 'now', kinds: [kind] }, (rows) => {
        heard.push(...rows.map((row) => `${n} ${row.kind} ${row.subject}`));
      }),
    );
  }
  await clock.turn();
  queries = 0;
  for (let looks = 0; looks < 5; looks += 1) await clock.turn();
  expect(queries).toBe(5);
  await world.db.transaction().execute(async (trx) => {
    for (const [n, kind] of (['clip.stored', 'alert.fired', 'clip.stored'] as const).entries()) {
      await putOutbox(trx, { kind, subject: `s${n}`, at: 1, body: {} });
    }
  });
  queries = 0;
  await clock.turn();
  expect(heard.toSorted()).toEqual([
    '0 clip.stored s0',
    '0 clip.stored s2',
    '1 alert.fired s1',
    '2 clip.stored s0',
    '2 clip.stored s2',
  ]);
  // One question and one answer each; the rows of other kinds are not looked at again.
  expect(queries).toBe(4);
  await clock.turn();
  expect([queries, heard.length]).toEqual([5, 5]);
  await tails.disposeAsync();
  await read.destroy();
});

/** Each turn ends the waits that are under way, and lets what they held up go on. */
function turningClock() {
  let now = 0;
  const waiting = new Set<() => void>();
  return {
    now: () => now,
    monotonicMs: () => now,
    sleep: async (_ms: number, signal?: AbortSignal) =>
      await new Promise<void>((resolve, reject) => {
        waiting.add(resolve);
        signal?.addEventListener('abort', () => reject(new Error('stopped')));
      }),
    async turn() {
      now += tailPollMs;
      for (const resolve of waiting) resolve();
      waiting.clear();
      for (let steps = 0; steps < 20; steps += 1) await setImmediate();
    },
  };
}
