/**
 * The door to zod: the shape of a rule set, from which the JSON Schema for editors is generated.
 * What the shape cannot say (names, expressions, references) is checked in document.ts.
 */
import * as z from 'zod/mini';
import * as limits from './limits.ts';

/** A copy that carries a description into the JSON Schema. */
const described = <T extends z.ZodMiniType>(schema: T, description: string): T =>
  schema.check(z.describe(description));

const text = (most: number): z.ZodMiniString => z.string().check(z.minLength(1), z.maxLength(most));

/** Shapes as patterns, so that editors know them too; they run on short texts of ours only. */
const namePattern = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/;
const idPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
export const durationPattern = /^(0|\d{1,12}(\.\d{1,9})?(ns|us|ms|s|m|h|d))$/;
const topicPattern = /^[^\s\p{Cc}]{1,256}$/u;

const duration = z.string().check(z.regex(durationPattern));
const topic = z.string().check(z.regex(topicPattern));
const topics = z.array(topic).check(z.minLength(1), z.maxLength(limits.topics));
const tag = z.string().check(z.regex(idPattern));
const name = z.string().check(z.regex(namePattern));
const id = z.string().check(z.regex(idPattern));
const expression = text(limits.expressionCharacters);

export const signalSchema = z.strictObject({
  topic: described(topic, 'The topic whose messages carry the value.'),
  path: described(text(256), 'The field, such as twist.twist.linear.x, ranges[0] or ranges[].'),
  type: described(z.enum(['double', 'string', 'bool']), 'Every numeric field reads as double.'),
  unit: z.optional(described(z.string(), 'Such as m/s; values of two units never compare.')),
  reduce: z.optional(
    described(
      z.strictObject({
        fn: z.enum(['min', 'max', 'mean', 'sum', 'count', 'first', 'last']),
        valid: z.optional(z.tuple([z.number(), z.number()])),
      }),
      'How a list becomes one number; items outside valid are left out.',
    ),
  ),
  maxAge: z.optional(described(duration, 'The value is unknown when it is older than this.')),
  latched: z._default(
    described(z.boolean(), 'The value holds until the next message and goes into each clip.'),
    false,
  ),
  fits: z.optional(
    described(z.array(text(256)), 'Schema names whose topics this signal may be wired to.'),
  ),
});

export const modelSchema = z.strictObject({
  ref: described(text(64), 'The id of the model on the robot.'),
  input: z.strictObject({ topic }),
  every: z._default(described(duration, 'At most one score in this time.'), '200ms'),
  deadline: z._default(described(duration, 'A score that takes longer is dropped.'), '150ms'),
  maxAge: z.optional(duration),
});

export const captureSetSchema = z.strictObject({
  topics,
  extends: z.optional(described(name, 'Another capture whose topics are taken too.')),
});

const captureSchema = z.strictObject({
  set: z.optional(described(name, 'A capture declared under captures.')),
  topics: z.optional(topics),
  pre: z._default(described(duration, 'Kept from before the trigger.'), '10s'),
  post: z._default(described(duration, 'Recorded after the trigger.'), '5s'),
});

const absentSchema = z.strictObject({
  topic,
  for: described(duration, 'Fires when no message came for this long.'),
  minHz: z.optional(described(z.number().check(z.positive()), 'Also fires below this rate.')),
  window: z._default(described(duration, 'What the rate is measured over.'), '5s'),
  arm: z.optional(described(expression, 'Looked at only while this holds.')),
  fits: z.optional(
    described(z.array(text(256)), 'Schema names whose topics this rule may be wired to.'),
  ),
});

const everySchema = z.strictObject({
  period: described(duration, 'Time from one trigger to the next.'),
  first: z.optional(described(duration, 'When the first one comes; by default after a period.')),
});

const sampleSchema = z.strictObject({
  probability: described(
    z.number().check(z.positive(), z.lte(1)),
    'Share of triggers that are kept; clips carry it as their propensity.',
  ),
  seed: z.optional(described(text(64), 'Other seeds draw other moments.')),
});

