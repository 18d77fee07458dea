/**
 * Goal: a gate is decided once, by people who may, for the evidence that they saw; who comes late
 * is told who was first.
 * Method: votes of several people on a run's gate, changed evidence, deadlines on the row's time.
 */
import { Fault } from '@fieldloop/core';
import { expect, test } from 'vitest';
import type { Role } from '../auth/rights.ts';
import type { Db } from '../store/db.ts';
import { startRun } from '../store/run-queue.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { type Decider, type Gate, judgeDeadline } from './gate.ts';
import { gateStore, type NewGate } from './store.ts';

const person = (name: string, role: Role): Decider => ({
  id: `usr_${name}`,
  userId: `usr_${name}`,
  role,
  scopes: ['*:write'],
});
const ann = person('ann', 'engineer');
const bob = person('bob', 'release_manager');
const cyd = person('cyd', 'engineer');

async function opened(db: Db, over: Partial<NewGate> = {}): Promise<Gate> {
  return await db.transaction().execute(async (trx) => {
    const run = { id: 'run_1', workflow: 'w', workflowVersion: 1, subject: 's', input: {} };
    await startRun(trx, { ...run, actor: 'usr_zoe', at: 1 });
    return await gateStore(trx).open({
      id: 'gat_1',
      runId: 'run_1',
      name: 'approval',
      kind: 'approval',
      question: 'Go?',
      subject: { id: 'rel_1', digest: 'd1' },
      evidence: [{ name: 'numbers', digest: 'e1' }],
      options: ['approve', 'reject'],
      role: 'engineer',
      excluded: ['usr_zoe'],
      quorum: 1,
      onDeadline: 'reject',
      escalateTo: [],
      withinMs: 1000,
      at: 1,
      ...over,
    });
  });
}

const vote = async (db: Db, by: Decider, option: string, at = 10): Promise<Gate> =>
  await db.transaction().execute(async (trx) => {
    const gate = await gateStore(trx).demand('gat_1');
    return await gateStore(trx).decide(gate, by, { option, reason: 'so', at });
  });

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'none',
    (error: unknown) => (error instanceof Fault ? error.code : 'no fault'),
  );

export function gateStoreContract(name: string, open: OpenStore): void {
  test(`${name}: of two who decide at once one wins, the other hears who, what and when`, async () => {
    await using world = await open();
    await opened(world.db);
    const both = await Promise.allSettled([
      vote(world.db, ann, 'approve'),
      vote(world.db, bob, 'reject'),
    ]);
    const lost = both.filter((one) => one.status === 'rejected').map((one) => one.reason as Fault);
    expect(lost).toHaveLength(1);
    const gate = await gateStore(world.db).demand('gat_1');
    expect(lost[0]?.message).toContain(`${gate.option ?? ''}, by ${gate.decidedBy?.[0] ?? ''}, at`);
    const told = await world.db
      .selectFrom('outbox')
      .select('kind')
      .where('kind', '=', 'gate.decided')
      .execute();
    expect(told).toHaveLength(1);
    const woken = await world.db.selectFrom('wake').select('run_id').execute();
    expect(woken).toEqual([{ run_id: 'run_1' }]);
  });

  test(`${name}: four eyes with one of a role among them; never who is excluded`, async () => {
    await using world = await open();
    await opened(world.db, { quorum: 2, among: { role: 'release_manager', least: 1 } });
    expect(await codeOf(vote(world.db, person('zoe', 'admin'), 'approve'))).toBe('forbidden');
    expect(await codeOf(vote(world.db, person('vic', 'viewer'), 'approve'))).toBe('forbidden');
    expect((await vote(world.db, ann, 'approve')).state).toBe('open');
    expect((await vote(world.db, ann, 'approve')).state).toBe('open');
    expect((await vote(world.db, cyd, 'approve')).state).toBe('open');
    const done = await vote(world.db, bob, 'approve');
    expect(done).toMatchObject({ state: 'decided', option: 'approve' });
    expect(done.decidedBy).toHaveLength(3);
  });

  test(`${name}: evidence that changes voids votes, and a decision nobody has taken`, async () => {
    await using world = await open();
    await opened(world.db, { quorum: 2 });
    await vote(world.db, ann, 'approve');
    const refresh = async (digest: string): Promise<boolean> =>
      await world.db.transaction().execute(async (trx) => {
        const gate = await gateStore(trx).demand('gat_1');
        return await gateStore(trx).refresh(gate, [{ name: 'numbers', digest }], 20);
      });
    expect(await refresh('e1')).toBe(false);
    expect(await refresh('e2')).toBe(true);
    expect((await vote(world.db, bob, 'approve')).state).toBe('open');
    expect((await vote(world.db, ann, 'approve')).state).toBe('decided');
    expect(await refresh('e3')).toBe(true);
    expect(await gateStore(world.db).demand('gat_1')).toMatchObject({ state: 'open' });
    const votes = await gateStore(world.db).votes('gat_1');
    expect(votes.map((one) => one.isVoid)).toEqual([true, true]);
    const stale = { option: 'approve', reason: 'so', evidence: 'e1', at: 21 };
    const late = world.db.transaction().execute(async (trx) => {
      const gate = await gateStore(trx).demand('gat_1');
      return await gateStore(trx).decide(gate, ann, stale);
    });
    expect(await codeOf(late)).toBe('conflict');
  });

  test(`${name}: a deadline is judged on the row's time; silence is never a yes`, async () => {
    await using world = await open();
    const gate = await opened(world.db);
    expect(judgeDeadline(gate, 1000)).toBeUndefined();
    expect(judgeDeadline(gate, 1001)).toBe('expire');
    expect(judgeDeadline({ ...gate, onDeadline: 'hold' }, 1001)).toBe('overdue');
    const escalating = { ...gate, onDeadline: 'escalate', escalateTo: ['admin'] } as const;
    expect(judgeDeadline(escalating, 1001)).toBe('escalate');
    expect(judgeDeadline({ ...escalating, level: 1 }, 1001)).toBe('overdue');
    // Late, though the run has not read it yet.
    expect(await codeOf(vote(world.db, ann, 'approve', 1001))).toBe('conflict');
  });

  test(`${name}: who hands a decision over does not decide, the other one may`, async () => {
    await using world = await open();
    const gate = await opened(world.db, { role: 'release_manager' });
    expect(await codeOf(vote(world.db, cyd, 'approve'))).toBe('forbidden');
    await world.db.transaction().execute(async (trx) => {
      const to = { person: 'usr_cyd', by: 'usr_bob', isDelegate: true };
      await gateStore(trx).assign(gate, to, 5);
    });
    expect(await codeOf(vote(world.db, bob, 'approve'))).toBe('forbidden');
    expect(await vote(world.db, cyd, 'approve')).toMatchObject({ decidedBy: ['usr_cyd'] });
  });
}
