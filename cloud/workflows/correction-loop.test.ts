/**
 * Goal: an intervention ends in a state that is written down, and what was begun for a verdict that
 * does not hold any more is taken back.
 * Method: the body in memory on a small world of stages: a table of the ways it ends, and all
 * orders of faults and decisions by property.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Verdict, verdicts } from '../correction/correction.ts';
import {
  correctionLoop,
  type CorrectionDeps,
  type CorrectionOutcome,
  type CorrectionStage,
  type Fed,
} from './correction-loop.ts';
import { pending } from './kit/flow.ts';
import { type Answer, memoryFlow, type MemoryOptions, type Mishap } from './kit/memory-flow.ts';

interface World extends CorrectionDeps {
  readonly live: Set<CorrectionStage>;
  readonly everLive: Set<CorrectionStage>;
  state: string | undefined;
  cases: number;
}

interface Setting {
  readonly joined?: boolean;
  /** A figure, and nobody who took over. */
  readonly isSign?: boolean;
  readonly clip?: 'here' | 'lost' | 'never';
  readonly fed?: Fed;
}

function world(setting: Setting): World {
  const known = new Map<string, unknown>();
  const once = async <T>(key: string, work: () => T): Promise<T> => {
    if (!known.has(key)) known.set(key, work());
    return await Promise.resolve(known.get(key) as T);
  };
  const begin = (stage: CorrectionStage): void => {
    one.live.add(stage);
    one.everLive.add(stage);
  };
  const digest = 'd'.repeat(64);
  const one: World = {
    live: new Set(),
    everLive: new Set(),
    state: undefined,
    cases: 0,
    open: async (_, { key }) =>
      await once(key, () => ({
        joined: setting.joined ?? false,
        device: 'amr-01',
        deviceId: 'dev_1',
        isIntervention: setting.isSign !== true,
        words: 'it did not stop.',
        digest,
      })),
    ask: async (_, { key }) => await once(key, () => ({ asked: true })),
    context: async () =>
      await Promise.resolve(
        setting.clip === 'never'
          ? pending
          : { clip: setting.clip === 'lost' ? null : 'clp_1', sha256: digest },
      ),
    openPhases: async (_, { key }) =>
      await once(key, () => {
        begin('phases');
        return { batch: 'b1' };
      }),
    keepPhases: async (_, { key }) =>
      await once(key, () => ({ source: 'labels' as const, phases: [], digest })),
    judge: async (_, { verdict }, { key }) => await once(key, () => ({ verdict })),
    logFailure: async (_, { key }) =>
      await once(key, () => {
        begin('failure');
        return { failure: 'flr_1' };
      }),
    addRegression: async (_, { key }) =>
      await once(key, () => {
        begin('regression');
        return { regression: 'reg_1' };
      }),
    openLabels: async (_, { key }) =>
      await once(key, () => {
        begin('labels');
        return { batch: 'b2' };
      }),
    openCase: async (_, { key }) =>
      await once(key, () => {
        one.cases += 1;
        return { case: 'cas_1' };
      }),
    fed: async () => await Promise.resolve(setting.fed ?? pending),
    undo: async (_, { stage }, { key }) =>
      await once(key, () => ({ undone: one.live.delete(stage) })),
    end: async (_, { state }, { key }) =>
      await once(key, () => {
        one.state = state;
        return { state };
      }),
  };
  return one;
}

const children = () => ({ status: 'labelled', resolved: 1, void: 0 });
const run = async (deps: CorrectionDeps, options: MemoryOptions): Promise<CorrectionOutcome> =>
  await correctionLoop(memoryFlow({ children, ...options }), deps, { correction: 'cor_1' });

const fed: Fed = { kind: 'fed', version: 'v1', evaluation: 'evl_1' };
const revised = (verdict: Verdict): Fed => ({ kind: 'revised', verdict, by: 'usr_2' });
const says = (verdict: Verdict): MemoryOptions => ({ decisions: { verdict } });
const all = ['phases', 'failure', 'regression', 'labels'];

