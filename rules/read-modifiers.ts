/** What stands between a trigger and its clip: edges, limits, samples, labels, scope, expiry. */
import { checkNumber, checkValue, type CheckResult } from './cel/check.ts';
import { askMargins } from './cel/check-list.ts';
import type { Checked } from './cel/checked.ts';
import { hasMargin } from './cel/margin.ts';
import * as limits from './limits.ts';
import type { RuleContext } from './rule-context.ts';
import { durationNs } from './report.ts';
import type { Label, RateLimits, Sample, Trigger } from './rule-set.ts';
import type { RuleShape } from './rule-schema.ts';
import { parseScope, type Scope } from './scope.ts';
import type { Path } from './yaml-source.ts';

const isZero = (text: string | undefined): boolean =>
  text === undefined || /^0+(\.0+)?[a-z]*$/.test(text);

/** Triggers that fire at moments have nothing that holds, ends or is cleared. */
export function checkModifiers(shape: RuleShape, path: Path, { report }: RuleContext): void {
  const { edge } = shape;
  if (!isZero(shape.for) && shape.absent !== undefined) {
    const remedy = 'Write the time as absent: {for: …} alone.';
    report.key([...path, 'for'], 'conflict', 'absent has a "for" of its own', remedy);
  }
  const kind = (['every', 'sequence', 'manual'] as const).find((one) => shape[one] !== undefined);
  if (kind !== undefined) {
    const message = `${kind} fires at one moment`;
    for (const key of ['for', 'keep', 'edge', 'clearWhen'] as const) {
      const isGiven = key === 'for' ? !isZero(shape.for) : shape[key] !== undefined;
      if (isGiven) report.key([...path, key], 'conflict', message, 'Remove it.');
    }
    if (shape.capture?.extendWhile === true) {
      const remedy = 'Remove it, or raise post.';
      report.key([...path, 'capture', 'extendWhile'], 'conflict', message, remedy);
    }
    return;
  }
  if (shape.capture?.extendWhile === true && edge !== undefined && edge !== 'rising') {
    const message = 'a clip goes on from the rising edge on';
    const remedy = `Remove extendWhile, or edge: ${edge}.`;
    report.key([...path, 'capture', 'extendWhile'], 'conflict', message, remedy);
  }
  if (edge === 'level' && isZero(shape.limits?.cooldown)) {
    const remedy = 'Write limits: {cooldown: 10s}: it fires once in that time while it holds.';
    report.value([...path, 'edge'], 'missing-key', 'edge level has no cooldown', remedy);
  }
}

const periods = [
  ['perMinute', 60e9],
  ['perHour', 3_600e9],
  ['perDay', 86_400e9],
] as const;

export function readLimits(
  shape: RuleShape,
  rulePath: Path,
  context: RuleContext,
): { readonly cooldownNs: bigint; readonly limits: RateLimits } {
  const path = [...rulePath, 'limits'];
  const given = shape.limits ?? {};
  const least = shape.edge === 'level' ? { least: limits.periodLeastNs } : {};
  const cooldown = given.cooldown ?? '0s';
  const isPaced = shape.edge === 'level' && !isZero(given.cooldown);
  const place = [...path, 'cooldown'];
  const cooldownNs = durationNs(cooldown, place, context.report, isPaced ? least : {});
  const calendar = periods.flatMap(([key, periodNs]) => {
    const most = given[key];
    return most === undefined ? [] : [{ periodNs, most }];
  });
  return { cooldownNs, limits: { calendar, per: readPer(given.per, path, context) } };
}

function readPer(
  per: NonNullable<RuleShape['limits']>['per'],
  limitsPath: Path,
  context: RuleContext,
): RateLimits['per'] {
  if (per === undefined) return undefined;
  const path = [...limitsPath, 'per'];
  const key = found(checkValue(per.key, context.scope), [...path, 'key'], context);
  const bounds = { least: limits.windowLeastNs };
  const every = durationNs(per.every, [...path, 'every'], context.report, bounds);
  if (key === undefined) return undefined;
  if (key.type === 'list' || key.type === 'geo') {
    const remedy = 'Write what gives a text, a number or a truth, for example geohash(pos, 7).';
    context.report.value([...path, 'key'], 'type', `${key.text} is a ${key.type}`, remedy);
    return undefined;
  }
  return { key, most: per.max, everyNs: Number(every) };
}

/** The checked expression, after its problems were reported. */
function found(result: CheckResult, path: Path, { report }: RuleContext): Checked | undefined {
  for (const problem of result.problems) report.expression(path, problem);
  return result.checked;
}

const absentSample = { model: '', minDistance: 0, within: 0 };

