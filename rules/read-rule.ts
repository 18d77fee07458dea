/** One rule of a document: its trigger, its expressions and what it captures. */
import { didYouMean, formatDurationNs } from '@fieldloop/core';
import { checkCondition } from './cel/check.ts';
import { type Checked, isMomentary, signalsOf } from './cel/checked.ts';
import type { Scope } from './cel/context.ts';
import { neverTrue } from './cel/never.ts';
import { type CaptureSet, resolveCapture } from './capture.ts';
import * as limits from './limits.ts';
import { durationNs, type Report } from './report.ts';
import type { Capture, Rule, Signal, Trigger } from './rule-set.ts';
import type { RuleShape } from './schema.ts';
import type { Path } from './yaml-source.ts';

export interface RuleContext {
  readonly scope: Scope;
  readonly signals: ReadonlyMap<string, Signal>;
  readonly captures: ReadonlyMap<string, CaptureSet>;
  readonly report: Report;
}

const priorities = { critical: 100, warning: 50, info: 10 } as const;

/** The rule, complete when the report got no new error. */
export function readRule(shape: RuleShape, path: Path, context: RuleContext): Rule | undefined {
  const { report } = context;
  const trigger = readTrigger(shape, path, context);
  const clearWhen = readCondition(shape.clearWhen, [...path, 'clearWhen'], context);
  const forNs = durationNs(shape.for, [...path, 'for'], report);
  const cooldown = shape.limits?.cooldown ?? '0s';
  const cooldownNs = durationNs(cooldown, [...path, 'limits', 'cooldown'], report);
  const capture = readCapture(shape.capture ?? { pre: '10s', post: '5s' }, path, context);
  checkModifiers(shape, path, report);
  if (trigger === undefined) return undefined;
  if (trigger.kind === 'when') checkHold(trigger.condition, forNs, path, context);
  return {
    id: shape.id,
    why: shape.why,
    severity: shape.severity,
    tags: shape.tags ?? [],
    class: shape.class,
    priority: shape.priority ?? priorities[shape.severity],
    trigger,
    clearWhen,
    forNs: Number(forNs),
    cooldownNs: Number(cooldownNs),
    sample: shape.sample && { ...shape.sample, seed: shape.sample.seed ?? '' },
    capture,
    expression: expressionOf(shape),
  };
}

/** Expressions of a rule whose shape is broken elsewhere: their problems are worth knowing too. */
export function readExpressions(raw: unknown, path: Path, context: RuleContext): void {
  if (typeof raw !== 'object' || raw === null) return;
  const rule = raw as Readonly<Record<string, unknown>>;
  for (const key of ['when', 'clearWhen']) {
    const text = rule[key];
    // Empty and overlong texts are complaints about the shape already.
    if (typeof text !== 'string' || text === '') continue;
    if (text.length <= limits.expressionCharacters) readCondition(text, [...path, key], context);
  }
}

function readTrigger(shape: RuleShape, path: Path, context: RuleContext): Trigger | undefined {
  const { report } = context;
  const { when, absent, every } = shape;
  if (absent !== undefined && (when !== undefined || every !== undefined)) {
    const other = when === undefined ? 'every' : 'when';
    const message = `rule "${shape.id}" has two triggers, absent and ${other}`;
    const remedy =
      other === 'when' ? 'Write the condition as absent: {arm: …}.' : 'Write two rules.';
    report.key([...path, other], 'trigger', message, remedy);
  }
  if (absent !== undefined) return readAbsent(absent, path, context);
  const condition = readCondition(when, [...path, 'when'], context);
  if (every !== undefined) {
    const bounds = { least: limits.periodLeastNs };
    const period = durationNs(every.period, [...path, 'every', 'period'], report, bounds);
    const first = every.first ?? every.period;
    const firstNs = durationNs(first, [...path, 'every', 'first'], report);
    return { kind: 'every', periodNs: Number(period), firstNs: Number(firstNs), condition };
  }
  if (when === undefined) {
    const message = `rule "${shape.id}" has no trigger`;
    report.key(path, 'trigger', message, 'Write one of when, absent and every.');
    return undefined;
  }
  return condition && { kind: 'when', condition };
}

function readAbsent(
  absent: NonNullable<RuleShape['absent']>,
  rulePath: Path,
  context: RuleContext,
): Trigger {
  const path = [...rulePath, 'absent'];
  const { report } = context;
  const bounds = { least: limits.windowLeastNs, most: limits.windowMostNs };
  return {
    kind: 'absent',
    topic: absent.topic,
    forNs: Number(durationNs(absent.for, [...path, 'for'], report, bounds)),
    minHz: absent.minHz,
    windowNs: Number(durationNs(absent.window, [...path, 'window'], report, bounds)),
    arm: readCondition(absent.arm, [...path, 'arm'], context),
  };
}

