/**
 * A rule whose shape is wrong in places: what is left without these is read, so that its other
 * problems are told at the same time.
 */
import { checkValue } from './cel/check.ts';
import * as limits from './limits.ts';
import { readRule } from './read-rule.ts';
import { readCondition, triggerKinds } from './read-trigger.ts';
import type { RuleContext } from './rule-context.ts';
import type { Rule } from './rule-set.ts';
import { ruleSchema } from './rule-schema.ts';
import { valueAt } from './schema.ts';
import type { Path } from './yaml-source.ts';

type Parts = Record<string, unknown>;

/** The rule as far as it could be read: to be compared with recordings, never to be run. */
export function readBroken(raw: unknown, path: Path, context: RuleContext): Rule | undefined {
  if (!isMap(raw)) return undefined;
  const { rest, gone } = withoutBroken(raw);
  const isTriggered = triggerKinds.some((kind) => rest[kind] !== undefined);
  const hadTrigger = [...gone].some((key) => isTrigger(key) || !Object.hasOwn(known, key));
  if (!isTriggered && hadTrigger) {
    // A condition in place of the trigger that was meant, without what measures it.
    rest['when'] = 'true';
    for (const key of ['clearWhen', 'sample', 'priority']) drop(rest, key, gone);
  }
  readGone(raw, gone, [path, context]);
  const shape = ruleSchema.safeParse(rest);
  return shape.success ? readRule(shape.data, path, context) : undefined;
}

const known = ruleSchema.shape;
const isTrigger = (key: string): boolean => triggerKinds.some((kind) => kind === key);
const isMap = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function drop(rest: Parts, key: string, gone: Set<string>): void {
  delete rest[key];
  gone.add(key);
}

/** The parts that have their shape, and the names of the others. */
function withoutBroken(raw: Parts): { readonly rest: Parts; readonly gone: Set<string> } {
  const rest: Parts = { ...raw };
  const gone = new Set<string>();
  for (const issue of ruleSchema.safeParse(raw).error?.issues ?? []) {
    const [first, inner] = issue.path.map(String);
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    if (first === undefined) for (const key of keys) drop(rest, key, gone);
    else {
      const part = rest[first];
      const inside = inner === undefined ? keys : [inner];
      // Entries of these two do not depend on each other.
      if ((first === 'capture' || first === 'label') && isMap(part) && inside.length > 0) {
        rest[first] = Object.fromEntries(
          Object.entries(part).filter(([key]) => !inside.includes(key)),
        );
      } else drop(rest, first, gone);
    }
  }
  if (gone.has('id')) rest['id'] = 'rule';
  // Its cooldown may be among what is gone.
  if (rest['edge'] === 'level') drop(rest, 'edge', gone);
  return { rest, gone };
}

/** Expressions in the parts that are gone. */
function readGone(
  raw: Parts,
  gone: ReadonlySet<string>,
  [path, context]: readonly [Path, RuleContext],
): void {
  const steps = valueAt(raw, ['sequence', 'steps']);
  const count = Array.isArray(steps) ? Math.min(steps.length, limits.steps) : 0;
  const places: Path[] = [
    ['when'],
    ['clearWhen'],
    ['absent', 'arm'],
    ...Array.from({ length: count }, (_, i) => ['sequence', 'steps', i]),
  ];
  for (const place of places) {
    const text = textAt(raw, place, gone);
    if (text !== undefined) readCondition(text, [...path, ...place], context);
  }
  const place = ['limits', 'per', 'key'];
  const key = textAt(raw, place, gone);
  if (key === undefined) return;
  for (const problem of checkValue(key, context.scope).problems) {
    context.report.expression([...path, ...place], problem);
  }
}

/** A text in a part that is gone; empty and overlong ones are complaints about the shape. */
function textAt(raw: Parts, place: Path, gone: ReadonlySet<string>): string | undefined {
  const text = gone.has(String(place[0])) ? valueAt(raw, place) : undefined;
  if (typeof text !== 'string' || text === '') return undefined;
  return text.length <= limits.expressionCharacters ? text : undefined;
}