test.each<[string, Setting, MemoryOptions, CorrectionOutcome['status'], readonly string[]]>([
  ['the model learns', { fed }, says('model'), 'fed', all],
  ['so does one for its environment', { fed }, says('environment'), 'fed', all],
  ['the operator', {}, says('operator'), 'dismissed', ['phases']],
  ['no failure', {}, says('no_failure'), 'dismissed', ['phases']],
  ['the hardware', {}, says('hardware'), 'case_opened', ['phases']],
  ['a sign teaches, and has no phases', { fed, isSign: true }, says('model'), 'fed', all.slice(1)],
  ['no clip will come', { clip: 'lost' }, {}, 'unrecoverable', []],
  ['no clip comes in time', { clip: 'never' }, {}, 'unrecoverable', []],
  ['another run has it', { joined: true }, {}, 'merged', []],
  ['nothing takes it', {}, says('model'), 'unfed', all],
  ['revised to no failure', { fed: revised('no_failure') }, says('model'), 'dismissed', []],
  ['revised to hardware', { fed: revised('hardware') }, says('model'), 'case_opened', []],
  ['nobody judges it', {}, {}, 'aborted', []],
  ['aborted at the end', {}, { ...says('model'), abortAt: 'fed' }, 'aborted', []],
])('%s', async (...row) => {
  const [, setting, options, status, live] = row;
  const deps = world(setting);
  const outcome = await run(deps, options);
  expect(outcome.status).toBe(status);
  expect([...deps.live]).toEqual(live);
  expect(deps.cases).toBe(status === 'case_opened' ? 1 : 0);
});

const seed = 20_261_123;

test(`any faults and decisions: every stage done or taken back (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        mishaps: fc.array(
          fc.constantFrom<Mishap | undefined>(undefined, undefined, 'before', 'after', 'permanent'),
          { maxLength: 30 },
        ),
        clip: fc.constantFrom<Setting['clip']>('here', 'here', 'lost', 'never'),
        verdict: fc.constantFrom<Verdict | 'expired' | 'withdrawn'>(
          ...verdicts,
          'expired',
          'withdrawn',
        ),
        end: fc.constantFrom<Fed | undefined>(undefined, fed, revised('operator')),
        batch: fc.constantFrom('labelled', 'given_up', 'aborted'),
        wishes: fc.array(fc.constantFrom<'retry' | 'abort' | 'skip'>('retry', 'abort', 'skip'), {
          minLength: 1,
          maxLength: 5,
        }),
        abortAt: fc.constantFrom(undefined, 'ask', 'phases-kept', 'verdict', 'labels', 'fed'),
      }),
      async ({ mishaps, clip, verdict, end, batch, wishes, abortAt }) => {
        const deps = world({
          ...(clip === undefined ? {} : { clip }),
          ...(end === undefined ? {} : { fed: end }),
        });
        let attempts = 0;
        let escalated = 0;
        const skippable = (step: string): boolean =>
          ['regression', 'labels'].includes(step) || step.startsWith('undo/');
        const answer: Answer =
          verdict === 'withdrawn'
            ? { kind: 'withdrawn', reason: 'not now' }
            : verdict === 'expired'
              ? { kind: 'expired' }
              : verdict;
        const outcome = await run(deps, {
          ...(abortAt === undefined ? {} : { abortAt }),
          faults: () => mishaps[attempts++],
          escalations: (step) => {
            const wish = wishes[escalated++ % wishes.length] ?? 'abort';
            return wish === 'skip' && !skippable(step) ? 'retry' : wish;
          },
          decisions: () => answer,
          children: () => ({ status: batch, by: 'x', reason: 'y', resolved: 0, void: 0 }),
        });
        const incomplete = 'incomplete' in outcome ? (outcome.incomplete ?? []) : [];
        const left = [...deps.live].filter((stage) => !incomplete.includes(stage));
        expect(outcome.status === 'aborted' ? left : []).toEqual([]);
        expect(outcome.status !== 'fed' || deps.live.has('failure')).toBe(true);
        expect(['fed', 'dismissed', 'case_opened', 'unrecoverable', 'unfed', 'aborted']).toContain(
          outcome.status,
        );
      },
    ),
    { seed, numRuns: 300 },
  );
});