export const ruleSchema = z.strictObject({
  id: described(id, 'Names the rule in verdicts, clips and counters.'),
  why: z.optional(described(text(500), 'For people: what this rule catches.')),
  severity: z._default(z.enum(['critical', 'warning', 'info']), 'warning'),
  when: z.optional(described(expression, 'Trigger: a condition in CEL over signals.')),
  absent: z.optional(described(absentSchema, 'Trigger: a topic is silent or too slow.')),
  every: z.optional(described(everySchema, 'Trigger: the passing of log time.')),
  for: z._default(described(duration, 'The condition must hold this long.'), '0s'),
  clearWhen: z.optional(described(expression, 'Fires again only after this held.')),
  limits: z.optional(
    z.strictObject({ cooldown: described(duration, 'No second clip within this time.') }),
  ),
  sample: z.optional(described(sampleSchema, 'Keeps a share of the triggers, drawn by hash.')),
  capture: z.optional(captureSchema),
  tags: z.optional(z.array(tag).check(z.maxLength(limits.tags))),
  class: z._default(tag, 'event'),
  priority: z.optional(described(z.number(), 'Higher goes first; by default of the severity.')),
});

export const ruleSetSchema = z.strictObject({
  apiVersion: z.literal('fieldloop.rules/v1'),
  kind: z.literal('RuleSet'),
  metadata: z.strictObject({
    name: id,
    version: z.int().check(z.positive()),
    description: z.optional(text(2_000)),
  }),
  signals: z._default(z.record(name, signalSchema), {}),
  models: z._default(z.record(name, modelSchema), {}),
  captures: z._default(z.record(name, captureSetSchema), {}),
  latched: z._default(
    described(
      z.array(topic).check(z.maxLength(limits.topics)),
      'Topics whose last message before the clip goes into it; * and ** match names.',
    ),
    [],
  ),
  rules: z.array(ruleSchema).check(z.minLength(1), z.maxLength(limits.rules)),
});

export type SignalShape = z.infer<typeof signalSchema>;
export type RuleShape = z.infer<typeof ruleSchema>;
export type RuleSetShape = z.infer<typeof ruleSetSchema>;

/** JSON Schema 2020-12 of what a person writes: keys with defaults may be left out. */
export function ruleSetJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ruleSetSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'Fieldloop rule set, fieldloop.rules/v1', ...schema };
}

/** One complaint of the shape: where, and the facts a message needs. */
export interface ShapeIssue {
  readonly path: readonly (string | number)[];
  readonly kind: 'unknown-key' | 'missing' | 'type' | 'value' | 'pattern' | 'small' | 'big' | 'key';
  /** The wanted type or values, the bound, or the unknown key. */
  readonly wanted: readonly string[];
  /** Keys that are known where an unknown one stands. */
  readonly known: readonly string[];
}

export function shapeIssues(data: unknown): ShapeIssue[] {
  const result = ruleSetSchema.safeParse(data);
  return result.success ? [] : result.error.issues.flatMap((issue) => translate(issue, data));
}

type Issue = z.core.$ZodIssue;

function translate(issue: Issue, data: unknown): ShapeIssue[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const plain = { path, known: [] };
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(ruleSetSchema, path);
      return issue.keys.map((key) => ({ kind: 'unknown-key', path, wanted: [key], known }));
    }
    case 'invalid_type': {
      const isMissing = valueAt(data, path) === undefined;
      return [{ ...plain, kind: isMissing ? 'missing' : 'type', wanted: [issue.expected] }];
    }
    case 'invalid_value': {
      const isMissing = valueAt(data, path) === undefined;
      return [
        { ...plain, kind: isMissing ? 'missing' : 'value', wanted: issue.values.map(String) },
      ];
    }
    case 'invalid_format':
      return [{ ...plain, kind: 'pattern', wanted: [] }];
    case 'too_small':
      return [{ ...plain, kind: 'small', wanted: [String(issue.minimum)] }];
    case 'too_big':
      return [{ ...plain, kind: 'big', wanted: [String(issue.maximum)] }];
    case 'invalid_key':
      return [{ ...plain, kind: 'key', wanted: [] }];
    default:
      return [{ ...plain, kind: 'value', wanted: [] }];
  }
}

/** The value at a path, or undefined. */
export function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The keys of the object at a path of the schema. */
function keysAt(schema: unknown, path: readonly (string | number)[]): string[] {
  let at = bare(schema);
  for (const step of path) {
    const shape = at?.shape?.[step];
    at = bare(shape ?? at?.valueType ?? at?.element);
  }
  return Object.keys(at?.shape ?? {});
}

interface Definition {
  readonly shape?: Readonly<Record<string | number, unknown>>;
  readonly valueType?: unknown;
  readonly element?: unknown;
  readonly innerType?: unknown;
}

/** The definition under `optional` and `default`. */
function bare(schema: unknown): Definition | undefined {
  const def = (schema as { readonly def?: Definition } | undefined)?.def;
  return def?.innerType === undefined ? def : bare(def.innerType);
}
