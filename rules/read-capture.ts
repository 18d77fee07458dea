/** What a rule captures, with the captures that it extends, and the budgets of all rules. */
import { didYouMean, formatDurationNs, parseSize } from '@fieldloop/core';
import { resolveCapture } from './capture.ts';
import * as limits from './limits.ts';
import { checkPatterns, checkRates } from './read-topics.ts';
import type { RuleContext } from './rule-context.ts';
import { durationNs } from './report.ts';
import type { Budget, Budgets, Capture } from './rule-set.ts';
import type { BudgetsShape, CaptureShape } from './rule-schema.ts';
import { patternFault, topicFits } from './topic-pattern.ts';
import type { Path } from './yaml-source.ts';

export function readCapture(shape: CaptureShape, rulePath: Path, context: RuleContext): Capture {
  const path = [...rulePath, 'capture'];
  const { report } = context;
  const bounds = { most: limits.captureMostNs };
  const preNs = durationNs(shape.pre, [...path, 'pre'], report, bounds);
  const postNs = durationNs(shape.post, [...path, 'post'], report, bounds);
  const content = contentOf(shape, path, context);
  const maxNs = readLongest(shape, preNs + postNs, [path, context]);
  return {
    ...content,
    preNs,
    postNs,
    ...(shape.extendWhile === true ? { extendWhile: true } : {}),
    ...(maxNs === undefined ? {} : { maxNs }),
  };
}

function readLongest(
  { maxDuration }: CaptureShape,
  ownNs: bigint,
  [path, { report }]: readonly [Path, RuleContext],
): bigint | undefined {
  if (maxDuration === undefined) return undefined;
  const place = [...path, 'maxDuration'];
  const maxNs = durationNs(maxDuration, place, report, {
    least: 1_000_000_000n,
    most: limits.captureMostNs,
  });
  if (maxNs < ownNs) {
    const message = `maxDuration ${maxDuration} is shorter than pre and post together`;
    report.value(place, 'bad-value', message, `Write at least ${formatDurationNs(ownNs)}.`);
  }
  return maxNs;
}

type Content = Pick<Capture, 'topics' | 'downsample' | 'maxBytes'>;

function contentOf(shape: CaptureShape, path: Path, context: RuleContext): Content {
  const { set, topics } = shape;
  const { report, captures } = context;
  checkPatterns(topics ?? [], [...path, 'topics'], report);
  checkRates(shape.downsample, [...path, 'downsample'], report);
  const own = {
    downsample: shape.downsample,
    maxBytes: shape.maxBytes,
  };
  if (set === undefined) return finished({ topics: topics ?? ['*'], ...own }, path, context);
  if (topics !== undefined) {
    const remedy = 'Declare a capture that extends the set with these topics.';
    report.key([...path, 'topics'], 'conflict', 'a capture has either set or topics', remedy);
  }
  const resolved = resolveCapture(set, captures);
  if ('topics' in resolved) {
    const downsample = { ...resolved.downsample, ...own.downsample };
    const maxBytes = own.maxBytes ?? resolved.maxBytes;
    return finished({ topics: resolved.topics, downsample, maxBytes }, path, context);
  }
  if ('unknown' in resolved && resolved.unknown === set) {
    const message = `unknown capture "${set}".${didYouMean(set, captures.keys())}`;
    const remedy = 'Captures are declared under "captures:".';
    report.value([...path, 'set'], 'capture', message, remedy);
  }
  return { topics: ['*'] };
}

interface Written {
  readonly topics: readonly string[];
  readonly downsample: Readonly<Record<string, string>> | undefined;
  readonly maxBytes: string | undefined;
}

function finished(written: Written, path: Path, { report }: RuleContext): Content {
  const { topics, maxBytes } = written;
  const rates = Object.entries(written.downsample ?? {});
  const downsample = rates.flatMap(([topic, text]) => {
    const hz = Number.parseFloat(text);
    const isSound = patternFault(topic) === undefined;
    if (isSound && !topics.some((one) => one === '*' || topicFits(one, topic))) {
      const remedy = `Add it to topics, or remove it. Topics are ${topics.slice(0, 8).join(', ')}.`;
      const message = `${topic} is thinned and not captured`;
      report.warn([...path, 'downsample', topic], 'capture', message, remedy);
    }
    if (hz > 0) return [[topic, hz] as const];
    const remedy = 'Write a rate above 0, for example 5Hz, or leave the topic out of topics.';
    report.value([...path, 'downsample', topic], 'bad-value', `${text} keeps nothing`, remedy);
    return [];
  });
  return {
    topics,
    ...(downsample.length === 0 ? {} : { downsample: Object.fromEntries(downsample) }),
    ...(maxBytes === undefined ? {} : { maxBytes: parseSize(maxBytes) }),
  };
}

export function readBudgets(shape: BudgetsShape | undefined): Budgets | undefined {
  if (shape === undefined) return undefined;
  const { day, hour, reserve } = shape;
  return {
    day: readBudget(day),
    hour: readBudget(hour),
    reserve: reserve === undefined ? 0 : Number.parseFloat(reserve.critical) / 100,
  };
}

function readBudget(shape: BudgetsShape['day']): Budget | undefined {
  if (shape === undefined) return undefined;
  const { clips = Number.POSITIVE_INFINITY, bytes } = shape;
  return { clips, bytes: bytes === undefined ? Number.POSITIVE_INFINITY : parseSize(bytes) };
}
