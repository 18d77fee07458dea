/**
 * Goal: whatever fails and whoever decides what, nothing is open when a review is over, and nothing
 * was open that was not approved.
 * Method: the body in memory on a small world with one door: a table of the ways it ends, and all
 * orders of faults and decisions by property.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PolicyEffect } from '../review/review.ts';
import { compliance, type ComplianceDeps, type ReviewOutcome } from './compliance-review.ts';
import { pending } from './kit/flow.ts';
import { type Answer, memoryFlow, type MemoryOptions, type Mishap } from './kit/memory-flow.ts';

interface World extends ComplianceDeps {
  open: boolean;
  everOpen: boolean;
  revoked: boolean;
  ended: string | undefined;
  proofs: number;
  readonly done: string[];
}

interface Setting {
  readonly effect?: PolicyEffect;
  readonly owners?: readonly string[];
  readonly changed?: boolean;
  readonly built?: 'yes' | 'no' | 'never';
  readonly closedBy?: string;
}

function world(setting: Setting): World {
  const known = new Map<string, unknown>();
  const once = async <T>(key: string, work: () => T): Promise<T> => {
    if (!known.has(key)) known.set(key, work());
    return await Promise.resolve(known.get(key) as T);
  };
  const one: World = {
    open: false,
    everOpen: false,
    revoked: false,
    ended: undefined,
    proofs: 0,
    done: [],
    freeze: async (_, { key }) =>
      await once(key, () => ({
        taken: false,
        kind: 'export' as const,
        requester: 'usr_asks',
        requesterPerson: 'usr_asks',
        rationale: 'a customer wants it',
        scopeSha256: 'a'.repeat(64),
        count: 2,
        regions: ['eu'],
        topics: null,
        earlier: [],
        withinMs: 1000,
        leaseMs: 1000,
      })),
    check: async (_, { key }) =>
      await once(key, () => ({
        effect: setting.effect ?? 'needs_approval',
        policyVersion: 1,
        policySha256: 'b'.repeat(64),
        findings: [{ rule: 'r1', clause: 'DPA 4.2', effect: 'deny' }],
        digest: 'c'.repeat(64),
        owners: setting.owners ?? [],
      })),
    evidence: async () => await Promise.resolve([{ name: 'scope', digest: 'a'.repeat(64) }]),
    grant: async (_, __, { key }) =>
      await once(key, () => {
        one.done.push('grant');
        return { changed: setting.changed ?? false, next: null };
      }),
    build: async (_, { key }) =>
      await once(key, () => ({ subject: setting.built === undefined ? null : 'exp_1' })),
    built: async () =>
      await Promise.resolve(setting.built === 'never' ? pending : { ok: setting.built === 'yes' }),
    activate: async (_, { key }) =>
      await once(key, () => {
        if (one.revoked) throw new Error('opened after the end');
        one.open = true;
        one.everOpen = true;
        return { expiresAt: 1 };
      }),
    over: async () =>
      await Promise.resolve(
        setting.closedBy === undefined ? { by: null } : { by: setting.closedBy },
      ),
    revoke: async (_, { key }) =>
      await once(key, () => {
        one.open = false;
        one.revoked = true;
        return { revoked: true };
      }),
    discard: async (_, { key }) => await once(key, () => ({ discarded: true })),
    prove: async (_, { key }) =>
      await once(key, () => {
        one.proofs += 1;
        return { denied: !one.open };
      }),
    end: async (_, { state }, { key }) =>
      await once(key, () => {
        one.ended = state;
        // The row's end revokes what is still open, in the same transaction.
        one.open = false;
        return { state };
      }),
  };
  return one;
}

const run = async (deps: ComplianceDeps, options: MemoryOptions): Promise<ReviewOutcome> =>
  await compliance(memoryFlow(options), deps, { review: 'rev_1' });

const by = (person: string, option = 'approve'): Answer => ({
  kind: 'decided',
  option,
  by: [person],
  reason: 'read it',
});
const yes = { 'approve/admin': by('usr_admin') };

test.each<[string, Setting, MemoryOptions, ReviewOutcome['status'], boolean]>([
  ['a hard rule denies without asking anybody', { effect: 'deny' }, {}, 'denied', false],
  ['what the policy allows is opened and ends', { effect: 'allow' }, {}, 'granted_and_ended', true],
  ['an admin approves', {}, { decisions: yes }, 'granted_and_ended', true],
  ['an admin says no', {}, { decisions: { 'approve/admin': 'reject' } }, 'denied', false],
  ['nobody decides', {}, {}, 'expired', false],
  ['a built export', { built: 'yes' }, { decisions: yes }, 'granted_and_ended', true],
  ['an export that fails', { built: 'no' }, { decisions: yes }, 'failed_closed', false],
  ['an export that never ends', { built: 'never' }, { decisions: yes }, 'failed_closed', false],
  ['the scope changed', { changed: true }, { decisions: yes }, 'failed_closed', false],
  ['closed early', { closedBy: 'usr_9' }, { decisions: yes }, 'revoked', true],
  ['aborted while open', {}, { decisions: yes, abortAt: 'used' }, 'aborted', true],
  ['aborted while asked', {}, { abortAt: 'approve/admin' }, 'aborted', false],
])('%s', async (...row) => {
  const [, setting, options, status, everOpen] = row;
  const deps = world(setting);
  expect((await run(deps, options)).status).toBe(status);
  expect(deps.ended).toBe(status);
  expect(deps.open).toBe(false);
  expect(deps.everOpen).toBe(everOpen);
  expect(deps.proofs).toBe(everOpen || status === 'failed_closed' ? 1 : 0);
});

test('the owner decides beside an admin, and nobody in their place', async () => {
  const asked: string[] = [];
  const outcome = await run(world({ owners: ['usr_asks', 'usr_owner'] }), {
    decisions: (name, spec) => {
      asked.push(`${name} ${spec.assignee ?? ''} not ${(spec.who.not ?? []).join(' ')}`);
      if (name === 'approve/owner') return by('usr_stranger', 'reject');
      return by(name.startsWith('approve/owner') ? 'usr_owner' : 'usr_admin');
    },
  });
  expect(outcome.status).toBe('granted_and_ended');
  expect(asked).toEqual([
    'approve/owner usr_owner not usr_asks usr_asks',
    'approve/owner/2 usr_owner not usr_asks usr_asks',
    'approve/admin  not usr_asks usr_asks usr_owner',
  ]);
  const alone = await run(world({ owners: ['usr_asks'] }), { decisions: yes });
  expect(alone).toMatchObject({ status: 'denied', reason: /only owner/ });
});

test('a revoke that fails ends closed by the row, and says so', async () => {
  const deps = world({});
  const faults = (step: string): Mishap | undefined =>
    step === 'revoke' ? 'permanent' : undefined;
  const outcome = await run(deps, { decisions: yes, faults });
  expect(outcome.status).toBe('failed_closed');
  expect(deps.open).toBe(false);
});

const seed = 20_261_122;

test(`any faults and decisions leave it closed (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        mishaps: fc.array(
          fc.constantFrom<Mishap | undefined>(undefined, undefined, 'before', 'after', 'permanent'),
          { maxLength: 30 },
        ),
        effect: fc.constantFrom<PolicyEffect>('allow', 'needs_approval', 'deny'),
        built: fc.constantFrom<Setting['built']>(undefined, 'yes', 'no', 'never'),
        owners: fc.constantFrom<readonly string[]>([], ['usr_owner'], ['usr_asks']),
        answers: fc.array(fc.constantFrom('approve', 'reject', 'expired', 'stranger'), {
          minLength: 1,
          maxLength: 6,
        }),
        wishes: fc.array(fc.constantFrom<'retry' | 'abort'>('retry', 'abort'), {
          minLength: 1,
          maxLength: 5,
        }),
        abortAt: fc.constantFrom(undefined, 'freeze', 'check', 'grant', 'activate', 'used'),
      }),
      async ({ mishaps, effect, built, owners, answers, wishes, abortAt }) => {
        const deps = world({ effect, owners, ...(built === undefined ? {} : { built }) });
        let attempts = 0;
        let answered = 0;
        let escalated = 0;
        const said: string[] = [];
        const outcome = await run(deps, {
          ...(abortAt === undefined ? {} : { abortAt }),
          faults: (step) => (step === 'end' ? undefined : mishaps[attempts++]),
          escalations: () => wishes[escalated++ % wishes.length] ?? 'abort',
          decisions: (name) => {
            const answer = answers[answered++ % answers.length] ?? 'expired';
            if (answer === 'expired') return { kind: 'expired' };
            const person = name.startsWith('approve/owner') ? 'usr_owner' : 'usr_admin';
            if (answer === 'stranger') return by('usr_stranger');
            if (answer === 'approve') said.push(name);
            return by(person, answer);
          },
        });
        expect(deps.open).toBe(false);
        expect(deps.ended).toBe(outcome.status);
        expect(deps.everOpen && effect === 'deny').toBe(false);
        const owned = effect === 'needs_approval' && owners.includes('usr_owner');
        const approved = said.some((name) => name.startsWith('approve/owner'));
        expect(deps.everOpen && owned && !approved).toBe(false);
        expect(deps.proofs).toBe(outcome.status === 'granted_and_ended' ? 1 : deps.proofs);
      },
    ),
    { seed, numRuns: 300 },
  );
});
