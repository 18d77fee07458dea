/**
 * What a rule set will do in a day of a robot, judged by stored recordings. These are a biased
 * sample: a clip exists because something fired. Two parts of the recorded time are told apart,
 * as in stratified sampling (Cochran, Sampling Techniques, 1977, chapter 5A): moments inside
 * triggered clips were all kept and count once; each second of the rest that a baseline clip shows
 * stands for `unseen / sampled` seconds. Intervals are those of weighted Poisson counts (rate.ts),
 * widened to the 2.5 and 97.5 percentiles of a bootstrap over sessions (Efron, Annals of
 * Statistics 7:1, 1979) where there are enough of them.
 * Without baseline clips the rest of the time is unknown. Then `mean` and `low` assume that nothing
 * fires there and `high` that it is like the clips: bounds, not an interval (Manski, American
 * Economic Review 80:319, 1990).
 */
import { seededRandom } from '@fieldloop/core';
import { byteRates, clipBytes } from './clip-bytes.ts';
import { type Fired, foldDevice, type PlannedClip, type SeenRecording } from './fold-trials.ts';
import * as limits from './limits.ts';
import { type Estimate, weightedInterval } from './rate.ts';
import type { Rule, RuleSet } from './rule-set.ts';
import { coveredBy, type Span } from './strata.ts';

/**
 * `sampled`: about all recorded time. `triggered`: about time in clips that something triggered,
 * which bounds the rest. `none`: no recording told anything.
 */
export type Population = 'sampled' | 'triggered' | 'none';

export interface ForecastInput {
  readonly ruleSet: RuleSet;
  readonly recordings: readonly SeenRecording[];
  /** Recorded time of each session that is named, in seconds. */
  readonly sessionS: ReadonlyMap<string, number>;
  /** Hours of recording that a robot's day has. */
  readonly dutyHours: number;
  readonly clipNs?: bigint | undefined;
}

export interface RuleForecast {
  readonly rule: string;
  /** How it was told: by replay, by its period, or not at all since no recording has its topics. */
  readonly basis: 'replay' | 'schedule' | 'blind';
  /** Triggers found, each moment once. */
  readonly fires: number;
  /** Of these, in the first second of a recording: what led to them is not in it. */
  readonly cold: number;
  /** Hours of recordings with all topics that the rule reads. */
  readonly hours: number;
  /** Absent when blind. */
  readonly perRobotDay?: Estimate;
  /** Of `replay`: whether sessions that see it were resampled, or are too few for that. */
  readonly bootstrapped?: boolean;
}

export interface Forecast {
  readonly population: Population;
  readonly devices: number;
  readonly sessions: number;
  readonly recordings: number;
  /** Hours that the recordings cover, those of them that sampling alone kept, and recorded ones. */
  readonly seenHours: number;
  readonly sampledHours: number;
  readonly recordedHours: number;
  readonly dutyHours: number;
  /** Whether sessions were resampled; too few of them leave the Poisson interval alone. */
  readonly bootstrapped: boolean;
  /** For a robot and day of `dutyHours`. */
  readonly fires: Estimate;
  readonly clips: Estimate;
  readonly bytes: Estimate;
  /** Of one would-be clip. */
  readonly clipBytes: { readonly mean: number; readonly most: number };
  readonly rules: readonly RuleForecast[];
  /** Triggers that a recording had too many of; those of whole sessions are in the figures. */
  readonly dropped: number;
  readonly faults: number;
}

/** How much a trigger of a rule stands for, in robot-days; `high` is for the upper end. */
interface Weight {
  readonly inside: number;
  readonly outside: number;
  readonly highInside: number;
  readonly highOutside: number;
  readonly seenS: number;
}

/** As many as `count`, each of this weight. */
interface Item {
  readonly session: string;
  readonly count: number;
  readonly weight: number;
  readonly high: number;
}

