/**
 * Whether a publication has to be halted: its counts against its forecast and limits. A rate is
 * over a bound when the evidence (`logEvidence` of the rules' rate.ts) passes what chance would
 * reach once in a thousand publications, however often one looks: there is no need to wait for a
 * day, and none to fear the hourly look. Pure.
 */
import { logEvidence } from '@fieldloop/rules';
import type { PublicationLimits } from './rule.ts';

/** Counts of all devices in their roles. */
export interface Actual {
  /** Devices that told of the version. */
  readonly devices: number;
  /** Device time, in days of the forecast's duty hours. */
  readonly robotDays: number;
  readonly evaluations: number;
  readonly faults: number;
  readonly fires: number;
  readonly clips: number;
  readonly bytes: number;
  /** Of one clip; 0 before the first. */
  readonly largestClip: number;
  readonly byRule: Readonly<Record<string, number>>;
}

/** Upper ends of a forecast, for a robot and day; absent where it could not tell. */
export interface Bounds {
  readonly fires?: number;
  readonly clips?: number;
  readonly bytes?: number;
  readonly largestClip: number;
  readonly byRule: Readonly<Record<string, number>>;
}

export interface Halt {
  /** `faults`, `fires`, `clips`, `bytes`, `rule near-miss`, `limit`. */
  readonly by: string;
  readonly reason: string;
}

/** The chance, for a publication whose rates are all at their bounds, of ever being halted. */
export const falseHalts = 0.001;

const MiB = 2 ** 20;

export function judge(
  actual: Actual,
  bounds: Bounds | undefined,
  limits: PublicationLimits,
): Halt | undefined {
  if (actual.faults > limits.maxFaults) {
    const most = limits.maxFaults === 0 ? 'none is borne' : `${limits.maxFaults} are borne`;
    return {
      by: 'faults',
      reason: `${actual.faults} ${actual.faults === 1 ? 'fault' : 'faults'} of evaluation; ${most}`,
    };
  }
  const tests = testsOf(actual, bounds, limits);
  const needed = Math.log(tests.length / falseHalts);
  const over = tests.find(
    ({ count, bound }) => logEvidence(count, actual.robotDays, bound) >= needed,
  );
  return over && { by: over.by, reason: reasonOf(over, actual, limits) };
}

interface RateTest {
  readonly by: string;
  readonly count: number;
  /** Per robot-day, in the unit of the count. */
  readonly bound: number;
  /** How many of what people read one of the count is. */
  readonly unit: number;
  /** What the bound came of: `forecast` or `limit`. */
  readonly from: 'forecast' | 'limit';
}

function testsOf(
  actual: Actual,
  bounds: Bounds | undefined,
  limits: PublicationLimits,
): RateTest[] {
  const tests: RateTest[] = [];
  const { haltFactor, maxMibPerRobotDay } = limits;
  // Bytes count in parts of the largest clip: none is over 1, as the evidence demands.
  const unit = Math.max(1, actual.largestClip, bounds?.largestClip ?? 0);
  const forecast = (by: string, count: number, high: number | undefined, per = 1): void => {
    if (high === undefined) return;
    const bound = (haltFactor * high) / per;
    tests.push({ by, count: count / per, bound, unit: per, from: 'forecast' });
  };
  if (bounds !== undefined) {
    forecast('fires', actual.fires, bounds.fires);
    forecast('clips', actual.clips, bounds.clips);
    forecast('bytes', actual.bytes, bounds.bytes, unit);
    for (const [rule, high] of Object.entries(bounds.byRule)) {
      forecast(`rule ${rule}`, actual.byRule[rule] ?? 0, high);
    }
  }
  if (maxMibPerRobotDay !== undefined) {
    const bound = (maxMibPerRobotDay * MiB) / unit;
    tests.push({ by: 'limit', count: actual.bytes / unit, bound, unit, from: 'limit' });
  }
  return tests;
}

function reasonOf(test: RateTest, actual: Actual, limits: PublicationLimits): string {
  const isBytes = test.by === 'bytes' || test.by === 'limit';
  const scale = test.unit / (isBytes ? MiB : 1);
  const word = isBytes ? 'MiB' : test.by === 'clips' ? 'clips' : 'fires';
  const rate = (test.count * scale) / Math.max(actual.robotDays, 1e-9);
  const bound = test.bound * scale;
  const of = test.by.startsWith('rule ') ? ` of ${test.by}` : '';
  const against =
    test.from === 'limit'
      ? `the limit of ${shown(bound)}`
      : `${limits.haltFactor} times the forecast's upper end, ${shown(bound)}`;
  const seen = `${shown(test.count * scale)} in ${shown(actual.robotDays * 24)} robot-hours`;
  return `${shown(rate)} ${word}${of} a robot-day is over ${against} (${seen})`;
}

const shown = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
