/** The trigger of one rule: exactly one of five kinds. */
import { checkCondition } from './cel/check.ts';
import type { Checked } from './cel/checked.ts';
import { withoutComments } from './cel/lexical.ts';
import { neverTrue } from './cel/never.ts';
import * as limits from './limits.ts';
import { checkTopic } from './read-topics.ts';
import type { RuleContext } from './rule-context.ts';
import { durationNs } from './report.ts';
import type { Signal, Trigger } from './rule-set.ts';
import type { RuleShape } from './rule-schema.ts';
import type { Path } from './yaml-source.ts';

export const triggerKinds = ['when', 'absent', 'sequence', 'every', 'manual'] as const;

export function readTrigger(
  shape: RuleShape,
  path: Path,
  context: RuleContext,
): Trigger | undefined {
  const given = triggerKinds.filter((kind) => shape[kind] !== undefined);
  const { report } = context;
  // A condition beside `every` says at which turns it fires.
  const triggers = given.filter((kind) => kind !== 'when' || shape.every === undefined);
  const [first, second] = triggers;
  if (first === undefined) {
    const message = `rule "${shape.id}" has no trigger`;
    report.key(path, 'trigger', message, `Write one of ${triggerKinds.join(', ')}.`);
    return undefined;
  }
  if (second !== undefined) {
    const [kept, other] = first === 'when' ? [second, first] : [first, second];
    const message = `rule "${shape.id}" has two triggers, ${kept} and ${other}`;
    const isArm = kept === 'absent' && other === 'when';
    const remedy = isArm ? 'Write the condition as absent: {arm: …}.' : 'Write two rules.';
    report.key([...path, other], 'trigger', message, remedy);
  }
  if (shape.absent !== undefined) return readAbsent(shape.absent, path, context);
  if (shape.sequence !== undefined) return readSequence(shape.sequence, path, context);
  if (shape.manual !== undefined) {
    const { topic } = shape.manual;
    checkTopic(topic, [...path, 'manual', 'topic'], report);
    return { kind: 'manual', topic };
  }
  const condition = readCondition(shape.when, [...path, 'when'], context);
  if (shape.every !== undefined) return readEvery(shape.every, condition, [path, context]);
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
  checkTopic(absent.topic, [...path, 'topic'], report);
  return {
    kind: 'absent',
    topic: absent.topic,
    forNs: Number(durationNs(absent.for, [...path, 'for'], report, bounds)),
    minHz: absent.minHz,
    windowNs: Number(durationNs(absent.window, [...path, 'window'], report, bounds)),
    arm: readCondition(absent.arm, [...path, 'arm'], context),
  };
}

function readSequence(
  sequence: NonNullable<RuleShape['sequence']>,
  rulePath: Path,
  context: RuleContext,
): Trigger | undefined {
  const path = [...rulePath, 'sequence'];
  const bounds = { least: limits.windowLeastNs, most: limits.windowMostNs };
  const within = durationNs(sequence.within, [...path, 'within'], context.report, bounds);
  const steps = sequence.steps.map((text, i) =>
    readCondition(text, [...path, 'steps', i], context),
  );
  const whole = steps.filter((step) => step !== undefined);
  if (whole.length < steps.length) return undefined;
  return { kind: 'sequence', withinNs: Number(within), steps: whole };
}

function readEvery(
  every: NonNullable<RuleShape['every']>,
  condition: Checked | undefined,
  [rulePath, { report }]: readonly [Path, RuleContext],
): Trigger | undefined {
  const path = [...rulePath, 'every'];
  const { period, first, randomUniform, seed } = every;
  if ((period === undefined) === (randomUniform === undefined)) {
    const isBoth = period !== undefined;
    const message = isBoth
      ? 'every has both period and randomUniform'
      : 'every has neither period nor randomUniform';
    const remedy = 'Write one of period: 45m and randomUniform: 45m.';
    report.key(isBoth ? [...path, 'randomUniform'] : path, 'trigger', message, remedy);
    return undefined;
  }
  const bounds = { least: limits.periodLeastNs };
  if (randomUniform !== undefined) {
    if (first !== undefined) {
      const remedy = 'Remove it: the moments are drawn.';
      report.key([...path, 'first'], 'conflict', 'randomUniform has no first', remedy);
    }
    const most = 86_400_000_000_000n;
    const place = [...path, 'randomUniform'];
    const part = durationNs(randomUniform, place, report, { ...bounds, most });
    const random = { seed: seed ?? '' };
    return { kind: 'every', periodNs: Number(part), firstNs: 0, condition, random };
  }
  if (seed !== undefined) {
    const remedy = 'Remove it, or write randomUniform.';
    report.key([...path, 'seed'], 'conflict', 'a period is not drawn and has no seed', remedy);
  }
  const periodNs = durationNs(period ?? '', [...path, 'period'], report, bounds);
  const firstNs = durationNs(first ?? period ?? '', [...path, 'first'], report);
  const times = { periodNs: Number(periodNs), firstNs: Number(firstNs) };
  return { kind: 'every', ...times, condition, random: undefined };
}

export function readCondition(
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
    const subject = typeof path.at(-1) === 'number' ? 'this step' : String(path.at(-1));
    context.report.expression(path, {
      at: never.at,
      code: 'never-true',
      message: `${subject} can never hold: ${never.message}`,
      remedy: 'Correct a bound, or remove the condition.',
    });
  }
  return checked;
}

export function validRange(signal: Signal | undefined): readonly [number, number] | undefined {
  const shaped = signal?.shaping?.valid;
  if (shaped !== undefined) return shaped;
  const keeps = ['min', 'max', 'mean', 'first', 'last'];
  const { fn, valid } = signal?.reduce ?? {};
  return fn !== undefined && keeps.includes(fn) ? valid : undefined;
}

/** The trigger in one line. */
export function expressionOf(shape: RuleShape): string {
  const when = oneLine(shape.when);
  if (shape.absent !== undefined) {
    const { topic, for: silence, minHz, window, arm } = shape.absent;
    const rate = minHz === undefined ? '' : ` or below ${minHz} Hz over ${window}`;
    return `absent ${topic} for ${silence}${rate}${arm === undefined ? '' : ` while ${arm.trim()}`}`;
  }
  if (shape.sequence !== undefined) {
    const { within, steps } = shape.sequence;
    return `${steps.map(oneLine).join(' then ')} within ${within}`;
  }
  if (shape.manual !== undefined) {
    const { topic } = shape.manual;
    return topic === undefined ? 'manual' : `manual ${topic}`;
  }
  if (shape.every !== undefined) {
    const { period, randomUniform } = shape.every;
    const turn = period ?? `${randomUniform} at random`;
    return `every ${turn}${when === '' ? '' : ` when ${when}`}`;
  }
  return shape.for === '0s' || shape.for === '0' ? when : `${when} for ${shape.for}`;
}

const oneLine = (text = ''): string => withoutComments(text).trim().replaceAll(/\s+/g, ' ');
