/**
 * Goal: however often, late or out of order a robot's reports come, each attempt has one effect.
 * Method: shuffled reports of two attempts folded into one device's row, all orders by property.
 */
import { sha256Hex } from '@fieldloop/core';
import type { ModelsReport } from '@fieldloop/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldReports, type Wanted } from './fold.ts';
import type { Target } from './rollout.ts';

const [onnx, document] = [sha256Hex('onnx'), sha256Hex('document')];
const wanted: Wanted = { models: { who: { onnx, document } }, rules: undefined, sims: {} };

const offered: Target = {
  rolloutId: 'rol_2',
  deviceId: 'dev_1',
  device: 'amr-01',
  site: 'hall',
  stratum: 'hall',
  arm: 'treatment',
  stage: 0,
  shadow: false,
  position: 0,
  offsets: {},
  state: 'offered',
  role: 'active',
  attempt: 2,
  changedAt: 1,
  reportAt: 0,
  told: {},
  version: 1,
};

const said = (
  state: ModelsReport['state'],
  more: { readonly rollout?: string; readonly attempt?: number; readonly runs?: string } = {},
): ModelsReport => ({
  digest: sha256Hex(state),
  state,
  rollout: more.rollout ?? 'rol_2',
  attempt: more.attempt ?? 2,
  running: { who: { sha256: more.runs ?? onnx, documentSha256: document, since: 1 } },
});

const told = (reports: readonly ModelsReport[]): Target['state'] => {
  let target = offered;
  for (const models of reports) {
    target = { ...target, state: foldReports(target, { models, rules: undefined }, wanted).state };
  }
  return target.state;
};

const strangers = [
  said('running', { rollout: 'rol_1' }),
  said('rejected', { rollout: 'rol_1' }),
  said('running', { attempt: 1 }),
  said('rolled_back', { attempt: 1 }),
  said('rejected', { attempt: 1 }),
];

test('what another rollout or attempt came to says nothing of this one, in any order', () => {
  const own = [said('downloading'), said('checking'), said('running')];
  fc.assert(
    fc.property(fc.shuffledSubarray([...strangers, ...own, ...own], { minLength: 0 }), (before) => {
      expect(told([...before, said('running')])).toBe('committed');
      expect(told(before.filter((one) => strangers.includes(one)))).toBe('offered');
    }),
    { seed: 11 },
  );
});

test.each(['rejected', 'rolled_back'] as const)(
  'an attempt that the robot gave up as %s stays given up, whatever comes late',
  (state) => {
    const late = [said('downloading'), said('checking'), said('running'), ...strangers];
    fc.assert(
      fc.property(fc.shuffledSubarray(late), (after) => {
        expect(told([said(state), ...after])).toBe(state);
      }),
      { seed: 12 },
    );
  },
);

test('a robot that reports another digest as running has failed, not succeeded', () => {
  expect(told([said('running', { runs: sha256Hex('another') })])).toBe('failed');
  expect(told([said('running', { runs: sha256Hex('another') }), said('running')])).toBe(
    'committed',
  );
});
