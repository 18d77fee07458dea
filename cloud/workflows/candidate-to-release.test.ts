/**
 * Goal: a candidate becomes a release by numbers and two people, and by nothing else; whatever
 * fails, no half release and no moved alias stays.
 * Method: the body in memory on a small world: a table of the ways it ends, and all orders of
 * faults and decisions by property.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type CandidateDeps,
  type CandidateOutcome,
  candidateToRelease,
  type Verdict,
} from './candidate-to-release.ts';
import { pending } from './kit/flow.ts';
import { memoryFlow, type MemoryOptions, type Mishap } from './kit/memory-flow.ts';

interface World extends CandidateDeps {
  readonly done: string[];
  stage: 'none' | 'draft' | 'approved' | 'released' | 'withdrawn';
  named: boolean;
}

function world(
  outcome: Verdict['outcome'] | undefined,
  second: 'same' | 'other' | 'none' | 'never' = 'same',
): World {
  const kept = new Map<string, unknown>();
  const effect = async <T>(key: string, name: string, work: () => T): Promise<T> => {
    if (!kept.has(key)) {
      kept.set(key, work());
      one.done.push(name);
    }
    return await Promise.resolve(kept.get(key) as T);
  };
  const to = (state: World['stage']) => () => {
    one.stage = state;
    return { state };
  };
  const one: World = {
    done: [],
    stage: 'none',
    named: false,
    bind: async (_, { key }) =>
      await effect(key, 'bind', () => ({
        id: 'mdv_1',
        name: 'classifier 2',
        kind: 'model' as const,
        digest: 'a',
        author: 'usr_author',
        champion: 'mdv_0',
      })),
    evaluate: async (_, { key }) => await effect(key, 'evaluate', () => ({ operation: 'op_1' })),
    verdict: async () =>
      await Promise.resolve(
        outcome === undefined
          ? pending
          : { evaluation: 'evl_1', sha256: 'b', outcome, reasons: ['dock: worse'], link: '/v1/x' },
      ),
    replay: async (_, { key }) =>
      await effect(key, 'replay', () => ({ operation: second === 'none' ? null : 'op_2' })),
    replayed: async () => {
      if (second === 'never') return await Promise.resolve(pending);
      const same = second === 'same';
      return await Promise.resolve({
        sha256: same ? 'b' : 'c',
        same,
        says: `the ${second} result`,
      });
    },
    draft: async (_, { key }) =>
      await effect(key, 'draft', () => {
        one.stage = 'draft';
        return { release: 'rel_1', digest: 'd' };
      }),
    evidence: async () => await Promise.resolve([{ name: 'evaluation', digest: 'b' }]),
    approve: async (_, __, { key }) => await effect(key, 'approve', to('approved')),
    release: async (_, { key }) => await effect(key, 'release', to('released')),
    alias: async (_, { key }) =>
      await effect(key, 'alias', () => {
        one.named = true;
        return { alias: 'candidate' };
      }),
    aliasBack: async (_, { key }) =>
      await effect(key, 'alias back', () => {
        one.named = false;
        return { alias: null };
      }),
    withdraw: async (_, __, { key }) =>
      await effect(key, 'withdraw', () => {
        if (one.stage !== 'none') one.stage = 'withdrawn';
        return { state: one.stage };
      }),
  };
  return one;
}

const run = async (deps: World, options: MemoryOptions): Promise<CandidateOutcome> =>
  await candidateToRelease(memoryFlow(options), deps, { modelVersion: 'mdv_1' });

test.each<[string, Verdict['outcome'] | undefined, MemoryOptions, CandidateOutcome['status']]>([
  ['it passes and is approved', 'pass', { decisions: { approval: 'approve' } }, 'released'],
  ['it passes and is denied', 'pass', { decisions: { approval: 'reject' } }, 'denied'],
  ['nobody approves', 'pass', {}, 'expired'],
  ['it fails', 'fail', { decisions: { approval: 'approve' } }, 'rejected'],
  ['no verdict ever', undefined, {}, 'rejected'],
  ['inconclusive, nobody answers', 'inconclusive', {}, 'rejected'],
  [
    'inconclusive, a person goes on',
    'inconclusive',
    { decisions: { inconclusive: 'go_on', approval: 'approve' } },
    'released',
  ],
  ['aborted at the approval', 'pass', { abortAt: 'approval' }, 'aborted'],
  [
    'aborted at the alias',
    'pass',
    { decisions: { approval: 'approve' }, abortAt: 'alias' },
    'aborted',
  ],
])('%s', async (_, verdict, options, status) => {
  const deps = world(verdict);
  expect((await run(deps, options)).status).toBe(status);
  expectWhole(deps, status);
});

const approve = { approval: 'approve' };

test.each<[string, 'same' | 'other' | 'none' | 'never', MemoryOptions, string]>([
  ['comes out the same', 'same', { decisions: approve }, 'released'],
  ['is the evaluation itself', 'none', { decisions: approve }, 'released'],
  ['comes out otherwise, nobody looks', 'other', { decisions: approve }, 'rejected'],
  ['never ends, nobody looks', 'never', { decisions: approve }, 'rejected'],
  ['cannot begin', 'same', { decisions: approve, faults: replayFails }, 'rejected'],
  [
    'comes out otherwise, a person goes on',
    'other',
    { decisions: { ...approve, inconclusive: 'go_on' } },
    'released',
  ],
  ['is aborted', 'same', { decisions: approve, abortAt: 'replayed' }, 'aborted'],
])('it passes, and its second run %s', async (_, second, options, status) => {
  const deps = world('pass', second);
  const flow = memoryFlow(options);
  const ended = await candidateToRelease(flow, deps, { modelVersion: 'mdv_1' });
  expect(ended.status).toBe(status);
  expect(ended.status === 'rejected' ? ended.gate : 'inconclusive').toBe('inconclusive');
  expectWhole(deps, ended.status);
});

function replayFails(step: string): Mishap | undefined {
  return step === 'replay' ? 'permanent' : undefined;
}

test('the author of a candidate is kept out, and two people are asked', async () => {
  const asked: unknown[] = [];
  await run(world('pass'), {
    decisions: (name, { who, quorum }) => {
      if (name === 'approval') asked.push({ not: who.not, quorum });
      return 'approve';
    },
  });
  expect(asked).toEqual([{ not: ['usr_author'], quorum: 2 }]);
});

function expectWhole(deps: World, status: CandidateOutcome['status']): void {
  const whole = status === 'released' ? ['released'] : ['none', 'withdrawn'];
  expect(whole).toContain(deps.stage);
  expect(deps.named).toBe(status === 'released');
  expect(new Set(deps.done).size).toBe(deps.done.length);
}

const seed = 20_261_121;

test(`any faults and decisions end in a documented state (seed ${seed})`, async () => {
  const kinds = fc.constantFrom<Mishap | undefined>(
    undefined,
    undefined,
    'before',
    'after',
    'permanent',
  );
  const steps = [
    'bind',
    'evaluate',
    'evaluation',
    'replayed',
    'draft',
    'approval',
    'approve',
    'release',
    'alias',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        mishaps: fc.array(kinds, { maxLength: 24 }),
        wishes: fc.array(fc.constantFrom('retry' as const, 'abort' as const), { minLength: 1 }),
        verdict: fc.constantFrom(
          undefined,
          'pass' as const,
          'fail' as const,
          'inconclusive' as const,
        ),
        said: fc.record({
          inconclusive: fc.constantFrom('go_on', 'reject'),
          approval: fc.constantFrom('approve', 'reject'),
        }),
        second: fc.constantFrom('same' as const, 'other' as const, 'never' as const),
        abortAt: fc.constantFrom(undefined, ...steps),
      }),
      async ({ mishaps, wishes, verdict, said, second, abortAt }) => {
        const deps = world(verdict, second);
        let attempts = 0;
        let escalated = 0;
        const undoing = /^(withdraw|alias-back)/;
        const outcome = await run(deps, {
          ...(abortAt === undefined ? {} : { abortAt }),
          decisions: said,
          faults: (step) => (undoing.test(step) ? undefined : mishaps[attempts++]),
          escalations: () => wishes[escalated++ % wishes.length] ?? 'abort',
        });
        const mayRelease = said.approval === 'approve' && verdict !== 'fail';
        expect(mayRelease || outcome.status !== 'released').toBe(true);
        expectWhole(deps, outcome.status);
      },
    ),
    { seed, numRuns: 400 },
  );
});
