/**
 * Goal: a bad release is frozen first, taken off by two people's choice, and only what robots
 * measure says that it is gone; every way ends in a named state with the freeze in people's hands.
 * Method: the body on a memory flow with a small scripted world; tables, and any order of faults.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Affected,
  hotfix,
  type HotfixDeps,
  type HotfixInput,
  type HotfixOutcome,
  type Verified,
} from './fleet-hotfix-and-rollback.ts';
import { type Pending, pending } from './kit/flow.ts';
import { type MemoryOptions, memoryFlow } from './kit/memory-flow.ts';

const input: HotfixInput = { digest: 'd1', reason: 'they stop', cause: 'alr_1', freeze: true };

interface Script extends Pick<MemoryOptions, 'decisions' | 'faults' | 'abortAt' | 'escalations'> {
  readonly affected?: Partial<Affected>;
  readonly verify?: readonly (Verified | Pending)[];
  readonly ends?: readonly string[];
}

async function play(script: Script): Promise<{
  readonly outcome: HotfixOutcome;
  readonly did: readonly string[];
}> {
  const did: string[] = [];
  const once = new Map<string, unknown>();
  const act = async <T>(key: string, what: string, value: T): Promise<T> => {
    if (!once.has(key)) did.push(what);
    once.set(key, value);
    return await Promise.resolve(value);
  };
  const affected: Affected = {
    release: 'stack@2.0.0',
    devices: 3,
    sha256: 'a'.repeat(64),
    options: ['stack@1.0.0'],
    ...script.affected,
  };
  const looks = [...(script.verify ?? [{ bad: 0, pending: 0 }])];
  const deps: HotfixDeps = {
    freeze: async (_of, e) => await act(e.key, 'freeze', { freeze: 'frz_1' }),
    open: async (_of, e) => await act(e.key, 'open', { incident: 'inc_1' }),
    affected: async () => await Promise.resolve(affected),
    plan: async ({ option, round }, e) =>
      await act(e.key, `plan ${option}`, { rollout: `rol_${round}` }),
    verify: async () =>
      await Promise.resolve(looks.length > 1 ? (looks.shift() ?? pending) : (looks[0] ?? pending)),
    cases: async (_of, e) => await act(e.key, 'cases', { cases: 1 }),
    lift: async (_of, _by, e) => await act(e.key, 'lift', { lifted: true }),
    close: async (_of, how, e) => await act(e.key, `close ${how.outcome}`, { closed: true }),
  };
  const ends = [...(script.ends ?? ['completed'])];
  const flow = memoryFlow({
    ...script,
    decisions: script.decisions ?? yes,
    children: () => ({
      status: ends.length > 1 ? (ends.shift() ?? '') : (ends[0] ?? ''),
      reason: null,
    }),
  });
  return { outcome: await hotfix(flow, deps, input), did };
}

const yes = (name: string): string =>
  name.startsWith('way') ? 'stack@1.0.0' : name === 'lift' ? 'lift' : 'reviewed';

test('frozen, chosen by two, rolled out, verified by what runs, lifted, reviewed', async () => {
  const { outcome, did } = await play({ verify: [pending, { bad: 1, pending: 0 }] });
  expect(outcome.status).toBe('not_recovered');
  expect(did).toEqual([
    'freeze',
    'open',
    'plan stack@1.0.0',
    'cases',
    'lift',
    'close not_recovered',
  ]);
  expect(await play({})).toEqual({
    outcome: { status: 'recovered', devices: 0 },
    did: ['freeze', 'open', 'plan stack@1.0.0', 'lift', 'close recovered'],
  });
});

test.each<{ script: Script; status: HotfixOutcome['status'] }>([
  { script: { affected: { devices: 0 } }, status: 'false_alarm' },
  {
    script: { decisions: (name) => (name.startsWith('way') ? 'false_alarm' : yes(name)) },
    status: 'false_alarm',
  },
  { script: { verify: [{ bad: 0, pending: 2 }] }, status: 'recovered_with_pending' },
  { script: { verify: [pending] }, status: 'not_recovered' },
  { script: { decisions: {} }, status: 'not_recovered' },
  { script: { ends: ['rolled_back', 'completed'] }, status: 'recovered' },
  { script: { ends: ['rolled_back'] }, status: 'not_recovered' },
  { script: { abortAt: 'way-1' }, status: 'aborted' },
  { script: { abortAt: 'open' }, status: 'aborted' },
])('ends as $status', async ({ script, status }) => {
  expect((await play(script)).outcome.status).toBe(status);
});

test('a halted emergency asks again, and nobody lifts the freeze by silence', async () => {
  const { did } = await play({ ends: ['rolled_back', 'completed'] });
  expect(did.filter((one) => one.startsWith('plan'))).toHaveLength(2);
  const kept = await play({ decisions: (name) => (name === 'lift' ? 'keep' : yes(name)) });
  expect(kept.did).not.toContain('lift');
});

test('any order of faults ends in a named state, the freeze first', async () => {
  const ends = ['recovered', 'recovered_with_pending', 'not_recovered', 'false_alarm', 'aborted'];
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1e6),
      fc.double({ min: 0, max: 0.6, noNaN: true }),
      async (seed, rate) => {
        const random = seededRandom(seed);
        const { outcome, did } = await play({
          faults: () =>
            random.next() < rate ? (random.next() < 0.5 ? 'before' : 'after') : undefined,
          escalations: () => (random.next() < 0.8 ? 'retry' : 'abort'),
        });
        expect(ends).toContain(outcome.status);
        expect(did[0] ?? 'freeze').toBe('freeze');
        expect(new Set(did).size).toBe(did.length);
      },
    ),
    { numRuns: 60, seed: 11 },
  );
});
