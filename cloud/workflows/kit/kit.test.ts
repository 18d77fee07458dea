/**
 * Goal: on the real engine and both databases a body does each effect once, waits for people,
 * children and the world, and ends in a named state; a person can steer it where it stands.
 * Method: bodies of a few steps whose effects are counted, a worker, decisions by the store.
 */
import { Fault, type Json } from '@fieldloop/core';
import { describe, expect, test } from 'vitest';
import type { Decider } from '../../gate/gate.ts';
import { gateStore } from '../../gate/store.ts';
import { once } from '../../store/effects.ts';
import { putOutbox } from '../../store/outbox.ts';
import { noPostgres } from '../../store/postgres.sample.ts';
import { pending } from './flow.ts';
import { type KitWorld, kitWorld, type WorldKind } from './kit.sample.ts';
import { openWorkflows } from './worker.ts';
import { workflow, type Workflow } from './workflow.ts';

const ann: Decider = { id: 'usr_ann', userId: 'usr_ann', role: 'engineer', scopes: ['*:write'] };
const bob: Decider = { id: 'usr_bob', userId: 'usr_bob', role: 'admin', scopes: ['*:admin'] };

async function decide(
  world: KitWorld,
  run: string,
  how: { readonly by: Decider; readonly option: string; readonly name?: string },
): Promise<void> {
  await world.db.transaction().execute(async (trx) => {
    const gate = await gateStore(trx).openOf(run);
    if (gate === undefined) throw new Error('no gate is open');
    const at = world.clock.now();
    await gateStore(trx).decide(gate, how.by, { option: how.option, reason: 'because', at });
  });
}

async function running(
  kind: WorldKind,
  workflows: readonly Workflow[],
): Promise<AsyncDisposable & { readonly world: KitWorld }> {
  await using opened = new AsyncDisposableStack();
  const world = opened.use(await kitWorld(kind));
  const engine = await world.engine();
  opened.use(await openWorkflows(world.ground('w1'), { engine, workflows }));
  const all = opened.move();
  return { world, [Symbol.asyncDispose]: async () => await all.disposeAsync() };
}

/** How often each effect was really done. */
const counted = (): { readonly done: string[]; readonly did: (name: string) => Promise<Json> } => {
  const done: string[] = [];
  return {
    done,
    async did(name) {
      done.push(name);
      return await Promise.resolve({ name });
    },
  };
};

const kinds: readonly WorldKind[] = noPostgres === undefined ? ['sqlite', 'postgres'] : ['sqlite'];

