/** What the soak lets run: effects that are rows, a child and a gate. */
import type { DatabaseAddress } from '../../store/database.ts';
import { once } from '../../store/effects.ts';
import { putOutbox } from '../../store/outbox.ts';
import type { EffectContext } from './flow.ts';
import { workflow, type Workflow, type WorkflowGround } from './workflow.ts';

export interface SoakPlace {
  readonly database: DatabaseAddress;
  readonly dataDir: string;
}

/** A worker that was killed is overtaken after this. */
export const soakLeaseMs = 2000;
export const soakItems = ['a', 'b', 'c', 'd'] as const;
/** Effects that a whole run leaves: each item by the run, each by its child, and the last. */
export const soakEffects = 2 * soakItems.length + 1;
export const soakKind = 'device.changed';

/** One row, whose subject is the key. */
const leave =
  ({ write, clock }: WorkflowGround) =>
  async (e: EffectContext): Promise<string> =>
    await once(write, e.key, async (trx) => {
      await putOutbox(trx, { kind: soakKind, subject: e.key, at: clock.now(), body: {} });
      return e.key;
    });

const part = workflow({
  name: 'soaked-part',
  version: 1,
  deps: leave,
  body: async (flow, effect) => {
    for (const item of soakItems) await flow.must(`part/${item}`, effect);
    return { kind: 'done' };
  },
});

export const soakedRun = workflow({
  name: 'soaked',
  version: 1,
  deps: leave,
  body: async (flow, effect) => {
    for (const item of soakItems) await flow.must(`make/${item}`, effect);
    const made = await flow.child<{ readonly kind: string }>('part', 'soaked-part', {});
    const answer = await flow.gate('approval', {
      kind: 'approval',
      question: 'Go on?',
      subject: { id: 'sub_1', digest: 'd' },
      evidence: [],
      options: ['approve', 'reject'],
      who: { role: 'engineer' },
      withinMs: 604_800_000,
      onDeadline: 'hold',
    });
    const end = await flow.must('end', effect);
    return { kind: end.kind, made: made.kind, answer: answer.kind };
  },
});

export const soaked: readonly Workflow[] = [soakedRun, part];