export function forecast(input: ForecastInput): Forecast {
  const { ruleSet, recordings, dutyHours } = input;
  const rates = byteRates(recordings);
  const folded = [...Map.groupBy(recordings, ({ device }) => device)].map(([, own]) =>
    foldDevice(ruleSet, own),
  );
  const whole = wholeOf(input);
  const weightOf = openWeights(input, whole.recordedS);
  const fired = folded.flatMap((one) => one.fired);
  const planned = folded.flatMap((one) => one.clips);
  const sizes = planned.map((clip) => clip.bytes ?? clipBytes(rates, clip));
  const itemOf = ({ rule, session, count, sampled }: Fired, size = 1): Item => {
    const weight = weightOf(rule);
    return {
      session,
      count,
      weight: size * (sampled ? weight.outside : weight.inside),
      high: size * (sampled ? weight.highOutside : weight.highInside),
    };
  };
  const isWhole =
    recordings.length > 0 && recordings.every(({ trial }) => trial.whole !== undefined);
  const isTimed = ({ trigger }: Rule): boolean => trigger.kind === 'every' && !isWhole;
  const replayed = ruleSet.rules.filter((rule) => !isTimed(rule));
  const mostWeight = Math.max(
    0,
    ...replayed.map(({ id }) => mostOf(weightOf(id))).filter(Number.isFinite),
  );
  const timed = ruleSet.rules.filter(isTimed);
  const scheduled = timed.map((rule) => scheduleOf(rule, dutyHours));
  const timedBytes = timed.map((rule) => clipBytes(rates, plannedOf(rule)));
  const typical = meanOf(replayed.map((rule) => clipBytes(rates, plannedOf(rule))));
  // Sizes that were counted bound themselves; a rate of topics may be of a moment.
  const bounds = [...sizes, ...timedBytes, isWhole && sizes.length > 0 ? 0 : typical];
  const most = bounds.reduce((least, size) => Math.max(least, size), 0);
  const estimate = openEstimate(whole.sessions);
  return {
    population: whole.population,
    devices: folded.length,
    sessions: whole.sessions.size,
    recordings: recordings.length,
    seenHours: (whole.triggeredS + whole.sampledS) / 3600,
    sampledHours: whole.sampledS / 3600,
    recordedHours: whole.recordedS / 3600,
    dutyHours,
    bootstrapped: whole.sessions.size >= limits.leastSessions,
    fires: sumOf([
      estimate(
        fired.map((one) => itemOf(one)),
        mostWeight,
      ),
      ...scheduled,
    ]),
    clips: sumOf([
      estimate(
        planned.map((one) => itemOf(one.first)),
        mostWeight,
      ),
      ...scheduled,
    ]),
    bytes: sumOf([
      estimate(
        planned.map(({ first }, i) => itemOf(first, sizes[i] ?? 0)),
        mostWeight * (sizes.length === 0 ? typical : most),
      ),
      ...scheduled.map((one, i) => scaled(one, timedBytes[i] ?? 0)),
    ]),
    clipBytes: { mean: sizes.length === 0 ? typical : meanOf(sizes), most },
    rules: ruleSet.rules.map((rule): RuleForecast => {
      const { id } = rule;
      const { seenS } = weightOf(id);
      const own = fired.filter((one) => one.rule === id);
      const cold = own.filter((one) => one.cold).length;
      const fires = own.reduce((sum, { count }) => sum + count, 0);
      const told = { rule: id, fires, cold, hours: seenS / 3600 };
      const index = timed.indexOf(rule);
      const schedule = scheduled[index];
      if (schedule !== undefined) return { ...told, basis: 'schedule', perRobotDay: schedule };
      if (seenS === 0) return { ...told, basis: 'blind' };
      const sessions = isWhole ? sessionsOf(id, { whole, recordings }) : whole.sessions;
      const perRobotDay = openEstimate(sessions)(
        own.map((one) => itemOf(one)),
        mostOf(weightOf(id)),
      );
      const bootstrapped = sessions.size >= limits.leastSessions;
      return { ...told, basis: 'replay', perRobotDay, bootstrapped };
    }),
    dropped: recordings.reduce((sum, { trial }) => sum + trial.dropped, 0),
    faults: recordings.reduce((sum, { trial }) => sum + trial.faults, 0),
  };
}

const sumOfAll = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0);
const mostOf = (weight: Weight): number => Math.max(weight.highInside, weight.highOutside);
const meanOf = (sizes: readonly number[]): number =>
  sizes.length === 0 ? 0 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;

interface Whole {
  readonly population: Population;
  readonly triggeredS: number;
  readonly sampledS: number;
  readonly recordedS: number;
  /** Recorded seconds by session. */
  readonly sessions: ReadonlyMap<string, number>;
}

/** Recorded time is what sessions say, and at least what their recordings show. */
function wholeOf({ recordings, sessionS }: ForecastInput): Whole {
  const sessions = new Map<string, number>();
  for (const [session, own] of Map.groupBy(recordings, (one) => one.session)) {
    const { triggeredS, sampledS } = coveredBy(own.flatMap(spansOf));
    sessions.set(session, Math.max(sessionS.get(session) ?? 0, triggeredS + sampledS));
  }
  const covered = coveredBy(recordings.flatMap(spansOf));
  const recordedS = sumOfAll([...sessions.values()]);
  const isEmpty = recordedS === 0;
  const population = isEmpty ? 'none' : covered.sampledS > 0 ? 'sampled' : 'triggered';
  return { population, ...covered, recordedS, sessions };
}

/**
 * Of a whole session without what lies between two readings of a clock that was set. Clips of a
 * device may show the same time; whole sessions have their own, whatever their clocks said.
 */
const spansOf = ({ device, session, sampled, trial }: SeenRecording): Span[] =>
  (trial.whole?.stretches ?? [trial]).map(({ startNs, endNs }) => ({
    device: trial.whole === undefined ? device : session,
    sampled,
    startNs,
    endNs,
  }));

/** Sessions that know nothing of a rule say nothing of how it differs between sessions. */
function sessionsOf(
  rule: string,
  { whole, recordings }: { readonly whole: Whole; readonly recordings: readonly SeenRecording[] },
): ReadonlyMap<string, number> {
  const seeing = new Set(
    recordings.filter(({ trial }) => !trial.blind.has(rule)).map(({ session }) => session),
  );
  return new Map([...whole.sessions].filter(([session]) => seeing.has(session)));
}

