/**
 * Goal: a forecast from stored recordings tells the day of a robot, and how sure that is.
 * Method: seeded fleets whose true rates are known, cut into clips as robots would, replayed by the
 * real engine; recordings that overlap, lack topics or are too few.
 */
import { seededRandom } from '@fieldloop/core';
import { expect, test } from 'vitest';
import { parseRuleSet } from './document.ts';
import { forecast } from './forecast.ts';
import type { SeenRecording } from './fold-trials.ts';
import type { RuleSet } from './rule-set.ts';
import { blockOf, channelsOf, every, inTimeOrder, type TestMessage } from './test-blocks.ts';
import { openTrial } from './trial.ts';

function ruleSetOf(rules: string): RuleSet {
  const text = `apiVersion: fieldloop.rules/v1
kind: RuleSet
metadata: {name: t, version: 1}
signals:
  v: {topic: /odom, path: data, type: double}
  w: {topic: /other, path: data, type: double}
rules:
${rules}`;
  const { ruleSet, problems } = parseRuleSet(text, 't.yaml');
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (ruleSet === undefined) throw new TypeError('no rule set');
  return ruleSet;
}

const fast = ruleSetOf(
  '- {id: fast, severity: info, when: v > 1.0, limits: {cooldown: 2s}, capture: {pre: 1s, post: 1s}}\n' +
    '- {id: other, severity: info, when: w > 1.0, capture: {pre: 1s, post: 1s}}\n',
);

interface Cut {
  readonly device?: string;
  readonly session?: string;
  readonly sampled?: boolean;
  readonly storedBytes?: number;
  /** As a backtest replays them. */
  readonly whole?: true;
}

function seen(ruleSet: RuleSet, messages: readonly TestMessage[], cut: Cut = {}): SeenRecording {
  const ordered = inTimeOrder(messages);
  const channels = channelsOf(ordered);
  const trial = openTrial(ruleSet, { device: cut.device ?? 'amr-01', whole: cut.whole });
  for (const channel of channels) trial.take({ kind: 'channel', channel });
  trial.take({ kind: 'block', block: blockOf(ordered, channels) });
  const ended = trial.end();
  if (ended === undefined) throw new TypeError('no messages');
  return {
    device: cut.device ?? 'amr-01',
    session: cut.session ?? 'ses_1',
    sampled: cut.sampled ?? false,
    storedBytes: cut.storedBytes ?? 1_000,
    trial: ended,
  };
}

/** Odometry at 10 Hz that is fast for 300 ms at each of `fastMs`. */
const odometry = (fromMs: number, toMs: number, fastMs: readonly number[]): TestMessage[] =>
  every('/odom', { fromMs, toMs, periodMs: 100 }, (ms) =>
    fastMs.some((at) => ms >= at && ms < at + 300) ? 2 : 0,
  );

const of = (ruleSet: RuleSet, recordings: readonly SeenRecording[], recordedS = 0) =>
  forecast({
    ruleSet,
    recordings,
    sessionS: new Map(recordings.map(({ session }) => [session, recordedS])),
    dutyHours: 24,
  });

test('one recording of everything gives its own rate, merged clips and their bytes', () => {
  const told = of(fast, [seen(fast, odometry(0, 100_100, [10_000, 12_500, 50_000]))]);
  // Two of the three are 2.5 s apart, past the cooldown; their clips of 2 s do not meet.
  expect(told.fires.mean).toBeCloseTo((3 * 86_400) / 100, 6);
  expect(told.clips.mean).toBeCloseTo((3 * 86_400) / 100, 6);
  // All of the 1000 stored bytes are odometry: 10 a second, 2 s a clip.
  expect(told.clipBytes.mean).toBeCloseTo(20, 6);
  expect(told.bytes.mean).toBeCloseTo((3 * 86_400 * 20) / 100, 4);
  expect(told.fires.low).toBeLessThan(told.fires.mean);
  expect(told.fires.high).toBeGreaterThan(told.fires.mean);
});

