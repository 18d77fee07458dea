/**
 * Goal: the gate of agreement says what it knows, and what it cannot tell.
 * Method: figures as they are measured, and the words and outcome that a person reads.
 */
import { expect, test } from 'vitest';
import type { JudgedAgreement } from '../store/agreement.ts';
import { usualGates } from './dataset.ts';
import { type GateFacts, gateResults } from './gates.ts';

const facts: Omit<GateFacts, 'agreement'> = {
  openTasks: 0,
  items: 416,
  trainClasses: {},
  leaks: { found: 0, dropped: 0, withoutEmbedding: 0, examples: [] },
  torn: [],
  moved: [],
  badClips: [],
  clips: 9,
  privacy: {},
  residency: {},
  test: 100,
};

const figure = (of: Partial<JudgedAgreement>): JudgedAgreement => ({
  type: 'classification',
  tasks: 416,
  units: 416,
  values: 832,
  gate: 'pass',
  ...of,
});

const all = figure({ alpha: 0.9412, low: 0.912, high: 0.966 });

const gate = (figures: readonly JudgedAgreement[], unmeasured = 0) =>
  gateResults(usualGates, { ...facts, agreement: { figures, unmeasured } }).find(
    (one) => one.gate === 'alpha',
  );

test('a class that was hardly ever said warns, and does not block', () => {
  const robot = figure({ class: 'robot', alpha: -0.009, tasks: 3, gate: 'few' });
  expect(gate([all, robot])).toEqual({
    gate: 'alpha',
    outcome: 'warn',
    reason:
      'alpha is 0.941 (0.912 to 0.966) on 416 tasks of classification; ' +
      'too few to tell of robot: 3 tasks of 20',
    remedy: 'Label more of these classes, or ask triage for them by name.',
    offenders: ['robot'],
  });
});

test('a class whose whole interval is too low fails, with all of them below it named', () => {
  const robot = figure({ class: 'robot', alpha: 0.31, low: 0.1, high: 0.52, tasks: 60 });
  const shelf = figure({ class: 'shelf', alpha: 0.7, low: 0.6, high: 0.8, tasks: 90 });
  const found = gate([all, { ...robot, gate: 'block' }, { ...shelf, gate: 'warn' }], 7);
  expect(found).toMatchObject({ outcome: 'fail', offenders: ['robot', 'shelf'] });
  expect(found?.reason).toContain('robot is below 0.667: 0.310 (0.100 to 0.520) on 60 tasks');
  expect(found?.reason).toContain('7 items have no two blind answers');
});

test('with nothing to measure it is inconclusive, and says what helps', () => {
  expect(gate([], 5)).toMatchObject({
    outcome: 'inconclusive',
    reason: 'alpha is undefined: 5 items have no two blind answers',
  });
  expect(gate([figure({ gate: 'undefined' })])).toMatchObject({
    outcome: 'inconclusive',
    reason: 'alpha is undefined: one class alone was said',
  });
  expect(gate([all])).toMatchObject({ outcome: 'pass' });
});
