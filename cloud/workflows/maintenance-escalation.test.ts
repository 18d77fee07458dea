/**
 * Goal: whatever fails and whoever decides what, a case ends in a state that is written down, and
 * a robot comes back only by a person's word.
 * Method: the body in memory on a small world of cases: a table of the ways it ends, and all orders
 * of faults and decisions by property.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CloseCode } from '../case/case.ts';
import { closeCodes, stateOfCode } from '../case/case.ts';
import { pending } from './kit/flow.ts';
import { memoryFlow, type MemoryOptions, type Mishap } from './kit/memory-flow.ts';
import {
  type CaseOutcome,
  type Ended,
  maintenance,
  type MaintenanceDeps,
  type Standing,
} from './maintenance-escalation.ts';

interface World extends MaintenanceDeps {
  readonly done: string[];
  held: boolean;
  left: boolean;
  ended: Ended | undefined;
  lifter: string | undefined;
}

function world(options: {
  readonly joined?: boolean;
  readonly standing?: Standing['state'];
}): World {
  const once = new Map<string, unknown>();
  const effect = async <T>(key: string, work: () => T): Promise<T> => {
    if (!once.has(key)) once.set(key, work());
    return await Promise.resolve(once.get(key) as T);
  };
  const one: World = {
    done: [],
    held: false,
    left: false,
    ended: undefined,
    lifter: undefined,
    open: async (_, { key }) =>
      await effect(key, () => {
        one.done.push('open');
        return {
          id: 'cas_1',
          joined: options.joined ?? false,
          device: 'amr-01',
          deviceId: 'dev_1',
          kind: 'silent',
          severity: 'sev1' as const,
          summary: 'says nothing',
        };
      }),
    attach: async (_, name, { key }) =>
      await effect(key, () => {
        one.done.push(name);
        return { sha256: name.padEnd(64, '0') };
      }),
    hold: async (_, { key }) =>
      await effect(key, () => {
        one.held = true;
        one.done.push('hold');
        return { held: true };
      }),
    route: async (_, { key }) =>
      await effect(key, () => {
        one.done.push('route');
        return { region: null, assignee: 'usr_1' };
      }),
    acknowledge: async (_, by, { key }) =>
      await effect(key, () => {
        one.done.push('acknowledge');
        return { by };
      }),
    look: async () =>
      await Promise.resolve(
        options.standing === undefined ? pending : { state: options.standing, digest: 'd' },
      ),
    close: async (_, { code, by }, { key }) =>
      await effect(key, () => {
        one.ended = stateOfCode(code) as Ended;
        one.done.push(`close ${code}`);
        return { state: one.ended, by };
      }),
    lift: async (_, by, { key }) =>
      await effect(key, () => {
        one.held = false;
        one.lifter = by;
        one.done.push('lift');
        return { lifted: true };
      }),
    promote: async (_, { key }) =>
      await effect(key, () => {
        one.done.push('promote');
        return { proposal: null };
      }),
    leave: async (_, __, { key }) =>
      await effect(key, () => {
        one.left = true;
        return { left: true };
      }),
  };
  return one;
}

const run = async (deps: MaintenanceDeps, options: MemoryOptions): Promise<CaseOutcome> =>
  await maintenance(memoryFlow(options), deps, { case: 'cas_1' });

const attachments = ['rollout', 'telemetry', 'log', 'digests', 'clip'];

test('a robot that is well again is closed by a person and comes back', async () => {
  const deps = world({ standing: 'verified' });
  const decisions = { acknowledge: 'acknowledge', 'close/1': 'replaced_part' };
  expect(await run(deps, { decisions })).toEqual({ status: 'resolved', case: 'cas_1' });
  expect(deps.done).toEqual([
    'open',
    ...attachments,
    'hold',
    'route',
    'acknowledge',
    'close replaced_part',
    'lift',
    'promote',
  ]);
  expect(deps.lifter).toBe('usr_test');
});

test.each<[string, Parameters<typeof world>[0], MemoryOptions, CaseOutcome['status'], boolean]>([
  ['another run has it', { joined: true }, {}, 'merged', false],
  ['no fault', {}, { decisions: { 'close/1': 'not_a_fault' } }, 'not_a_fault', false],
  ['given up', {}, { decisions: { 'close/1': 'decommissioned' } }, 'decommissioned', true],
  ['the device went away', { standing: 'gone' }, {}, 'decommissioned', true],
  ['closed by hand', { standing: 'resolved' }, {}, 'resolved', false],
  [
    'more work, then repaired',
    { standing: 'verified' },
    { decisions: { 'close/1': 'more_work', 'close/2': 'repaired' } },
    'resolved',
    false,
  ],
  ['nobody ever answers', {}, {}, 'aborted', true],
  ['aborted while it waits', {}, { abortAt: 'acknowledge' }, 'aborted', true],
  ['aborted before the hold', {}, { abortAt: 'hold' }, 'aborted', false],
])('%s', async (...row) => {
  const [, setting, options, status, held] = row;
  const deps = world(setting);
  expect((await run(deps, options)).status).toBe(status);
  expect(deps.held).toBe(held);
});

test('a repair cannot be chosen while the robot does not report well', async () => {
  const asked: (readonly string[])[] = [];
  await run(world({}), {
    decisions: (name, spec) => {
      if (name.startsWith('close')) asked.push(spec.options);
      return name === 'close/1' ? 'not_a_fault' : { kind: 'expired' };
    },
  });
  expect(asked).toEqual([['not_a_fault', 'decommissioned', 'more_work']]);
});

test('evidence that cannot be had is missing and stops nothing', async () => {
  const deps = world({ standing: 'verified' });
  const faults = (step: string): Mishap | undefined =>
    step === 'attach/log' ? 'permanent' : undefined;
  const decisions = { acknowledge: 'acknowledge', 'close/1': 'repaired' };
  expect((await run(deps, { faults, decisions })).status).toBe('resolved');
  expect(deps.done).not.toContain('log');
});

const seed = 20_261_121;

test(`any faults and decisions end in a documented state (seed ${seed})`, async () => {
  const code = fc.constantFrom<CloseCode | 'more_work' | 'expired'>(
    ...closeCodes,
    'more_work',
    'expired',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        mishaps: fc.array(
          fc.constantFrom<Mishap | undefined>(undefined, undefined, 'before', 'after', 'permanent'),
          { maxLength: 24 },
        ),
        standing: fc.constantFrom<Standing['state'] | undefined>(
          undefined,
          'verified',
          'gone',
          'not_a_fault',
        ),
        codes: fc.array(code, { minLength: 1, maxLength: 9 }),
        wishes: fc.array(fc.constantFrom<'retry' | 'abort' | 'skip'>('retry', 'abort', 'skip'), {
          minLength: 1,
          maxLength: 6,
        }),
        abortAt: fc.constantFrom(undefined, 'open', 'hold', 'acknowledge', 'verify/1', 'close/1'),
      }),
      async ({ mishaps, standing, codes, wishes, abortAt }) => {
        const deps = world(standing === undefined ? {} : { standing });
        let attempts = 0;
        let asked = 0;
        let escalated = 0;
        const skippable = ['hold', 'route', 'return', 'promote'];
        const outcome = await run(deps, {
          ...(abortAt === undefined ? {} : { abortAt }),
          faults: () => mishaps[attempts++],
          escalations: (step) => {
            const wish = wishes[escalated++ % wishes.length] ?? 'abort';
            return wish === 'skip' && !skippable.includes(step) ? 'retry' : wish;
          },
          decisions: (_, spec) => {
            const said = codes[asked++ % codes.length] ?? 'expired';
            return spec.options.includes(said) ? said : { kind: 'expired' };
          },
        });
        expect(['resolved', 'not_a_fault', 'decommissioned', 'aborted']).toContain(outcome.status);
        // The hold goes with the case and by a person, or it stays.
        expect(deps.lifter === undefined || deps.ended !== undefined).toBe(true);
        expect(outcome.status === 'decommissioned' && deps.done.includes('lift')).toBe(false);
        expect(new Set(deps.done).size).toBe(deps.done.length);
      },
    ),
    { seed, numRuns: 300 },
  );
});