test('a moment in two recordings counts once, and a cold start is not a trigger', () => {
  const first = seen(fast, odometry(0, 20_100, [10_000]));
  const second = seen(fast, odometry(10_100, 30_100, [10_000]));
  const told = of(fast, [second, first]);
  expect(told.rules[0]).toMatchObject({ fires: 1, cold: 0 });
  expect(told.seenHours * 3600).toBeCloseTo(30, 6);
  expect(of(fast, [second]).rules[0]).toMatchObject({ fires: 1, cold: 1 });
});

test('a cooldown reaches from one recording into the next', () => {
  const first = seen(fast, odometry(0, 10_000, [9_500]));
  const second = seen(fast, odometry(10_100, 20_000, [11_000]));
  expect(of(fast, [first, second]).rules[0]?.fires).toBe(1);
});

test('a rule whose topics no recording has gets no figure, not zero', () => {
  const told = of(fast, [seen(fast, odometry(0, 20_000, [10_000]))]);
  expect(told.rules[1]).toEqual({ rule: 'other', basis: 'blind', fires: 0, cold: 0, hours: 0 });
  const both = [
    ...odometry(0, 20_000, []),
    ...every('/other', { toMs: 20_000, periodMs: 500 }, () => 0),
  ];
  const rule = of(fast, [seen(fast, both)]).rules[1];
  expect(rule).toMatchObject({ basis: 'replay', perRobotDay: { mean: 0, low: 0 } });
  // Nothing in 20 s leaves room for 3.69 events in as long: the rule of three, exactly.
  expect(rule?.perRobotDay?.high).toBeCloseTo((3.689 * 86_400) / 19.9, -2);
});

test('clips alone give bounds; a baseline sample tells of the time between them', () => {
  const clip = seen(fast, odometry(0, 10_000, [5_000]));
  const alone = of(fast, [clip], 1_000);
  expect(alone.population).toBe('triggered');
  expect(alone.fires.mean).toBeCloseTo(86.4, 6);
  // As if all day were like the clip: at most 5.57 events in its 9.9 s.
  expect(alone.fires.high).toBeCloseTo((5.572 * 86_400) / 9.9, -2);
  const baselines = Array.from({ length: 10 }, (_, i) =>
    seen(fast, odometry(50_000 + i * 90_000, 60_100 + i * 90_000, []), { sampled: true }),
  );
  const told = of(fast, [clip, ...baselines], 1_000);
  expect(told.population).toBe('sampled');
  expect(told.fires.mean).toBeCloseTo(86.4, 6);
  expect(told.fires.high).toBeLessThan(alone.fires.high / 8);
  expect(told.sampledHours * 3600).toBeCloseTo(100, 6);
});

test('rules that go by the clock are told from their period, not from the starts of clips', () => {
  const timed = ruleSetOf(
    '- {id: base, severity: info, every: {period: 10m}, class: baseline, capture: {pre: 0s, post: 10s}}\n',
  );
  const told = of(timed, [
    seen(timed, odometry(0, 20_000, [])),
    seen(timed, odometry(30_000, 50_000, [])),
  ]);
  expect(told.rules[0]).toMatchObject({ basis: 'schedule', perRobotDay: { mean: 144, low: 144 } });
  expect(told.clips.mean).toBe(144);
  expect(told.bytes.mean).toBeGreaterThan(0);
});

test('of turns a sample keeps its share, and a shadow makes no clip', () => {
  const rule = (id: string, more: string): string =>
    `- {id: ${id}, every: {randomUniform: 10m}, capture: {pre: 0s, post: 10s}${more}}\n`;
  const timed = ruleSetOf(
    rule('half', ', sample: {probability: 0.5}') +
      rule('dark', ', shadow: true') +
      rule('when', ', when: v > 1.0'),
  );
  const { rules, clips } = of(timed, [seen(timed, odometry(0, 20_000, []))]);
  expect(rules.map(({ perRobotDay }) => [perRobotDay?.low, perRobotDay?.mean])).toEqual([
    [72, 72],
    [0, 0],
    [0, 144],
  ]);
  expect(clips.mean).toBe(216);
});