function readCondition(
  text: string | undefined,
  path: Path,
  context: RuleContext,
): Checked | undefined {
  if (text === undefined) return undefined;
  const { checked, problems } = checkCondition(text, context.scope);
  for (const problem of problems) context.report.expression(path, problem);
  if (checked === undefined) return undefined;
  const never = neverTrue(checked, (name) => validRange(context.signals.get(name)));
  if (never !== undefined) {
    context.report.expression(path, {
      at: never.at,
      code: 'never-true',
      message: `${String(path.at(-1))} can never hold: ${never.message}`,
      remedy: 'Correct a bound, or remove the condition.',
    });
  }
  return checked;
}

function validRange(signal: Signal | undefined): readonly [number, number] | undefined {
  const keeps = ['min', 'max', 'mean', 'first', 'last'];
  const { fn, valid } = signal?.reduce ?? {};
  return fn !== undefined && keeps.includes(fn) ? valid : undefined;
}

/** A hold that ageing or a momentary function may break. */
function checkHold(condition: Checked, forNs: bigint, path: Path, context: RuleContext): void {
  if (forNs === 0n) return;
  const place = [...path, 'for'];
  const hold = formatDurationNs(forNs);
  if (isMomentary(condition)) {
    const message = 'changed, rise and fall are true at one moment and do not hold';
    const remedy = `Remove for: ${hold}, or use once(…).`;
    context.report.warn(place, 'hold', message, remedy);
  }
  for (const name of signalsOf(condition)) {
    const maxAgeNs = context.signals.get(name)?.maxAgeNs ?? Number.POSITIVE_INFINITY;
    if (maxAgeNs >= Number(forNs)) continue;
    const age = formatDurationNs(BigInt(maxAgeNs));
    const message = `for ${hold} is longer than the maxAge of ${name}, ${age}`;
    const remedy = `It holds only while messages come at least every ${age}; raise maxAge if they do not.`;
    context.report.warn(place, 'hold', message, remedy);
  }
}

function checkModifiers(shape: RuleShape, path: Path, report: Report): void {
  const isHeld = shape.for !== '0s' && shape.for !== '0';
  if (isHeld && shape.absent !== undefined) {
    const remedy = 'Write the time as absent: {for: …} alone.';
    report.key([...path, 'for'], 'conflict', 'absent has a "for" of its own', remedy);
  }
  if (shape.every === undefined) return;
  const remedy = 'Remove it.';
  if (isHeld) report.key([...path, 'for'], 'conflict', 'every fires at one moment', remedy);
  if (shape.clearWhen !== undefined) {
    report.key([...path, 'clearWhen'], 'conflict', 'every needs no clearing', remedy);
  }
}

function readCapture(
  shape: NonNullable<RuleShape['capture']>,
  rulePath: Path,
  context: RuleContext,
): Capture {
  const path = [...rulePath, 'capture'];
  const { report } = context;
  const bounds = { most: limits.captureMostNs };
  const preNs = durationNs(shape.pre, [...path, 'pre'], report, bounds);
  const postNs = durationNs(shape.post, [...path, 'post'], report, bounds);
  return { topics: captureTopics(shape, path, context), preNs, postNs };
}

function captureTopics(
  shape: NonNullable<RuleShape['capture']>,
  path: Path,
  context: RuleContext,
): readonly string[] {
  const { set, topics } = shape;
  const { report, captures } = context;
  if (set === undefined) return topics ?? ['*'];
  if (topics !== undefined) {
    const remedy = 'Declare a capture that extends the set with these topics.';
    report.key([...path, 'topics'], 'conflict', 'a capture has either set or topics', remedy);
  }
  const resolved = resolveCapture(set, captures);
  if ('topics' in resolved) return resolved.topics;
  if ('unknown' in resolved && resolved.unknown === set) {
    const message = `unknown capture "${set}".${didYouMean(set, captures.keys())}`;
    const remedy = 'Captures are declared under "captures:".';
    report.value([...path, 'set'], 'capture', message, remedy);
  }
  return ['*'];
}

/** The trigger in one line. */
function expressionOf(shape: RuleShape): string {
  const when = shape.when?.trim().replaceAll(/\s+/g, ' ');
  if (shape.absent !== undefined) {
    const { topic, for: silence, minHz, window, arm } = shape.absent;
    const rate = minHz === undefined ? '' : ` or below ${minHz} Hz over ${window}`;
    return `absent ${topic} for ${silence}${rate}${arm === undefined ? '' : ` while ${arm.trim()}`}`;
  }
  if (shape.every !== undefined) {
    return `every ${shape.every.period}${when === undefined ? '' : ` when ${when}`}`;
  }
  return shape.for === '0s' || shape.for === '0' ? (when ?? '') : `${when} for ${shape.for}`;
}
