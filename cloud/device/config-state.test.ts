/**
 * Goal: the operator sees whether a device took what it should have, and if not, what differs and
 * why.
 * Method: desired and reported documents as the cloud and the agent write them.
 */
import type { Json } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { sectionConfig } from './config-state.ts';

const sha = (n: number): string => String(n).repeat(64);
const desired = (document: Json) => ({
  section: 'rules',
  generation: 4,
  digest: sha(9),
  document,
  updatedAt: 100,
});
const rules = (n: number, more: object = {}): Json => ({
  digest: sha(n),
  set: 'amr',
  version: n,
  ...more,
});
const wanted = desired({ active: { ...ref(2), text: 'rules: []' } });

function ref(n: number): { readonly [key: string]: Json } {
  return { ruleSet: 'amr', version: n, digest: sha(n), publication: 'pub_1' };
}

const config = (report: Json | undefined, want: ReturnType<typeof desired> | undefined = wanted) =>
  sectionConfig(
    'rules',
    want,
    report === undefined ? undefined : { digest: sha(1), document: report, at: 150 },
  );

test('the digest that runs decides, not the document around it', () => {
  expect(config(rules(2))).toMatchObject({ state: 'in_sync', since: 150, differences: [] });
  expect(config(rules(1))).toMatchObject({
    state: 'pending',
    since: 100,
    differences: [{ pointer: '/active/digest', desired: sha(2), reported: sha(1) }],
  });
  expect(config(undefined)).toMatchObject({ state: 'pending', desired: { generation: 4 } });
});

test('a shadow that is not there yet is a difference of its own', () => {
  const both = desired({ active: ref(2), shadow: ref(3) });
  expect(config(rules(2), both).differences).toEqual([
    { pointer: '/shadow/digest', desired: sha(3) },
  ]);
  expect(config(rules(2, { shadow: { digest: sha(3), fires: 1 } }), both).state).toBe('in_sync');
});

test('a rejection counts for what is desired now, and says why', () => {
  const problems = [{ line: 3, column: 2, code: 'unknown_signal', message: 'no', remedy: 'x' }];
  expect(config(rules(1, { rejected: { digest: sha(2), problems } }))).toMatchObject({
    state: 'rejected',
    since: 150,
    problems,
  });
  expect(config(rules(1, { rejected: { digest: sha(5), problems } })).state).toBe('pending');
});

test('other sections are compared member by member; nothing desired is nothing to compare', () => {
  const log = { ...desired({ log: { level: 'debug' } }), section: 'agent' };
  const report = (level: string) => ({
    digest: sha(1),
    at: 200,
    document: { digest: sha(1), log: { level }, version: '0.1.0' },
  });
  expect(sectionConfig('agent', log, report('info')).differences).toEqual([
    { pointer: '/log/level', desired: 'debug', reported: 'info' },
  ]);
  expect(sectionConfig('agent', log, report('debug'))).toMatchObject({
    state: 'in_sync',
    since: 200,
  });
  expect(sectionConfig('models', undefined, report('info')).state).toBe('unmanaged');
});

const wantedModels = (n: number) => ({
  section: 'models',
  generation: 3,
  digest: sha(9),
  document: {
    rollout: 'rol_1',
    attempt: 1,
    models: {
      who: {
        onnx: { sha256: sha(n), sizeBytes: 1 },
        document: { sha256: sha(n + 1), sizeBytes: 1 },
      },
    },
  },
  updatedAt: 5,
});
const runningModels = (n: number, more: Readonly<Record<string, Json>> = {}) => ({
  digest: sha(8),
  document: {
    digest: sha(8),
    running: { who: { sha256: sha(n), documentSha256: sha(n + 1), since: 4 } },
    state: 'running',
    rollout: 'rol_1',
    attempt: 1,
    ...more,
  },
  at: 7,
});

test('models are in sync when the files behind what runs are those that are wanted', () => {
  const desired = wantedModels(1);
  expect(sectionConfig('models', desired, runningModels(1)).state).toBe('in_sync');
  const late = sectionConfig('models', desired, runningModels(3, { state: 'downloading' }));
  expect(late).toMatchObject({
    state: 'pending',
    differences: [
      { pointer: '/who/sha256', desired: sha(1), reported: sha(3) },
      { pointer: '/who/documentSha256', desired: sha(2), reported: sha(4) },
    ],
  });
});

test('models that failed on the robot are rejected with its words, until another try is wanted', () => {
  const fault = { code: 'invalid', message: 'golden input 0' };
  const failed = runningModels(3, { state: 'rolled_back', fault });
  expect(sectionConfig('models', wantedModels(1), failed)).toMatchObject({
    state: 'rejected',
    problems: [fault],
  });
  const again = { ...wantedModels(1).document, attempt: 2 };
  const next = { ...wantedModels(1), document: again };
  expect(sectionConfig('models', next, failed).state).toBe('pending');
});
