/** A workflow that uses every kind of step, as a case of the crash kit. */
import { Fault } from '@fieldloop/core';
import { onceWithin } from '../../store/effects.ts';
import { putOutbox } from '../../store/outbox.ts';
import type { CrashCase, CrashWorld } from './crash.sample.ts';
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

/** With what people answer at its gate; undefined: nothing. */
export const everyStep = (name: string, answer: 'approve' | 'reject' | undefined): CrashCase => ({
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