describe.each(kinds)('%s', (kind) => {
  test('steps, a gate and a child end in one outcome, each effect once', async () => {
    const { done, did } = counted();
    const inner = workflow({
      name: 'inner',
      version: 1,
      deps: () => ({}),
      body: async (flow, _deps, input: { readonly n: number }) => {
        const twice = await flow.must('double', async () => await Promise.resolve(input.n * 2));
        return { kind: 'done', twice: twice.kind === 'done' ? twice.value : 0 };
      },
    });
    const outer = workflow({
      name: 'outer',
      version: 1,
      deps: (ground) => ground,
      body: async (flow, ground, input: { readonly n: number }) => {
        await flow.must(
          'open',
          async (e) => await once(ground.write, e.key, async () => await did('open')),
        );
        const refused = await flow.act(
          'refused',
          async () => await Promise.reject(new Fault('invalid', 'no')),
        );
        const answer = await flow.gate('approval', {
          kind: 'approval',
          question: 'Go on?',
          subject: { id: 'sub_1', digest: 'd1' },
          evidence: [{ name: 'numbers', digest: 'e1', body: { n: input.n } }],
          options: ['approve', 'reject'],
          who: { role: 'engineer', not: ['usr_ann'] },
          withinMs: 60_000,
          onDeadline: 'reject',
        });
        const child = await flow.child<{ readonly twice: number }>('batch', 'inner', {
          n: input.n,
        });
        return {
          kind: 'finished',
          twice: child.twice,
          refused: refused.ok ? '' : refused.fault.code,
          answer: answer.kind === 'decided' ? answer.option : answer.kind,
        };
      },
    });
    await using world = await running(kind, [outer, inner]);
    const run = await world.world.start(outer, { n: 21 });
    await world.world.reaches(run, 'waiting');
    await expect(decide(world.world, run, { by: ann, option: 'approve' })).rejects.toThrow(
      'who made or asked for this does not decide on it',
    );
    await decide(world.world, run, { by: bob, option: 'approve' });
    expect(await world.world.outcome(run)).toEqual({
      kind: 'finished',
      twice: 42,
      refused: 'invalid',
      answer: 'approve',
    });
    expect(done).toEqual(['open']);
    const steps = await world.world.db
      .selectFrom('run_step')
      .select(['name', 'kind', 'state', 'attempts'])
      .where('run_id', '=', run)
      .orderBy('n')
      .execute();
    expect(steps.map((row) => [row.name, row.kind, row.state])).toEqual([
      ['open', 'must', 'done'],
      ['refused', 'act', 'done'],
      ['approval', 'gate', 'done'],
      ['batch', 'child', 'done'],
    ]);
  });

  test('a spent step parks in front of a person, whose retry does nothing twice', async () => {
    const { done, did } = counted();
    let isBroken = true;
    const flaky = workflow({
      name: 'flaky',
      version: 1,
      deps: (ground) => ground,
      body: async (flow, ground) => {
        const sent = await flow.must(
          'send',
          async (e) => {
            await once(ground.write, e.key, async () => await did('send'));
            if (isBroken) throw new Fault('invalid', 'the other side refused');
            return 'sent';
          },
          { skippable: true },
        );
        return { kind: sent.kind };
      },
    });
    await using world = await running(kind, [flaky]);
    const run = await world.world.start(flaky, {});
    await world.world.reaches(run, 'parked');
    isBroken = false;
    await decide(world.world, run, { by: ann, option: 'retry' });
    expect(await world.world.outcome(run)).toEqual({ kind: 'done' });
    expect(done).toEqual(['send']);
  });

  test('a watch sees what happened while it looked, and is woken by an event', async () => {
    let labels = 0;
    const watching = workflow({
      name: 'watching',
      version: 1,
      deps: () => ({}),
      body: async (flow) => {
        const seen = await flow.watch(
          'labels',
          async () => await Promise.resolve(labels >= 2 ? { labels } : pending),
          { withinMs: 600_000, everyMs: 600_000, on: [{ kind: 'clip.stored', subject: 'clp_1' }] },
        );
        return { kind: seen.kind };
      },
    });
    await using world = await running(kind, [watching]);
    const { db } = world.world;
    const run = await world.world.start(watching, {});
    await world.world.reaches(run, 'waiting');
    const event = { kind: 'clip.stored', subject: 'clp_1', at: 1, body: {} } as const;
    labels = 2;
    await db.transaction().execute(async (trx) => {
      for (let n = 0; n < 50; n += 1) await putOutbox(trx, event);
    });
    expect(await world.world.outcome(run)).toEqual({ kind: 'seen' });
  });

  test('a body that throws is stuck in front of a person, not lost', async () => {
    const broken = workflow({
      name: 'broken',
      version: 1,
      deps: () => ({}),
      body: async (flow) => {
        await flow.act('one', async () => await Promise.resolve(1));
        throw new TypeError('a bug');
      },
    });
    await using world = await running(kind, [broken]);
    const run = await world.world.start(broken, {});
    await world.world.reaches(run, 'retrying');
    const row = await world.world.db
      .selectFrom('run')
      .select(['trouble', 'throws'])
      .where('id', '=', run)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ trouble: 'a bug', throws: 1n });
  });
});
