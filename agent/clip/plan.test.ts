/**
 * Goal: every trigger ends in exactly one clip or one marker, and clips hold what was asked for.
 * Method: the planner driven by hand, and by random triggers against laws that always hold.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxClipMarkers, maxOpenClips } from '@fieldloop/rules';
import {
  type Draft,
  neededFrom,
  nothingPlanned,
  planClips,
  type PlanInput,
  type PlanOutput,
  type PlanState,
  type Trigger,
} from './plan.ts';

const s = (seconds: number): bigint => BigInt(Math.round(seconds * 1000)) * 1_000_000n;

function trigger(atS: number, more: Partial<Trigger> = {}): Trigger {
  return {
    ruleId: more.marker?.rule ?? 'near-miss',
    atNs: s(atS),
    preNs: s(5),
    postNs: s(5),
    maxNs: s(60),
    topics: ['/odom'],
    severity: 'warning',
    class: 'warning',
    tags: [],
    priority: 10,
    propensity: 1,
    marker: {
      rule: more.marker?.rule ?? 'near-miss',
      ruleSet: 'test',
      version: 1,
      ruleSetDigest: '0'.repeat(64),
      severity: 'warning',
      atNs: String(s(atS)),
      expression: 'vx > 1',
      values: {},
    },
    ...more,
  };
}

function play(inputs: readonly PlanInput[]): { state: PlanState; outputs: PlanOutput[] } {
  let state = nothingPlanned;
  const outputs: PlanOutput[] = [];
  for (const input of inputs) {
    const [next, out] = planClips(state, input);
    state = next;
    outputs.push(...out);
  }
  return { state, outputs };
}

const fire = (atS: number, more?: Partial<Trigger>): PlanInput => ({
  kind: 'trigger',
  trigger: trigger(atS, more),
});
const time = (atS: number): PlanInput => ({ kind: 'time', watermarkNs: s(atS) });
const draftsOf = (outputs: readonly PlanOutput[]): Draft[] =>
  outputs.flatMap((output) => (output.kind === 'cut' ? [output.draft] : []));

test('a clip is cut when its post-roll is over, not before', () => {
  const waiting = play([fire(10), time(14.999)]);
  expect(waiting.outputs).toEqual([]);
  expect(neededFrom(waiting.state)).toBe(s(5));
  const { state, outputs } = play([fire(10), time(15.001)]);
  expect(draftsOf(outputs)).toMatchObject([{ startNs: s(5), endNs: s(15), firstAtNs: s(10) }]);
  expect(state.open).toEqual([]);
});

test('overlapping triggers are one clip: markers, union of topics, the highest of the rest', () => {
  const { outputs } = play([
    fire(10, { topics: ['/odom', '/scan'], tags: ['a'], priority: 10 }),
    fire(13, {
      topics: ['/camera'],
      severity: 'critical',
      class: 'critical',
      tags: ['b'],
      priority: 90,
    }),
    { kind: 'end' },
  ]);
  expect(outputs.map(({ kind }) => kind)).toEqual(['merged', 'cut']);
  expect(draftsOf(outputs)).toMatchObject([
    {
      startNs: s(5),
      endNs: s(18),
      firstAtNs: s(10),
      topics: ['/odom', '/scan', '/camera'],
      severity: 'critical',
      class: 'critical',
      tags: ['a', 'b'],
      priority: 90,
    },
  ]);
  expect(draftsOf(outputs)[0]?.markers).toHaveLength(2);
});

test('a clip does not grow past the longest duration; the next trigger begins another', () => {
  const inputs = Array.from({ length: 30 }, (_, i) => fire(10 + i * 4));
  const { outputs } = play([...inputs, { kind: 'end' }]);
  const drafts = draftsOf(outputs);
  expect(drafts.length).toBeGreaterThan(1);
  for (const draft of drafts) expect(draft.endNs - draft.startNs).toBeLessThanOrEqual(s(60));
});

test('a full window takes pre-roll first, then the clip is cut with its trigger in the middle', () => {
  const pressure = (throughS: number, newestS: number): PlanInput => ({
    kind: 'pressure',
    throughNs: s(throughS),
    newestNs: s(newestS),
  });
  expect(play([fire(10), pressure(4, 11)]).outputs).toEqual([]);
  expect(play([fire(10), pressure(7, 12)]).outputs).toEqual([]);
  expect(play([fire(10), pressure(7, 13)]).outputs).toMatchObject([{ kind: 'cut' }]);
});

test('no more than the limit is open at once; what comes then is a marker alone', () => {
  const long = { postNs: s(1_000), maxNs: s(1_005) };
  const inputs = Array.from({ length: maxOpenClips + 1 }, (_, i) => fire(100 * (i + 1), long));
  const { state, outputs } = play(inputs);
  expect(state.open).toHaveLength(maxOpenClips);
  expect(outputs).toMatchObject([{ kind: 'overload', trigger: { atNs: s(500) } }]);
});

test('triggers that come all at once are the clips of triggers that come with their time', () => {
  const seed = 20_250_102;
  const at = fc.integer({ min: 0, max: 4_000 });
  const property = fc.property(fc.array(at, { maxLength: 200 }), (times) => {
    const ordered = times.toSorted((a, b) => a - b);
    const end: PlanInput = { kind: 'end' };
    const timed = play([...ordered.flatMap((t) => [time(t), fire(t)]), end]);
    expect(play([...ordered.map((t) => fire(t)), end]).outputs).toEqual(timed.outputs);
  });
  fc.assert(property, { seed, numRuns: 200 });
});

test('for all triggers: each is in one clip or is an overload, and inside the clip range', () => {
  const seed = 20_250_101;
  const at = fc.integer({ min: 0, max: 400 });
  const property = fc.property(fc.array(at, { maxLength: 120 }), (times) => {
    const ordered = times.toSorted((a, b) => a - b);
    const inputs = ordered.flatMap((t, i) => [
      fire(t, { marker: { ...trigger(t).marker, rule: `r${i}` } }),
      time(t),
    ]);
    const { outputs } = play([...inputs, { kind: 'end' }]);
    const placed = draftsOf(outputs).flatMap((draft) => {
      expect(draft.markers.length).toBeLessThanOrEqual(maxClipMarkers);
      for (const marker of draft.markers) {
        const atNs = BigInt(marker.atNs);
        expect(atNs >= draft.startNs && atNs <= draft.endNs).toBe(true);
      }
      return draft.markers.map(({ rule }) => rule);
    });
    const overloads = outputs.flatMap((o) =>
      o.kind === 'overload' ? [o.trigger.marker.rule] : [],
    );
    expect([...placed, ...overloads].toSorted()).toEqual(ordered.map((_, i) => `r${i}`).toSorted());
  });
  fc.assert(property, { seed, numRuns: 200 });
});
