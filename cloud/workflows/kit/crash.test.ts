/**
 * Goal: wherever a worker is killed, a run ends as it would have, each effect done once; and a kit
 * that is broken on purpose is found out.
 * Method: the crash kit on a body that uses every kind of step, on SQLite and with two workers on
 * PostgreSQL; effects outside the database report themselves.
 */
import { Fault } from '@fieldloop/core';
import { describe, expect, test } from 'vitest';
import { onceWithin } from '../../store/effects.ts';
import { putOutbox } from '../../store/outbox.ts';
import { noPostgres } from '../../store/postgres.sample.ts';
import { type CrashCase, crashEverywhere, type CrashWorld } from './crash.sample.ts';
import { pending } from './flow.ts';
import { workflow, type Workflow } from './workflow.ts';

/** Opens, fails twice, asks, watches, has a child do the work; takes back what was refused. */
function patterns(world: CrashWorld, state: { isLabelled: boolean }): readonly Workflow[] {
  const seen = new Set<string>();
  const outside = (key: string, what: string): void => {
    // The other side knows the key, as a trainer or a device does.
    if (!seen.has(key)) world.did(what);
    seen.add(key);
  };
  const inner = workflow({
    name: 'inner',
    version: 1,
    deps: (ground) => ground,
    body: async (flow, ground, input: { readonly item: string }) => {
      const made = await flow.must(`make/${input.item}`, async (e) => {
        await ground.write.transaction().execute(
          async (trx) =>
            await onceWithin(trx, e.key, async (within) => {
              const body = { device: input.item };
              await putOutbox(within, { kind: 'device.changed', subject: 'made', at: 1, body });
              return 1;
            }),
        );
        return input.item;
      });
      return { kind: made.kind };
    },
  });
  const outer = workflow({
    name: 'outer',
    version: 1,
    deps: (ground) => ground,
    body: async (flow, _ground, input: { readonly items: readonly string[] }) => {
      const tries = new Map<string, number>();
      const opened = await flow.must('open', async (e) => {
        const n = (tries.get(e.key) ?? 0) + 1;
        tries.set(e.key, n);
        if (e.attempt < 3) throw new Fault('unavailable', 'not yet');
        outside(e.key, 'open');
        return await Promise.resolve('opened');
      });
      if (opened.kind !== 'done') return { kind: 'aborted' };
      const answer = await flow.gate('approval', {
        kind: 'approval',
        question: 'Go on?',
        subject: { id: 'sub_1', digest: 'd' },
        evidence: [{ name: 'numbers', digest: 'e' }],
        options: ['approve', 'reject'],
        who: { role: 'engineer' },
        quorum: 2,
        withinMs: 600_000,
        onDeadline: 'reject',
      });
      if (answer.kind !== 'decided' || answer.option !== 'approve') {
        await flow.act('undo', async (e) => await Promise.resolve(outside(e.key, 'undo') ?? null));
        return { kind: answer.kind === 'decided' ? 'denied' : answer.kind };
      }
      const labels = await flow.watch(
        'labels',
        async () => await Promise.resolve(state.isLabelled ? 1 : pending),
        { withinMs: 3_600_000, everyMs: 3_600_000, on: [{ kind: 'clip.tagged' }] },
      );
      const made: string[] = [];
      for (const item of input.items) {
        const one = await flow.child<{ readonly kind: string }>(`item/${item}`, 'inner', { item });
        made.push(one.kind);
      }
      return { kind: 'finished', labels: labels.kind, made };
    },
  });
  return [outer, inner];
}

const played = (name: string, answer: 'approve' | 'reject' | undefined): CrashCase => ({
  name,
  async open(world) {
    const state = { isLabelled: false };
    return await Promise.resolve({
      workflows: patterns(world, state),
      begin: async () => void (await world.start('outer', { items: ['a', 'b'] })),
      async react() {
        if (await world.decide(() => answer)) return true;
        const waits = await world.db.selectFrom('wait_on').select('kind').execute();
        if (waits.length === 0 || state.isLabelled) return false;
        state.isLabelled = true;
        const event = { kind: 'clip.tagged', subject: 'clp_1', at: 1, body: {} } as const;
        await world.db.transaction().execute(async (trx) => {
          for (let n = 0; n < 3; n += 1) await putOutbox(trx, event);
        });
        return true;
      },
      async end() {
        const made = await world.db
          .selectFrom('outbox')
          .select('body')
          .where('subject', '=', 'made')
          .execute();
        return made.map((row) => row.body).toSorted();
      },
    });
  },
});

const approved = played('approved', 'approve');

test.each([
  ['approved', approved],
  ['rejected', played('rejected', 'reject')],
  ['nobody decides', played('expired', undefined)],
])('sqlite, %s: killed at every boundary, the same end', async (_name, one) => {
  const found = await crashEverywhere('sqlite', one);
  process.stdout.write(`${one.name}: killed at ${found.points} of ${found.points} boundaries\n`);
  expect(found.differing).toEqual([]);
  expect(found.points).toBeGreaterThan(5);
});

test('sqlite: decisions that come before the engine knows of the wait are not lost', async () => {
  const found = await crashEverywhere('sqlite', approved, { isEarly: true });
  expect(found.differing).toEqual([]);
});

describe.skipIf(noPostgres !== undefined)('postgres', () => {
  test('two workers, one killed, the same end', async () => {
    // At every boundary: npm run soak -- workflows.
    const found = await crashEverywhere('postgres', approved, { workers: 2, nth: 3 });
    process.stdout.write(`two workers: killed ${found.crashes} times in ${found.points}\n`);
    expect(found.differing).toEqual([]);
  }, 120_000);
});

test('an effect without a stable key is found out', async () => {
  const found = await crashEverywhere('sqlite', approved, { mutant: 'unstable_key' });
  expect(found.differing.length).toBeGreaterThan(0);
});

test('a kit that takes the signal for the truth is found out', async () => {
  const options = { mutant: 'signal_is_truth', isEarly: true } as const;
  const found = await crashEverywhere('sqlite', approved, options);
  expect(found.differing[0]).toContain('not killed');
});
