/**
 * Goal: clips of overlapping triggers hold what each asked for, and what is too long is one group.
 * Method: the planner driven by hand; its state goes through JSON and on as before.
 */
import { expect, test } from 'vitest';
import {
  type ClipDraft,
  type ClipTrigger,
  nothingPlanned,
  planClips,
  type PlanInput,
  type PlanState,
} from './clip-plan.ts';
import { loadPlan, savePlan } from './plan-state.ts';

const s = (seconds: number): bigint => BigInt(seconds) * 1_000_000_000n;

const trigger = (atS: number, more: Partial<ClipTrigger<string>> = {}): PlanInput<string> => ({
  kind: 'trigger',
  trigger: {
    ruleId: 'r',
    atNs: s(atS),
    preNs: s(5),
    postNs: s(5),
    maxNs: s(20),
    topics: ['/odom'],
    severity: 'warning',
    class: 'warning',
    tags: [],
    priority: 10,
    propensity: 1,
    marker: `m${atS}`,
    ...more,
  },
});

/** Through JSON between all steps. */
function run(...inputs: readonly PlanInput<string>[]): ClipDraft<string>[] {
  let state: PlanState<string> = nothingPlanned;
  return [...inputs, { kind: 'end' } as const].flatMap((input) => {
    const [next, outputs] = planClips(state, input);
    state = loadPlan(JSON.parse(JSON.stringify(savePlan(next, String))), String);
    expect(state).toEqual(next);
    return outputs.flatMap((output) => (output.kind === 'cut' ? [output.draft] : []));
  });
}

const shown = ({ startNs, endNs, markers, group }: ClipDraft<string>): string =>
  `${startNs / s(1)}-${endNs / s(1)} ${markers.join('+')}${group === undefined ? '' : ` ${group.id}/${group.part}`}`;

test('triggers merge up to the longest duration; the rest is the next part of one group', () => {
  const clips = run(trigger(10), trigger(14), trigger(18), trigger(22), trigger(26));
  expect(clips.map(shown)).toEqual([
    '5-23 m10+m14+m18 r@10000000000/1',
    '17-31 m22+m26 r@10000000000/2',
  ]);
});

test('clips that do not touch are no group', () => {
  expect(run(trigger(10), trigger(40)).map(shown)).toEqual(['5-15 m10', '35-45 m40']);
});

test('an extension moves the end, and splits where it is too long', () => {
  const extend = (throughS: number): PlanInput<string> => ({
    kind: 'extend',
    ruleId: 'r',
    atNs: s(10),
    throughNs: s(throughS),
  });
  expect(run(trigger(10), extend(20)).map(shown)).toEqual(['5-20 m10']);
  expect(run(trigger(10), extend(12)).map(shown)).toEqual(['5-15 m10']);
  expect(run(trigger(10), extend(30)).map(shown)).toEqual([
    '5-25 m10 r@10000000000/1',
    '25-30 m10 r@10000000000/2',
  ]);
  expect(run(trigger(10), trigger(12), extend(70)).map(shown)).toEqual([
    '5-25 m10+m12 r@10000000000/1',
    '25-45 m10 r@10000000000/2',
    '45-65 m10 r@10000000000/3',
    '65-70 m10 r@10000000000/4',
  ]);
  const other: PlanInput<string> = { ...extend(30), ruleId: 'other' } as PlanInput<string>;
  expect(run(trigger(10), other).map(shown)).toEqual(['5-15 m10']);
});
