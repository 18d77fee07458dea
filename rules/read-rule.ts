/** One rule of a document: its trigger, its expressions and what it captures. */
import { checkClear } from './check-clear.ts';
import { checkHold } from './check-hold.ts';
import { readCapture } from './read-capture.ts';
import {
  checkModifiers,
  readExpiry,
  readLabels,
  readLimits,
  readPriority,
  readSample,
  readScope,
} from './read-modifiers.ts';
import { expressionOf, readCondition, readTrigger, validRange } from './read-trigger.ts';
import { durationNs } from './report.ts';
import type { RuleContext } from './rule-context.ts';
import type { Rule } from './rule-set.ts';
import type { RuleShape } from './rule-schema.ts';
import type { Path } from './yaml-source.ts';

/** The rule, complete when the report got no new error. */
export function readRule(shape: RuleShape, path: Path, context: RuleContext): Rule | undefined {
  const { report } = context;
  const trigger = readTrigger(shape, path, context);
  const clearWhen = readCondition(shape.clearWhen, [...path, 'clearWhen'], context);
  const forNs = durationNs(shape.for, [...path, 'for'], report);
  const keepNs = durationNs(shape.keep ?? '0s', [...path, 'keep'], report);
  const paced = readLimits(shape, path, context);
  const capture = readCapture(shape.capture ?? { pre: '10s', post: '5s' }, path, context);
  const label = readLabels(shape, path, context);
  const priority = readPriority(shape, trigger, path, context);
  const scope = readScope(shape, path, context);
  const expiresNs = readExpiry(shape, path, context);
  checkModifiers(shape, path, context);
  if (trigger === undefined) return undefined;
  if (trigger.kind === 'when') {
    checkHold(trigger.condition, forNs, path, context);
    const rangeOf = (name: string) => validRange(context.signals.get(name));
    checkClear(trigger.condition, clearWhen, { path, report, rangeOf });
  }
  return {
    id: shape.id,
    why: shape.why,
    severity: shape.severity,
    tags: shape.tags ?? [],
    class: shape.class,
    ...priority,
    trigger,
    clearWhen,
    forNs: Number(forNs),
    keepNs: Number(keepNs),
    edge: shape.edge ?? 'rising',
    cooldownNs: Number(paced.cooldownNs),
    limits: paced.limits,
    sample: readSample(shape, trigger, path, context),
    shadow: shape.shadow ?? false,
    bypassBudget: shape.bypassBudget ?? false,
    expiresNs,
    scope,
    label,
    capture,
    expression: expressionOf(shape),
  };
}
