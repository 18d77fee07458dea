/**
 * Goal: simulated people sign what their stated rules allow and nothing else.
 * Method: one version, evaluation, release, plan and canary that they sign, each spoilt once.
 */
import { expect, test } from 'vitest';
import {
  type Evaluated,
  objectionTo,
  signEvaluation,
  signPlan,
  signRelease,
  signStage,
  signVersion,
} from './judgement.ts';

const finding = (name: string, outcome: string, reason = name) => ({ name, outcome, reason });

test('a version is signed when nothing in it is red', () => {
  const gates = [finding('leak', 'warn'), finding('bytes', 'pass')];
  expect(signVersion(gates)).toEqual({ option: 'approve', reason: 'nothing is red' });
  expect(signVersion([...gates, finding('alpha', 'fail')])).toEqual({
    option: 'reject',
    reason: 'alpha: alpha',
  });
  expect(signVersion([finding('test', 'inconclusive')])).toMatchObject({ option: 'reject' });
});

const unsure: Evaluated = {
  outcome: 'inconclusive',
  gates: [finding('shapes', 'pass'), finding('overall', 'inconclusive')],
  comparison: { lost: 3, won: 8 },
  calibration: { difference: 0.01 },
  slices: [{ kind: 'class', name: 'clear', n: 30, lost: 2, won: 2 }],
};

const spoilt: readonly (readonly [string, Partial<Evaluated>])[] = [
  ['a gate that failed', { gates: [finding('regression', 'fail')] }],
  ['as much lost as won', { comparison: { lost: 8, won: 8 } }],
  ['nothing to compare with', { comparison: null }],
  ['a slice that lost', { slices: [{ kind: 'site', name: 'x', n: 30, lost: 3, won: 2 }] }],
  ['worse calibration', { calibration: { difference: 0.06 } }],
];

test('an evaluation that cannot tell goes on with the odds in its favour', () => {
  expect(signEvaluation(unsure)).toMatchObject({ option: 'go_on' });
  const few = { kind: 'class', name: 'robot', n: 29, lost: 1, won: 0 };
  expect(objectionTo({ ...unsure, slices: [few] })).toBeUndefined();
});

test.each(spoilt)('it does not with %s, and no release of it is approved', (_, given) => {
  const evaluation = { ...unsure, ...given };
  expect(signEvaluation(evaluation)).toMatchObject({ option: 'reject' });
  const approval = { asked: 'd', release: 'd', named: 'e', read: 'e' };
  expect(signRelease({ ...approval, evaluation })).toMatchObject({ option: 'reject' });
});

test('a release is approved by digest, and only on the evaluation that it names', () => {
  const good = { asked: 'd', release: 'd', named: 'e', read: 'e', evaluation: unsure };
  expect(signRelease(good)).toMatchObject({ option: 'approve' });
  expect(signRelease({ ...good, release: 'other' })).toMatchObject({ option: 'reject' });
  expect(signRelease({ ...good, read: 'other' })).toMatchObject({ option: 'reject' });
  expect(signRelease({ ...good, named: undefined })).toMatchObject({ option: 'reject' });
});

test('a plan begins with one robot of three and stops at the first that says no', () => {
  const hardStops = { rejected: 1, failed: 1, rolled_back: 1, silent_after_activate: 1 };
  const plan = { stages: [{ percent: 34 }, { percent: 100 }], hardStops };
  const shown = { asked: 'p', shown: 'p' };
  expect(signPlan(plan, shown)).toMatchObject({ option: 'approve' });
  expect(signPlan(plan, { ...shown, shown: 'q' })).toMatchObject({ option: 'reject' });
  expect(signPlan({ ...plan, stages: [{ percent: 100 }] }, shown).option).toBe('reject');
  expect(signPlan({ ...plan, hardStops: { ...hardStops, failed: 2 } }, shown).option).toBe(
    'reject',
  );
});

test('a canary that failed, or of which nothing is known, is not promoted', () => {
  const canary = { device: 'amr-01', state: 'committed', failures: 0 };
  expect(signStage([canary])).toMatchObject({ option: 'promote' });
  expect(signStage([])).toMatchObject({ option: 'rollback' });
  expect(signStage([canary, { ...canary, failures: 1 }])).toMatchObject({ option: 'rollback' });
  expect(signStage([{ ...canary, failures: undefined }])).toMatchObject({ option: 'rollback' });
  expect(signStage([{ ...canary, fault: 'golden check' }])).toMatchObject({ option: 'rollback' });
});
