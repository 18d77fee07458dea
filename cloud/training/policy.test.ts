/**
 * Goal: a training begins by itself for the reasons that its policy names and for no other; each
 * look leaves an answer.
 * Method: a table of figures; a policy on a real database, looked at again and again.
 */
import { expect, test } from 'vitest';
import { lookAtPolicy } from './policies.ts';
import { decidePolicy, type PolicyFacts, type Triggers } from './policy.ts';
import { policyStore } from './policy-store.ts';
import { lookAtTraining } from './store.ts';
import { openTrainingWorld } from './training.sample.ts';

const facts: PolicyFacts = { now: 1e9, version: 'v', newLabels: 0, driftLimit: 0.2 };
const cluster = { name: 'fog', failures: 4 };
const worse = { audited: { low: 0.3, high: 0.5, n: 99 }, tested: { low: 0.1, high: 0.2, n: 99 } };

test.each<readonly [string, Triggers, Partial<PolicyFacts>, string]>([
  ['enough labels', { newLabels: 5 }, { newLabels: 5 }, 'started'],
  ['too few labels', { newLabels: 5 }, { newLabels: 4 }, 'held'],
  ['enough, no version', { newLabels: 5 }, { newLabels: 5, version: undefined }, 'due'],
  ['a cluster', { cluster: 4 }, { cluster }, 'started'],
  ['a small cluster', { cluster: 5 }, { cluster }, 'held'],
  ['fails more', { failureRate: true }, worse, 'started'],
  ['may fail more', { failureRate: true }, { ...worse, tested: worse.audited }, 'held'],
  ['nothing to compare', { failureRate: true }, {}, 'held'],
  ['drift', { drift: true }, { drift: 0.21 }, 'started'],
  ['no drift', { drift: true }, { drift: 0.19 }, 'held'],
  ['one at work', { newLabels: 1 }, { newLabels: 9, active: 'trn_1' }, 'held'],
  ['cooling down', { newLabels: 1 }, { newLabels: 9, lastAt: 1e9 - 10 }, 'held'],
  ['by hand alone', {}, { newLabels: 9 }, 'held'],
])('%s', (_, triggers, more, outcome) => {
  const policy = { triggers, cooldownMs: 1000, enabled: true };
  const answer = decidePolicy(policy, { ...facts, ...more });
  expect(answer).toMatchObject({ outcome });
  expect(answer.why).not.toBe('');
  expect(decidePolicy({ ...policy, enabled: false }, { ...facts, ...more }).outcome).toBe('held');
});

test('each look leaves its answer; the same again is counted; a start is once', async () => {
  await using world = await openTrainingWorld();
  const act = { at: 5, by: 'usr_1', ids: world.deps.ids };
  const made = await policyStore(world.db).create(
    {
      model: 'toy',
      dataset: 'toys',
      triggers: { newLabels: 1 },
      config: {},
      trainer: 'builtin',
      cooldownMs: 0,
      enabled: true,
      retrainValue: true,
    },
    act,
  );
  if (made === undefined) throw new Error('no policy');
  const look = async () => await lookAtPolicy(world.deps, made);
  expect([await look(), await look()]).toEqual(['held', 'held']);
  await world.db
    .insertInto('dataset_item')
    .values({
      version_id: world.versionId,
      n: 1,
      item_sha256: 'i',
      clip_id: 'c',
      clip_sha256: 's',
      label_id: 'l',
      label_sha256: 'h',
      split: 'train',
      group_key: 'g',
      lane: 'audit',
    })
    .execute();
  expect([await look(), await look()]).toEqual(['started', 'held']);
  const rows = await world.db.selectFrom('training_check').selectAll().orderBy('id').execute();
  expect(rows.map(({ outcome, times }) => [outcome, Number(times)])).toEqual([
    ['held', 2],
    ['started', 1],
    ['held', 1],
  ]);
  const training = await lookAtTraining(world.db, rows[1]?.training_id ?? '');
  expect(training).toMatchObject({ state: 'queued', policy: made.id, reason: rows[1]?.why });
});