export function readSample(
  shape: RuleShape,
  trigger: Trigger,
  rulePath: Path,
  context: RuleContext,
): Sample | undefined {
  const { sample } = shape;
  if (sample === undefined) return undefined;
  const { report } = context;
  const path = [...rulePath, 'sample'];
  const strategy = sample.strategy ?? 'random';
  const base = { ...absentSample, strategy, seed: sample.seed ?? '' };
  const unused = { novelty: ['within'], closeTo: ['embedding', 'minDistance'] } as const;
  const others = strategy === 'random' ? [...unused.novelty, ...unused.closeTo] : unused[strategy];
  for (const key of others) {
    if (sample[key] === undefined) continue;
    report.key([...path, key], 'conflict', `strategy ${strategy} has no ${key}`, 'Remove it.');
  }
  const need = (key: 'probability' | 'embedding' | 'minDistance' | 'within', how: string): void => {
    if (sample[key] !== undefined) return;
    const message = `strategy ${strategy} needs ${key}`;
    report.key(path, 'missing-key', message, `Write for example ${key}: ${how}.`);
  };
  const probability = sample.probability ?? 0;
  if (strategy === 'random') {
    need('probability', '0.25');
    if (sample.probability === 0) {
      const remedy = 'Write a share above 0, or shadow: true.';
      report.value([...path, 'probability'], 'bad-value', 'nothing would be kept', remedy);
    }
    return { ...base, probability };
  }
  if (strategy === 'closeTo') {
    need('within', '0.2');
    if (trigger.kind !== 'when') {
      const remedy = 'Use random or novelty.';
      report.value([...path, 'strategy'], 'conflict', 'only "when" has a margin', remedy);
    } else {
      askMargins(trigger.condition, context.scope);
      if (!hasMargin(trigger.condition)) {
        const message = 'the condition compares no numbers and is never close to a threshold';
        const remedy = 'Use random or novelty, or compare a number in the condition.';
        report.warn([...path, 'strategy'], 'conflict', message, remedy);
      }
    }
    return { ...base, probability, within: sample.within ?? 0 };
  }
  need('embedding', 'MODEL.embedding');
  need('minDistance', '0.25');
  const model = readEmbedding(sample.embedding, [...path, 'embedding'], context);
  return { ...base, probability, model, minDistance: sample.minDistance ?? 0 };
}

function readEmbedding(text: string | undefined, path: Path, context: RuleContext): string {
  if (text === undefined) return '';
  const model = /^(\w+)\.embedding$/.exec(text)?.[1] ?? '';
  if (context.scope.models.includes(model)) return model;
  const known = context.scope.models.map((id) => `${id}.embedding`);
  const remedy =
    known.length === 0
      ? 'Declare the model under "models:" and write MODEL.embedding.'
      : `Write ${known.join(' or ')}.`;
  context.report.value(path, 'unknown-signal', `"${text}" is no embedding of a model`, remedy);
  return '';
}

export function readLabels(shape: RuleShape, rulePath: Path, context: RuleContext): Label[] {
  const entries = Object.entries(shape.label ?? {});
  const path = [...rulePath, 'label'];
  if (entries.length > limits.labels) {
    const message = `label holds ${entries.length} entries, at most ${limits.labels}`;
    context.report.key(path, 'limit', message, 'Remove some.');
  }
  return entries.slice(0, limits.labels).flatMap(([name, text]) => {
    const term = found(checkValue(text, context.scope), [...path, name], context);
    if (term === undefined) return [];
    if (term.type !== 'list') return [{ name, term }];
    const remedy = 'Write something that gives a text, a number or a truth.';
    context.report.value([...path, name], 'type', `${term.text} is a ${term.type}`, remedy);
    return [];
  });
}

const priorities = { critical: 100, warning: 50, info: 10 } as const;

export function readPriority(
  shape: RuleShape,
  trigger: Trigger | undefined,
  rulePath: Path,
  context: RuleContext,
): { readonly priority: number; readonly priorityTerm: Checked | undefined } {
  const { priority } = shape;
  const byDefault = priorities[shape.severity];
  if (typeof priority !== 'string') {
    return { priority: priority ?? byDefault, priorityTerm: undefined };
  }
  const condition = trigger?.kind === 'when' ? trigger.condition : undefined;
  const result = checkNumber(priority, context.scope, condition);
  const priorityTerm = found(result, [...rulePath, 'priority'], context);
  return { priority: byDefault, priorityTerm };
}

export function readScope(
  shape: RuleShape,
  rulePath: Path,
  { report }: RuleContext,
): Scope | undefined {
  if (shape.scope === undefined) return undefined;
  const { scope, problem } = parseScope(shape.scope);
  if (problem !== undefined) report.expression([...rulePath, 'scope'], problem);
  return scope;
}

/** Log time in ns of a day or moment of UTC. */
export function readExpiry(
  shape: RuleShape,
  rulePath: Path,
  { report }: RuleContext,
): bigint | undefined {
  const { expires } = shape;
  if (expires === undefined) return undefined;
  const [whole = '', fraction = ''] = expires.replace(/Z$/, '').split('.');
  const ms = Date.parse(whole.includes('T') ? `${whole}Z` : whole);
  // A day that the month has not rolls over in the parser.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(whole)) {
    const remedy = 'Write a day such as 2027-01-31, or a moment such as 2027-01-31T08:00Z.';
    report.value([...rulePath, 'expires'], 'bad-value', `there is no ${expires}`, remedy);
    return undefined;
  }
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