test('as many clips as rules without a cooldown make are summed up', () => {
  const one = seen(fast, odometry(0, 60_000, [10_000]), { sampled: true });
  const clip = {
    startNs: one.trial.startNs,
    endNs: one.trial.endNs,
    topics: ['/odom'],
    markers: [{ rule: 'fast', atNs: one.trial.startNs }],
    bytes: 10,
  };
  const clips = Array.from({ length: 300_000 }, () => clip);
  const rest = { rules: new Map(), messages: 0, late: 0, epochs: 0, problems: [] };
  const whole = { ...rest, clips, stretches: [one.trial] };
  const told = of(fast, [{ ...one, trial: { ...one.trial, whole } }], 60);
  expect(told.clipBytes).toEqual({ mean: 10, most: 10 });
  expect(told.bytes.mean / told.clips.mean).toBeCloseTo(10, 6);
});

test('fleets whose rate is known: the interval holds it, from clips and samples alone', () => {
  const random = seededRandom(20_261_121);
  const perHour = 40;
  const truth = perHour * 24;
  let held = 0;
  const fleets = 5;
  for (let fleet = 0; fleet < fleets; fleet += 1) {
    const recordings = Array.from({ length: 6 }, (_, session) => {
      const times: number[] = [];
      for (let ms = 0; ; ) {
        ms += 4_000 - (Math.log(1 - random.next()) * 3_600_000) / perHour;
        if (ms > 1_795_000) break;
        times.push(Math.round(ms / 100) * 100);
      }
      // Half of the triggers were known to the old rules and kept; the rest is sampled.
      const kept = times.filter(() => random.next() < 0.5);
      const name = { session: `ses_${session}`, device: `amr-${session}` };
      return [
        ...kept.map((at) => seen(fast, odometry(at - 2_000, at + 2_100, times), name)),
        ...Array.from({ length: 15 }, (__, i) =>
          seen(fast, odometry(i * 120_000, i * 120_000 + 10_100, times), {
            ...name,
            sampled: true,
          }),
        ),
      ];
    }).flat();
    const { low, high } = of(fast, recordings, 1_800).fires;
    // Times between triggers are 4 s longer than drawn: the true rate is a little lower.
    const actual = truth / (1 + (4 * perHour) / 3_600);
    if (low <= actual && actual <= high) held += 1;
  }
  // With this seed and a hundred fleets of twice as many samples, 97 were held.
  expect(held).toBe(fleets);
});

const hourly = (fires: number): readonly number[] =>
  Array.from({ length: fires }, (_, i) => 10_000 + i * 10_000);

test('whole sessions have their own time, whatever their clocks said and whose they are', () => {
  const sessions = (deviceOf: (i: number) => string) =>
    Array.from({ length: 6 }, (_, i) =>
      seen(fast, odometry(0, 600_000, hourly(2)), {
        session: `ses_${i}`,
        device: deviceOf(i),
        sampled: true,
        whole: true,
      }),
    );
  const apart = of(
    fast,
    sessions((i) => `amr-0${i}`),
  );
  expect(apart.fires.mean).toBeCloseTo(2 * 6 * 24, -1);
  const together = of(
    fast,
    sessions(() => 'amr-01'),
  );
  expect(together.fires).toEqual(apart.fires);
  expect(together.rules).toEqual(apart.rules);
});

test('sessions without the topics of a rule say nothing of how it differs between them', () => {
  const seeing = seen(fast, odometry(0, 600_000, hourly(50)), {
    session: 'ses_0',
    sampled: true,
    whole: true,
  });
  const blind = Array.from({ length: 9 }, (_, i) =>
    seen(
      fast,
      every('/none', { fromMs: 0, toMs: 600_000, periodMs: 100 }, () => 0),
      { session: `ses_${i + 1}`, sampled: true, whole: true },
    ),
  );
  const [rule] = of(fast, [seeing, ...blind]).rules;
  expect(rule).toMatchObject({ rule: 'fast', fires: 50, bootstrapped: false });
  // Of Poisson counts alone: 50 in ten minutes.
  expect(rule?.perRobotDay?.low).toBeGreaterThan(0.7 * 50 * 6 * 24);
  expect(rule?.perRobotDay?.high).toBeLessThan(1.4 * 50 * 6 * 24);
});
