/**
 * Goal: an event starts what its triggers say, once however often it is read, and what it does not
 * start leaves a reason; effects are done once for a key.
 * Method: outbox rows against triggers with every limit, the position set back, keys used twice.
 */
import { systemIds } from '@fieldloop/core/system';
import { silentLog } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { once } from '../../store/effects.ts';
import type { Db } from '../../store/db.ts';
import { putOutbox } from '../../store/outbox.ts';
import type { OpenStore } from '../../store/store.contract.ts';
import { dispatchSome } from './dispatch.ts';
import { type EventTrigger, workflow } from './workflow.ts';

const put = async (db: Db, subject: string): Promise<void> =>
  await db.transaction().execute(async (trx) => {
    await putOutbox(trx, { kind: 'clip.stored', subject, at: 1, body: {} });
  });

function world(db: Db, trigger: Omit<EventTrigger, 'name' | 'version' | 'on' | 'match'>) {
  const clock = { at: 1000 };
  const made = workflow({
    name: 'made',
    version: 1,
    deps: () => ({}),
    body: async () => await Promise.resolve({ kind: 'done' }),
    triggers: [
      {
        name: 'on-clip',
        version: 2,
        on: ['clip.stored'],
        match: ({ subject }) =>
          subject === 'no' ? { skip: 'not this one' } : { input: { subject }, subject },
        ...trigger,
      },
    ],
  });
  const deps = {
    read: db,
    write: db,
    clock: {
      now: () => clock.at,
      monotonicMs: () => 0,
      sleep: async () => await Promise.resolve(),
    },
    ids: systemIds,
    log: silentLog,
    workflows: [made],
    onRuns: () => undefined,
  };
  const all = async (): Promise<void> => {
    while (await dispatchSome(deps));
  };
  return { clock, all };
}

const from = async (db: Db, value: string): Promise<void> =>
  void (await db
    .insertInto('setting')
    .values({ name: 'workflow_dispatch', value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute());

const reasons = async (db: Db): Promise<readonly (string | null)[]> =>
  (await db.selectFrom('dispatch').select(['reason', 'at']).orderBy('event_seq').execute()).map(
    (row) => row.reason,
  );

export function dispatchContract(name: string, open: OpenStore): void {
  test(`${name}: an event read three times starts one run, and what starts none says why`, async () => {
    await using store = await open();
    const { all } = world(store.db, {});
    await from(store.db, '0');
    await put(store.db, 'clp_1');
    await put(store.db, 'no');
    for (let n = 0; n < 3; n += 1) {
      await from(store.db, '0');
      await all();
    }
    const runs = await store.db.selectFrom('run').select(['subject', 'actor']).execute();
    expect(runs).toEqual([{ subject: 'clp_1', actor: 'on-clip@2' }]);
    expect(await reasons(store.db)).toEqual([null, 'not this one']);
  });

  test(`${name}: cooldown, limit and a run that is open already keep another one back`, async () => {
    await using store = await open();
    const { clock, all } = world(store.db, { cooldownMs: 100, limit: 2, onePerSubject: true });
    await from(store.db, '0');
    for (const subject of ['a', 'a', 'b', 'c']) await put(store.db, subject);
    await all();
    await store.db.updateTable('run').set({ state: 'ended' }).execute();
    await put(store.db, 'a');
    await all();
    clock.at = 1100;
    await put(store.db, 'a');
    await all();
    const said = (await reasons(store.db)).map((reason) => reason?.split(/[ :]/)[0] ?? 'started');
    expect(said).toEqual(['started', 'running', 'started', 'limit', 'cooldown', 'started']);
  });

  test(`${name}: an effect is done once for its key, and a failure leaves none`, async () => {
    await using store = await open();
    let done = 0;
    const failing = once(store.db, 'k', async () => await Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    const work = async (): Promise<number> => await Promise.resolve((done += 1));
    const got = await Promise.all([once(store.db, 'k', work), once(store.db, 'k', work)]);
    expect(got).toEqual([1, 1]);
    expect(done).toBe(1);
  });
}
