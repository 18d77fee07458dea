/** Scorers as rule sets declare them, for tests. */
import { jsonChannel } from '../source/testing.ts';
import type { ScorerPlan } from './tap.ts';

export const second = 1_000_000_000n;
export const camera = jsonChannel(1, '/camera');
export const state = jsonChannel(2, '/state');

export const plan: ScorerPlan = {
  id: 'who',
  model: 'tiny',
  topic: '/camera',
  more: [],
  moreAgeNs: 0n,
  everyNs: second,
  deadlineNs: second / 10n,
};

/** Of a model with two inputs. */
export const twoInputs: ScorerPlan = {
  ...plan,
  everyNs: 0n,
  more: [{ name: 'state', topic: '/state' }],
  moreAgeNs: second / 2n,
};
