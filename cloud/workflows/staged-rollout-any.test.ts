/**
 * Goal: in any order of faults, robots and people a rollout ends in a state that its rows say.
 * Method: random scripts by seed over the bodies with the real adapters on SQLite.
 */
import { seededRandom } from '@fieldloop/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Habit } from '../rollout/rollout.sample.ts';
import type { RolloutVerb } from '../rollout/rollout.ts';
import { rolloutStore } from '../rollout/store.ts';
import { sqliteWorld } from '../store/sqlite.sample.ts';
import { person, play } from './staged-rollout.sample.ts';

test('in any order of faults and people it ends where its rows say, and no robot is left over', async () => {
  const habits: readonly Habit[] = ['good', 'good', 'good', 'slow', 'rejects', 'stuck'];
  const verbsAt = fc.array(
    fc.record({
      wait: fc.integer({ min: 1, max: 30 }),
      verb: fc.constantFrom<RolloutVerb>('pause', 'resume', 'halt', 'abort', 'rollback', 'promote'),
    }),
    { maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(1e6), verbsAt, fc.nat(3), async (seed, acts, faulty) => {
      await using world = await sqliteWorld();
      const random = seededRandom(seed);
      const { outcome, fleet, rollout, states } = await play(world.db, {
        devices: 8,
        faults: (_step, attempt) =>
          attempt <= faulty && random.next() < 0.2
            ? random.next() < 0.5
              ? 'before'
              : 'after'
            : undefined,
        decisions: (name) =>
          name === 'plan' || random.next() < 0.7
            ? name === 'plan'
              ? 'approve'
              : 'promote'
            : 'rollback',
        during: async (of, id, waits) => {
          if (waits === 1) {
            for (const one of of.devices)
              one.habit = habits[random.integer(habits.length)] ?? 'good';
          }
          for (const { wait, verb } of acts) {
            if (wait === waits) await person(of, id, verb).catch(() => undefined);
          }
          // Nobody leaves a rollout waiting for ever.
          if (waits % 40 === 0) await person(of, id, 'promote').catch(() => undefined);
          if (waits % 40 === 20) await person(of, id, 'resume').catch(() => undefined);
        },
      });
      const ends = ['completed', 'rolled_back', 'rollback_incomplete', 'cancelled'];
      const rows = await rolloutStore(world.db).decisions(rollout.id, { limit: 1000 });
      const said = rows.map(({ rule, to }) => `${rule} ${to}`).slice(-8);
      expect(ends, `${rollout.state}: ${said.join(', ')}; ${JSON.stringify(states)}`).toContain(
        outcome.status,
      );
      expect(rollout.state).toBe(outcome.status);
      const left = fleet.running().filter((runs) => runs.startsWith(rollout.id));
      expect(outcome.status === 'rolled_back' ? left : []).toEqual([]);
      expect(outcome.status === 'completed' ? (states['in_progress'] ?? 0) : 0).toBe(0);
    }),
    { numRuns: 6, seed: 5 },
  );
}, 60_000);