function openWeights(
  { recordings, dutyHours }: ForecastInput,
  recordedS: number,
): (rule: string) => Weight {
  const known = new Map<string, Weight>();
  const byPattern = new Map<string, Weight>();
  return (rule) => {
    const before = known.get(rule);
    if (before !== undefined) return before;
    const seeing = recordings.filter(({ trial }) => !trial.blind.has(rule));
    // Rules that are blind in the same recordings have the same weights.
    const pattern = recordings.map(({ trial }) => (trial.blind.has(rule) ? '0' : '1')).join('');
    const weight =
      byPattern.get(pattern) ?? weightIn(coveredBy(seeing.flatMap(spansOf)), recordedS, dutyHours);
    byPattern.set(pattern, weight);
    known.set(rule, weight);
    return weight;
  };
}

function weightIn(
  { triggeredS, sampledS }: { readonly triggeredS: number; readonly sampledS: number },
  recordedS: number,
  dutyHours: number,
): Weight {
  const dayS = dutyHours * 3600;
  const seenS = triggeredS + sampledS;
  if (seenS === 0) return { inside: 0, outside: 0, highInside: 0, highOutside: 0, seenS };
  const inside = dayS / recordedS;
  if (sampledS === 0) {
    return { inside, outside: 0, highInside: dayS / seenS, highOutside: 0, seenS };
  }
  const outside = (inside * Math.max(sampledS, recordedS - triggeredS)) / sampledS;
  return { inside, outside, highInside: inside, highOutside: outside, seenS };
}

type MakeEstimate = (items: readonly Item[], most: number) => Estimate;

/** Fixed, so that the same recordings give the same figures. */
const resampleSeed = 'forecast';

function openEstimate(sessions: ReadonlyMap<string, number>): MakeEstimate {
  const lengths = [...sessions.values()];
  const recordedS = sumOfAll(lengths);
  const places = new Map([...sessions.keys()].map((session, i) => [session, i]));
  return (items, most) => {
    const sumBy = (of: (item: Item) => number): number =>
      items.reduce((total, item) => total + item.count * of(item), 0);
    const poisson = (of: (item: Item) => number): Estimate =>
      weightedInterval({ sum: sumBy(of), squares: sumBy((item) => of(item) ** 2), most });
    const { mean, low } = poisson((item) => item.weight);
    const { high } = poisson((item) => item.high);
    if (lengths.length < limits.leastSessions || items.length === 0) return { mean, low, high };
    const bySession = (of: (item: Item) => number): Float64Array => {
      const sums = new Float64Array(lengths.length);
      for (const item of items) {
        const place = places.get(item.session) ?? 0;
        sums[place] = (sums[place] ?? 0) + item.count * of(item);
      }
      return sums;
    };
    const lows = resampled(
      bySession((item) => item.weight),
      lengths,
      recordedS,
    );
    const highs = resampled(
      bySession((item) => item.high),
      lengths,
      recordedS,
    );
    const at = (sorted: Float64Array, share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { mean, low: Math.min(low, at(lows, 0.025)), high: Math.max(high, at(highs, 0.975)) };
  };
}

/** Sums over sessions drawn with replacement, each for its own recorded time; ascending. */
function resampled(
  sums: Float64Array,
  lengths: readonly number[],
  recordedS: number,
): Float64Array {
  const random = seededRandom(resampleSeed);
  return Float64Array.from({ length: limits.resamples }, () => {
    let sum = 0;
    let length = 0;
    for (let i = 0; i < lengths.length; i += 1) {
      const drawn = random.integer(lengths.length);
      sum += sums[drawn] ?? 0;
      length += lengths[drawn] ?? 0;
    }
    return length === 0 ? 0 : (sum * recordedS) / length;
  }).toSorted();
}

/** A rule that goes by the clock; its condition or what is new may keep it silent. */
function scheduleOf({ trigger, sample, shadow }: Rule, dutyHours: number): Estimate {
  if (trigger.kind !== 'every' || shadow) return { mean: 0, low: 0, high: 0 };
  const turns = (dutyHours * 3600e9) / trigger.periodNs;
  const isDrawn = sample?.strategy === 'random';
  const perDay = isDrawn ? turns * sample.probability : turns;
  const isSure = trigger.condition === undefined && (sample === undefined || isDrawn);
  return { mean: perDay, low: isSure ? perDay : 0, high: perDay };
}

/** The clip that a rule's trigger makes alone. */
function plannedOf({ capture }: Rule): Pick<PlannedClip, 'device' | 'topics' | 'seconds'> {
  const seconds = Number(capture.preNs + capture.postNs) / 1e9;
  return { device: undefined, topics: capture.topics, seconds };
}

const scaled = ({ mean, low, high }: Estimate, by: number): Estimate => ({
  mean: mean * by,
  low: low * by,
  high: high * by,
});

const sumOf = (parts: readonly Estimate[]): Estimate =>
  parts.reduce(
    (sum, { mean, low, high }) => ({
      mean: sum.mean + mean,
      low: sum.low + low,
      high: sum.high + high,
    }),
    { mean: 0, low: 0, high: 0 },
  );
